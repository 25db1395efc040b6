//! YAML that readers of its old and its new version understand alike: texts in double quotes, numbers such that none
//! takes them for a text.

use std::fmt::Write as _;

use crate::json::{Json, Members, quoted};

/// A name that is longer stands behind a `?`. YAML allows 1,024 characters, and readers count quotes and escapes.
const LONGEST_NAME: usize = 512;

pub(crate) fn write(members: &Members) -> String {
    if members.is_empty() {
        return "{}\n".to_owned();
    }
    let mut text = String::new();
    write_members(members, 0, true, &mut text);
    text
}

/// Anything, not a mapping alone.
pub(crate) fn document(json: &Json) -> String {
    let mut text = String::new();
    match json {
        Json::Object(members) => return write(members),
        Json::List(elements) if !elements.is_empty() => write_elements(elements, 0, true, &mut text),
        other => {
            let _ = writeln!(text, "{}", scalar(other));
        }
    }
    text
}

/// Below each other. The first one continues the line that was begun, unless it stands `alone`.
fn write_members(members: &Members, depth: usize, alone: bool, text: &mut String) {
    for (at, (name, member)) in members.iter().enumerate() {
        let margin = "  ".repeat(depth);
        if at > 0 || alone {
            text.push_str(&margin);
        }
        let name = if is_plain(name) { name.clone() } else { scalar_text(name) };
        let _ = match name.len() > LONGEST_NAME {
            true => write!(text, "? {name}\n{margin}:"),
            false => write!(text, "{name}:"),
        };
        match member {
            Json::Object(below) if !below.is_empty() => {
                text.push('\n');
                write_members(below, depth + 1, true, text);
            }
            Json::List(elements) if !elements.is_empty() => {
                text.push('\n');
                write_elements(elements, depth, true, text);
            }
            other => {
                let _ = writeln!(text, " {}", scalar(other));
            }
        }
    }
}

fn write_elements(elements: &[Json], depth: usize, alone: bool, text: &mut String) {
    for (at, element) in elements.iter().enumerate() {
        if at > 0 || alone {
            text.push_str(&"  ".repeat(depth));
        }
        text.push_str("- ");
        match element {
            Json::Object(members) if !members.is_empty() => write_members(members, depth + 1, false, text),
            Json::List(elements) if !elements.is_empty() => write_elements(elements, depth + 1, false, text),
            other => {
                let _ = writeln!(text, "{}", scalar(other));
            }
        }
    }
}

/// What has nothing below it.
fn scalar(value: &Json) -> String {
    match value {
        Json::Text(text) => scalar_text(text),
        // YAML 1.1 only takes an exponent for one behind a point and with a sign.
        Json::Bare(number) if number.contains(['e', 'E']) && !is_old_exponent(number) && !is_word(number) => {
            format!("!!float {number}")
        }
        other => other.to_string(),
    }
}

fn is_word(bare: &str) -> bool {
    matches!(bare, "true" | "false" | "null")
}

fn is_old_exponent(number: &str) -> bool {
    let parts = number.split_once(['e', 'E']);
    parts.is_some_and(|(mantissa, exponent)| mantissa.contains('.') && exponent.starts_with(['-', '+']))
}

/// Double quotes as in JSON, and escapes for what YAML does not print.
fn scalar_text(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    for c in quoted(text).chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(written, "\\u{:04x}", u32::from(c));
            }
            c => written.push(c),
        }
    }
    written
}

/// A name that no reader of YAML, new or old, takes for anything else.
fn is_plain(name: &str) -> bool {
    const OTHERS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && !OTHERS.contains(&name.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn written(json: &str) -> String {
        write(Json::parse(json).unwrap().object().unwrap())
    }

    #[test]
    fn texts_are_quoted_and_numbers_keep_their_digits() {
        let json = r#"{"a":"no","yes":"\u0001\u007f\u0085\u2028","num":[1.50,1e3,1.5e3,1.5e+3,2E-7,-0],"o":{},"l":[[]],"b":[true,null]}"#;
        let yaml = "a: \"no\"\n\"yes\": \"\\u0001\\u007f\\u0085\\u2028\"\nnum:\n- 1.50\n- !!float 1e3\n- !!float 1.5e3\n- 1.5e+3\n\
                    - !!float 2E-7\n- -0\no: {}\nl:\n- []\nb:\n- true\n- null\n";
        assert_eq!(written(json), yaml);
    }

    #[test]
    fn a_long_name_follows_a_question_mark() {
        let name = "n".repeat(600);
        let yaml = format!("x:\n  ? {name}\n  :\n    a: 1\n  ? {name}2\n  :\n  - 1\n");
        assert_eq!(written(&format!(r#"{{"x":{{"{name}":{{"a":1}},"{name}2":[1]}}}}"#)), yaml);
    }
}
