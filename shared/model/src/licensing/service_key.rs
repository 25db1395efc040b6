//! Service keys: as they are created, changed, answered and listed.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use utoipa::{IntoParams, ToSchema};

use super::{Modules, NOT_FUTURE, READ_ONLY, expiry_or_default};
use crate::{
    AuthLevel, body,
    faults::Faults,
    ids::{Invalid, KeyTag},
    json::JsonText,
    time::{Expiry, IsoTime},
};

const MAX_KEY_ID: usize = 512;
const MAX_KEY_SECRET: usize = 1024;
const MAX_DESCRIPTION: usize = 1024;

/// How the holder of a key authenticates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum KeyType {
    #[default]
    Hawk,
    Ecdsa,
    User,
}

/// Which key.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct KeyQuery {
    /// The keyId of the key, or its tag.
    #[param(value_type = String)]
    pub key_id: NamedKey,
}

/// A keyId or a tag.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub struct NamedKey(String);

impl NamedKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for NamedKey {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        if text.is_empty() { Err(Invalid("must not be empty")) } else { Ok(Self(text)) }
    }
}

body! {
    /// A new key.
    pub struct CreateServiceKeyRequest {
        pub tag: KeyTag as "tag",
        /// A new uuid by default. For type `user` the user's URN; for type `ecdsa` a public key.
        #[schema(min_length = 1, max_length = 512)]
        pub key_id: Option<String> as "keyId",
        /// A new uuid by default. Required with a keyId; replaced by a new uuid for type `user`.
        #[schema(min_length = 1, max_length = 1024)]
        pub key_secret: Option<String> as "keySecret",
        #[schema(value_type = bool, required = false)]
        pub disabled: Option<bool> as "disabled" if given,
        /// Two years from now by default. A day means its beginning in UTC.
        #[schema(value_type = Option<String>, format = DateTime)]
        expiry: Option<Expiry> as "expiry",
        #[schema(value_type = AuthLevel, required = false)]
        pub auth_level: Option<AuthLevel> as "authLevel" if given,
        #[schema(value_type = KeyType, required = false)]
        pub kind: Option<KeyType> as "type" if given,
        #[schema(value_type = Modules, required = false)]
        pub modules: Option<Modules> as "modules" if given,
        #[schema(max_length = 1024)]
        pub description: Option<String> as "description",
    } where faults {
        let (id, secret) = (key_id.as_ref().and_then(Option::as_deref), key_secret.as_ref().and_then(Option::as_deref));
        let is_id = id.is_none_or(|id| is_text(id, MAX_KEY_ID));
        faults.check(is_id, "keyId", "must have 1 to 512 bytes and no control characters");
        let is_secret = secret.is_none_or(|secret| is_text(secret, MAX_KEY_SECRET));
        faults.check(is_secret, "keySecret", "must have 1 to 1024 bytes and no control characters");
        check_description(description.as_ref().and_then(Option::as_deref), faults);
        // What cannot be read is no reason to ask for the other.
        if let (Some(kind), Some(id), Some(secret)) = (&kind, &key_id, &key_secret) {
            match (kind.unwrap_or_default(), id, secret) {
                (KeyType::User, None, _) => faults.add("keyId", "is required for type user: the user's URN"),
                (KeyType::Hawk | KeyType::Ecdsa, Some(_), None) => {
                    faults.add("keySecret", "is required when keyId is given");
                }
                (KeyType::Ecdsa, None, Some(_)) => faults.add("keyId", "is required with a keySecret for type ecdsa"),
                _ => {}
            }
        }
    }
}

impl CreateServiceKeyRequest {
    pub fn auth_level(&self) -> AuthLevel {
        self.auth_level.unwrap_or(AuthLevel::Basic)
    }

    pub fn kind(&self) -> KeyType {
        self.kind.unwrap_or_default()
    }

    /// When the key expires, in epoch milliseconds.
    pub fn expires_at(&self, now: i64) -> Result<i64, Faults> {
        expiry_or_default(self.expiry, now)
    }
}

body! {
    /// A change of a key; what is absent stays as it is. The other members of a key may be sent along unchanged, and
    /// unknown ones are ignored.
    pub struct UpdateServiceKeyRequest {
        pub disabled: Option<bool> as "disabled" if given,
        /// In the future, or the one that is stored.
        #[schema(value_type = Option<String>, format = DateTime)]
        pub expiry: Option<Expiry> as "expiry" if given,
        /// Replaces the whole object.
        pub modules: Option<Modules> as "modules" if given,
        pub description: Option<String> as "description" if given,
        #[schema(ignore)]
        pub id: Option<JsonText> as "_id" if given,
        #[schema(ignore)]
        pub kind: Option<JsonText> as "type" if given,
        #[schema(ignore)]
        pub tag: Option<JsonText> as "tag" if given,
        #[schema(ignore)]
        pub key_id: Option<JsonText> as "keyId" if given,
        #[schema(ignore)]
        pub key_secret: Option<JsonText> as "keySecret" if given,
        #[schema(ignore)]
        pub auth_level: Option<JsonText> as "authLevel" if given,
        #[schema(ignore)]
        pub module: Option<Modules> as "module" if given,
    } where faults {
        check_description(description.as_ref().and_then(|text| text.as_deref()), faults);
    }
}

