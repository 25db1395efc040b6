//! Packs the files of `static/` into the function.

use std::{io, path::Path};

fn main() -> io::Result<()> {
    assets::pack::Pack::default().folder(Path::new("static"))?.write()
}
