//! The extra fields of a developer: which there are is a setting of the portal, and `meta` must satisfy it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Body, FieldErrors, REQUIRED, is_email};

/// The longest `meta`, in bytes.
pub const MAX_META: usize = 16 << 10;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MetaField {
    /// Its key in `meta`.
    pub title: String,
    /// What people read.
    pub label: String,
    #[serde(default)]
    pub is_email: bool,
    #[serde(default)]
    pub validator: Validator,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Validator {
    /// string, number or boolean
    #[serde(rename = "type", default = "string")]
    pub kind: String,
    #[serde(default)]
    pub required: bool,
}

impl Default for Validator {
    fn default() -> Self {
        Self { kind: string(), required: false }
    }
}

fn string() -> String {
    "string".to_owned()
}

#[derive(Clone, Debug)]
pub struct MetaFields(Vec<MetaField>);

impl Default for MetaFields {
    fn default() -> Self {
        let validator = Validator { kind: string(), required: true };
        let (title, label) = ("full_name".to_owned(), "Full Name".to_owned());
        Self(vec![MetaField { title, label, is_email: false, validator }])
    }
}

impl MetaFields {
    /// Reads the setting: a JSON array of fields.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<MetaField> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let known = |field: &MetaField| matches!(field.validator.kind.as_str(), "string" | "number" | "boolean");
        match fields.iter().find(|field| field.title.is_empty() || !known(field)) {
            Some(field) => Err(format!("field {:?} needs a title and a type string, number or boolean", field.title)),
            None => Ok(Self(fields)),
        }
    }

    pub fn fields(&self) -> &[MetaField] {
        &self.0
    }

    /// The `meta` of a registration: an object, as text or in JSON, that has all required fields.
    pub fn of_new(&self, body: &Body) -> Result<Map<String, Value>, FieldErrors> {
        let Some(meta) = body.get("meta").filter(|meta| meta.as_str() != Some("")) else {
            return match self.missing(&Map::new()) {
                missing if missing == FieldErrors::default() => Err(FieldErrors::missing("meta")),
                missing => Err(FieldErrors::one("meta", missing.into_fields())),
            };
        };
        let meta = object(meta)?;
        let mut errors = self.missing(&meta);
        errors.merge(self.wrong(&meta));
        errors.or(meta).map_err(|errors| FieldErrors::one("meta", errors.into_fields()))
    }

    /// The `meta` of a change: its fields go over those that are there, so none is missing, but one may be wrong.
    pub fn of_change(&self, body: &Body) -> Result<Map<String, Value>, FieldErrors> {
        let meta = body.get("meta").filter(|meta| meta.as_str() != Some(""));
        let meta = object(meta.ok_or_else(|| FieldErrors::missing("meta"))?)?;
        self.wrong(&meta).or(meta).map_err(|errors| FieldErrors::one("meta", errors.into_fields()))
    }

    fn missing(&self, meta: &Map<String, Value>) -> FieldErrors {
        let mut errors = FieldErrors::default();
        for field in self.0.iter().filter(|field| field.validator.required) {
            if meta.get(&field.title).is_none() {
                errors.add(&field.title, REQUIRED);
            }
        }
        errors
    }

    fn wrong(&self, meta: &Map<String, Value>) -> FieldErrors {
        let mut errors = FieldErrors::default();
        for field in &self.0 {
            if let Some(reason) = meta.get(&field.title).and_then(|value| field.refusal(value)) {
                errors.add(&field.title, reason);
            }
        }
        errors
    }
}

impl MetaField {
    fn refusal(&self, value: &Value) -> Option<&'static str> {
        let required = self.validator.required;
        match (self.validator.kind.as_str(), value) {
            (_, Value::Null) => required.then_some(REQUIRED),
            ("string", Value::String(text)) if text.trim().is_empty() => required.then_some(REQUIRED),
            ("string", Value::String(text)) => (self.is_email && !is_email(text)).then_some("invalid e-mail address"),
            ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => None,
            ("number", _) => Some("expected a number"),
            ("boolean", _) => Some("expected a boolean"),
            _ => Some("expected a string"),
        }
    }
}

fn object(meta: &Value) -> Result<Map<String, Value>, FieldErrors> {
    let parsed = match meta {
        Value::Object(object) => Some(object.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    };
    let object = parsed.ok_or_else(|| FieldErrors::one("meta", "expected a JSON object"))?;
    if Value::Object(object.clone()).to_string().len() > MAX_META {
        return Err(FieldErrors::one("meta", "may have at most 16 KiB"));
    }
    Ok(object)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::json;

    use super::*;

    fn body(value: &Value) -> Body {
        Body::from_json(value.as_object().unwrap().clone())
    }

    #[test]
    fn a_registration_names_what_is_missing() {
        let fields = MetaFields::default();
        let missing = json!({"meta": {"full_name": "required field missing"}});
        for wrong in [
            json!({}),
            json!({"meta": "{}"}),
            json!({"meta": r#"{"full_name":" "}"#}),
            json!({"meta": r#"{"full_name":null}"#}),
        ] {
            assert_eq!(fields.of_new(&body(&wrong)).unwrap_err().into_fields(), missing, "{wrong}");
        }
        for wrong in [json!({"meta": "x"}), json!({"meta": "[1]"}), json!({"meta": 1})] {
            let refused = fields.of_new(&body(&wrong)).unwrap_err().into_fields();
            assert_eq!(refused, json!({"meta": "expected a JSON object"}), "{wrong}");
        }
        for good in [json!({"meta": r#"{"full_name":"User","x":1}"#}), json!({"meta": {"full_name": "User"}})] {
            assert_eq!(fields.of_new(&body(&good)).unwrap().get("full_name").unwrap(), "User");
        }
    }

    #[test]
    fn a_change_may_leave_out_what_is_required_but_not_unset_it() {
        let fields = MetaFields::default();
        assert!(fields.of_change(&body(&json!({"meta": r#"{"x":1}"#}))).is_ok());
        assert!(fields.of_change(&body(&json!({"meta": r#"{"full_name":null}"#}))).is_err());
        assert!(fields.of_change(&body(&json!({}))).is_err());
    }

    #[test]
    fn the_setting_is_an_array_of_fields() {
        let fields = MetaFields::parse(r#"[{"title":"mail","label":"Mail","is_email":true,"validator":{"type":"string"}},{"title":"age","label":"Age","validator":{"type":"number","required":true}}]"#).unwrap();
        let refused = fields.of_new(&body(&json!({"meta": {"mail": "x", "age": "1"}}))).unwrap_err().into_fields();
        assert_eq!(refused, json!({"meta": {"mail": "invalid e-mail address", "age": "expected a number"}}));
        assert!(fields.of_new(&body(&json!({"meta": {"age": 1}}))).is_ok());
        assert!(MetaFields::parse(r#"[{"title":"","label":"x"}]"#).is_err());
        assert!(MetaFields::parse("{}").is_err());
    }
}
