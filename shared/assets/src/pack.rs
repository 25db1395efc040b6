//! For build scripts: reads files, compresses them where it pays, and writes the Rust source of a table of them.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha256};

/// In the pages, what stands for the version of all files.
const VERSION: &str = "{{version}}";

/// Above this a file is embedded once, compressed: the viewer of the reference is, the documents that tools read are not.
const LARGE: usize = 2 * 1024 * 1024;

/// Files on their way into a function.
#[derive(Default)]
pub struct Pack(Vec<(String, Vec<u8>)>);

impl Pack {
    /// All files of a folder, under their own names.
    pub fn folder(self, folder: &Path) -> io::Result<Self> {
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
        paths.sort();
        paths.into_iter().filter(|path| path.is_file()).try_fold(self, |pack, path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            pack.file(&name, &path)
        })
    }

    pub fn file(self, name: &str, path: &Path) -> io::Result<Self> {
        println!("cargo::rerun-if-changed={}", path.display());
        Ok(self.text(name, fs::read(path)?))
    }

    pub fn text(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.push((name.to_owned(), bytes.into()));
        self
    }

    /// Writes `assets.rs` with `VERSION` and `ASSETS` to the folder that cargo names for it.
    pub fn write(self) -> io::Result<()> {
        let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
        let version = self.version();
        let mut source = format!("pub const VERSION: &str = {version:?};\npub static ASSETS: &[assets::Asset] = &[\n");
        for (number, (name, bytes)) in self.0.into_iter().enumerate() {
            let bytes = if name.ends_with(".html") {
                String::from_utf8_lossy(&bytes).replace(VERSION, &version).into_bytes()
            } else {
                bytes
            };
            let packed = gzip(&bytes)?;
            let pays = packed.len() < bytes.len() / 10 * 9;
            let plain = (!pays || bytes.len() <= LARGE).then_some(bytes.as_slice());
            let gzip = pays.then_some(packed.as_slice());
            let _ = write!(source, "assets::Asset {{ name: {name:?}, content_type: {:?}", content_type(&name));
            let _ = write!(source, ", etag: {:?}", hex(&Sha256::digest(&bytes)));
            for (field, body) in [("plain", plain), ("gzip", gzip)] {
                let Some(body) = body else {
                    let _ = write!(source, ", {field}: None");
                    continue;
                };
                let path = out.join(format!("{number}.{field}"));
                fs::write(&path, body)?;
                let _ = write!(source, ", {field}: Some(include_bytes!({:?}))", path.display().to_string());
            }
            source.push_str(" },\n");
        }
        source.push_str("];\n");
        fs::write(out.join("assets.rs"), source)
    }

    /// A short name for exactly these files.
    fn version(&self) -> String {
        let mut all = Sha256::new();
        for (name, bytes) in &self.0 {
            all.update(Sha256::digest(name));
            all.update(Sha256::digest(bytes));
        }
        hex(&all.finalize())
    }
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Half of a hash: enough to distinguish files.
fn hex(hash: &[u8]) -> String {
    hash.iter().take(16).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}
