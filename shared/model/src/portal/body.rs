//! A body of the portal: a JSON object, or a form whose names nest at their dots (`service.id`). Fields are texts; who
//! needs another type asks for it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::REQUIRED;
use crate::{faults::Faults, json::JsonObject};

/// How deep names may nest.
const DEPTH: usize = 4;

/// What a change says of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Nothing: it stays as it is.
    #[default]
    Keep,
    /// `null` or an empty text.
    Clear,
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the field changes, and to what.
    pub fn into_parts(self) -> (bool, Option<T>) {
        match self {
            Self::Keep => (false, None),
            Self::Clear => (true, None),
            Self::Set(value) => (true, Some(value)),
        }
    }

    pub fn set(self) -> Option<T> {
        self.into_parts().1
    }
}

/// Its fields by their names, as JSON that is kept as it was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Body(BTreeMap<String, String>);

impl Body {
    /// The last of several fields of one name counts.
    pub fn from_json(object: &JsonObject) -> Self {
        Self(object.members().into_iter().map(|(name, json)| (name, json.as_str().to_owned())).collect())
    }

    /// The last of several fields of one name counts.
    pub fn from_form(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut body = Map::new();
        for (name, value) in pairs {
            let path: Vec<&str> = name.split('.').collect();
            if path.len() <= DEPTH && path.iter().all(|part| !part.is_empty()) {
                nest(&mut body, &path, Value::String(value));
            } else {
                body.insert(name, Value::String(value));
            }
        }
        Self(body.into_iter().map(|(name, value)| (name, value.to_string())).collect())
    }

    /// The JSON of a field, unless it is absent or `null`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|json| *json != "null")
    }

    /// A text that may be absent; an empty one counts as absent.
    pub fn text(&self, name: &str, faults: &mut Faults) -> Option<String> {
        let text = serde_json::from_str::<String>(self.get(name)?);
        faults.check(text.is_ok(), name, "expected a string");
        text.ok().filter(|text| !text.is_empty())
    }

    /// A text that may not be absent; with a fault, an empty one.
    pub fn required(&self, name: &str, faults: &mut Faults) -> String {
        let text = self.text(name, faults);
        let is_missing = self.get(name).is_none_or(|json| json == r#""""#);
        faults.check(!is_missing, name, REQUIRED);
        text.unwrap_or_default()
    }

    /// A text that a change may set, clear or leave alone.
    pub fn patch(&self, name: &str, faults: &mut Faults) -> Patch<String> {
        match (self.0.contains_key(name), self.text(name, faults)) {
            (false, _) => Patch::Keep,
            (true, None) => Patch::Clear,
            (true, Some(text)) => Patch::Set(text),
        }
    }

    /// A yes or no, in JSON or spelt as forms do.
    pub fn flag(&self, name: &str, faults: &mut Faults) -> Option<bool> {
        match self.get(name)? {
            "true" | r#""true""# | r#""1""# => return Some(true),
            "false" | r#""false""# | r#""0""# => return Some(false),
            _ => faults.add(name, "expected a boolean"),
        }
        None
    }

    /// What stands under a name that has fields of its own.
    pub fn inner(&self, name: &str) -> Self {
        let inner = self.get(name).and_then(|json| serde_json::from_str::<JsonObject>(json).ok());
        inner.map(|inner| Self::from_json(&inner)).unwrap_or_default()
    }
}

fn nest(body: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => drop(body.insert((*name).to_owned(), value)),
        [name, rest @ ..] => {
            let inner = body.entry(*name).or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            if let Value::Object(inner) = inner {
                nest(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Body {
        Body::from_form(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn json(text: &str) -> Body {
        Body::from_json(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn names_of_a_form_nest_at_their_dots() {
        let body = form(&[("service.id", "s"), ("service.x.y", "z"), ("name", "a"), ("name", "b"), ("a..b", "c")]);
        assert_eq!(body, json(r#"{"service":{"id":"s","x":{"y":"z"}},"name":"b","a..b":"c"}"#));
        let mut faults = Faults::default();
        assert_eq!(body.inner("service").required("id", &mut faults), "s");
        let text = form(&[("a", "1"), ("a.b", "2")]).inner("a").text("b", &mut faults);
        assert_eq!((text.as_deref(), faults), (Some("2"), Faults::default()));
    }

    #[test]
    fn a_field_has_the_type_that_is_asked_for() {
        let body = json(r#"{"a":1,"b":"","c":"true","d":false,"e":null,"a":[1e3],"f":"\u0022"}"#);
        assert_eq!((body.get("a"), body.get("e"), body.get("x")), (Some("[1e3]"), None, None));
        let mut faults = Faults::default();
        let patches = ["b", "c", "e", "x", "f"].map(|name| body.patch(name, &mut faults));
        let set = |text: &str| Patch::Set(text.to_owned());
        assert_eq!(patches, [Patch::Clear, set("true"), Patch::Clear, Patch::Keep, set("\"")]);
        assert_eq!(["c", "d", "e"].map(|name| body.flag(name, &mut faults)), [Some(true), Some(false), None]);
        assert!(faults.is_empty());
        assert_eq!((body.text("a", &mut faults), body.flag("a", &mut faults)), (None, None));
        for name in ["a", "b", "e", "x"] {
            assert_eq!(body.required(name, &mut faults), "");
        }
        let all: Vec<_> = faults.iter().map(|fault| (fault.path.as_str(), fault.message.as_ref())).collect();
        let (string, boolean) = ("expected a string", "expected a boolean");
        let expected =
            [("a", string), ("a", boolean), ("a", string), ("b", REQUIRED), ("e", REQUIRED), ("x", REQUIRED)];
        assert_eq!(all, expected);
    }
}
