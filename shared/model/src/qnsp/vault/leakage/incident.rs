//! Incidents: a secret was seen where it should not be.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{Object, Text},
    time::IsoTime,
};

/// What an incident was found in, such as github.
pub type IncidentSource = Text<1, 64>;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum LeakageSeverity {
    Low,
    #[default]
    Medium,
    High,
    Critical,
}

/// Other spellings are those of SDKs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LeakageStatus {
    #[serde(alias = "detected")]
    Open,
    #[serde(alias = "confirmed")]
    Investigating,
    #[serde(alias = "remediated")]
    Resolved,
    #[serde(alias = "ignored")]
    FalsePositive,
}

body! {
    pub struct ReportLeakage {
        pub secret_id: Text<1, 256> as "secretId",
        #[schema(value_type = String)]
        pub source: IncidentSource as "source",
        pub location: Option<Text<0, 2000>> as "location",
        /// Now unless it is said; not in the future.
        pub detected_at: Option<IsoTime> as "detectedAt",
        pub severity: LeakageSeverity as "severity",
        /// Any JSON object that tells of the leak.
        pub details: Option<Object<16>> as "details",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeakageIncidentReported {
    pub incident_id: String,
    pub status: LeakageStatus,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeakageIncidentInList {
    pub incident_id: String,
    pub secret_id: String,
    pub source: String,
    #[schema(value_type = LeakageSeverity)]
    pub severity: String,
    #[schema(value_type = LeakageStatus)]
    pub status: String,
    pub detected_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
pub struct LeakageIncidents {
    /// Newest first.
    pub incidents: Vec<LeakageIncidentInList>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeakageIncident {
    pub incident_id: String,
    pub secret_id: String,
    pub source: String,
    pub location: String,
    #[schema(value_type = LeakageSeverity)]
    pub severity: String,
    #[schema(value_type = LeakageStatus)]
    pub status: String,
    /// The JSON object that was given.
    #[schema(value_type = Object)]
    pub details: Box<RawValue>,
    /// Oldest first.
    pub timeline: Vec<LeakageStep>,
    pub detected_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
pub struct LeakageStep {
    pub at: IsoTime,
    /// A user, or leakage-scan.
    pub actor: String,
    /// created, updated, rotated, revoked, delivered, undeliverable
    pub event: String,
    pub from: Option<String>,
    pub to: Option<String>,
    pub notes: Option<String>,
}

body! {
    /// At least one member is given.
    pub struct ChangeLeakageIncident {
        /// Not open.
        pub status: Option<LeakageStatus> as "status",
        /// Required where the status is resolved.
        pub resolution: Option<Text<1, 2000>> as "resolution",
        pub notes: Option<Text<1, 2000>> as "notes",
    } where faults {
        if let (Some(status), Some(resolution), Some(notes)) = (&status, &resolution, &notes) {
            let is_open = *status == Some(LeakageStatus::Open);
            faults.check(!is_open, "status", "must be investigating, resolved or false_positive");
            let is_said = *status != Some(LeakageStatus::Resolved) || resolution.is_some();
            faults.check(is_said, "resolution", "is required where the status is resolved");
            let is_empty = status.is_none() && resolution.is_none() && notes.is_none();
            faults.check(!is_empty, "", "The body must have status, resolution or notes");
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeakageIncidentChanged {
    pub incident_id: String,
    #[schema(value_type = LeakageStatus)]
    pub status: String,
    pub updated_at: IsoTime,
}

#[derive(Default, Serialize, ToSchema)]
pub struct LeakageSeverities {
    pub critical: i64,
    pub high: i64,
    pub medium: i64,
    pub low: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeakageStats {
    pub total_incidents: i64,
    /// Investigated ones, too.
    pub open_incidents: i64,
    /// False positives, too.
    pub resolved_incidents: i64,
    pub by_severity: LeakageSeverities,
    /// github and gitlab, and every other source of an incident.
    pub by_source: BTreeMap<String, i64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeakageIncidentInCheck {
    pub incident_id: String,
    #[schema(value_type = LeakageSeverity)]
    pub severity: String,
    pub source: String,
    pub detected_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeakageCheck {
    pub secret_id: String,
    pub has_active_incidents: bool,
    /// Those that are open or investigated, newest first.
    pub incidents: Vec<LeakageIncidentInCheck>,
}
