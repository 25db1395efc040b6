//! The bodies of accounts, as the document describes them. Handlers read their fields one by one from a
//! [`Body`](super::Body), since a refusal names every field that is wrong, under the name that a form gave it.

use std::collections::BTreeMap;

use utoipa::ToSchema;

use super::Reference;

/// A new account.
#[derive(ToSchema)]
pub struct Registration {
    #[schema(format = Email, max_length = 254, example = "ada@example.com")]
    pub email: String,
    #[schema(format = Password, min_length = 8, max_length = 256)]
    pub password: String,
    pub meta: MetaInput,
}

/// The extra fields that `GET /developer/meta_fields` lists, at most 16 KiB: a JSON object, or one as text. Other fields
/// are kept too.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum MetaInput {
    #[schema(example = r#"{"full_name":"Ada Lovelace"}"#)]
    Text(String),
    Fields(BTreeMap<String, serde_json::Value>),
}

/// An account by its address.
#[derive(ToSchema)]
pub struct AccountEmail {
    #[schema(min_length = 1, example = "ada@example.com")]
    pub email: String,
}

/// A token that was mailed.
#[derive(ToSchema)]
pub struct MailedToken {
    #[schema(min_length = 1)]
    pub token: String,
}

/// A new password, by a token that was mailed.
#[derive(ToSchema)]
pub struct PasswordReset {
    #[schema(min_length = 1)]
    pub token: String,
    #[schema(format = Password, min_length = 8, max_length = 256)]
    pub password: String,
}

#[derive(ToSchema)]
pub struct PasswordChange {
    #[schema(format = Password, min_length = 8, max_length = 256)]
    pub password: String,
    /// The password that the developer has.
    #[schema(format = Password, min_length = 1)]
    pub old_password: String,
}

#[derive(ToSchema)]
pub struct EmailChange {
    #[schema(format = Email, max_length = 254, example = "ada@example.com")]
    pub email: String,
}

#[derive(ToSchema)]
pub struct MetaChange {
    pub meta: MetaInput,
}

/// The service that an application asks for. In a form its name is `service.id`.
#[derive(ToSchema)]
pub struct ServiceRequest {
    pub service: Reference,
}

/// A credential, and the service that it is shown for.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum IntrospectionRequest {
    /// A key.
    #[schema(title = "IntrospectKey")]
    Key {
        /// The id of a service, or its name.
        #[schema(min_length = 1)]
        service: String,
        #[schema(min_length = 1)]
        key: String,
    },
    /// A JSON web token.
    #[schema(title = "IntrospectJwt")]
    Jwt {
        /// The id of a service, or its name.
        #[schema(min_length = 1)]
        service: String,
        #[schema(min_length = 1)]
        jwt: String,
    },
    /// The id and the secret of an application's client.
    #[schema(title = "IntrospectClient")]
    Client {
        /// The id of a service, or its name.
        #[schema(min_length = 1)]
        service: String,
        #[schema(min_length = 1)]
        client_id: String,
        #[schema(min_length = 1)]
        client_secret: String,
    },
}
