//! Service keys: as they are created, changed, answered and listed.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Modules, NOT_FUTURE, expiry_or_default, present};
use crate::{
    AuthLevel,
    ids::{Invalid, KeyTag},
    time::IsoTime,
};

const MAX_KEY_ID: usize = 512;
const MAX_KEY_SECRET: usize = 1024;
const MAX_DESCRIPTION: usize = 1024;

const BAD_DESCRIPTION: Invalid = Invalid("description may have at most 1024 characters");

/// How the holder of a key authenticates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyType {
    #[default]
    Hawk,
    Ecdsa,
    User,
}

impl KeyType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hawk => "hawk",
            Self::Ecdsa => "ecdsa",
            Self::User => "user",
        }
    }

    /// The type of this name, as it stands in the database.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Hawk, Self::Ecdsa, Self::User].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Which key.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct KeyQuery {
    /// The keyId of the key, or its tag.
    pub key_id: String,
}

impl KeyQuery {
    pub fn check(&self) -> Result<(), Invalid> {
        if self.key_id.is_empty() { Err(Invalid("keyId must not be empty")) } else { Ok(()) }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateServiceKeyRequest {
    pub tag: KeyTag,
    /// A new uuid by default. For type `user` the user's URN; for type `ecdsa` a public key.
    pub key_id: Option<String>,
    /// A new uuid by default. Required with a keyId; replaced by a new uuid for type `user`.
    pub key_secret: Option<String>,
    #[serde(default)]
    pub disabled: bool,
    /// Two years from now by default.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expiry: Option<IsoTime>,
    #[serde(default = "lowest_level")]
    pub auth_level: AuthLevel,
    #[serde(default, rename = "type")]
    pub kind: KeyType,
    #[serde(default)]
    pub modules: Modules,
    pub description: Option<String>,
}

fn lowest_level() -> AuthLevel {
    AuthLevel::Basic
}

impl CreateServiceKeyRequest {
    /// The rules that the types do not carry.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.key_id.as_ref().is_some_and(|id| !is_text(id, MAX_KEY_ID)) {
            return Err(Invalid("keyId must have 1 to 512 bytes and no control characters"));
        }
        if self.key_secret.as_ref().is_some_and(|secret| !is_text(secret, MAX_KEY_SECRET)) {
            return Err(Invalid("keySecret must have 1 to 1024 bytes and no control characters"));
        }
        check_description(self.description.as_deref())?;
        match (self.kind, &self.key_id, &self.key_secret) {
            (KeyType::User, None, _) => Err(Invalid("keyId is required for type user: the user's URN")),
            (KeyType::Hawk | KeyType::Ecdsa, Some(_), None) => {
                Err(Invalid("keySecret is required when keyId is given"))
            }
            (KeyType::Ecdsa, None, Some(_)) => {
                Err(Invalid("Type ecdsa takes keyId and keySecret together, or neither"))
            }
            _ => Ok(()),
        }
    }

    /// When the key expires, in epoch milliseconds.
    pub fn expires_at(&self, now: i64) -> Result<i64, Invalid> {
        expiry_or_default(self.expiry, now)
    }
}

/// A change of a key; what is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateServiceKeyRequest {
    #[serde(default, deserialize_with = "present")]
    pub disabled: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expiry: Option<IsoTime>,
    /// Replaces the whole object.
    #[serde(default, deserialize_with = "present")]
    pub modules: Option<Modules>,
    #[serde(default, deserialize_with = "present")]
    pub description: Option<String>,
}

impl UpdateServiceKeyRequest {
    /// The rules that the types do not carry.
    pub fn check(&self, now: i64) -> Result<(), Invalid> {
        if let Self { disabled: None, expiry: None, modules: None, description: None } = self {
            return Err(Invalid("Give at least one of disabled, expiry, modules and description"));
        }
        if self.expiry.is_some_and(|expiry| expiry.0 <= now) {
            return Err(NOT_FUTURE);
        }
        check_description(self.description.as_deref())
    }
}

fn check_description(description: Option<&str>) -> Result<(), Invalid> {
    let too_long = description.is_some_and(|text| text.chars().count() > MAX_DESCRIPTION);
    if too_long { Err(BAD_DESCRIPTION) } else { Ok(()) }
}

fn is_text(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// A key with its secret. The modules stand under both names that clients look for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceKey {
    #[serde(rename = "_id")]
    pub id: String,
    #[serde(rename = "type")]
    pub kind: KeyType,
    pub tag: String,
    pub key_id: String,
    pub key_secret: String,
    pub disabled: bool,
    #[schema(value_type = String, format = DateTime)]
    pub expiry: IsoTime,
    pub auth_level: AuthLevel,
    pub module: Modules,
    pub modules: Modules,
    pub description: String,
}

