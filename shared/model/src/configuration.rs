//! Configuration: its contexts, and the bodies that read and change it. Where a value stands in the stored document is
//! for SQL; who may read which context is for `policy`.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::ids::{CommunityId, Invalid, KeyPath, OpaqueName, TenantId};

/// The longest configuration, in bytes of JSON.
pub const MAX_CONFIG_BYTES: i64 = 1 << 20;

/// The most key paths that one request may name.
pub const MAX_KEY_PATHS: usize = 100;

/// The key path that means the whole configuration.
pub const WHOLE: &str = "data";

/// The apps whose configuration is not for everybody.
const RESERVED_APPS: [&str; 2] = ["adminconsole.global", "platform"];

const MAX_PAGE: u16 = 100;
const DEFAULT_PAGE: u16 = 50;

/// What a configuration belongs to: `{tenantId, communityId}`, `{personId, mobile_app_id}` or `{appId}`. With
/// `internal: true` it is another one, which fewer may see.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Fields")]
pub struct Context {
    pub owner: Owner,
    pub internal: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    Community { tenant: TenantId, community: CommunityId },
    Person { person: OpaqueName, mobile_app: OpaqueName },
    App(OpaqueName),
}

/// A context as it is written. What is `null` is wrong and not absent.
#[derive(Deserialize, ToSchema)]
#[schema(as = Context)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    #[serde(rename = "tenantId", default, deserialize_with = "present")]
    tenant_id: Option<TenantId>,
    #[serde(rename = "communityId", default, deserialize_with = "present")]
    community_id: Option<CommunityId>,
    #[serde(rename = "personId", default, deserialize_with = "present")]
    person_id: Option<OpaqueName>,
    #[serde(default, deserialize_with = "present")]
    mobile_app_id: Option<OpaqueName>,
    #[serde(rename = "appId", default, deserialize_with = "present")]
    app_id: Option<OpaqueName>,
    #[serde(default, deserialize_with = "present")]
    internal: Option<bool>,
}

fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

impl TryFrom<Fields> for Context {
    type Error = Invalid;

    fn try_from(fields: Fields) -> Result<Self, Invalid> {
        let Fields { tenant_id, community_id, person_id, mobile_app_id, app_id, internal } = fields;
        let owner = match (tenant_id, community_id, person_id, mobile_app_id, app_id) {
            (Some(tenant), Some(community), None, None, None) => Owner::Community { tenant, community },
            (None, None, Some(person), Some(mobile_app), None) => Owner::Person { person, mobile_app },
            (None, None, None, None, Some(app)) => Owner::App(app),
            _ => {
                return Err(Invalid(
                    "a context is {tenantId, communityId}, {personId, mobile_app_id} or {appId}, and internal if it is so",
                ));
            }
        };
        Ok(Self { owner, internal: internal.unwrap_or(false) })
    }
}

impl Context {
    /// JSON with sorted names and without blanks: two contexts are the same when this is.
    pub fn canonical(&self) -> String {
        let mut fields: BTreeMap<&str, serde_json::Value> = match &self.owner {
            Owner::Community { tenant, community } => {
                [("tenantId", tenant.as_str().into()), ("communityId", community.as_str().into())].into()
            }
            Owner::Person { person, mobile_app } => {
                [("personId", person.as_str().into()), ("mobile_app_id", mobile_app.as_str().into())].into()
            }
            Owner::App(app) => [("appId", app.as_str().into())].into(),
        };
        if self.internal {
            fields.insert("internal", true.into());
        }
        serde_json::to_string(&fields).unwrap_or_default()
    }

    /// Whether it is that of an app which the deployment itself is configured by.
    pub fn is_reserved_app(&self) -> bool {
        matches!(&self.owner, Owner::App(app) if RESERVED_APPS.contains(&app.as_str()))
    }
}

#[derive(Deserialize, ToSchema)]
pub struct FetchConfigRequest {
    #[schema(value_type = Fields)]
    pub context: Context,
    /// Only what stands at these paths; without them the whole configuration.
    #[serde(default)]
    pub key_paths: Option<Vec<KeyPath>>,
}

impl FetchConfigRequest {
    /// The rules that the types do not carry.
    pub fn check(&self) -> Result<(), Invalid> {
        check_count(self.key_paths.as_deref().unwrap_or_default())
    }
}

#[derive(Deserialize, ToSchema)]
pub struct SetConfigRequest {
    #[schema(value_type = Fields)]
    pub context: Context,
    /// Any JSON but `null`; an object when the whole configuration is set.
    #[schema(value_type = serde_json::Value)]
    pub data: ConfigValue,
}

impl SetConfigRequest {
    /// The rules that the types do not carry.
    pub fn check(&self, key_path: &KeyPath) -> Result<(), Invalid> {
        if key_path.as_str() == WHOLE && !self.data.as_str().starts_with('{') {
            return Err(Invalid("the whole configuration is an object: data must be one"));
        }
        Ok(())
    }
}

#[derive(Deserialize, ToSchema)]
pub struct RemoveConfigRequest {
    #[schema(value_type = Fields)]
    pub context: Context,
    /// What to remove; `data` is everything.
    pub key_paths: Vec<KeyPath>,
}

impl RemoveConfigRequest {
    /// The rules that the types do not carry.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.key_paths.is_empty() {
            return Err(Invalid("key_paths must name what to remove"));
        }
        check_count(&self.key_paths)
    }
}

