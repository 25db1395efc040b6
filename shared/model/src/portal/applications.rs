//! Applications, their client credentials, and the services that they may use.

use http::Uri;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Body, Patch, REQUIRED, Reference,
    credentials::{KEY_RULE, is_visible},
};
use crate::faults::Faults;

const MAX_NAME: usize = 128;

const MAX_DESCRIPTION: usize = 1024;

const MAX_URI: usize = 2048;

const NAME_RULE: &str = "1 to 128 characters, not only white space";

const URI_RULE: &str = "expected an absolute URL without a fragment";

/// Shown in place of a secret that is kept as a hash only.
pub const HIDDEN_SECRET: &str = "********";

#[derive(Serialize, ToSchema)]
pub struct Application {
    pub created_at: i64,
    pub id: String,
    /// Absent where the application only has a `custom_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    pub updated_at: i64,
    pub developer: Reference,
    pub name: String,
    pub consumer: Reference,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_id: Option<String>,
    /// Only where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_instances: Option<Vec<InstanceSummary>>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct InstanceSummary {
    pub id: String,
    pub status: i64,
    pub service: ServiceReference,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ServiceReference {
    pub id: String,
}

/// A service that applications may ask for.
#[derive(Serialize, ToSchema)]
pub struct ApplicationService {
    pub id: String,
    pub name: String,
    pub app_registration_config: RegistrationConfig,
    /// The instance of the application that was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<ServiceInstance>,
}

#[derive(Serialize, ToSchema)]
pub struct RegistrationConfig {
    pub description: String,
    pub show_issuer: bool,
    pub display_name: String,
    pub auto_approve: bool,
}

/// An instance inside the row of its service.
#[derive(Serialize, ToSchema)]
pub struct ServiceInstance {
    pub id: String,
    /// 0 approved, 1 requested, 2 rejected, 3 revoked
    pub status: i64,
    pub suspended: bool,
    pub composite_id: String,
    pub created_at: i64,
    pub updated_at: i64,
}

/// An application's use of a service.
#[derive(Serialize, ToSchema)]
pub struct ApplicationInstance {
    #[serde(flatten)]
    pub instance: ServiceInstance,
    pub application: Reference,
    pub service: Reference,
}

/// A credential of an application.
#[derive(Serialize, ToSchema)]
pub struct ClientCredential {
    pub consumer: Reference,
    pub created_at: i64,
    pub id: String,
    /// Always `confidential`.
    pub client_type: &'static str,
    pub name: String,
    /// Whether the secret was shown once only.
    pub hash_secret: bool,
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uris: Vec<String>,
}

/// A new application. It has a redirect URI, a custom id, or both.
#[derive(ToSchema)]
pub struct NewApplication {
    #[schema(min_length = 1, max_length = 128)]
    pub name: String,
    /// An absolute URL without a fragment.
    #[schema(format = "uri", max_length = 2048, example = "https://app.example.com/callback")]
    pub redirect_uri: Option<String>,
    #[schema(max_length = 1024)]
    pub description: Option<String>,
    /// Visible ASCII characters.
    #[schema(max_length = 256, pattern = "^[!-~]*$")]
    pub custom_id: Option<String>,
}

/// A change of an application: what is absent stays, and an empty text or `null` clears.
#[derive(Default, ToSchema)]
pub struct ApplicationChange {
    #[schema(min_length = 1, max_length = 128)]
    pub name: Option<String>,
    /// An absolute URL without a fragment.
    #[schema(value_type = Option<String>, max_length = 2048)]
    pub redirect_uri: Patch<String>,
    #[schema(value_type = Option<String>, max_length = 1024)]
    pub description: Patch<String>,
    /// Visible ASCII characters.
    #[schema(value_type = Option<String>, max_length = 256, pattern = "^[!-~]*$")]
    pub custom_id: Patch<String>,
}

/// What is given of a client credential; the rest is generated.
#[derive(ToSchema)]
pub struct NewClientCredential {
    /// Visible ASCII characters.
    #[schema(max_length = 256, pattern = "^[!-~]*$")]
    pub client_id: Option<String>,
    /// Visible ASCII characters.
    #[schema(max_length = 256, pattern = "^[!-~]*$")]
    pub client_secret: Option<String>,
    /// Absolute URLs without a fragment.
    #[schema(min_items = 1, max_items = 16)]
    pub redirect_uris: Option<Vec<String>>,
    /// Whether the secret is kept as a hash only, and shown in this answer only; `false` if not given.
    #[schema(required = false)]
    pub hash_secret: bool,
}

impl ApplicationChange {
    pub fn from_body(body: &Body) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut read = |name: &str, check: fn(&str) -> bool, rule: &'static str| {
            let patch = body.patch(name, &mut faults);
            faults.check(!matches!(&patch, Patch::Set(text) if !check(text)), name, rule);
            patch
        };
        let name = read("name", is_name, NAME_RULE);
        // Clients misspell it.
        let redirect_uri = match read("redirect_uri", is_redirect_uri, URI_RULE) {
            Patch::Keep => read("request_uri", is_redirect_uri, URI_RULE),
            given => given,
        };
        let description = read("description", is_description, "at most 1024 characters");
        let custom_id = read("custom_id", is_visible, KEY_RULE);
        faults.check(name != Patch::Clear, "name", NAME_RULE);
        faults.result().map(|()| Self { name: name.set(), redirect_uri, description, custom_id })
    }

    /// A new application; what is missing is named with what is wrong.
    pub fn new_from_body(body: &Body) -> Result<NewApplication, Faults> {
        let change = Self::from_body(body);
        let mut faults = change.as_ref().err().cloned().unwrap_or_default();
        let is_given = |name| body.get(name).is_some_and(|json| json != r#""""#);
        faults.check(is_given("name"), "name", REQUIRED);
        let is_found = ["redirect_uri", "request_uri", "custom_id"].into_iter().any(is_given);
        faults.check(is_found, "redirect_uri", REQUIRED);
        faults.result()?;
        let Self { name, redirect_uri, description, custom_id } = change?;
        Ok(NewApplication {
            name: name.unwrap_or_default(),
            redirect_uri: redirect_uri.set(),
            description: description.set(),
            custom_id: custom_id.set(),
        })
    }
}

