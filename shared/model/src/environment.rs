//! What a deployment says about itself to everybody. Never a secret.

use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct Environment {
    /// Seconds that the `ts` of a signed request may differ from the service's clock.
    pub allowed_time_span: i64,
    /// The curve of every key here: `prime256v1` or `secp256k1`.
    #[serde(rename = "EC_CURVE_NAME")]
    #[schema(value_type = String, example = "prime256v1")]
    pub ec_curve_name: &'static str,
    /// `client-instance` or `root-instance`; null before the installation.
    #[serde(rename = "instanceType")]
    #[schema(required = true)]
    pub instance_type: Option<String>,
    pub installed: bool,
    /// The name of the deployment.
    pub environment: String,
}
