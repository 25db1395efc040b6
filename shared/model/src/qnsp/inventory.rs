//! The crypto inventory: algorithms that are given up, hardware, and how ready a tenant is for post-quantum cryptography.

mod deprecation;
mod hardware;
mod readiness;

pub use deprecation::{
    AffectedAsset, AffectedAssets, AssetMigration, AssetType, ChangeDeprecationPolicy, CreateDeprecationPolicy,
    Deadline, DeprecationFields, DeprecationPolicies, DeprecationPolicy, DeprecationPolicyCreated, DeprecationSummary,
    SdkPolicy,
};
pub use hardware::{
    ChangeHardware, CreateHardware, Device, Devices, HardwareCounts, HardwareCreated, HardwareMetrics, HardwareStatus,
    HardwareSummary, HardwareType, HealthRecorded, HealthStatus, RecordHealth, SdkDevice, SdkHardwareType,
    SdkHealthCheck, StatusCounts,
};
pub use readiness::{
    AreaScores, CategoryScore, Effort, Grade, Priority, ReadinessArea, ReadinessLevel, ReadinessScore, Recommendation,
    Recommendations, SdkScore,
};
