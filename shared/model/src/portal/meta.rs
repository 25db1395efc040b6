//! The extra fields of a developer: which there are is a setting of the portal, and `meta` must satisfy it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Body, INVALID_EMAIL, REQUIRED, is_email};
use crate::{
    faults::Faults,
    json::{JsonObject, JsonText},
};

/// The longest `meta`, in bytes.
pub const MAX_META: usize = 16 << 10;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MetaField {
    /// Its key in `meta`.
    pub title: String,
    /// The label that people read.
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

    /// The `meta` of a registration: an object, as text or in JSON, that has all required fields. It is kept as it was
    /// written.
    pub fn of_new(&self, body: &Body) -> Result<JsonObject, Faults> {
        let meta = given(body)?;
        let members = meta.as_ref().map(JsonObject::members).unwrap_or_default();
        let mut faults = Faults::default();
        for field in self.0.iter().filter(|field| field.validator.required) {
            let is_there = members.iter().any(|(name, _)| *name == field.title);
            faults.check(is_there, path(field), REQUIRED);
        }
        self.check(&members, &mut faults);
        match meta {
            Some(meta) => faults.result().map(|()| meta),
            None if faults.is_empty() => Err(Faults::one("meta", REQUIRED)),
            None => Err(faults),
        }
    }

    /// The `meta` of a change: its fields go over those that are there, so none is missing, but one may be wrong.
    pub fn of_change(&self, body: &Body) -> Result<JsonObject, Faults> {
        let meta = given(body)?.ok_or_else(|| Faults::one("meta", REQUIRED))?;
        let mut faults = Faults::default();
        self.check(&meta.members(), &mut faults);
        faults.result().map(|()| meta)
    }

    fn check(&self, members: &[(String, JsonText)], faults: &mut Faults) {
        for field in &self.0 {
            for (_, value) in members.iter().filter(|(name, _)| *name == field.title) {
                if let Some(rule) = field.refusal(value) {
                    faults.add(path(field), rule);
                }
            }
        }
    }
}

fn path(field: &MetaField) -> String {
    format!("meta.{}", field.title)
}

impl MetaField {
    fn refusal(&self, value: &JsonText) -> Option<&'static str> {
        let required = self.validator.required;
        match (self.validator.kind.as_str(), value.as_string()) {
            _ if value.is_null() => required.then_some(REQUIRED),
            ("string", Some(text)) if text.trim().is_empty() => required.then_some(REQUIRED),
            ("string", Some(text)) => (self.is_email && !is_email(&text)).then_some(INVALID_EMAIL),
            ("number", _) => (!value.is_number()).then_some("expected a number"),
            ("boolean", _) => (!matches!(value.as_str(), "true" | "false")).then_some("expected a boolean"),
            _ => Some("expected a string"),
        }
    }
}

/// The field `meta`, which clients send as text; an empty text counts as absent.
fn given(body: &Body) -> Result<Option<JsonObject>, Faults> {
    let Some(json) = body.get("meta").filter(|json| *json != r#""""#) else { return Ok(None) };
    let text: Option<String> = serde_json::from_str(json).ok();
    let object: Option<JsonObject> = serde_json::from_str(text.as_deref().unwrap_or(json)).ok();
    let object = object.ok_or_else(|| Faults::one("meta", "expected a JSON object"))?;
    if object.as_str().len() > MAX_META { Err(meta_too_long()) } else { Ok(Some(object)) }
}

/// The refusal of a `meta` that is too long, by itself or together with what is stored.
pub fn meta_too_long() -> Faults {
    Faults::one("meta", "at most 16 KiB are kept")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn body(json: &str) -> Body {
        Body::from_json(&serde_json::from_str(json).unwrap())
    }

    fn refusal(checked: Result<JsonObject, Faults>) -> Vec<(String, String)> {
        let faults = checked.unwrap_err();
        faults.iter().map(|fault| (fault.path.clone(), fault.message.to_string())).collect()
    }

    fn pairs(faults: &[(&str, &str)]) -> Vec<(String, String)> {
        faults.iter().map(|(path, message)| ((*path).to_owned(), (*message).to_owned())).collect()
    }

    #[test]
    fn a_registration_names_what_is_missing() {
        let fields = MetaFields::default();
        for wrong in [
            "{}",
            r#"{"meta":""}"#,
            r#"{"meta":"{}"}"#,
            r#"{"meta":{"full_name":" "}}"#,
            r#"{"meta":{"full_name":null}}"#,
        ] {
            let faults = refusal(fields.of_new(&body(wrong)));
            assert_eq!(faults, pairs(&[("meta.full_name", REQUIRED)]), "{wrong}");
        }
        for wrong in [r#"{"meta":"x"}"#, r#"{"meta":"[1]"}"#, r#"{"meta":1}"#] {
            let faults = refusal(fields.of_new(&body(wrong)));
            assert_eq!(faults, pairs(&[("meta", "expected a JSON object")]), "{wrong}");
        }
        let none = MetaFields(Vec::new());
        assert_eq!(refusal(none.of_new(&body("{}"))), pairs(&[("meta", REQUIRED)]));
        let long = format!(r#"{{"meta":{{"full_name":"{}"}}}}"#, "x".repeat(MAX_META));
        assert_eq!(fields.of_new(&body(&long)).unwrap_err(), meta_too_long());
    }

    #[test]
    fn what_is_good_is_kept_as_it_was_written() {
        let meta = r#"{"full_name":"A\u00e4", "id":12345678901234567890123, "x":[-0, 1e3, 0.1e-7], "id":1.50}"#;
        let text = serde_json::to_string(meta).unwrap();
        for json in [meta, &text] {
            let kept = MetaFields::default().of_new(&body(&format!(r#"{{"meta":{json}}}"#))).unwrap();
            assert_eq!(kept.as_str(), meta);
        }
    }

    #[test]
    fn a_change_may_leave_out_what_is_required_but_not_unset_it() {
        let fields = MetaFields::default();
        assert!(fields.of_change(&body(r#"{"meta":"{\"x\":1}"}"#)).is_ok());
        for wrong in [r#"{"meta":{"full_name":null}}"#, r#"{"meta":{"full_name":"A","full_name":""}}"#, "{}"] {
            assert!(fields.of_change(&body(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_setting_is_an_array_of_fields() {
        let fields = MetaFields::parse(r#"[{"title":"mail","label":"Mail","is_email":true,"validator":{"type":"string"}},{"title":"age","label":"Age","validator":{"type":"number","required":true}},{"title":"a.b","label":"B","validator":{"type":"boolean"}}]"#).unwrap();
        let faults = refusal(fields.of_new(&body(r#"{"meta":{"mail":"x","age":"1","a.b":1}}"#)));
        let expected = [
            ("meta.mail", "invalid e-mail address"),
            ("meta.age", "expected a number"),
            ("meta.a.b", "expected a boolean"),
        ];
        assert_eq!(faults, pairs(&expected));
        assert!(fields.of_new(&body(r#"{"meta":{"age":-1.5,"a.b":true}}"#)).is_ok());
        assert!(MetaFields::parse(r#"[{"title":"","label":"x"}]"#).is_err());
        assert!(MetaFields::parse("{}").is_err());
    }
}
