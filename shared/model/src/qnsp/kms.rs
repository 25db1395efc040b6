//! The key management service.

mod alert;
mod algorithm;
mod usage;

pub use alert::{
    AlertAcknowledged, AlertCondition, AlertMetric, AlertOperator, AlertRule, AlertRuleChanged, AlertRuleCreated,
    AlertRules, AlertType, AlertWindow, ChangeAlertRule, CreateAlertRule, KeyAlert, KeyAlerts,
};
pub use algorithm::{AlgorithmCategory, AlgorithmStatus};
pub use usage::{
    ApplicationCount, ApplicationUsage, Applications, Granularity, KeyOperation, KeySummary, KeyUsage, KeyUsageRow,
    KeyUsageSummary, OperationCounts, RecordUse, UseRecorded,
};
