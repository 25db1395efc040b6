//! Connections to modules.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{Object, Text, Whole},
    time::IsoTime,
};

/// Whose module it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = HsmProvider)]
pub enum Provider {
    Thales,
    Safenet,
    AwsCloudhsm,
    AzureManagedHsm,
    GoogleCloudHsm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = HsmCredentialsType)]
pub enum CredentialsType {
    Certificate,
    ApiKey,
    ManagedIdentity,
}

body! {
    pub struct HsmCredentials {
        pub credentials_type: CredentialsType as "type",
        /// `certificate`, `apiKey` or `clientId`, by the type. It is never shown.
        pub data: Option<Object<16>> as "data",
    }
}

body! {
    pub struct NewHsmConnectionConfig {
        /// `sim://` and a name: the module that is part of this service; `https://`: a server with the transit API of OpenBao.
        pub endpoint: Text<1, 2000> as "endpoint",
        /// 443 unless it is said.
        pub port: Option<Whole<1, 65535>> as "port",
        pub credentials: HsmCredentials as "credentials",
    }
}

body! {
    /// What is not given stays.
    pub struct ChangeHsmConnectionConfig {
        pub endpoint: Option<Text<1, 2000>> as "endpoint",
        pub port: Option<Whole<1, 65535>> as "port",
        pub credentials: Option<HsmCredentials> as "credentials",
    }
}

body! {
    pub struct HsmConnectionMetadata {
        pub location: Option<Text<0, 2000>> as "location",
        pub purpose: Option<Text<0, 2000>> as "purpose",
    }
}

body! {
    pub struct CreateHsmConnection {
        pub name: Text<1, 128> as "name",
        pub provider: Provider as "provider",
        pub connection_config: NewHsmConnectionConfig as "connectionConfig",
        pub metadata: Option<HsmConnectionMetadata> as "metadata",
    }
}

body! {
    pub struct ChangeHsmConnection {
        pub name: Option<Text<1, 128>> as "name",
        pub connection_config: Option<ChangeHsmConnectionConfig> as "connectionConfig",
        pub metadata: Option<HsmConnectionMetadata> as "metadata",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HsmConnectionCreated)]
pub struct ConnectionCreated {
    pub connection_id: String,
    pub name: String,
    pub provider: Provider,
    /// pending_validation
    pub status: &'static str,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HsmConnectionInList)]
pub struct ConnectionInList {
    pub connection_id: String,
    pub name: String,
    pub provider: String,
    /// active, inactive or error; inactive as well before the first validation.
    pub status: String,
    pub last_health_check_at: Option<IsoTime>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HsmConnections)]
pub struct Connections {
    pub connections: Vec<ConnectionInList>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HsmConnectionConfig)]
pub struct ConnectionConfig {
    pub endpoint: String,
    pub port: i64,
}

/// Of the last 100 operations.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HsmConnectionHealth)]
pub struct ConnectionHealth {
    pub latency_ms: f64,
    pub error_rate: f64,
    pub last_successful_operation: Option<IsoTime>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HsmConnection)]
pub struct Connection {
    pub connection_id: String,
    pub name: String,
    pub provider: String,
    /// pending_validation, active, inactive or error.
    pub status: String,
    pub connection_config: ConnectionConfig,
    pub health_metrics: ConnectionHealth,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HsmConnectionChanged)]
pub struct ConnectionChanged {
    pub connection_id: String,
    pub updated_at: IsoTime,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HsmValidationDetails)]
pub struct ValidationDetails {
    pub connectivity: bool,
    pub authentication: bool,
    /// aes, rsa, ec, wrap, sign, pqc
    pub capabilities: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HsmValidation)]
pub struct Validation {
    pub connection_id: String,
    pub valid: bool,
    pub validated_at: IsoTime,
    pub details: ValidationDetails,
    pub errors: Vec<&'static str>,
}
