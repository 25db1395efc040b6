//! Reports over what identity providers report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{List, Text},
    time::{DayOrTime, IsoTime},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ReportType {
    Compliance,
    /// SDKs say `access`.
    #[serde(alias = "access")]
    Activity,
    Security,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ReportFormat {
    #[default]
    Json,
    Pdf,
    Csv,
}

body! {
    /// A day as `startDate` or `endDate` is the whole day in UTC.
    pub struct CreateReport {
        pub report_type: ReportType as "reportType",
        #[schema(value_type = String)]
        pub start_date: DayOrTime as "startDate",
        #[schema(value_type = String)]
        pub end_date: DayOrTime as "endDate",
        /// All unless some are named.
        #[schema(value_type = Option<Vec<Text<1, 128>>>, max_items = 1_000)]
        pub providers: Option<List<Text<1, 128>>> as "providers",
        /// json unless it is said.
        pub format: Option<ReportFormat> as "format",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportAccepted {
    pub report_id: String,
    /// pending
    pub status: &'static str,
    pub estimated_completion_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportSummary {
    pub report_id: String,
    pub report_type: String,
    /// pending or completed.
    pub status: &'static str,
    pub created_at: IsoTime,
    pub completed_at: Option<IsoTime>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FederationReports)]
pub struct Reports {
    /// Newest first.
    pub reports: Vec<ReportSummary>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FederationReport)]
pub struct Report {
    #[serde(flatten)]
    #[schema(inline)]
    pub summary: ReportSummary,
    /// Of a completed report in the format json.
    pub data: Option<ReportData>,
    /// Where a completed report in another format is for 15 minutes.
    pub download_url: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportData {
    pub period: ReportPeriod,
    pub totals: ReportTotals,
    pub by_provider: Vec<ProviderTotals>,
    pub by_event_type: BTreeMap<String, i64>,
    /// Of an activity report: days with events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_day: Option<Vec<DayTotals>>,
    /// Of a security report.
    pub findings: Vec<Finding>,
    /// Of a compliance report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<Check>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportPeriod {
    pub start_date: IsoTime,
    pub end_date: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportTotals {
    pub events: i64,
    pub success: i64,
    pub failure: i64,
    pub unique_users: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FederationProvider)]
pub struct ProviderTotals {
    pub provider: String,
    pub events: i64,
    pub unique_users: i64,
    pub failures: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FederationDay)]
pub struct DayTotals {
    /// `YYYY-MM-DD`, UTC.
    pub date: String,
    pub events: i64,
    pub failures: i64,
}

/// Failures of one user in quick succession.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FederationFinding)]
pub struct Finding {
    /// failure_burst
    #[serde(rename = "type")]
    pub finding_type: &'static str,
    /// high or critical.
    pub severity: &'static str,
    pub user_id: String,
    pub count: i64,
    pub first_at: IsoTime,
    pub last_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FederationCheck)]
pub struct Check {
    /// mfa_coverage, silent_providers or failure_rate.
    pub check_id: &'static str,
    pub passed: bool,
    pub value: f64,
    pub threshold: f64,
}
