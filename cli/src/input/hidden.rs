//! A value that is a secret: it never stands on the command line, which other users can see.

use std::io::{self, IsTerminal};

use clap::Args;
use crypto::Zeroizing;

use super::{file, standard_input, trimmed};
use crate::{Error, Result, client::random};

#[derive(Args, Clone)]
#[group(skip)]
pub(crate) struct Hidden {
    /// The value is the content of this file; standard input if neither this nor --generate is given
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
    /// Drop line ends at the end of the value
    #[arg(long)]
    trim: bool,
    /// The value is this many random letters and digits, which nobody sees; 16 to 1024
    #[arg(long, value_name = "LENGTH", conflicts_with_all = ["file", "trim"], value_parser = clap::value_parser!(u16).range(16..=1024))]
    generate: Option<u16>,
}

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

impl Hidden {
    /// The value, with a remark about it where one is due.
    pub fn read(&self) -> Result<(Zeroizing<String>, Option<&'static str>)> {
        if let Some(length) = self.generate {
            return Ok((generated(length.into())?, None));
        }
        let text = match &self.file {
            Some(path) => file(path)?,
            None if io::stdin().is_terminal() => {
                return Err(Error::usage(
                    "the value comes from standard input, and would be shown while it is typed: pipe it in, or name a file with \
                     --file, or have one made with --generate LENGTH",
                ));
            }
            None => standard_input()?,
        };
        let text = if self.trim { trimmed(&text) } else { text };
        if text.is_empty() {
            return Err(Error::usage("the value is empty"));
        }
        Ok((text.clone(), text.ends_with('\n').then_some("the value ends with a newline; --trim drops it")))
    }
}

/// Each letter is as likely as the others: bytes that would favour the first are not used.
pub(crate) fn generated(length: usize) -> Result<Zeroizing<String>> {
    let fair = u8::MAX - u8::MAX % 62;
    let mut text = Zeroizing::new(String::with_capacity(length));
    while text.len() < length {
        let bytes = Zeroizing::new(random::<64>()?);
        let missing = length - text.len();
        let letters = bytes.iter().filter(|byte| **byte < fair).filter_map(|byte| LETTERS.get(usize::from(byte % 62)));
        text.extend(letters.take(missing).map(|letter| char::from(*letter)));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_is_generated_has_its_length_and_uses_every_letter() {
        assert_eq!(LETTERS.len(), 62);
        let (one, two) = (generated(1024).unwrap(), generated(1024).unwrap());
        assert!(one != two && one.len() == 1024 && one.chars().all(|c| c.is_ascii_alphanumeric()));
        let used: BTreeSet<_> = (0..8).flat_map(|_| generated(1024).unwrap().chars().collect::<Vec<_>>()).collect();
        assert_eq!(used.len(), 62);
        assert_eq!(generated(16).unwrap().len(), 16);
    }
}
