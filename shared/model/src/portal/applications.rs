//! Applications, their client credentials, and the services that they may use.

use http::Uri;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Body, FieldErrors, Patch, REQUIRED, Reference,
    credentials::{KEY_RULE, is_visible},
};

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

/// What an application shows to use a service.
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

/// An application has a redirect URI, a custom id, or both.
pub struct NewApplication {
    pub name: String,
    pub redirect_uri: Option<String>,
    pub description: Option<String>,
    pub custom_id: Option<String>,
}

#[derive(Default)]
pub struct ApplicationChange {
    pub name: Option<String>,
    pub redirect_uri: Patch<String>,
    pub description: Patch<String>,
    pub custom_id: Patch<String>,
}

/// What is given of a client credential; the rest is generated.
pub struct NewClientCredential {
    pub client_id: Option<String>,
    pub client_secret: Option<String>,
    pub redirect_uris: Option<Vec<String>>,
    pub hash_secret: bool,
}

impl ApplicationChange {
    pub fn from_body(body: &Body) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut read = |name: &str, check: fn(&str) -> bool, rule: &str| match body.patch(name) {
            Ok(Patch::Set(text)) if check(text) => Patch::Set(text.to_owned()),
            Ok(Patch::Set(_)) => {
                errors.add(name, rule);
                Patch::Keep
            }
            Ok(Patch::Clear) => Patch::Clear,
            Ok(Patch::Keep) => Patch::Keep,
            Err(refusal) => {
                errors.merge(refusal);
                Patch::Keep
            }
        };
        let name = read("name", is_name, NAME_RULE);
        // Clients misspell it.
        let redirect_uri = match read("redirect_uri", is_redirect_uri, URI_RULE) {
            Patch::Keep => read("request_uri", is_redirect_uri, URI_RULE),
            given => given,
        };
        let description = read("description", is_description, "at most 1024 characters");
        let custom_id = read("custom_id", is_visible, KEY_RULE);
        if name == Patch::Clear {
            errors.add("name", NAME_RULE);
        }
        errors.or(Self { name: name.set(), redirect_uri, description, custom_id })
    }

    pub fn into_new(self) -> Result<NewApplication, FieldErrors> {
        let mut errors = FieldErrors::default();
        let new = NewApplication {
            name: errors.needed("name", self.name),
            redirect_uri: self.redirect_uri.set(),
            description: self.description.set(),
            custom_id: self.custom_id.set(),
        };
        if new.redirect_uri.is_none() && new.custom_id.is_none() {
            errors.add("redirect_uri", REQUIRED);
        }
        errors.or(new)
    }
}

impl NewClientCredential {
    pub fn from_body(body: &Body) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut visible = |name: &str| match body.text(name) {
            Ok(Some(text)) if !is_visible(text) => {
                errors.add(name, KEY_RULE);
                None
            }
            Ok(text) => text.map(str::to_owned),
            Err(refusal) => {
                errors.merge(refusal);
                None
            }
        };
        let (client_id, client_secret) = (visible("client_id"), visible("client_secret"));
        let redirect_uris = redirect_uris(body).map_err(|refusal| errors.merge(refusal)).unwrap_or_default();
        let hash_secret = body.flag("hash_secret").map_err(|refusal| errors.merge(refusal)).unwrap_or_default();
        errors.or(Self { client_id, client_secret, redirect_uris, hash_secret: hash_secret.unwrap_or(false) })
    }
}

/// An array of texts, or one text alone, as a form has it.
fn redirect_uris(body: &Body) -> Result<Option<Vec<String>>, FieldErrors> {
    let refused = || FieldErrors::one("redirect_uris", "expected absolute URLs without a fragment");
    let Some(value) = body.get("redirect_uris") else { return Ok(None) };
    let texts = match value.as_array() {
        Some(values) => values.iter().map(|value| value.as_str()).collect::<Option<Vec<_>>>(),
        None => value.as_str().map(|text| vec![text]),
    };
    let texts = texts.filter(|texts| (1..=16).contains(&texts.len())).ok_or_else(refused)?;
    if texts.iter().any(|text| !is_redirect_uri(text)) {
        return Err(refused());
    }
    Ok(Some(texts.into_iter().map(str::to_owned).collect()))
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
    #![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;

    fn body(value: Value) -> Body {
        let Value::Object(object) = value else { panic!("not an object") };
        Body::from_json(object)
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
        let new = |value| ApplicationChange::from_body(&body(value)).and_then(ApplicationChange::into_new);
        assert_eq!(
            new(json!({})).map(drop).unwrap_err().into_fields(),
            json!({ "name": REQUIRED, "redirect_uri": REQUIRED })
        );
        let fields = new(json!({ "name": " ", "redirect_uri": "x", "custom_id": "a b", "description": 1 }));
        let fields = fields.map(drop).unwrap_err().into_fields();
        assert_eq!(fields.as_object().unwrap().len(), 4, "{fields}");
        let good = new(json!({ "name": "Demo", "redirect_uri": "https://example.com", "description": "d" })).unwrap();
        assert_eq!((good.name.as_str(), good.description.as_deref()), ("Demo", Some("d")));
        let without = new(json!({ "name": "Demo", "custom_id": "c", "redirect_uri": "" })).unwrap();
        assert_eq!((without.redirect_uri, without.custom_id.as_deref()), (None, Some("c")));
        let empty = new(json!({ "name": "", "custom_id": "c" })).map(drop).unwrap_err();
        assert_eq!(empty.into_fields(), json!({ "name": NAME_RULE }));
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
