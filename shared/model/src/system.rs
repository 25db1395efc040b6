//! Bodies of the operations that Config & Consent and Licensing share: health, public key, ECDSA helper.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zeroize::Zeroizing;

use crate::time::IsoTime;

/// What to encrypt or decrypt, and between whom.
// It holds a private key: no `Debug`, and the key is wiped when it is dropped.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EcdsaHelperRequest {
    /// The text to encrypt, or base64 of `iv ‖ ciphertext ‖ tag` to decrypt.
    pub data_str: String,
    /// Base64 of the 64 bytes X‖Y of the other side's public key.
    pub public_key: String,
    /// Base64 of one's own private key, 1 to 33 bytes.
    #[schema(value_type = String)]
    pub private_key: Zeroizing<String>,
}

#[derive(Serialize, ToSchema)]
pub struct EcdsaHelperResponse {
    pub data: String,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HealthQuery {
    /// Whether to ask for readiness, rather than only whether the services answer.
    #[serde(default)]
    pub ready: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    #[schema(value_type = String, example = "all services operational")]
    pub status: &'static str,
    pub public_key: String,
    /// The HTTP status as a text.
    #[schema(value_type = String, example = "200")]
    pub code: &'static str,
    /// `[<git-tag>.]<commit-id>.<build time in epoch seconds>`.
    pub version: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicKeys {
    /// Base64 of the 64 bytes X‖Y.
    pub public_key: String,
}

/// What a step of due work came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct DueDone {
    /// The name of the function.
    pub function: String,
    /// How many pieces of work were carried out.
    pub done: usize,
    /// How many could not be; the log says why. They are tried again.
    pub failed: usize,
    /// Whether something is left that need not wait.
    pub more: bool,
}

/// When due work was last asked for, of each function that has any.
#[derive(Debug, Serialize, ToSchema)]
pub struct DueWork {
    pub functions: Vec<DueFunction>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DueFunction {
    pub name: String,
    #[schema(value_type = String, format = DateTime)]
    pub last_run_at: IsoTime,
    pub failed: i64,
    pub more: bool,
}
