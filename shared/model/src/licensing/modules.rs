//! The modules that a licence switches on: known names only, each with its type.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::Invalid;

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

/// The longest text value, in bytes; keeps the stored object small.
const MAX_TEXT: usize = 1024;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "Map<String, Value>")]
#[schema(value_type = Object)]
pub struct Modules(Map<String, Value>);

impl Modules {
    /// As it is stored.
    pub fn to_json(&self) -> String {
        Value::from(self.0.clone()).to_string()
    }

    /// Reads what was stored.
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl TryFrom<Map<String, Value>> for Modules {
    type Error = Invalid;

    fn try_from(map: Map<String, Value>) -> Result<Self, Invalid> {
        for (name, value) in &map {
            match value {
                Value::Bool(_) if FLAGS.contains(&name.as_str()) => {}
                Value::String(text) if TEXTS.contains(&name.as_str()) => {
                    if text.len() > MAX_TEXT {
                        return Err(Invalid("a text of modules may have at most 1024 bytes"));
                    }
                }
                _ => {
                    return Err(Invalid(
                        "modules takes the booleans mod_dl, mod_identity, mod_pp, mod_face, mod_pin, mod_nationalid, \
                         mod_core, mod_misc, bypass_poi, mod_ssn, mod_email and the texts mod_dvcid, \
                         mod_auid_license, mod_phone",
                    ));
                }
            }
        }
        Ok(Self(map))
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
    fn what_is_stored_reads_back() {
        let modules: Modules = serde_json::from_value(json!({"mod_dl": false, "mod_phone": "sms"})).unwrap();
        assert_eq!(Modules::from_json(&modules.to_json()), Some(modules));
    }
}
