//! JSON that is kept as it was written: no number is rewritten, no member moves or vanishes.

use std::{borrow::Cow, collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::ids::Invalid;

/// One JSON value as text. It is at most 127 deep, and its numbers and texts are such that a reader can take them.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct JsonText(Box<RawValue>);

/// A [`JsonText`] that is an object.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "JsonText")]
pub struct JsonObject(JsonText);

impl JsonText {
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    pub fn is_null(&self) -> bool {
        self.as_str() == "null"
    }

    pub fn is_number(&self) -> bool {
        self.as_str().starts_with(|first: char| first == '-' || first.is_ascii_digit())
    }

    pub fn is_string(&self) -> bool {
        self.as_str().starts_with('"')
    }

    /// The text of a JSON string; anything else as it was written.
    pub fn text(&self) -> Cow<'_, str> {
        self.as_string().map_or(Cow::Borrowed(self.as_str()), Cow::Owned)
    }

    /// The text of a JSON string.
    pub fn as_string(&self) -> Option<String> {
        serde_json::from_str(self.as_str()).ok()
    }

    /// Whether an object in it names a member twice.
    pub fn names_twice(&self) -> bool {
        Walk { distinct: true }.deserialize(&mut serde_json::Deserializer::from_str(self.as_str())).is_err()
    }
}

impl JsonObject {
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The members in their order, doubled names included.
    pub fn members(&self) -> Vec<(String, JsonText)> {
        serde_json::from_str(self.as_str()).map_or_else(|_| Vec::new(), |Members(members)| members)
    }
}

impl TryFrom<JsonText> for JsonObject {
    type Error = Invalid;

    fn try_from(json: JsonText) -> Result<Self, Invalid> {
        if json.as_str().starts_with('{') { Ok(Self(json)) } else { Err(Invalid("must be an object")) }
    }
}

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        let walked = Walk { distinct: false }.deserialize(&mut serde_json::Deserializer::from_str(raw.get()));
        match walked {
            Ok(()) => Ok(Self(raw)),
            Err(error) if error.to_string().starts_with("number") => {
                Err(de::Error::custom("must have numbers that fit in a double"))
            }
            Err(error) if error.to_string().starts_with("recursion") => {
                Err(de::Error::custom("may be 127 levels deep at most"))
            }
            Err(_) => Err(de::Error::custom("must have texts of Unicode only")),
        }
    }
}

/// Canonical JSON (RFC 8785): equal values have equal texts.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, to: &mut String) {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(number) => to.push_str(ryu_js::Buffer::new().format(number)),
            None => to.push_str(&number.to_string()),
        },
        Value::Array(items) => {
            to.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    to.push(',');
                }
                write_canonical(item, to);
            }
            to.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            to.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                if index > 0 {
                    to.push(',');
                }
                write_canonical(&Value::from(name.as_str()), to);
                to.push(':');
                write_canonical(value, to);
            }
            to.push('}');
        }
        // A text is escaped as JSON.stringify does it.
        Value::Null | Value::Bool(_) | Value::String(_) => to.push_str(&value.to_string()),
    }
}

/// Goes through a value without keeping any of it.
#[derive(Clone, Copy)]
struct Walk {
    /// Whether doubled names are refused.
    distinct: bool,
}

impl<'de> DeserializeSeed<'de> for Walk {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if self.distinct && !names.insert(name) {
                return Err(de::Error::custom("an object names something twice"));
            }
            members.next_value_seed(self)?;
        }
        Ok(())
    }
}

/// The members of an object, in their order.
struct Members(Vec<(String, JsonText)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        from.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> serde_json::Result<JsonText> {
        serde_json::from_str(text)
    }

    #[test]
    fn json_is_kept_as_it_was_written() {
        for text in [
            "0",
            "-0.10e+2",
            "123456789012345678901234567890",
            "\"\\u0000\"",
            "[null]",
            "{\"b\":1.50, \"a\":null, \"b\":2}",
        ] {
            let json = read(text).unwrap();
            assert_eq!((json.as_str(), serde_json::to_string(&json).unwrap().as_str()), (text, text));
        }
    }

    #[test]
    fn what_readers_cannot_take_is_refused_by_its_rule() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(&deep(127)).is_ok());
        for (text, rule) in [
            ("1e999", "must have numbers that fit in a double"),
            ("[\"\\ud800\"]", "must have texts of Unicode only"),
            (deep(128).as_str(), "may be 127 levels deep at most"),
        ] {
            assert!(read(text).unwrap_err().to_string().starts_with(rule), "{text}");
        }
        assert!(read("01").is_err() && read("[1,]").is_err() && read("").is_err());
    }

    /// The examples of RFC 8785, 3.2.2 and 3.2.3.
    #[test]
    fn canonical_json_is_that_of_rfc_8785() {
        let value: Value = serde_json::from_str(
            r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
                "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#,
        )
        .unwrap();
        let expected = r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#;
        assert_eq!(canonical(&value), expected);
        let names: Value =
            serde_json::from_str(r#"{"\u20ac":0,"\r":0,"\ufb33":0,"1":0,"\ud83d\ude00":0,"\u0080":0,"\u00f6":0}"#)
                .unwrap();
        let order: Vec<_> = canonical(&names).trim_matches(['{', '}']).split(":0").map(str::to_owned).collect();
        assert_eq!(order.concat(), "\"\\r\",\"1\",\"\u{80}\",\"ö\",\"€\",\"😀\",\"\u{fb33}\"");
    }

    #[test]
    fn an_object_has_members_in_their_order() {
        let object: JsonObject = serde_json::from_str(r#"{"b":1.0,"a":[2e1],"b":"x"}"#).unwrap();
        let members = object.members();
        let members: Vec<_> = members.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(members, [("b", "1.0"), ("a", "[2e1]"), ("b", "\"x\"")]);
        assert!(object.0.names_twice() && !read(r#"{"a":{"b":1},"c":{"b":1}}"#).unwrap().names_twice());
        for bad in ["[]", "null", "\"{}\"", "1"] {
            assert!(serde_json::from_str::<JsonObject>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_number_changes(number in any::<f64>().prop_filter("JSON has none", |number| number.is_finite())) {
            for text in [format!("{number}"), format!("{number:e}"), format!("[{number:?}]")] {
                let json = read(&text).unwrap();
                prop_assert_eq!(json.as_str(), &text);
            }
        }

        #[test]
        fn no_integer_loses_digits(text in "-?[1-9][0-9]{0,300}") {
            let json = read(&text).unwrap();
            prop_assert_eq!(json.as_str(), &text);
        }
    }
}
