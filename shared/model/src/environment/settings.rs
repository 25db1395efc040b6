//! What a tenant's deployment works with besides gateways. As there, what is not known is kept as a secret.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Credential, Open};
use crate::{body, json::JsonText};

body! {
    #[derive(Serialize)]
    pub struct RecaptchaConfig {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        pub(super) secret_key_api: Option<Credential> as "secret_key_api",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        pub(super) secret_key_ui: Option<Credential> as "secret_key_ui",
        #[serde(skip_serializing_if = "Option::is_none")]
        recaptcha_api: Option<String> as "recaptcha_api",
        #[serde(skip_serializing_if = "Option::is_none")]
        recaptcha_url: Option<String> as "recaptcha_url",
    }
}

body! {
    #[derive(Serialize)]
    pub struct Analytics {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Elastic>)]
        pub(super) elastic: Option<Open<Elastic>> as "elastic",
    }
}

body! {
    #[derive(Serialize)]
    pub struct Elastic {
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String> as "url",
        #[serde(skip_serializing_if = "Option::is_none")]
        uid: Option<String> as "uid",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        pub(super) pwd: Option<Credential> as "pwd",
    }
}

body! {
    #[derive(Serialize)]
    pub struct Agent {
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String> as "name",
        #[serde(skip_serializing_if = "Option::is_none")]
        kind: Option<String> as "type",
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String> as "url",
        #[serde(skip_serializing_if = "Option::is_none")]
        auth_type: Option<String> as "authType",
        /// Any JSON, such as an object of header and value; it is kept as one secret.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<serde_json::Value>)]
        pub(super) credential: Option<AgentCredential> as "credential",
    }
}

/// A text as it is, anything else as the JSON that was written.
#[derive(Deserialize, Serialize)]
#[serde(from = "JsonText")]
pub struct AgentCredential(pub(super) Credential);

impl From<JsonText> for AgentCredential {
    fn from(json: JsonText) -> Self {
        Self(Zeroizing::new(json.text().into_owned()).into())
    }
}

body! {
    #[derive(Serialize)]
    pub struct BehaviorAuth {
        #[serde(skip_serializing_if = "Option::is_none")]
        provider: Option<String> as "provider",
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String> as "url",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        pub(super) api_key: Option<Credential> as "api_key",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        pub(super) api_secret: Option<Credential> as "api_secret",
        #[serde(skip_serializing_if = "Option::is_none")]
        auth_type: Option<String> as "auth_type",
    }
}