/// A key as it stands in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedServiceKey {
    pub tag: String,
    pub key_id: String,
    pub key_secret: String,
    pub disabled: bool,
    #[schema(value_type = String, format = DateTime)]
    pub expiry: IsoTime,
    pub auth_level: AuthLevel,
    pub modules: Modules,
}

impl From<ServiceKey> for ListedServiceKey {
    fn from(key: ServiceKey) -> Self {
        Self {
            tag: key.tag,
            key_id: key.key_id,
            key_secret: key.key_secret,
            disabled: key.disabled,
            expiry: key.expiry,
            auth_level: key.auth_level,
            modules: key.modules,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;
    use crate::time;

    const NOW: i64 = 1_767_323_045_678;

    fn create(body: Value) -> Result<CreateServiceKeyRequest, String> {
        let request: CreateServiceKeyRequest = serde_json::from_value(body).map_err(|error| error.to_string())?;
        request.check().map_err(|error| error.to_string())?;
        Ok(request)
    }

    fn update(body: Value) -> Result<(), String> {
        let request: UpdateServiceKeyRequest = serde_json::from_value(body).map_err(|error| error.to_string())?;
        request.check(NOW).map_err(|error| error.to_string())
    }

    #[test]
    fn a_tag_alone_makes_an_enabled_basic_hawk_key_for_two_years() {
        let request = create(json!({"tag": "abc"})).unwrap();
        assert_eq!((request.kind, request.auth_level, request.disabled), (KeyType::Hawk, AuthLevel::Basic, false));
        assert_eq!(request.modules, Modules::default());
        assert_eq!(time::to_iso(request.expires_at(NOW).unwrap()), "2028-01-02T03:04:05.678Z");
    }

    #[test]
    fn key_id_and_key_secret_follow_the_type() {
        for (good, body) in [
            (true, json!({"tag": "abc", "keySecret": "s"})),
            (true, json!({"tag": "abc", "keyId": "i", "keySecret": "s"})),
            (false, json!({"tag": "abc", "keyId": "i"})),
            (true, json!({"tag": "abc", "type": "ecdsa"})),
            (false, json!({"tag": "abc", "type": "ecdsa", "keyId": "i"})),
            (false, json!({"tag": "abc", "type": "ecdsa", "keySecret": "s"})),
            (false, json!({"tag": "abc", "type": "user"})),
            (true, json!({"tag": "abc", "type": "user", "keyId": "urn:x:y"})),
            (true, json!({"tag": "abc", "type": "user", "keyId": "urn:x:y", "keySecret": "s"})),
        ] {
            assert_eq!(create(body.clone()).is_ok(), good, "{body}");
        }
    }

    #[test]
    fn what_breaks_a_rule_is_refused_at_creation() {
        for body in [
            json!({}),
            json!({"tag": "ab"}),
            json!({"tag": "abc", "keyId": "", "keySecret": "s"}),
            json!({"tag": "abc", "keySecret": "a\nb"}),
            json!({"tag": "abc", "disabled": "no"}),
            json!({"tag": "abc", "authLevel": "admin"}),
            json!({"tag": "abc", "type": "HAWK"}),
            json!({"tag": "abc", "expiry": "tomorrow"}),
            json!({"tag": "abc", "expiry": 5}),
            json!({"tag": "abc", "modules": {"x": true}}),
            json!({"tag": "abc", "description": "d".repeat(1025)}),
        ] {
            assert!(create(body.clone()).is_err(), "{body}");
        }
    }

    #[test]
    fn an_expiry_lies_in_the_future() {
        let expires_at = |ms| create(json!({"tag": "abc", "expiry": time::to_iso(ms)})).unwrap().expires_at(NOW);
        assert_eq!(expires_at(NOW + 1), Ok(NOW + 1));
        assert_eq!(expires_at(NOW), Err(NOT_FUTURE));
        assert!(update(json!({"expiry": time::to_iso(NOW + 1)})).is_ok());
        assert!(update(json!({"expiry": time::to_iso(NOW)})).is_err());
    }

    #[test]
    fn a_change_names_changeable_fields_and_never_null() {
        for good in [json!({"disabled": true}), json!({"modules": {}}), json!({"description": ""})] {
            assert!(update(good.clone()).is_ok(), "{good}");
        }
        for bad in [
            json!({}),
            json!({"tag": "abc"}),
            json!({"disabled": true, "authLevel": "system"}),
            json!({"disabled": true, "keySecret": "s"}),
            json!({"disabled": null}),
            json!({"description": null}),
        ] {
            assert!(update(bad.clone()).is_err(), "{bad}");
        }
    }
}
