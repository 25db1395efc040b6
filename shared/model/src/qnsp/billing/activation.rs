//! How an SDK begins.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{body, qnsp::Text, time::IsoTime};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SdkRuntime {
    Browser,
    Node,
    Edge,
    Python,
    Go,
    Rust,
    Jvm,
}

body! {
    /// An SDK that begins.
    pub struct ActivateSdk {
        pub sdk_id: Text<1, 256> as "sdkId",
        pub sdk_version: Text<1, 32> as "sdkVersion",
        pub runtime: SdkRuntime as "runtime",
    }
}

/// What the tier of a tenant includes. −1 stands for no limit.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SdkLimits {
    #[serde(rename = "storageGB")]
    pub storage_gb: i64,
    /// A month.
    pub api_calls: i64,
    pub enclaves_enabled: bool,
    pub ai_training_enabled: bool,
    pub ai_inference_enabled: bool,
    pub sse_enabled: bool,
    pub vault_enabled: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SdkActivated {
    /// Always true.
    pub activated: bool,
    pub tenant_id: String,
    pub tier: &'static str,
    pub limits: SdkLimits,
    /// Random. It is not stored, and opens nothing.
    pub activation_token: String,
    pub expires_in_seconds: i64,
    pub activated_at: IsoTime,
}

/// An SDK that may not begin.
#[derive(Serialize, ToSchema)]
pub struct SdkRefused {
    /// Always false.
    pub activated: bool,
    /// Why.
    pub error: String,
    /// `INVALID_API_KEY`, `ACCOUNT_SUSPENDED`, `RATE_LIMITED` or `SERVICE_UNAVAILABLE`.
    pub code: &'static str,
}
