//! How answers look: JSON for programs, tables for people.

use std::io::{self, Write};

use comfy_table::{Table, presets};
use serde_json::Value;

use crate::{Error, Result};

/// Pretty JSON with a newline at the end, of what the tool itself prints. What the service answers is printed as it is
/// (`Reply::printed`).
pub(crate) fn json(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Bytes to standard output, as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        // A reader that has gone away (`| head`) is no failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::usage(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Rows under a head.
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(head);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    format!("{}\n", table.trim_fmt())
}

/// One thing: a name and a value on each line, without those that are empty.
pub(crate) fn fields(fields: &[(&str, String)]) -> String {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let said = fields.iter().filter(|(_, value)| !value.is_empty());
    said.map(|(name, value)| format!("{name:width$}  {value}\n")).collect()
}

/// A member of a JSON object for people; nothing when it is absent. Control characters are shown as `�`: what others
/// have stored must not steer the terminal.
pub(crate) fn text(value: &Value, name: &str) -> String {
    let text = match value.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => time(other, name).unwrap_or_else(|| other.to_string()),
    };
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Every API has epoch seconds where it has a number for a time.
fn time(value: &Value, name: &str) -> Option<String> {
    let is_time = ["_at", "At", "Ts"].iter().any(|end| name.ends_with(end));
    value.as_i64().filter(|_| is_time).map(|seconds| model::time::to_iso(seconds.saturating_mul(1000)))
}

/// A text as one word of a command line.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-:.,/@%+=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// The elements of an array member.
pub(crate) fn rows<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn stored_text_cannot_steer_the_terminal() {
        assert_eq!(text(&json!({"a": "x\u{1b}[2J"}), "a"), "x\u{fffd}[2J");
        assert_eq!(text(&json!({"a": null}), "a"), "");
        assert_eq!(text(&json!({"a": true}), "a"), "true");
    }

    #[test]
    fn a_word_is_one_word_of_a_shell() {
        assert_eq!(["shop:2", "a|b", "Ann's", ""].map(word), ["shop:2", "'a|b'", r"'Ann'\''s'", "''"]);
    }

    #[test]
    fn times_are_iso_8601() {
        let value = json!({"created_at": 1_700_000_000, "updatedAt": 0, "sent_at": null, "n": 1});
        let shown = ["created_at", "updatedAt", "sent_at", "n"].map(|name| text(&value, name));
        assert_eq!(shown, ["2023-11-14T22:13:20.000Z", "1970-01-01T00:00:00.000Z", "", "1"]);
    }

    #[test]
    fn fields_line_up_and_empty_ones_are_left_out() {
        let all = [("tag", "a".into()), ("level", "b".into()), ("none", String::new())];
        assert_eq!(fields(&all), "tag    a\nlevel  b\n");
        assert_eq!(table(&["tag", "level"], [vec!["a".into(), "b".into()]]), "tag  level\na    b\n");
    }
}
