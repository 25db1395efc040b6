//! Arguments whose value may stand elsewhere: `-` is standard input, `@file` a file, anything else itself.

use std::{
    fs,
    io::{self, Read},
};

use crypto::Zeroizing;

use crate::{Error, Result};

/// Reads such an argument. Of standard input one newline at the end is dropped, so that `echo` can be used; a file is
/// taken as it is.
pub(crate) fn read(argument: &str) -> Result<Zeroizing<String>> {
    if argument == "-" {
        let mut text = Zeroizing::new(String::new());
        let read = io::stdin().lock().read_to_string(&mut text);
        read.map_err(|error| Error::usage(format!("standard input cannot be read as text: {error}")))?;
        if text.ends_with('\n') {
            text.pop();
        }
        return Ok(text);
    }
    match argument.strip_prefix('@') {
        Some(path) => fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|error| Error::usage(format!("{path} cannot be read as text: {error}"))),
        None => Ok(Zeroizing::new(argument.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_value_is_itself_or_the_content_of_a_file() {
        let path = std::env::temp_dir().join(format!("chancery-input-{}", std::process::id()));
        fs::write(&path, "two\nlines\n").unwrap();
        assert_eq!(*read(&format!("@{}", path.display())).unwrap(), "two\nlines\n");
        fs::remove_file(&path).unwrap();
        assert_eq!(*read("plain").unwrap(), "plain");
        assert_eq!(read("@/no/such/file").unwrap_err().exit_code(), 2);
    }
}
