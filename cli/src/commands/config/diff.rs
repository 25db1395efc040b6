//! What a configuration is to become, and how that differs from what it is.

use crate::json::{Json, Members, quoted};

/// Stands for a value that is not shown.
const MASK: &str = "••••";

/// What differs at one path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    path: String,
    before: Option<Json>,
    after: Option<Json>,
}

/// Everything that is wanted, and what else stands there.
pub(super) fn merged(stored: &Members, wanted: &Members) -> Members {
    let mut all = stored.clone();
    for (name, value) in wanted {
        let value = match (all.get(name), value) {
            (Some(Json::Object(stored)), Json::Object(wanted)) => Json::Object(merged(stored, wanted)),
            _ => value.clone(),
        };
        all.insert(name.clone(), value);
    }
    all
}

/// Path by path, in their order. Objects are compared inside.
pub(super) fn changes(before: &Members, after: &Members) -> Vec<Change> {
    let mut found = Vec::new();
    compare(before, after, "", &mut found);
    found
}

fn compare(before: &Members, after: &Members, above: &str, found: &mut Vec<Change>) {
    let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let path = if name.is_empty() || name.contains(['.', '"']) || name.chars().any(char::is_control) {
            format!("{above}{}", quoted(name))
        } else {
            format!("{above}{name}")
        };
        match (before.get(name), after.get(name)) {
            (Some(Json::Object(before)), Some(Json::Object(after))) => {
                compare(before, after, &format!("{path}."), found);
            }
            (before, after) if before == after => {}
            (before, after) => found.push(Change { path, before: before.cloned(), after: after.cloned() }),
        }
    }
}

impl Change {
    /// One line, whose values only stand there if they are to be shown.
    pub fn line(&self, show: bool) -> String {
        // What others have stored must not steer the terminal; JSON escapes only some of what could.
        let value = |value: &Json| match show {
            true => value.to_string().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect(),
            false => MASK.to_owned(),
        };
        match (&self.before, &self.after) {
            (None, Some(after)) => format!("+ {} {}\n", self.path, value(after)),
            (Some(before), None) => format!("- {} {}\n", self.path, value(before)),
            (Some(before), Some(after)) => format!("~ {} {} → {}\n", self.path, value(before), value(after)),
            (None, None) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn members(text: &str) -> Members {
        Json::parse(text).unwrap().object().unwrap().clone()
    }

    fn lines(before: &str, after: &str, show: bool) -> String {
        changes(&members(before), &members(after)).iter().map(|change| change.line(show)).collect()
    }

    #[test]
    fn a_difference_is_shown_path_by_path_and_values_only_on_demand() {
        let before = r#"{"a":{"b":1,"c":"s3cret","d":[1]},"e":{},"x":1.0}"#;
        let after = r#"{"a":{"b":2,"d":[1],"f":{"g":1}},"e":{},"x":1.00,"y.z":true}"#;
        let expected = "~ a.b 1 → 2\n- a.c \"s3cret\"\n+ a.f {\"g\":1}\n~ x 1.0 → 1.00\n+ \"y.z\" true\n";
        assert_eq!(lines(before, after, true), expected);
        assert_eq!(
            lines(before, after, false),
            "~ a.b •••• → ••••\n- a.c ••••\n+ a.f ••••\n~ x •••• → ••••\n+ \"y.z\" ••••\n"
        );
        assert_eq!(lines(before, before, true), "");
        assert_eq!(lines(r#"{"a":1}"#, r#"{"a":{"b":1}}"#, true), "~ a 1 → {\"b\":1}\n");
        assert!(!lines("{}", "{\"a\":\"\u{7f}\u{9b}\"}", true).contains(|c: char| c.is_control() && c != '\n'));
    }

    #[test]
    fn what_is_wanted_comes_on_top_of_what_is_there() {
        let all =
            merged(&members(r#"{"a":{"b":1,"c":2},"d":{"e":1},"f":1}"#), &members(r#"{"a":{"b":3},"d":4,"g":5}"#));
        assert_eq!(all, members(r#"{"a":{"b":3,"c":2},"d":4,"f":1,"g":5}"#));
    }
}
