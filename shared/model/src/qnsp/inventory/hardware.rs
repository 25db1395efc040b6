//! Devices and their health.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{List, Number, Text},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum HardwareType {
    Hsm,
    Tpm,
    Smartcard,
    Accelerator,
}

/// The types that the SDK names, as far as they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SdkHardwareType {
    Hsm,
    Tpm,
    Smartcard,
    CryptoAccelerator,
}

impl From<SdkHardwareType> for HardwareType {
    fn from(kind: SdkHardwareType) -> Self {
        match kind {
            SdkHardwareType::Hsm => Self::Hsm,
            SdkHardwareType::Tpm => Self::Tpm,
            SdkHardwareType::Smartcard => Self::Smartcard,
            SdkHardwareType::CryptoAccelerator => Self::Accelerator,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum HardwareStatus {
    Healthy,
    Degraded,
    Failed,
}

/// What a check says, in the words of the SDK, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    Healthy,
    Degraded,
    Failed,
    /// Degraded.
    Warning,
    /// Failed.
    Critical,
    /// Counts as healthy.
    Unknown,
}

impl From<HealthStatus> for HardwareStatus {
    fn from(status: HealthStatus) -> Self {
        match status {
            HealthStatus::Healthy | HealthStatus::Unknown => Self::Healthy,
            HealthStatus::Degraded | HealthStatus::Warning => Self::Degraded,
            HealthStatus::Failed | HealthStatus::Critical => Self::Failed,
        }
    }
}

body! {
    /// A device: `type`, `vendor` and `serialNumber`, or `hardwareType` in the shape of the SDK.
    pub struct CreateHardware {
        pub name: Text<1, 128> as "name",
        #[serde(rename = "type")]
        pub kind: Option<HardwareType> as "type",
        /// In the shape of the SDK, where vendor and serial number need not be given.
        pub hardware_type: Option<SdkHardwareType> as "hardwareType",
        pub vendor: Option<Text<1, 2000>> as "vendor",
        pub model: Option<Text<0, 2000>> as "model",
        /// No two devices of a vendor have the same.
        pub serial_number: Option<Text<1, 2000>> as "serialNumber",
        pub location: Option<Text<0, 2000>> as "location",
        /// Names of algorithms, `pqc`, or anything else.
        #[schema(value_type = Option<Vec<Text<1, 128>>>, max_items = 1_000)]
        pub capabilities: Option<List<Text<1, 128>>> as "capabilities",
        pub firmware_version: Option<Text<0, 2000>> as "firmwareVersion",
        /// Capabilities in the shape of the SDK.
        #[schema(value_type = Option<Vec<Text<1, 128>>>, max_items = 1_000)]
        pub supported_algorithms: Option<List<Text<1, 128>>> as "supportedAlgorithms",
        /// The capability `pqc`.
        pub pqc_capable: Option<bool> as "pqcCapable",
    } where faults {
        let is_sdk = !matches!(hardware_type, Some(None));
        let has_none = matches!((&kind, &hardware_type), (Some(None), Some(None)));
        faults.check(!has_none, "type", "is required");
        faults.check(is_sdk || !matches!(vendor, Some(None)), "vendor", "is required");
        faults.check(is_sdk || !matches!(serial_number, Some(None)), "serialNumber", "is required");
    }
}

body! {
    /// What changes of a device: at least one member.
    pub struct ChangeHardware {
        pub name: Option<Text<1, 128>> as "name",
        pub location: Option<Text<0, 2000>> as "location",
        #[schema(value_type = Option<Vec<Text<1, 128>>>, max_items = 1_000)]
        pub capabilities: Option<List<Text<1, 128>>> as "capabilities",
        pub firmware_version: Option<Text<0, 2000>> as "firmwareVersion",
    } where faults {
        let all = (&name, &location, &capabilities, &firmware_version);
        let is_empty = matches!(all, (Some(None), Some(None), Some(None), Some(None)));
        faults.check(!is_empty, "", "At least one of name, location, capabilities and firmwareVersion is required");
    }
}

body! {
    pub struct HardwareMetrics {
        /// −200 to 200.
        pub temperature: Option<Number<-200, 200>> as "temperature",
        pub operations_per_second: Option<f64> as "operationsPerSecond",
        /// 0 to 1.
        pub error_rate: Option<Number<0, 1>> as "errorRate",
    } where faults {
        if let Some(Some(operations)) = operations_per_second {
            faults.check(operations >= 0.0, "operationsPerSecond", "must not be negative");
        }
    }
}

body! {
    /// A check of a device: `status`, or `healthStatus` in the shape of the SDK, where metrics stand beside it.
    pub struct RecordHealth {
        pub status: Option<HardwareStatus> as "status",
        pub metrics: Option<HardwareMetrics> as "metrics",
        pub health_status: Option<HealthStatus> as "healthStatus",
        #[serde(flatten)]
        pub beside: HardwareMetrics,
    } where faults {
        let has_none = matches!((&status, &health_status), (Some(None), Some(None)));
        faults.check(!has_none, "status", "is required");
    }
}

/// A device in the shape of the SDK.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SdkDevice {
    pub id: String,
    pub name: String,
    /// As it was given.
    pub hardware_type: SdkHardwareType,
    pub vendor: Option<String>,
    pub model: Option<String>,
    pub serial_number: Option<String>,
    pub location: Option<String>,
    pub firmware_version: Option<String>,
    pub supported_algorithms: Vec<String>,
    pub pqc_capable: bool,
    pub health_status: HardwareStatus,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HardwareCreated {
    pub hardware_id: String,
    pub name: String,
    pub created_at: IsoTime,
    /// For the shape of the SDK alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<SdkDevice>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HardwareDevice)]
pub struct Device {
    pub hardware_id: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: HardwareType,
    pub vendor: Option<String>,
    pub model: Option<String>,
    pub serial_number: Option<String>,
    pub location: Option<String>,
    pub capabilities: Vec<String>,
    pub firmware_version: Option<String>,
    pub status: HardwareStatus,
    pub last_health_check_at: Option<IsoTime>,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HardwareDevices)]
pub struct Devices {
    pub devices: Vec<Device>,
    pub total: i64,
    pub limit: i64,
    pub offset: i64,
}

/// A check in the shape of the SDK.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SdkHealthCheck {
    pub id: String,
    pub hardware_id: String,
    /// As it was given.
    pub health_status: HealthStatus,
    pub temperature: Option<f64>,
    pub checked_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HardwareHealthRecorded)]
pub struct HealthRecorded {
    pub health_check_id: String,
    pub recorded_at: IsoTime,
    /// For the shape of the SDK alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<SdkHealthCheck>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct HardwareCounts {
    pub hsm: i64,
    pub tpm: i64,
    pub smartcard: i64,
    pub accelerator: i64,
}

#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
#[schema(as = HardwareStatusCounts)]
pub struct StatusCounts {
    pub healthy: i64,
    pub degraded: i64,
    pub failed: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HardwareSummary {
    pub total_devices: i64,
    pub by_type: HardwareCounts,
    pub by_status: StatusCounts,
}
