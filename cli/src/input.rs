//! What a command takes in: arguments, files and standard input. Nothing that was taken in is repeated in an error, and
//! no byte of it changes unless the caller asks for that.

mod hidden;

use std::{
    fs,
    io::{self, BufRead, BufReader, Read},
};

use clap::Args;
use crypto::Zeroizing;

pub(crate) use self::hidden::{Hidden, generated};
use crate::{Error, Result};

/// A value, from one of three places. Where it stands on the command line it is taken literally, whatever it begins with.
#[derive(Args, Clone)]
#[group(skip)]
pub(crate) struct Value {
    /// The value, or - for standard input, which is the default (other users can see command lines)
    #[arg(value_name = "VALUE", allow_hyphen_values = true, value_parser = no_option, conflicts_with_all = ["literal", "file"])]
    argument: Option<String>,
    /// The value, even if it is - or the name of an option
    #[arg(long = "value", value_name = "TEXT", allow_hyphen_values = true, conflicts_with = "file")]
    literal: Option<String>,
    /// The value is the content of this file
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
    /// Drop line ends at the end of the value
    #[arg(long)]
    trim: bool,
}

impl Value {
    pub fn read(&self) -> Result<Zeroizing<String>> {
        let text = match &self.literal {
            Some(text) => Zeroizing::new(text.clone()),
            None => given(self.argument.as_deref(), self.file.as_deref())?.map_or_else(standard_input, Ok)?,
        };
        Ok(if self.trim { trimmed(&text) } else { text })
    }

    /// From a file or standard input, which often end with a newline that nobody means.
    pub fn is_from_elsewhere(&self) -> bool {
        self.file.is_some() || (self.literal.is_none() && matches!(self.argument.as_deref(), Some("-") | None))
    }
}

/// A misspelt option is not stored as a value.
fn no_option(argument: &str) -> std::result::Result<String, &'static str> {
    let is_option = argument.strip_prefix("--").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
    if is_option { Err("it begins like an option; give it with --value") } else { Ok(argument.to_owned()) }
}

/// Without the line ends at its end.
pub(crate) fn trimmed(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// What an option says: its text, standard input where that is `-`, or the content of the file that another one names.
pub(crate) fn given(text: Option<&str>, file: Option<&str>) -> Result<Option<Zeroizing<String>>> {
    match (text, file) {
        (Some("-"), _) => standard_input().map(Some),
        (Some(text), _) => Ok(Some(Zeroizing::new(text.to_owned()))),
        (None, Some(path)) => self::file(path).map(Some),
        (None, None) => Ok(None),
    }
}

/// A document in a file, or `-` for standard input. A byte order mark is not part of it.
pub(crate) fn document(path: &str) -> Result<Zeroizing<String>> {
    Ok(without_mark(if path == "-" { standard_input()? } else { file(path)? }))
}

/// A document without its byte order mark.
pub(crate) fn without_mark(text: Zeroizing<String>) -> Zeroizing<String> {
    match text.strip_prefix('\u{feff}') {
        Some(text) => Zeroizing::new(text.to_owned()),
        None => text,
    }
}

/// The lines of a document, with their numbers, and how many bytes it has: 0 where that is unknown.
pub(crate) fn lines(path: &str) -> Result<(impl Iterator<Item = Result<(usize, String)>> + Send + use<>, u64)> {
    let name = path.to_owned();
    let unreadable = move |error: io::Error| Error::usage(format!("{name} cannot be read as text: {error}"));
    let (reader, length): (Box<dyn BufRead + Send>, u64) = match path {
        "-" => (Box::new(BufReader::new(io::stdin())), 0),
        path => {
            let file = fs::File::open(path).map_err(&unreadable)?;
            let length = file.metadata().map_err(&unreadable)?.len();
            (Box::new(BufReader::new(file)), length)
        }
    };
    let lines = reader.lines().enumerate().map(move |(at, line)| {
        let mut line = line.map_err(&unreadable)?;
        if at == 0 && line.starts_with('\u{feff}') {
            line.remove(0);
        }
        Ok((at + 1, line))
    });
    Ok((lines, length))
}

/// The content of a file.
pub(crate) fn file(path: &str) -> Result<Zeroizing<String>> {
    let text = fs::read_to_string(path).map(Zeroizing::new);
    text.map_err(|error| Error::usage(format!("{path} cannot be read as text: {error}")))
}

pub(crate) fn standard_input() -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let read = io::stdin().lock().read_to_string(&mut text);
    read.map_err(|error| Error::usage(format!("standard input cannot be read as text: {error}")))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::path::PathBuf;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        value: Value,
        #[arg(long)]
        by: Option<String>,
    }

    fn written(name: &str, text: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("chancery-input-{name}-{}", std::process::id()));
        fs::write(&path, text).unwrap();
        path
    }

    fn value(arguments: &[&str]) -> Result<String> {
        let line = Line::try_parse_from([&["x"], arguments].concat()).unwrap();
        line.value.read().map(|text| text.to_string())
    }

    #[test]
    fn a_value_on_the_command_line_is_literal() {
        for text in ["plain", "@dm1n", "-----BEGIN KEY-----\nAA==\n", "-x", " a\n", "-- a"] {
            assert_eq!(value(&[text]).unwrap(), text);
            assert_eq!(value(&["--value", text]).unwrap(), text);
        }
        assert_eq!(value(&["--value", "-"]).unwrap(), "-");
        assert_eq!(value(&["@x", "--by", "me"]).unwrap(), "@x");
        assert_eq!(value(&["--value", "--trm"]).unwrap(), "--trm");
        assert!(Line::try_parse_from(["x", "a", "--trm"]).is_err() && Line::try_parse_from(["x", "--trm"]).is_err());
    }

    #[test]
    fn no_byte_of_a_file_changes_unless_it_is_trimmed() {
        let path = written("value", "\u{feff}two\nlines\r\n\n");
        let name = path.to_str().unwrap();
        assert_eq!(value(&["--file", name]).unwrap(), "\u{feff}two\nlines\r\n\n");
        assert_eq!(value(&["--file", name, "--trim"]).unwrap(), "\u{feff}two\nlines");
        assert_eq!(*document(name).unwrap(), "two\nlines\r\n\n");
        let (lines, length) = lines(name).unwrap();
        let lines: Vec<_> = lines.map(|line| line.unwrap()).collect();
        assert_eq!((lines, length), (vec![(1, "two".into()), (2, "lines".into()), (3, String::new())], 15));
        assert_eq!(**given(None, Some(name)).unwrap().unwrap(), *"\u{feff}two\nlines\r\n\n");
        assert_eq!(**given(Some(&format!("@{name}")), None).unwrap().unwrap(), format!("@{name}"));
        assert!(given(None, None).unwrap().is_none());
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_file_that_is_not_there_and_two_places_are_wrong_usage() {
        assert_eq!(value(&["--file", "/no/such/file"]).unwrap_err().exit_code(), 2);
        assert!(Line::try_parse_from(["x", "a", "--file", "b"]).is_err());
    }
}