impl NewClientCredential {
    pub fn from_body(body: &Body) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut visible = |name: &str| {
            let text = body.text(name, &mut faults);
            faults.check(text.as_deref().is_none_or(is_visible), name, KEY_RULE);
            text
        };
        let (client_id, client_secret) = (visible("client_id"), visible("client_secret"));
        let redirect_uris = redirect_uris(body, &mut faults);
        let hash_secret = body.flag("hash_secret", &mut faults).unwrap_or(false);
        faults.result().map(|()| Self { client_id, client_secret, redirect_uris, hash_secret })
    }
}

/// An array of texts, or one text alone, as a form has it.
fn redirect_uris(body: &Body, faults: &mut Faults) -> Option<Vec<String>> {
    let json = body.get("redirect_uris")?;
    let texts = serde_json::from_str::<Vec<String>>(json);
    let texts = texts.or_else(|_| serde_json::from_str(json).map(|text| vec![text])).unwrap_or_default();
    let fit = (1..=16).contains(&texts.len()) && texts.iter().all(|text| is_redirect_uri(text));
    faults.check(fit, "redirect_uris", "expected absolute URLs without a fragment");
    Some(texts)
}

pub(crate) fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.chars().count()) && !text.trim().is_empty() && !text.chars().any(char::is_control)
}

pub(crate) fn is_description(text: &str) -> bool {
    text.chars().count() <= MAX_DESCRIPTION
}