fn check_count(key_paths: &[KeyPath]) -> Result<(), Invalid> {
    if key_paths.len() > MAX_KEY_PATHS { Err(Invalid("key_paths may name at most 100 paths")) } else { Ok(()) }
}

/// A JSON value other than `null`, kept as it was written so that no number changes. It names nothing twice within one
/// object, is at most 127 deep, and its numbers and texts are such that a reader can take them.
pub struct ConfigValue(Box<RawValue>);

impl ConfigValue {
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// A text as itself, anything else as it was written: how an operator would name the value.
    pub fn text(&self) -> Cow<'_, str> {
        serde_json::from_str::<String>(self.0.get()).map_or(Cow::Borrowed(self.0.get()), Cow::Owned)
    }
}

impl<'de> Deserialize<'de> for ConfigValue {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(value)?;
        if raw.get() == "null" {
            return Err(de::Error::custom("null is no value of a configuration; remove the path with DELETE"));
        }
        // Only the kind of fault: its place would be counted from the start of the value.
        serde_json::from_str::<Sound>(raw.get()).map_err(|error| {
            let fault = error.to_string();
            de::Error::custom(fault.split_once(" at line").map_or(fault.as_str(), |(fault, _)| fault))
        })?;
        Ok(Self(raw))
    }
}

/// Reads any JSON and keeps nothing of it.
struct Sound;

impl<'de> Deserialize<'de> for Sound {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_any(Look)
    }
}

struct Look;

impl<'de> Visitor<'de> for Look {
    type Value = Sound;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_str<E>(self, _: &str) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_unit<E>(self) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Sound, A::Error> {
        while items.next_element::<Sound>()?.is_some() {}
        Ok(Sound)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Sound, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = fields.next_key::<String>()? {
            if !names.insert(name) {
                return Err(de::Error::custom("an object names something twice"));
            }
            fields.next_value::<Sound>()?;
        }
        Ok(Sound)
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// The context as JSON text.
    context: String,
    /// How many revisions make a page: 1 to 100, 50 by default. A page of large values may be shorter.
    limit: Option<u16>,
    /// Only revisions before this one.
    pub before: Option<u32>,
}

impl HistoryQuery {
    pub fn context(&self) -> Result<Context, String> {
        serde_json::from_str(&self.context).map_err(|error| format!("context: {error}"))
    }

    pub fn limit(&self) -> Result<i64, Invalid> {
        let limit = self.limit.unwrap_or(DEFAULT_PAGE);
        if (1..=MAX_PAGE).contains(&limit) { Ok(limit.into()) } else { Err(Invalid("limit must be from 1 to 100")) }
    }
}

/// One change of a configuration. Never a value.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revision {
    pub revision: i64,
    /// What was changed; `data` is the whole configuration.
    pub key_path: String,
    /// `set` or `remove`.
    pub action: String,
    /// The keyId of the licence.
    pub updated_by: String,
    /// Epoch seconds.
    pub updated_at: i64,
    /// SHA-256, in hexadecimal digits, of the JSON that was replaced or removed; `null` where there was none.
    pub previous_hash: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct History {
    /// Newest first.
    pub history: Vec<Revision>,
    /// `before` of the next page, `null` when there is none.
    pub next: Option<i64>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn context(text: &str) -> Option<Context> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn a_context_has_one_of_three_forms() {
        for (text, canonical) in [
            (r#"{"tenantId":"t","communityId":"c"}"#, r#"{"communityId":"c","tenantId":"t"}"#),
            (r#"{"personId":"p","mobile_app_id":"m","internal":false}"#, r#"{"mobile_app_id":"m","personId":"p"}"#),
            (r#"{"internal":true,"appId":"a"}"#, r#"{"appId":"a","internal":true}"#),
        ] {
            assert_eq!(context(text).unwrap().canonical(), canonical);
        }
        for bad in [
            "{}",
            "null",
            r#"{"tenantId":"t"}"#,
            r#"{"tenantId":"t","communityId":"c","appId":"a"}"#,
            r#"{"personId":"p","communityId":"c"}"#,
            r#"{"appId":""}"#,
            r#"{"appId":1}"#,
            r#"{"appId":"a","personId":null}"#,
            r#"{"appId":"a","internal":null}"#,
            r#"{"appId":"a","internal":"true"}"#,
            r#"{"appId":"a","internal":1}"#,
            r#"{"appId":"a","other":1}"#,
            r#"{"appId":"a","appId":"b"}"#,
        ] {
            assert!(context(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn reserved_apps_are_matched_exactly() {
        for (app, reserved) in
            [("platform", true), ("adminconsole.global", true), ("Platform", false), ("platform ", false)]
        {
            assert_eq!(context(&format!(r#"{{"appId":"{app}"}}"#)).unwrap().is_reserved_app(), reserved, "{app}");
        }
        assert!(!context(r#"{"personId":"platform","mobile_app_id":"platform"}"#).unwrap().is_reserved_app());
    }

    #[test]
    fn a_value_is_kept_as_it_was_written() {
        let value = |text: &str| serde_json::from_str::<ConfigValue>(text);
        for good in ["0", "-0.10e+2", "123456789012345678901234567890", "\"\\u0000\"", "[null]", "{\"a\":null}"] {
            assert_eq!(value(good).unwrap().as_str(), good);
        }
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(value(&deep(127)).is_ok());
        for bad in ["null", "{\"a\":1,\"\\u0061\":2}", "1e999", "\"\\ud800\"", "01", "[1,]", &deep(128)] {
            assert!(value(bad).is_err(), "{bad}");
        }
    }
}
