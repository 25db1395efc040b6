//! Serde's reasons in the words of an API. The value that was found is left out: it may be a secret at the wrong place.

use std::borrow::Cow;

use serde_json::error::Category;

/// The name of a member that serde did not find.
pub(super) fn missing(text: &str) -> Option<&str> {
    text.strip_prefix("missing field `")?.split_once('`').map(|(name, _)| name)
}

/// The rule that is broken, starting with its verb where it is a rule of serde.
pub(super) fn of(error: &serde_json::Error, text: &str) -> Cow<'static, str> {
    let text = text.split_once(" at line ").map_or(text, |(reason, _)| reason);
    match error.classify() {
        Category::Data => data(text),
        _ if text == RANGE => "must be a number that fits in a double".into(),
        _ => "is nested too deeply".into(),
    }
}

/// Whether the text is no JSON at all. What is JSON but beyond a limit is the fault of one member.
pub(super) fn is_broken_json(error: &serde_json::Error, text: &str) -> bool {
    !error.is_data() && !text.starts_with(RANGE) && !text.starts_with(DEPTH)
}

const RANGE: &str = "number out of range";
const DEPTH: &str = "recursion limit exceeded";

fn data(text: &str) -> Cow<'static, str> {
    if text.starts_with("unknown field ") {
        return "is not known here".into();
    }
    if text.starts_with("duplicate field ") {
        return "is given twice".into();
    }
    if text.starts_with("UUID parsing failed") {
        return "must be a UUID".into();
    }
    if text.starts_with("unknown variant ") || text.starts_with("invalid ") {
        let expected = text.split_once(", expected ").map_or("", |(_, expected)| expected);
        return format!("must be {}", phrase(expected)).into();
    }
    // The rule of a type of ours.
    text.to_owned().into()
}

/// What serde says that it expected.
fn phrase(expected: &str) -> String {
    let known = match expected {
        "a string" | "a borrowed string" | "string or map" => "a string",
        "a boolean" => "true or false",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0 on",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        "a UUID string" => "a UUID",
        _ if expected.starts_with("struct ") => "an object",
        _ if expected.starts_with('`') || expected.starts_with("one of `") => return expected.replace('`', ""),
        _ => "of another type",
    };
    known.to_owned()
}
