//! JSON as it was written: digits, order and spelling of what goes through the tool stay as they are. `serde_json::Value`
//! keeps none of them, so it is only used where something is shown to people.

use std::fmt::{self, Write as _};

use indexmap::IndexMap;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep a document may be nested: a configuration is bounded to 127 levels, and a line of many has some around it.
pub(crate) const MAX_DEPTH: usize = 160;

/// A document whose objects name each member once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    /// A number, `true`, `false` or `null`, by its text.
    Bare(String),
    Text(String),
    List(Vec<Json>),
    Object(Members),
}

/// In the order of the document. Two are equal in any order.
pub(crate) type Members = IndexMap<String, Json>;

impl Json {
    pub fn parse(text: &str) -> Result<Self, String> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| fault(&error))?;
        tree(raw.get(), MAX_DEPTH)
    }

    pub fn object(&self) -> Option<&Members> {
        match self {
            Self::Object(members) => Some(members),
            Self::Bare(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// A member or element on each line.
    pub fn pretty(&self) -> String {
        indented(&self.to_string())
    }
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

/// A string as JSON writes it.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Whether a text is JSON. It may name members twice and be nested as deeply as it likes: nothing is built from it.
pub(crate) fn check(text: &str) -> Result<(), String> {
    serde_json::from_str::<&RawValue>(text).map(|_| ()).map_err(|error| fault(&error))
}

/// The members of an object by their text, in their order; doubled names stay doubled.
pub(crate) fn members(text: &str) -> Result<Vec<(String, &str)>, String> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let members = deserializer.deserialize_map(Split).map_err(|error| fault(&error))?;
    deserializer.end().map_err(|error| fault(&error))?;
    Ok(members.into_iter().map(|(name, member)| (name, member.get())).collect())
}

/// The last member of a name, as readers of JSON take it.
pub(crate) fn member<'a>(members: &[(String, &'a str)], name: &str) -> Option<&'a str> {
    members.iter().rev().find(|(known, _)| known == name).map(|(_, member)| *member)
}

/// An object again, of names and JSON texts.
pub(crate) fn object<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let members: Vec<_> = members.into_iter().map(|(name, member)| format!("{}:{member}", quoted(name))).collect();
    format!("{{{}}}", members.join(","))
}

/// JSON text with a member or element on each line. Nothing but the blanks between its parts changes.
pub(crate) fn indented(text: &str) -> String {
    let (mut out, mut depth, mut chars) = (String::with_capacity(text.len() * 2), 0_usize, text.chars().peekable());
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth.min(MAX_DEPTH)));
    };
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                out.push(c);
                let mut escaped = false;
                for c in chars.by_ref() {
                    out.push(c);
                    match c {
                        '"' if !escaped => break,
                        _ => escaped = c == '\\' && !escaped,
                    }
                }
            }
            '{' | '[' => {
                out.push(c);
                while chars.next_if(|c| is_blank(*c)).is_some() {}
                if let Some(end) = chars.next_if(|c| matches!(c, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if is_blank(c) => {}
            c => out.push(c),
        }
    }
    out.push('\n');
    out
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// What is wrong with a text, by its position only: the text may hold secrets, which serde quotes in some messages.
pub(crate) fn fault(error: &serde_json::Error) -> String {
    match error.is_data() {
        true => format!("not of the expected form at line {} column {}", error.line(), error.column()),
        false => error.to_string(),
    }
}

fn tree(text: &str, depth: usize) -> Result<Json, String> {
    let deeper = depth.checked_sub(1).ok_or("it is nested too deeply")?;
    let wrong = |error: serde_json::Error| fault(&error);
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let mut object = Members::new();
            for (name, member) in members(text)? {
                if object.contains_key(&name) {
                    return Err(format!("an object names {} twice", quoted(&name)));
                }
                object.insert(name, tree(member, deeper)?);
            }
            Json::Object(object)
        }
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(wrong)?;
            Json::List(elements.into_iter().map(|element| tree(element.get(), deeper)).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Json::Text(serde_json::from_str(text).map_err(wrong)?),
        _ => Json::Bare(text.to_owned()),
    })
}

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
    fn a_document_keeps_its_digits_and_its_order() {
        let text = r#"{"b":[1.50,-0,1e2,123456789012345678901234567890,null,true],"a":{},"c":[],"é\n":"é\n"}"#;
        assert_eq!(Json::parse(text).unwrap().to_string(), text);
        assert_eq!(Json::parse(&Json::parse(text).unwrap().pretty()).unwrap(), Json::parse(text).unwrap());
        assert_eq!(Json::parse(r#"{"a":1,"b":2}"#), Json::parse(r#"{"b":2,"a":1}"#));
        assert_eq!(Json::parse(r#""\u00e9""#).unwrap(), Json::parse(r#""é""#).unwrap());
    }

    #[test]
    fn indenting_changes_blanks_only() {
        let text = r#" {"a" :[1.0,{ } ,[ ]], "a":"x\" {,:\\","é":1e3}"#;
        let lines = "{\n  \"a\": [\n    1.0,\n    {},\n    []\n  ],\n  \"a\": \"x\\\" {,:\\\\\",\n  \"é\": 1e3\n}\n";
        assert_eq!(indented(text), lines);
        assert_eq!(indented("7"), "7\n");
    }

    #[test]
    fn members_stay_doubled_and_the_last_one_counts() {
        let found = members(r#"{"a":1.0,"b":[1, 2],"a":2e0}"#).unwrap();
        assert_eq!((found.len(), member(&found, "a"), member(&found, "b")), (3, Some("2e0"), Some("[1, 2]")));
        assert_eq!(object(found.iter().map(|(name, text)| (name.as_str(), *text))), r#"{"a":1.0,"b":[1, 2],"a":2e0}"#);
        assert!(members("[1]").is_err() && members("{} x").is_err());
    }

    #[test]
    fn a_faulty_text_is_refused_without_being_repeated() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for wrong in ["", "{", "01", "{\"a\":1,\"\\u0061\":2}", "[1] 2", &deep] {
            assert!(Json::parse(wrong).is_err(), "{wrong:.20}");
        }
        assert_eq!(check(&deep), Ok(()));
        let error = members("\"s3cret\"").unwrap_err();
        assert!(!error.contains("s3cret"), "{error}");
    }
}
