//! Config & Consent: bodies of the Secret Store and the root-key operations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    body,
    ids::{CommunityId, SecretTag, TenantId},
};

/// The longest secret value, in bytes of UTF-8.
pub const MAX_SECRET_BYTES: usize = 64 * 1024;

body! {
    #[derive(Debug)]
    pub struct FetchSecretsRequest {
        /// Only these tags; without it all secrets of the community, with `[]` none.
        pub tags: Option<Vec<String>> as "tags",
    }
}

body! {
    pub struct PutSecretRequest {
        pub tag: SecretTag as "tag",
        #[schema(min_length = 1, max_length = 65_536)]
        pub value: String as "value",
        #[schema(min_length = 1, max_length = 256)]
        pub created_by: String as "createdBy",
    } where faults {
        if let Some(value) = &value {
            faults.check((1..=MAX_SECRET_BYTES).contains(&value.len()), "value", "must have 1 to 65536 bytes");
        }
        if let Some(created_by) = &created_by {
            faults.check((1..=256).contains(&created_by.len()), "createdBy", "must have 1 to 256 bytes");
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PutSecretResponse {
    pub tag: SecretTag,
    pub created_by: String,
    /// Epoch seconds.
    pub created_ts: i64,
}

#[derive(Serialize, ToSchema)]
pub struct FetchSecretsResponse {
    pub secrets: Vec<Secret>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    pub tag: String,
    pub value: String,
    pub created_by: String,
    /// Epoch seconds.
    pub created_ts: i64,
    pub tenant_id: TenantId,
    pub community_id: CommunityId,
}

/// A body or an answer whose `data` may be encrypted, with the service's public key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WithData<T> {
    pub data: Carried<T>,
    pub public_key: String,
}

/// A body with `data`, which is parsed separately so that a refusal names the path of a fault.
#[derive(Debug, Serialize, ToSchema)]
pub struct DataRequest<T> {
    pub data: Carried<T>,
}

/// One base64 text, encrypted under the secret of the service's key and the caller's; in plain mode the value itself.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Carried<T> {
    Sealed(String),
    Plain(T),
}

/// An answer that only says that something was done.
#[derive(Serialize, ToSchema)]
pub struct Message {
    #[schema(value_type = String)]
    pub message: &'static str,
}

/// The progress of a rotation of the root key.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RootKeyStatus {
    /// The root key that new data keys are wrapped by.
    pub newest: String,
    /// All root keys that this deployment can open, newest first.
    pub ring: Vec<String>,
    /// Data keys re-wrapped by this call.
    pub rewrapped: u64,
    /// Data keys that an older root key still wraps.
    pub remaining: u64,
}