impl UpdateServiceKeyRequest {
    /// `module` where it says something else than `modules` beside it: then it must be what is stored.
    pub fn module_as_shown(&self) -> Option<&Modules> {
        self.module.as_ref().filter(|module| self.modules.as_ref() != Some(*module))
    }

    /// What of it does not fit what is stored: a changed member, or an expiry that is neither stored nor in the future.
    pub fn check_against(&self, stored: &ServiceKey, now: i64) -> Result<(), Faults> {
        let mut faults = Faults::default();
        for (name, given, stored) in [
            ("_id", &self.id, stored.id.as_str()),
            ("type", &self.kind, stored.kind.into_str()),
            ("tag", &self.tag, &stored.tag),
            ("keyId", &self.key_id, &stored.key_id),
            ("keySecret", &self.key_secret, &stored.key_secret),
            ("authLevel", &self.auth_level, stored.auth_level.into_str()),
        ] {
            let is_same = given.as_ref().is_none_or(|given| given.as_string().as_deref() == Some(stored));
            faults.check(is_same, name, READ_ONLY);
        }
        let is_same = self.module_as_shown().is_none_or(|module| *module == stored.module);
        faults.check(is_same, "module", "is read-only; change modules");
        let fits = self.expiry.is_none_or(|expiry| expiry.0 > now || expiry.0 == stored.expiry.0);
        faults.check(fits, "expiry", NOT_FUTURE);
        faults.result()
    }
}

fn check_description(description: Option<&str>, faults: &mut Faults) {
    let fits = description.is_none_or(|text| text.chars().count() <= MAX_DESCRIPTION);
    faults.check(fits, "description", "may have at most 1024 characters");
}

fn is_text(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// A key with its secret. The modules stand under both names that clients look for.
#[derive(Clone, Serialize, ToSchema)]
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
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;
    use crate::{faults::read, time};

    const NOW: i64 = 1_767_323_045_678;

    fn create(body: Value) -> Result<(CreateServiceKeyRequest, i64), String> {
        let request = read::<CreateServiceKeyRequest>(body.to_string().as_bytes(), "Body");
        let request = request.map_err(|faults| faults.to_string())?;
        let expires_at = request.expires_at(NOW).map_err(|faults| faults.to_string())?;
        Ok((request, expires_at))
    }

    fn update(body: Value) -> Result<(), String> {
        let request = read::<UpdateServiceKeyRequest>(body.to_string().as_bytes(), "Body");
        let request = request.map_err(|faults| faults.to_string())?;
        request.check_against(&stored(), NOW).map_err(|faults| faults.to_string())
    }

    fn stored() -> ServiceKey {
        let modules = Modules::from_json(r#"{"mod_phone":"sms","mod_dl":true}"#).unwrap();
        ServiceKey {
            id: "i".to_owned(),
            kind: KeyType::Hawk,
            tag: "abc".to_owned(),
            key_id: "k".to_owned(),
            key_secret: "s".to_owned(),
            disabled: false,
            expiry: IsoTime(NOW - 1),
            auth_level: AuthLevel::App,
            module: modules.clone(),
            modules,
            description: String::new(),
        }
    }

    #[test]
    fn a_tag_alone_makes_an_enabled_basic_hawk_key_for_two_years() {
        let (request, expires_at) = create(json!({"tag": "abc"})).unwrap();
        assert_eq!((request.kind(), request.auth_level()), (KeyType::Hawk, AuthLevel::Basic));
        assert!(request.disabled.is_none() && request.modules.is_none());
        assert_eq!(time::to_iso(expires_at), "2028-01-02T03:04:05.678Z");
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
        let expires_at =
            |ms| create(json!({"tag": "abc", "expiry": time::to_iso(ms)})).map(|(_, expires_at)| expires_at);
        assert_eq!(expires_at(NOW + 1), Ok(NOW + 1));
        assert_eq!(expires_at(NOW).unwrap_err(), "expiry must lie in the future");
        let two = create(json!({"tag": "abc", "keyId": "", "description": "d".repeat(1025)})).err().unwrap();
        assert!(two.starts_with("keyId must have") && two.contains("; description may have"), "{two}");
        assert!(update(json!({"expiry": time::to_iso(NOW + 1)})).is_ok());
        assert!(update(json!({"expiry": time::to_iso(NOW)})).is_err());
    }

    #[test]
    fn what_was_shown_may_be_sent_back() {
        let mut shown = serde_json::to_value(stored()).unwrap();
        assert_eq!(update(shown.clone()), Ok(()));
        shown["description"] = json!("new");
        shown["modules"] = json!({});
        assert_eq!(update(shown.clone()), Ok(()));
        shown["module"] = json!({});
        assert_eq!(update(shown), Ok(()));
        for good in [json!({}), json!({"tag": "abc"}), json!({"modules": {}}), json!({"description": "", "more": [1]})]
        {
            assert_eq!(update(good), Ok(()));
        }
        for (name, value) in [
            ("_id", json!("j")),
            ("type", json!("user")),
            ("tag", json!("abd")),
            ("keyId", json!(1)),
            ("keySecret", json!("t")),
            ("authLevel", json!("system")),
            ("module", json!({"mod_dl": true})),
        ] {
            let refusal = update(json!({ name: value, "disabled": true })).unwrap_err();
            assert!(refusal.starts_with(&format!("{name} is read-only")), "{refusal}");
        }
        for null in ["disabled", "description", "tag"] {
            assert!(update(json!({ null: null })).is_err(), "{null}");
        }
    }
}
