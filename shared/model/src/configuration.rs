//! Configuration: its contexts, and the bodies that read and change it. Where a value stands in the stored document is
//! for SQL; who may read which context is for `policy`.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    body,
    faults::{self, Faults},
    ids::{CommunityId, Invalid, KeyPath, OpaqueName, TenantId},
    json::JsonText,
};

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
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// A context as it is written.
#[derive(ToSchema)]
#[schema(as = Context)]
#[expect(dead_code, reason = "only the schema of a context")]
pub struct Fields {
    #[schema(rename = "tenantId")]
    tenant_id: Option<TenantId>,
    #[schema(rename = "communityId")]
    community_id: Option<CommunityId>,
    #[schema(rename = "personId")]
    person_id: Option<OpaqueName>,
    mobile_app_id: Option<OpaqueName>,
    #[schema(rename = "appId")]
    app_id: Option<OpaqueName>,
    internal: Option<bool>,
}

const FORMS: &str =
    "a context is {tenantId, communityId}, {personId, mobile_app_id} or {appId}, and internal if it is so";

/// What is `null` is wrong and not absent.
impl<'de> Deserialize<'de> for Context {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        faults::object(from, |members| {
            let known = ["tenantId", "communityId", "personId", "mobile_app_id", "appId", "internal"];
            members.refuse_all_but(|name| known.contains(&name));
            let (tenant, community) = (members.read_if_given("tenantId"), members.read_if_given("communityId"));
            let (person, mobile_app) = (members.read_if_given("personId"), members.read_if_given("mobile_app_id"));
            let (app, internal) = (members.read_if_given("appId"), members.read_if_given("internal"));
            let owner =
                match (tenant.flatten(), community.flatten(), person.flatten(), mobile_app.flatten(), app.flatten()) {
                    (Some(tenant), Some(community), None, None, None) => Owner::Community { tenant, community },
                    (None, None, Some(person), Some(mobile_app), None) => Owner::Person { person, mobile_app },
                    (None, None, None, None, Some(app)) => Owner::App(app),
                    _ => {
                        // What cannot be read has been reported already, and would be missing here.
                        let is_first = members.faults().is_empty();
                        members.faults().check(!is_first, "", FORMS);
                        return None;
                    }
                };
            Some(Self { owner, internal: internal.flatten().unwrap_or(false) })
        })
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

body! {
    pub struct FetchConfigRequest {
        #[schema(value_type = Fields)]
        pub context: Context as "context",
        /// Only the values at these paths; without them, or with none, the whole configuration.
        pub key_paths: Option<Vec<KeyPath>> as "key_paths",
    } where faults {
        if let Some(Some(key_paths)) = &key_paths {
            check_count(key_paths, faults);
        }
    }
}

body! {
    pub struct SetConfigRequest {
        #[schema(value_type = Fields)]
        pub context: Context as "context",
        /// Any JSON but `null`; an object when the whole configuration is set.
        #[schema(value_type = serde_json::Value)]
        pub data: ConfigValue as "data",
    }
}

impl SetConfigRequest {
    /// The rules that the types do not carry.
    pub fn check(&self, key_path: &KeyPath) -> Result<(), Faults> {
        let mut faults = Faults::default();
        let fits = key_path.as_str() != WHOLE || self.data.as_str().starts_with('{');
        faults.check(fits, "data", "the whole configuration is an object: data must be one");
        faults.result()
    }
}

body! {
    pub struct RemoveConfigRequest {
        #[schema(value_type = Fields)]
        pub context: Context as "context",
        /// What to remove; `data` is everything.
        pub key_paths: Vec<KeyPath> as "key_paths",
    } where faults {
        if let Some(key_paths) = &key_paths {
            faults.check(!key_paths.is_empty(), "key_paths", "must name what to remove");
            check_count(key_paths, faults);
        }
    }
}

fn check_count(key_paths: &[KeyPath], faults: &mut Faults) {
    faults.check(key_paths.len() <= MAX_KEY_PATHS, "key_paths", "may name at most 100 paths");
}

/// A JSON value other than `null`, kept as it was written so that no number changes. It names nothing twice within one
/// object, since the database edits it by names.
#[derive(Deserialize)]
#[serde(try_from = "JsonText")]
pub struct ConfigValue(JsonText);

impl ConfigValue {
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// A text as itself, anything else as it was written: how an operator would name the value.
    pub fn text(&self) -> Cow<'_, str> {
        self.0.text()
    }
}

impl TryFrom<JsonText> for ConfigValue {
    type Error = Invalid;

    fn try_from(json: JsonText) -> Result<Self, Invalid> {
        if json.is_null() {
            return Err(Invalid("null is no value of a configuration; remove the path with DELETE"));
        }
        if json.names_twice() {
            return Err(Invalid("must not name anything twice in one object"));
        }
        Ok(Self(json))
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
    /// The context and how many revisions make a page.
    pub fn checked(&self) -> Result<(Context, i64), Faults> {
        let mut faults = Faults::default();
        let context = faults::read::<Context>(self.context.as_bytes(), "context");
        let context = context.map_err(|within| faults.add_within("context", within)).ok();
        let limit = self.limit.unwrap_or(DEFAULT_PAGE);
        faults.check((1..=MAX_PAGE).contains(&limit), "limit", "must be from 1 to 100");
        match context {
            Some(context) if faults.is_empty() => Ok((context, limit.into())),
            _ => Err(faults),
        }
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

    #[test]
    fn a_refusal_names_the_place_and_no_internals() {
        let refusal =
            |body: &str| faults::read::<FetchConfigRequest>(body.as_bytes(), "Body").err().unwrap().to_string();
        for (body, message) in [
            (r#"{"context":"x"}"#, "context must be an object"),
            (r#"{"context":{"appId":1}}"#, "context.appId: appId must be a string"),
            (r#"{"context":{"appId":"a"},"key_paths":["a[0]","ok"]}"#, "key_paths[0]: a key path has names of letters"),
            (r#"{"context":{"appId":"a"},"key_paths":["ok","a[0]"]}"#, "key_paths[1]: a key path has names of letters"),
            (r#"{"context":{"appId":"a","x":1}}"#, "context.x: x is not known here"),
            (r#"{"context":{"appId":"a","tenantId":"b"}, "key_paths":[]}"#, "context: a context is {tenantId, "),
            (r#"{"key_paths":[]}"#, "context is required"),
        ] {
            assert!(refusal(body).starts_with(message), "{body}: {}", refusal(body));
        }
        let query = HistoryQuery { context: "{".to_owned(), limit: Some(0), before: None };
        assert_eq!(query.checked().unwrap_err().to_string(), "context is not JSON; limit must be from 1 to 100");
    }
}
