//! A body of the portal: a JSON object, or a form whose names nest at their dots (`service.id`). Fields are texts; who
//! needs another type asks for it.

use serde_json::{Map, Value};

use super::{FieldErrors, REQUIRED};

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

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Body(Map<String, Value>);

impl Body {
    pub fn from_json(object: Map<String, Value>) -> Self {
        Self(object)
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
        Self(body)
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text that may be absent; an empty one counts as absent.
    pub fn text(&self, name: &str) -> Result<Option<&str>, FieldErrors> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(FieldErrors::one(name, "expected a string")),
        }
    }

    /// A text that a change may set, clear or leave alone.
    pub fn patch(&self, name: &str) -> Result<Patch<&str>, FieldErrors> {
        match (self.0.contains_key(name), self.text(name)?) {
            (false, _) => Ok(Patch::Keep),
            (true, None) => Ok(Patch::Clear),
            (true, Some(text)) => Ok(Patch::Set(text)),
        }
    }

    pub fn required(&self, name: &str) -> Result<&str, FieldErrors> {
        self.text(name)?.ok_or_else(|| FieldErrors::one(name, REQUIRED))
    }

    /// A yes or no, in JSON or spelt as forms do.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, FieldErrors> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text == "true" || text == "1" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" || text == "0" => Ok(Some(false)),
            Some(_) => Err(FieldErrors::one(name, "expected a boolean")),
        }
    }

    /// What stands under a name that has fields of its own.
    pub fn inner(&self, name: &str) -> Self {
        Self(self.get(name).and_then(Value::as_object).cloned().unwrap_or_default())
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
    use serde_json::json;

    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Body {
        Body::from_form(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn names_of_a_form_nest_at_their_dots() {
        let body = form(&[("service.id", "s"), ("service.x.y", "z"), ("name", "a"), ("name", "b"), ("a..b", "c")]);
        assert_eq!(
            body.0,
            *json!({"service": {"id": "s", "x": {"y": "z"}}, "name": "b", "a..b": "c"}).as_object().unwrap()
        );
        assert_eq!(body.inner("service").required("id").unwrap(), "s");
        assert_eq!(form(&[("a", "1"), ("a.b", "2")]).inner("a").text("b").unwrap(), Some("2"));
    }

    #[test]
    fn a_field_has_the_type_that_is_asked_for() {
        let body =
            Body::from_json(json!({"a": 1, "b": "", "c": "true", "d": false, "e": null}).as_object().unwrap().clone());
        assert_eq!(body.text("a").unwrap_err().into_fields(), json!({"a": "expected a string"}));
        assert_eq!(body.required("b").unwrap_err(), FieldErrors::missing("b"));
        assert_eq!(
            (body.flag("c").unwrap(), body.flag("d").unwrap(), body.flag("e").unwrap()),
            (Some(true), Some(false), None)
        );
        assert!(body.flag("a").is_err());
        let patches = ["b", "c", "e", "x"].map(|name| body.patch(name).unwrap());
        assert_eq!(patches, [Patch::Clear, Patch::Set("true"), Patch::Clear, Patch::Keep]);
        assert!(body.patch("a").is_err());
    }
}
