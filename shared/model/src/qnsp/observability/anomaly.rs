//! Rules over recorded series, and what they found.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{List, Text, Whole, auth::Severity},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ConditionType {
    /// The last value is beyond a limit.
    Threshold,
    /// The mean of the last minutes is far from that of the hours before.
    Deviation,
    /// The values of the last hours rise, or fall, as steeply as that.
    Trend,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Operator {
    Gt,
    Gte,
    Lt,
    Lte,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Sensitivity {
    Low,
    #[default]
    Medium,
    High,
}

body! {
    /// `operator` and `value` of a threshold, `windowMinutes` and `baselineHours` of a deviation, `windowHours` and
    /// `minSlopePerHour` of a trend.
    #[derive(Default)]
    pub struct NewParameters {
        pub operator: Option<Operator> as "operator",
        pub value: Option<f64> as "value",
        /// 60 if not given.
        pub window_minutes: Option<Whole<1, 43_200>> as "windowMinutes",
        /// 24 if not given.
        pub baseline_hours: Option<Whole<1, 720>> as "baselineHours",
        /// 24 if not given.
        pub window_hours: Option<Whole<1, 720>> as "windowHours",
        pub min_slope_per_hour: Option<f64> as "minSlopePerHour",
    }
}

body! {
    pub struct NewCondition {
        pub kind: ConditionType as "type",
        pub parameters: Option<NewParameters> as "parameters",
    }
}

body! {
    /// What is an anomaly of a series.
    pub struct NewRule {
        /// No two rules of a tenant have the same name.
        pub name: Text<1, 128> as "name",
        /// `cost.total`, `cost.<resourceType>`, `http.requests`, `http.errors`, `http.latency_ms`,
        /// `tenant.apiLatencyP99`, `tenant.errorRate`, `tenant.activeUsers`, `tenant.storageUsage` or `kms.operations`.
        pub metric: Text<1, 128> as "metric",
        pub condition: NewCondition as "condition",
        /// `medium` if not given.
        pub sensitivity: Option<Sensitivity> as "sensitivity",
        /// An https URL is sent a signed delivery; anything else is only kept.
        #[schema(value_type = Option<Vec<Text<1, 2000>>>, max_items = 1_000)]
        pub notification_channels: Option<List<Text<1, 2000>>> as "notificationChannels",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleCreated {
    pub rule_id: String,
    pub name: String,
    pub created_at: IsoTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum AnomalyStatus {
    Open,
    Acknowledged,
    Resolved,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Anomaly {
    pub anomaly_id: String,
    /// The rule, or the budget.
    pub rule_id: String,
    /// The metric of the rule, or `budget:<budgetId>`.
    pub metric: String,
    pub severity: Severity,
    pub status: AnomalyStatus,
    pub detected_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
pub struct Anomalies {
    pub anomalies: Vec<Anomaly>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Acknowledged {
    pub anomaly_id: String,
    /// `acknowledged`.
    pub status: AnomalyStatus,
    pub acknowledged_at: IsoTime,
}
