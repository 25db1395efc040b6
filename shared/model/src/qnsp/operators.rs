//! Tenants and API keys, as operators see them. A key itself is shown once, when it is made.

use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::time::IsoTime;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QnspTenant)]
pub struct Tenant {
    pub tenant_id: String,
    pub name: String,
    pub tier: String,
    pub add_ons: Vec<String>,
    /// Calls a minute; the deployment's default when it is null.
    pub rate_limit_per_minute: Option<i64>,
    pub admin_email: Option<String>,
    pub suspended_at: Option<IsoTime>,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[schema(as = QnspTenantList)]
pub struct TenantList {
    /// In the order of their ids.
    pub tenants: Vec<Tenant>,
    /// The id to go on `after`; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QnspKey)]
pub struct Key {
    pub key_id: String,
    pub user_id: String,
    pub roles: Vec<String>,
    pub name: String,
    pub created_at: IsoTime,
    pub expires_at: Option<IsoTime>,
    pub revoked_at: Option<IsoTime>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = QnspKeyList)]
pub struct KeyList {
    /// Oldest first.
    pub keys: Vec<Key>,
    /// The id to go on `after`; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The only answer that holds the key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QnspIssuedKey)]
pub struct IssuedKey {
    pub key_id: String,
    pub user_id: String,
    #[schema(value_type = String)]
    pub api_key: Zeroizing<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QnspWebhookSecret)]
pub struct WebhookSecret {
    /// The key of the HMAC in `x-qnsp-signature`: these 64 characters as they are.
    #[schema(value_type = String)]
    pub webhook_secret: Zeroizing<String>,
}
