//! The variables that a command gets: each has one source.

use std::{collections::BTreeMap, ffi::OsString};

use crypto::Zeroizing;

use crate::{Error, Result};

pub(super) struct Variables {
    /// Whether variables that are set already may be replaced.
    replace: bool,
    is_set: Box<dyn Fn(&str) -> bool>,
    /// Where each comes from, and its value once it is known.
    all: BTreeMap<String, (String, Option<Zeroizing<String>>)>,
}

impl Variables {
    pub fn new(replace: bool, is_set: impl Fn(&str) -> bool + 'static) -> Self {
        Self { replace, is_set: Box::new(is_set), all: BTreeMap::new() }
    }

    /// A variable that nothing else may be.
    pub fn reserve(&mut self, name: &str, source: &str) -> Result<()> {
        if !is_name(name) {
            return Err(Error::usage(format!("{source}: {name:?} cannot be the name of a variable")));
        }
        if let Some((other, _)) = self.all.get(name) {
            return Err(Error::usage(format!("the variable {name} would have two values: {other}, and {source}")));
        }
        if !self.replace && (self.is_set)(name) {
            return Err(Error::usage(format!(
                "{source}: the variable {name} is set already; --override takes its place"
            )));
        }
        self.all.insert(name.to_owned(), (source.to_owned(), None));
        Ok(())
    }

    /// The value of one that was reserved.
    pub fn set(&mut self, name: &str, value: Zeroizing<String>) -> Result<()> {
        if value.contains('\0') {
            return Err(Error::usage(format!("the value of {name} has a zero byte, which no variable can have")));
        }
        if let Some((_, place)) = self.all.get_mut(name) {
            *place = Some(value);
        }
        Ok(())
    }

    pub fn values(&self) -> impl Iterator<Item = (&String, OsString)> {
        self.all.iter().filter_map(|(name, (_, value))| Some((name, OsString::from(value.as_ref()?.as_str()))))
    }
}

/// What every shell takes for a name.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A name of anything as the beginning of a variable.
pub(super) fn capitals(name: &str) -> String {
    let capital = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let text: String = name.chars().map(capital).collect();
    if is_name(&text) { text } else { format!("_{text}") }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_variable_has_one_source_and_replaces_nothing_unasked() {
        let mut variables = Variables::new(false, |name| name == "PATH");
        variables.reserve("A", "one").unwrap();
        let error = variables.reserve("A", "two").unwrap_err();
        assert_eq!((error.exit_code(), error.to_string().contains("one, and two")), (2, true));
        assert!(variables.reserve("PATH", "one").unwrap_err().to_string().contains("--override"));
        assert!(variables.reserve("A B", "one").is_err());
        variables.set("A", "a\0".to_owned().into()).unwrap_err();
        variables.set("A", "v\u{e4}l ue\n".to_owned().into()).unwrap();
        assert_eq!(variables.values().collect::<Vec<_>>(), [(&"A".to_owned(), OsString::from("v\u{e4}l ue\n"))]);
        Variables::new(true, |_| true).reserve("PATH", "one").unwrap();
    }

    #[test]
    fn names_become_names_of_variables() {
        for (name, expected) in [("orders-db", "ORDERS_DB"), ("2nd", "_2ND"), ("\u{e4}.b", "__B"), ("", "_")] {
            assert_eq!(capitals(name), expected);
        }
        assert!(is_name("_A1") && !is_name("1A") && !is_name("") && !is_name("A=B") && !is_name("\u{c4}"));
    }
}
