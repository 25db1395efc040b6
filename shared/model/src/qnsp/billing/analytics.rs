//! What tenants bring, and what they will use.

use serde::Serialize;
use utoipa::ToSchema;

use crate::time::IsoTime;

#[derive(Serialize, ToSchema)]
pub struct Growth {
    pub percentage: f64,
    /// `up`, `down` or `stable`.
    pub direction: &'static str,
}

/// Amounts are in major units with 2 decimals.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// `YYYY-MM`.
    pub period: String,
    pub total_revenue: f64,
    pub currency: &'static str,
    pub mrr: f64,
    pub arr: f64,
    pub growth: Growth,
}

#[derive(Serialize, ToSchema)]
pub struct ServiceRevenue {
    pub service: &'static str,
    pub revenue: f64,
    pub percentage: f64,
    /// `up`, `down` or `stable`.
    pub trend: &'static str,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ByService {
    pub by_service: Vec<ServiceRevenue>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageForecast {
    /// The operation.
    pub metric: &'static str,
    pub current_value: f64,
    pub forecasted_value: i64,
    pub confidence: f64,
    pub forecast_date: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageForecasts {
    pub tenant_id: String,
    pub forecasts: Vec<UsageForecast>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CapacityForecast {
    pub resource: &'static str,
    /// Shares of the limit; 0 without one.
    pub current_utilization: f64,
    pub projected_utilization: f64,
    /// `none`, `monitor`, `upgrade_soon` or `upgrade_now`.
    pub recommended_action: &'static str,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CapacityForecasts {
    pub tenant_id: String,
    pub capacity_forecasts: Vec<CapacityForecast>,
}