/// Where a browser is sent back to: an absolute URL with a host and no fragment, of a scheme that does not run code.
fn is_redirect_uri(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let scheme = uri.scheme_str().unwrap_or_default().to_ascii_lowercase();
    text.len() <= MAX_URI
        && !text.contains('#')
        && uri.host().is_some_and(|host| !host.is_empty())
        && !matches!(scheme.as_str(), "" | "javascript" | "data" | "vbscript" | "blob" | "file")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;

    fn body(value: Value) -> Body {
        Body::from_json(&serde_json::from_str(&value.to_string()).unwrap())
    }

    #[test]
    fn a_redirect_uri_is_absolute() {
        let long = format!("https://example.com/{}", "x".repeat(2048));
        for good in [
            "http://localhost",
            "https://example.com",
            "https://example.com:8443/cb?a=b",
            "com.example.app://callback",
            "http://[::1]/",
            "HTTPS://EXAMPLE.COM/",
        ] {
            assert!(is_redirect_uri(good), "{good}");
        }
        for bad in [
            "",
            "/cb",
            "cb",
            "example.com",
            "example.com:443",
            "//example.com/cb",
            "https://",
            "https:///cb",
            "mailto:a@b.c",
            "https://example.com/#f",
            "https://exa mple.com",
            "javascript:alert(1)",
            "javascript://x/%0aalert(1)",
            "JavaScript://x/",
            "data:text/html,x",
            "file:///etc/passwd",
            "*",
            "http://a\n",
            &long,
        ] {
            assert!(!is_redirect_uri(bad), "{bad}");
        }
    }

    #[test]
    fn a_new_application_names_all_that_is_missing_or_wrong() {
        let new = |value| ApplicationChange::new_from_body(&body(value));
        let paths = |value| {
            let faults = new(value).err().unwrap();
            faults.iter().map(|fault| format!("{}: {}", fault.path, fault.message)).collect::<Vec<_>>()
        };
        let missing = |name: &str| format!("{name}: {REQUIRED}");
        assert_eq!(paths(json!({})), [missing("name"), missing("redirect_uri")]);
        assert_eq!(paths(json!({ "redirect_uri": "x" })), [format!("redirect_uri: {URI_RULE}"), missing("name")]);
        let faults = paths(json!({ "name": " ", "redirect_uri": "x", "custom_id": "a b", "description": 1 }));
        assert_eq!(faults.len(), 4, "{faults:?}");
        let good = new(json!({ "name": "Demo", "redirect_uri": "https://example.com", "description": "d" })).unwrap();
        assert_eq!((good.name.as_str(), good.description.as_deref()), ("Demo", Some("d")));
        let without = new(json!({ "name": "Demo", "custom_id": "c", "redirect_uri": "" })).unwrap();
        assert_eq!((without.redirect_uri, without.custom_id.as_deref()), (None, Some("c")));
        let empty = paths(json!({ "name": "", "custom_id": "c" }));
        assert_eq!(empty, [format!("name: {NAME_RULE}"), missing("name")], "the first is shown");
    }

    #[test]
    fn a_change_sets_clears_or_leaves_alone() {
        let change = ApplicationChange::from_body(&body(json!({ "description": null, "custom_id": "" }))).unwrap();
        assert_eq!((change.name, change.redirect_uri), (None, Patch::Keep));
        assert_eq!((change.description, change.custom_id), (Patch::Clear, Patch::Clear));
        for name in [json!(""), json!(null), json!(" ")] {
            assert!(ApplicationChange::from_body(&body(json!({ "name": name }))).is_err(), "{name}");
        }
    }

    #[test]
    fn the_misspelt_redirect_uri_counts_when_the_right_one_is_missing() {
        let change = |value| ApplicationChange::from_body(&body(value)).unwrap().redirect_uri.set();
        assert_eq!(change(json!({ "request_uri": "https://a.b" })).as_deref(), Some("https://a.b"));
        let both = json!({ "request_uri": "https://a.b", "redirect_uri": "https://c.d" });
        assert_eq!(change(both).as_deref(), Some("https://c.d"));
        assert!(ApplicationChange::from_body(&body(json!({ "request_uri": "a" }))).is_err());
    }

    #[test]
    fn a_client_credential_is_generated_unless_it_is_given() {
        let new = |value| NewClientCredential::from_body(&body(value));
        let none = new(json!({})).unwrap();
        assert!(none.client_id.is_none() && none.client_secret.is_none() && !none.hash_secret);
        let form = new(json!({ "redirect_uris": "https://a.b", "hash_secret": "true" })).unwrap();
        assert_eq!((form.redirect_uris.unwrap(), form.hash_secret), (vec!["https://a.b".to_owned()], true));
        for bad in [
            json!({ "client_id": "a b" }),
            json!({ "client_secret": 1 }),
            json!({ "redirect_uris": [] }),
            json!({ "redirect_uris": ["x"] }),
            json!({ "redirect_uris": [1] }),
            json!({ "redirect_uris": 1 }),
            json!({ "hash_secret": "maybe" }),
        ] {
            assert!(new(bad.clone()).is_err(), "{bad}");
        }
    }
}
