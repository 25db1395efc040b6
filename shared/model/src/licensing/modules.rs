//! The modules that a licence switches on: known names only, each with its type.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
#[cfg(not(target_family = "wasm"))]
use utoipa::openapi::{
    RefOr,
    schema::{AdditionalProperties, ObjectBuilder, Schema, Type},
};

use crate::{faults, ids::Invalid, json::JsonText};

const FLAGS: [&str; 11] = [
    "mod_dl",
    "mod_identity",
    "mod_pp",
    "mod_face",
    "mod_pin",
    "mod_nationalid",
    "mod_core",
    "mod_misc",
    "bypass_poi",
    "mod_ssn",
    "mod_email",
];
const TEXTS: [&str; 3] = ["mod_dvcid", "mod_auid_license", "mod_phone"];

/// The longest text value, in bytes.
const MAX_TEXT: usize = 1024;

/// An object of known modules, in the order in which they were written.
#[derive(Clone, Debug, Default)]
pub struct Modules(Vec<(String, JsonText)>);

#[cfg(not(target_family = "wasm"))]
impl utoipa::PartialSchema for Modules {
    fn schema() -> RefOr<Schema> {
        let flag = || ObjectBuilder::new().schema_type(Type::Boolean);
        let text = || ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX_TEXT));
        let known = FLAGS.map(|name| (name, flag())).into_iter().chain(TEXTS.map(|name| (name, text())));
        let object = ObjectBuilder::new()
            .description(Some("The modules that a licence switches on; it names no others."))
            .additional_properties(Some(AdditionalProperties::FreeForm(false)));
        known.fold(object, |object, (name, schema)| object.property(name, schema)).into()
    }
}

#[cfg(not(target_family = "wasm"))]
impl utoipa::ToSchema for Modules {}

impl Modules {
    /// As it is stored.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what was stored.
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Name by name the value, as a reader takes it.
    fn values(&self) -> BTreeMap<&str, (bool, Cow<'_, str>)> {
        let read = |value: &'_ JsonText| (value.is_string(), value.text().into_owned().into());
        self.0.iter().map(|(name, value)| (name.as_str(), read(value))).collect()
    }
}

/// Two are the same if the same modules have the same values, in whatever order.
impl PartialEq for Modules {
    fn eq(&self, other: &Self) -> bool {
        self.values() == other.values()
    }
}

impl Serialize for Modules {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Modules {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        faults::object(from, |members| {
            members.refuse_all_but(|name| FLAGS.contains(&name) || TEXTS.contains(&name));
            let flags = FLAGS.map(|name| (name, members.read_if_given::<Flag>(name).flatten().map(|Flag(json)| json)));
            let texts = TEXTS.map(|name| (name, members.read_if_given::<Text>(name).flatten().map(|Text(json)| json)));
            let mut read: BTreeMap<_, _> = flags.into_iter().chain(texts).collect();
            let names: Vec<_> = members.iter().map(|(name, _)| name.to_owned()).collect();
            let modules = names.into_iter().map(|name| {
                let value = read.get_mut(name.as_str()).and_then(Option::take)?;
                Some((name, value))
            });
            modules.collect::<Option<_>>().map(Self)
        })
    }
}

#[derive(Deserialize)]
#[serde(try_from = "JsonText")]
struct Flag(JsonText);

impl TryFrom<JsonText> for Flag {
    type Error = Invalid;

    fn try_from(json: JsonText) -> Result<Self, Invalid> {
        let is_flag = matches!(json.as_str(), "true" | "false");
        if is_flag { Ok(Self(json)) } else { Err(Invalid("must be true or false")) }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "JsonText")]
struct Text(JsonText);

impl TryFrom<JsonText> for Text {
    type Error = Invalid;

    fn try_from(json: JsonText) -> Result<Self, Invalid> {
        let is_text = json.as_string().is_some_and(|text| text.len() <= MAX_TEXT);
        if is_text { Ok(Self(json)) } else { Err(Invalid("must be a string of at most 1024 bytes")) }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::json;

    use super::*;

    #[test]
    fn every_known_module_takes_its_own_type_only() {
        for (names, good, bad) in
            [(FLAGS.as_slice(), json!(true), json!("yes")), (TEXTS.as_slice(), json!("x"), json!(false))]
        {
            for name in names {
                assert!(serde_json::from_value::<Modules>(json!({ *name: good })).is_ok(), "{name}");
                for bad in [&bad, &json!(null), &json!(1), &json!({})] {
                    assert!(serde_json::from_value::<Modules>(json!({ *name: bad })).is_err(), "{name}: {bad}");
                }
            }
        }
    }

    #[test]
    fn anything_but_an_object_of_known_names_is_refused() {
        for bad in [json!({"mod_other": true}), json!([]), json!("mod_dl"), json!(null)] {
            assert!(serde_json::from_value::<Modules>(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn modules_are_kept_in_their_order() {
        let modules = Modules::from_json(r#"{"mod_phone":"s\u006ds", "mod_dl":false}"#).unwrap();
        let text = r#"{"mod_phone":"s\u006ds","mod_dl":false}"#;
        assert_eq!((modules.to_json().as_str(), serde_json::to_string(&modules).unwrap().as_str()), (text, text));
        assert_eq!(Modules::default().to_json(), "{}");
        assert!(modules == Modules::from_json(r#"{"mod_dl":false,"mod_phone":"sms"}"#).unwrap());
        assert!(modules != Modules::from_json(r#"{"mod_dl":false,"mod_phone":"smS"}"#).unwrap());
        assert!(modules != Modules::from_json(r#"{"mod_dl":false}"#).unwrap());
        assert!(Modules::from_json(r#"{"mod_dl":false,"mod_dl":true}"#).is_none());
    }

    #[test]
    fn every_wrong_module_is_named() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only the type matters")]
        struct Body {
            modules: Modules,
            more: Option<u8>,
        }
        let body = br#"{"modules":{"mod_x":true,"mod_dl":"s3cret","mod_pp":true,"mod_phone":1}, "more":1}"#;
        assert_eq!(
            crate::faults::read::<Body>(body, "Body").unwrap_err().to_string(),
            "modules.mod_x: mod_x is not known here; modules.mod_dl: mod_dl must be true or false; modules.mod_phone: \
             mod_phone must be a string of at most 1024 bytes"
        );
    }
}
