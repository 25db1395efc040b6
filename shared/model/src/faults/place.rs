//! Where in a JSON text a reader stopped, as a path. It is worked out from the position once something has been refused;
//! a reader that keeps track itself would be compiled once more for every type of body.

/// One object or array that has not ended.
enum Frame<'a> {
    Object { key: &'a [u8], in_value: bool },
    Array(usize),
}

/// The path to what `error` is about, such as `items[2].name`; empty for the whole text.
pub(super) fn of(text: &[u8], error: &serde_json::Error) -> String {
    let mut open: Vec<Frame<'_>> = Vec::new();
    // What ended last, if nothing came after it.
    let mut ended = None;
    let reason = error.to_string();
    let mut rest = read_so_far(text, error);
    // The rule of an element's type is reported after the comma behind the element.
    if !reason.starts_with("invalid ")
        && error.is_data()
        && let Some(before) = rest.trim_ascii_end().strip_suffix(b",")
    {
        rest = before;
    }
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b' ' | b'\n' | b'\r' | b'\t' => continue,
            b'{' => open.push(Frame::Object { key: &[], in_value: false }),
            b'[' => open.push(Frame::Array(0)),
            b'}' | b']' => {
                ended = open.pop();
                continue;
            }
            b':' => {
                if let Some(Frame::Object { in_value, .. }) = open.last_mut() {
                    *in_value = true;
                }
            }
            b',' => match open.last_mut() {
                Some(Frame::Object { in_value, .. }) => *in_value = false,
                Some(Frame::Array(index)) => *index += 1,
                None => {}
            },
            b'"' => {
                let length = length_of_string(rest);
                let (string, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
                if let Some(Frame::Object { key, in_value: false }) = open.last_mut() {
                    *key = string;
                }
                rest = after.get(1..).unwrap_or_default();
            }
            _ => {}
        }
        ended = None;
    }
    // A member's own rule is checked when its object ends; only a missing member is reported by the object itself.
    let told_by_the_whole = reason.starts_with("missing field") || reason.starts_with(super::OPEN);
    let frames = open.iter().chain(ended.as_ref().filter(|_| !told_by_the_whole));
    frames.fold(String::new(), |path, frame| match frame {
        Frame::Object { key: [], .. } => path,
        Frame::Object { key, .. } if path.is_empty() => String::from_utf8_lossy(key).into_owned(),
        Frame::Object { key, .. } => format!("{path}.{}", String::from_utf8_lossy(key)),
        Frame::Array(index) => format!("{path}[{index}]"),
    })
}

/// The text up to the position of the error; nothing if it has none.
fn read_so_far<'a>(text: &'a [u8], error: &serde_json::Error) -> &'a [u8] {
    let Some(before) = error.line().checked_sub(1) else { return &[] };
    let start: usize = text.split_inclusive(|byte| *byte == b'\n').take(before).map(<[u8]>::len).sum();
    text.get(..start + error.column()).unwrap_or(text)
}

/// How long a string is whose opening quote has been read.
fn length_of_string(rest: &[u8]) -> usize {
    let mut escaped = false;
    let end = rest.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the types matter")]
    struct Outer {
        count: Option<u8>,
        inner: Option<Inner>,
        list: Option<Vec<Inner>>,
        time: Option<crate::time::IsoTime>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the types matter")]
    struct Inner {
        name: String,
        time: Option<crate::time::IsoTime>,
        tags: Option<Vec<crate::time::IsoTime>>,
    }

    /// A reader that keeps track must say the same.
    #[test]
    fn the_place_is_where_the_reader_was() {
        for (body, path) in [
            (r#"{"count":"x"}"#, "count"),
            (r#"{"count":700}"#, "count"),
            (r#"{"count":{}}"#, "count"),
            ("{\n  \"inner\": {\"name\": \"{\\\"[\"},\n  \"count\": true}", "count"),
            (r#"{"other":1}"#, "other"),
            (r#"{"inner":{}}"#, "inner"),
            (r#"{"inner":{"name":1}, "count":1}"#, "inner.name"),
            (r#"{"inner":{"name":"a","time":"b"} , "count":1}"#, "inner.time"),
            (r#"{"inner":{"name":"a","time":"b"}}"#, "inner.time"),
            (r#"{"time":"b"}"#, "time"),
            (r#"{"time":"b" , "count":1}"#, "time"),
            (r#"{"list":[{"name":"a"},{"name":"b","x":[1,{}]},{"name":[]}]}"#, "list[2].name"),
            (r#"{"list":[{"name":"a"},{}]}"#, "list[1]"),
            (r#"{"list":{}}"#, "list"),
            (r#"{"inner":{"name":"a","tags":["1970-01-01T00:00:00Z", "b"]}}"#, "inner.tags[1]"),
            (r#"{"inner":{"name":"a","tags":["b", "1970-01-01T00:00:00Z"]}}"#, "inner.tags[0]"),
            (r#"{"list":[{"name":"a"},[{"name":"b"}]]}"#, "list[1][0]"),
        ] {
            let tracked: Result<Outer, _> =
                serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(body));
            assert_eq!(tracked.unwrap_err().path().to_string(), path, "{body}");
            let error = serde_json::from_str::<Outer>(body).unwrap_err();
            assert_eq!(of(body.as_bytes(), &error), path, "{body}: {error}");
        }
    }

    #[test]
    fn a_text_that_is_no_json_has_a_place_as_well() {
        for (body, path) in [
            ("", ""),
            ("{} x", ""),
            (r#"{"count"#, "count"),
            (r#"{"inner":{"name":"a}}"#, "inner.name"),
            (r#"{"list":[{"name":"a"},"#, "list[1]"),
            ("{\"count\":1,\n\n]", "count"),
        ] {
            let error = serde_json::from_str::<Outer>(body).unwrap_err();
            assert_eq!(of(body.as_bytes(), &error), path, "{body}: {error}");
        }
    }
}
