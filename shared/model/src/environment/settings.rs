//! What a tenant's deployment works with besides gateways. As there, what is not known is kept as a secret.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{Credential, Open};
use crate::json::JsonText;

#[derive(Deserialize, Serialize, ToSchema)]
pub struct RecaptchaConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(super) secret_key_api: Option<Credential>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(super) secret_key_ui: Option<Credential>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recaptcha_api: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recaptcha_url: Option<String>,
}

#[derive(Deserialize, Serialize, ToSchema)]
pub struct Analytics {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Elastic>)]
    pub(super) elastic: Option<Open<Elastic>>,
}

#[derive(Deserialize, Serialize, ToSchema)]
pub struct Elastic {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(super) pwd: Option<Credential>,
}

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_type: Option<String>,
    /// Any JSON, such as an object of header and value; it is kept as one secret.
    #[serde(default, deserialize_with = "json_text", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(super) credential: Option<Credential>,
}

/// A text as it is, anything else as the JSON that was written.
fn json_text<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Credential>, D::Error> {
    let json = JsonText::deserialize(value)?;
    Ok((!json.is_null()).then(|| Zeroizing::new(json.text().into_owned()).into()))
}

#[derive(Deserialize, Serialize, ToSchema)]
pub struct BehaviorAuth {
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(super) api_key: Option<Credential>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(super) api_secret: Option<Credential>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_type: Option<String>,
}
