//! The environment: what a deployment says about itself to everybody, and the bodies that install it and create
//! communities in it. How credentials in them are sealed is for `crypto`.

mod community;
mod credential;
mod gateways;
mod install;
mod open;
mod settings;

pub use community::{CommunityParts, Contact, CreateCommunityRequest, Created, Password};
pub use credential::{Credential, NewSecret};
pub use gateways::Gateways;
pub use install::{
    AdminConsoleConfig, InstallParts, InstallRequest, Installed, InstanceType, PlatformConfig, Tenant, check_secrets,
};
pub use open::Open;

use serde::Serialize;
use utoipa::ToSchema;

/// The community that comes with the tenant.
pub const DEFAULT_COMMUNITY: &str = "default";

/// The longest body that installs or creates.
pub const MAX_BODY: usize = 256 << 10;

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
