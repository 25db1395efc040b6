//! JSON as it was written: no number loses a digit on its way from one place to another.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// As deep as a configuration can be nested, and then some.
const DEEPEST: usize = 512;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    /// A number, `true`, `false` or `null`, by its text.
    Bare(String),
    Text(String),
    List(Vec<Json>),
    Object(Members),
}

pub(crate) type Members = BTreeMap<String, Json>;

impl Json {
    pub fn parse(text: &str) -> Result<Self, String> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| error.to_string())?;
        take_apart(raw.get(), DEEPEST)
    }

    pub fn object(&self) -> Option<&Members> {
        match self {
            Self::Object(members) => Some(members),
            Self::Bare(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// As for people: a member or element on each line.
    pub fn pretty(&self) -> String {
        let mut text = String::new();
        self.indent(&mut text, 0);
        text.push('\n');
        text
    }

    fn indent(&self, text: &mut String, depth: usize) {
        let line = |text: &mut String, first: bool, depth: usize| {
            text.push_str(if first { "\n" } else { ",\n" });
            text.push_str(&"  ".repeat(depth));
        };
        match self {
            Self::List(elements) if !elements.is_empty() => {
                text.push('[');
                for (at, element) in elements.iter().enumerate() {
                    line(text, at == 0, depth + 1);
                    element.indent(text, depth + 1);
                }
                let _ = write!(text, "\n{}]", "  ".repeat(depth));
            }
            Self::Object(members) if !members.is_empty() => {
                text.push('{');
                for (at, (name, member)) in members.iter().enumerate() {
                    line(text, at == 0, depth + 1);
                    let _ = write!(text, "{}: ", quoted(name));
                    member.indent(text, depth + 1);
                }
                let _ = write!(text, "\n{}}}", "  ".repeat(depth));
            }
            other => {
                let _ = write!(text, "{other}");
            }
        }
    }
}

/// A text as JSON writes it.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Without blanks.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare(text) => f.write_str(text),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::List(elements) => {
                f.write_char('[')?;
                for (at, element) in elements.iter().enumerate() {
                    write!(f, "{}{element}", if at == 0 { "" } else { "," })?;
                }
                f.write_char(']')
            }
            Self::Object(members) => {
                f.write_char('{')?;
                for (at, (name, member)) in members.iter().enumerate() {
                    write!(f, "{}{}:{member}", if at == 0 { "" } else { "," }, quoted(name))?;
                }
                f.write_char('}')
            }
        }
    }
}

fn take_apart(text: &str, depth: usize) -> Result<Json, String> {
    let deeper = depth.checked_sub(1).ok_or("it is nested too deeply")?;
    let told = |error: serde_json::Error| error.to_string();
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let raw = serde_json::Deserializer::from_str(text).deserialize_map(Split).map_err(told)?;
            let mut members = Members::new();
            for (name, member) in raw {
                if members.contains_key(&name) {
                    return Err(format!("an object names {} twice", quoted(&name)));
                }
                members.insert(name, take_apart(member.get(), deeper)?);
            }
            Json::Object(members)
        }
        Some(b'[') => {
            let raw: Vec<&RawValue> = serde_json::from_str(text).map_err(told)?;
            Json::List(raw.into_iter().map(|element| take_apart(element.get(), deeper)).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Json::Text(serde_json::from_str(text).map_err(told)?),
        _ => Json::Bare(text.to_owned()),
    })
}

/// The members of an object, each as its text.
struct Split;

impl<'de> Visitor<'de> for Split {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_is_read_is_written_as_it_was() {
        let text = r#"{"a":[1.50,-0,1e2,123456789012345678901234567890,null,true],"b":{},"c":[],"d":"é\n"}"#;
        assert_eq!(Json::parse(text).unwrap().to_string(), text);
        assert_eq!(Json::parse(&Json::parse(text).unwrap().pretty()).unwrap(), Json::parse(text).unwrap());
        assert_eq!(Json::parse(r#" {"a":[1.0,{}]} "#).unwrap().pretty(), "{\n  \"a\": [\n    1.0,\n    {}\n  ]\n}\n");
        assert_eq!(Json::parse(r#""\u00e9""#).unwrap(), Json::parse(r#""é""#).unwrap());
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for wrong in ["", "{", "01", "{\"a\":1,\"\\u0061\":2}", "[1] 2", &deep] {
            assert!(Json::parse(wrong).is_err(), "{wrong:.20}");
        }
    }
}
