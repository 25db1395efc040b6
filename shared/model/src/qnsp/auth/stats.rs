//! What the evaluations and signals of a period say together.

use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskStats {
    pub period: &'static str,
    pub total_evaluations: i64,
    pub risk_distribution: RiskDistribution,
    /// Five at most.
    pub top_risk_factors: Vec<FactorCount>,
    /// 0 to 1 with 4 decimals.
    pub challenge_rate: f64,
    /// 0 to 1 with 4 decimals.
    pub deny_rate: f64,
    /// By type, then severity.
    #[serde(rename = "signalsLast24Hours")]
    pub signals_last_24_hours: Vec<SignalCount>,
    #[serde(rename = "blockedAttemptsLast24Hours")]
    pub blocked_attempts_last_24_hours: i64,
}

#[derive(Serialize, ToSchema)]
pub struct RiskDistribution {
    pub low: i64,
    pub medium: i64,
    pub high: i64,
    pub critical: i64,
}

#[derive(Serialize, ToSchema)]
pub struct FactorCount {
    pub factor: String,
    pub count: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignalCount {
    pub signal_type: String,
    pub severity: String,
    pub count: i64,
}
