//! What is wrong with a body: every fault with its path, collected before anything is refused. Types of the wire report
//! through serde; rules between members are added by hand. Which status a refusal has is for the API.

mod body;
mod place;
mod reason;

pub use body::{Body, Members, object};

use std::{borrow::Cow, fmt};

use serde::{Deserialize, de::DeserializeOwned};

use crate::ids::Invalid;

/// The most faults of one body that are reported.
const MAX: usize = 50;

/// What is wrong, and where: `a.b[2].c`, or an empty path for the body as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub path: String,
    /// A sentence that names the member.
    pub message: Cow<'static, str>,
}

/// All faults of one body, in the order in which its members are declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn one(path: impl Into<String>, rule: impl Into<Cow<'static, str>>) -> Self {
        let mut faults = Self::default();
        faults.add(path, rule);
        faults
    }

    /// Adds a fault. A rule that starts with its verb (`must be a number`) is given the name of the member.
    pub fn add(&mut self, path: impl Into<String>, rule: impl Into<Cow<'static, str>>) {
        let path = path.into();
        let message = sentence(last_name(&path), rule.into());
        if self.0.len() < MAX {
            self.0.push(Fault { path, message });
        }
    }

    /// Adds a fault unless the rule is kept.
    pub fn check(&mut self, is_kept: bool, path: impl Into<String>, rule: impl Into<Cow<'static, str>>) {
        if !is_kept {
            self.add(path, rule);
        }
    }

    /// Adds what is wrong with a part that was checked by itself.
    pub fn add_within(&mut self, path: &str, part: Self) {
        let room = MAX.saturating_sub(self.0.len());
        let moved = part.0.into_iter().map(|fault| Fault { path: joined(path, &fault.path), ..fault });
        self.0.extend(moved.take(room));
    }

    /// The value of a check; its fault is added.
    pub fn take<T>(&mut self, path: &str, checked: Result<T, Invalid>) -> Option<T> {
        checked.map_err(|rule| self.add(path, rule.0)).ok()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ok` where nothing is wrong.
    pub fn result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The same as an error of serde, for a type that reads itself. [`read`] gets the faults out of it again.
    pub fn into_serde<E: serde::de::Error>(self) -> E {
        E::custom(Carried::to_text(&self))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }
}

/// `a.b[2].c: message; …`. The path is left out where the message starts with it.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Fault { path, message }) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            let says_path = message.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with([' ', ':']));
            if path.is_empty() || says_path {
                write!(f, "{separator}{message}")?;
            } else {
                write!(f, "{separator}{path}: {message}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Reads JSON as one object. `name` is what a refusal calls the whole of it.
pub fn read<T: DeserializeOwned>(json: &[u8], name: &str) -> Result<T, Faults> {
    // An array would fill the fields of a struct by their order.
    if json.trim_ascii_start().first().is_some_and(|first| *first == b'[') {
        return Err(Faults::one("", format!("{name} must be an object")));
    }
    serde_json::from_slice(json).map_err(|error| of_error(json, &error, name))
}

/// What serde refused in `json`, which a caller knows by `name`.
fn of_error(json: &[u8], error: &serde_json::Error, name: &str) -> Faults {
    let (text, path) = (error.to_string(), place::of(json, error));
    if let Some(faults) = Carried::from_text(&text) {
        let mut whole = Faults::default();
        whole.add_within(&path, faults);
        return whole;
    }
    if let Some(missing) = reason::missing(&text) {
        return Faults::one(joined(&path, missing), "is required");
    }
    if reason::is_broken_json(error, &text) {
        return Faults(vec![Fault { path: String::new(), message: format!("{name} is not JSON").into() }]);
    }
    let last = last_name(&path);
    let name = if last.is_empty() || last.starts_with('[') { format!("{name}{last}") } else { last.to_owned() };
    let message = sentence(&name, reason::of(error, &text));
    Faults(vec![Fault { path, message }])
}

/// A rule as a sentence: one that starts with its verb is given the name of the member.
fn sentence(name: &str, rule: Cow<'static, str>) -> Cow<'static, str> {
    let starts_with_verb = ["must ", "may ", "is ", "has "].iter().any(|verb| rule.starts_with(verb));
    if starts_with_verb { format!("{name} {rule}").into() } else { rule }
}

/// Faults on their way through an error of serde, which is text: each a path and a message.
struct Carried;

const OPEN: &str = "\u{2}";
const CLOSE: &str = "\u{3}";

#[derive(Deserialize)]
struct Pair(String, String);

impl Carried {
    fn to_text(faults: &Faults) -> String {
        let pairs: Vec<_> = faults.0.iter().map(|Fault { path, message }| (path, message)).collect();
        format!("{OPEN}{}{CLOSE}", serde_json::to_string(&pairs).unwrap_or_default())
    }

    fn from_text(text: &str) -> Option<Faults> {
        let (pairs, _) = text.strip_prefix(OPEN)?.split_once(CLOSE)?;
        let pairs: Vec<Pair> = serde_json::from_str(pairs).ok()?;
        Some(Faults(pairs.into_iter().map(|Pair(path, message)| Fault { path, message: message.into() }).collect()))
    }
}

/// The path of something within `path`.
fn joined(path: &str, inner: &str) -> String {
    match (path, inner) {
        ("", path) | (path, "") => path.to_owned(),
        _ if inner.starts_with('[') => format!("{path}{inner}"),
        _ => format!("{path}.{inner}"),
    }
}

/// The member that a path ends at, such as `c[2]`.
fn last_name(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn faults_are_rendered_with_their_paths_once() {
        let mut faults = Faults::one("name", "is required");
        faults.add("a.b[2].c", "must be a string");
        faults.add("value", "not what was asked for");
        faults.add("", "Body must be an object");
        faults.check(true, "x", "is wrong");
        let text =
            "name is required; a.b[2].c: c must be a string; value: not what was asked for; Body must be an object";
        assert_eq!(faults.to_string(), text);
    }

    #[test]
    fn faults_of_a_part_stand_under_its_path() {
        let mut faults = Faults::default();
        faults.add_within("list[1]", Faults::one("name", "is required"));
        faults.add_within("list", Faults::one("[2]", "must be an object"));
        faults.add_within("list", Faults::one("", "list is empty"));
        let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(paths, ["list[1].name", "list[2]", "list"]);
        assert!(faults.result().is_err() && Faults::default().result().is_ok());
    }

    #[test]
    fn the_number_of_faults_is_bounded() {
        let mut faults = Faults::default();
        for number in 0..1000 {
            faults.add(format!("[{number}]"), "is wrong");
        }
        let mut whole = Faults::one("a", "is wrong");
        whole.add_within("list", faults);
        assert_eq!(whole.iter().count(), MAX);
    }

    #[test]
    fn faults_pass_through_an_error_of_serde() {
        let mut faults = Faults::one("a\u{3}", "is \"wrong\"");
        faults.add("b", "is ü");
        assert_eq!(Carried::from_text(&format!("{} at line 1", Carried::to_text(&faults))).unwrap(), faults);
        assert_eq!(Carried::from_text("missing field"), None);
    }
}
