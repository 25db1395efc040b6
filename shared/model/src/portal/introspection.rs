//! What a gateway asks about a credential, and the answer.

use serde::Serialize;
use utoipa::ToSchema;
#[cfg(not(target_family = "wasm"))]
use utoipa::{
    PartialSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

use super::{Body, REQUIRED, Reference};
use crate::faults::Faults;

/// The question: is this credential good for this service?
pub struct IntrospectRequest {
    /// The id of a service, or its name.
    pub service: String,
    pub presented: Presented,
}

pub enum Presented {
    Key(String),
    Jwt(String),
    Client { id: String, secret: String },
}

/// How the credential was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialType {
    KeyAuth,
    Jwt,
    Oauth2,
}

/// The answer. If the credential is not valid, it has no other member.
#[derive(Serialize)]
pub struct Introspection {
    pub active: bool,
    #[serde(flatten)]
    pub facts: Option<IntrospectionFacts>,
}

/// In a document the facts are members like `active`, none of which is required: a client reads both answers as one type.
#[cfg(not(target_family = "wasm"))]
impl PartialSchema for Introspection {
    fn schema() -> RefOr<Schema> {
        let active = ObjectBuilder::new().schema_type(Type::Boolean);
        let active = active.description(Some("Whether the credential is valid; if not, there is no other member."));
        match IntrospectionFacts::schema() {
            RefOr::T(Schema::Object(mut answer)) => {
                answer.properties.insert("active".to_owned(), active.into());
                answer.required = vec!["active".to_owned()];
                RefOr::T(Schema::Object(answer))
            }
            other => other,
        }
    }
}

#[cfg(not(target_family = "wasm"))]
impl ToSchema for Introspection {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        IntrospectionFacts::schemas(schemas);
    }
}

#[derive(Serialize, ToSchema)]
pub struct IntrospectionFacts {
    pub credential_type: CredentialType,
    pub credential: Reference,
    pub consumer: Reference,
    /// The application whose instance makes the credential valid for the service.
    pub application: IntrospectedApplication,
    pub developer: IntrospectedDeveloper,
    pub service: IntrospectedService,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The issuer that a token names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// When a token ends, in epoch seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct IntrospectedApplication {
    pub id: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct IntrospectedDeveloper {
    pub id: String,
    pub email: String,
}

#[derive(Serialize, ToSchema)]
pub struct IntrospectedService {
    pub id: String,
    pub name: String,
}

impl Introspection {
    pub fn inactive() -> Self {
        Self { active: false, facts: None }
    }
}

impl IntrospectRequest {
    /// A service and exactly one of `key`, `jwt`, and `client_id` with `client_secret`.
    pub fn from_body(body: &Body) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let service = body.required("service", &mut faults);
        let mut unread = Faults::default();
        let [key, jwt, id, secret] =
            ["key", "jwt", "client_id", "client_secret"].map(|name| body.text(name, &mut unread));
        let is_read = unread.is_empty();
        faults.add_within("", unread);
        let presented = match (key, jwt, id, secret) {
            (Some(key), None, None, None) => Some(Presented::Key(key)),
            (None, Some(jwt), None, None) => Some(Presented::Jwt(jwt)),
            (None, None, Some(id), Some(secret)) => Some(Presented::Client { id, secret }),
            // What could not be read is not missing.
            _ if !is_read => None,
            (None, None, Some(_), None) => refuse(&mut faults, "client_secret", REQUIRED.to_owned()),
            (None, None, None, Some(_)) => refuse(&mut faults, "client_id", REQUIRED.to_owned()),
            (None, None, None, None) => refuse(&mut faults, "key", format!("{REQUIRED}, or jwt, or client_id")),
            _ => refuse(&mut faults, "key", "expected one of key, jwt and client_id only".to_owned()),
        };
        match presented {
            Some(presented) if faults.is_empty() => Ok(Self { service, presented }),
            _ => Err(faults),
        }
    }
}

fn refuse(faults: &mut Faults, name: &str, rule: String) -> Option<Presented> {
    faults.add(name, rule);
    None
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;

    fn ask(value: Value) -> Result<IntrospectRequest, Faults> {
        IntrospectRequest::from_body(&Body::from_json(&serde_json::from_str(&value.to_string()).unwrap()))
    }

    #[test]
    fn exactly_one_credential_is_asked_about() {
        assert!(matches!(ask(json!({ "service": "s", "key": "k" })).unwrap().presented, Presented::Key(_)));
        assert!(matches!(ask(json!({ "service": "s", "jwt": "a.b.c" })).unwrap().presented, Presented::Jwt(_)));
        let client = ask(json!({ "service": "s", "client_id": "i", "client_secret": "c" })).unwrap();
        assert!(matches!(client.presented, Presented::Client { .. }));
        for bad in [
            json!({ "key": "k" }),
            json!({ "service": "s" }),
            json!({ "service": "s", "key": "k", "jwt": "j" }),
            json!({ "service": "s", "client_id": "i" }),
            json!({ "service": "s", "client_secret": "i" }),
            json!({ "service": "s", "client_id": "i", "client_secret": "c", "key": "k" }),
            json!({ "service": "s", "key": 1 }),
        ] {
            assert!(ask(bad.clone()).is_err(), "{bad}");
        }
        let all = ask(json!({ "client_id": "i" })).err().unwrap().to_string();
        assert_eq!(all, format!("service: {REQUIRED}; client_secret: {REQUIRED}"));
    }

    #[test]
    fn an_invalid_credential_is_answered_without_facts() {
        assert_eq!(serde_json::to_value(Introspection::inactive()).unwrap(), json!({ "active": false }));
    }
}
