//! What a gateway asks about a credential, and the answer.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Body, FieldErrors, REQUIRED, Reference};

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

/// The answer. Of a credential that is not good it says nothing else.
#[derive(Serialize, ToSchema)]
pub struct Introspection {
    pub active: bool,
    #[serde(flatten)]
    pub facts: Option<IntrospectionFacts>,
}

#[derive(Serialize, ToSchema)]
pub struct IntrospectionFacts {
    pub credential_type: CredentialType,
    pub credential: Reference,
    pub consumer: Reference,
    /// The application whose instance makes the credential good for the service.
    pub application: IntrospectedApplication,
    pub developer: IntrospectedDeveloper,
    pub service: IntrospectedService,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Who a token says to be from.
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
    pub fn from_body(body: &Body) -> Result<Self, FieldErrors> {
        let text = |name| body.text(name).map(|text| text.map(str::to_owned));
        let service = body.required("service")?.to_owned();
        let presented = match (text("key")?, text("jwt")?, text("client_id")?, text("client_secret")?) {
            (Some(key), None, None, None) => Presented::Key(key),
            (None, Some(jwt), None, None) => Presented::Jwt(jwt),
            (None, None, Some(id), Some(secret)) => Presented::Client { id, secret },
            (None, None, Some(_), None) => return Err(FieldErrors::missing("client_secret")),
            (None, None, None, Some(_)) => return Err(FieldErrors::missing("client_id")),
            (None, None, None, None) => {
                return Err(FieldErrors::one("key", format!("{REQUIRED}, or jwt, or client_id")));
            }
            _ => return Err(FieldErrors::one("key", "expected one of key, jwt and client_id only")),
        };
        Ok(Self { service, presented })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;

    fn ask(value: Value) -> Result<IntrospectRequest, FieldErrors> {
        let Value::Object(object) = value else { panic!("not an object") };
        IntrospectRequest::from_body(&Body::from_json(object))
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
    }

    #[test]
    fn of_what_is_not_good_nothing_is_told() {
        assert_eq!(serde_json::to_value(Introspection::inactive()).unwrap(), json!({ "active": false }));
    }
}
