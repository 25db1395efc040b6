//! What a tenant uses of its quotas, and will use.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{Text, Whole},
    time::IsoTime,
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    pub quota_type: &'static str,
    pub quota_name: &'static str,
    /// -1: without a limit.
    pub limit: i64,
    pub used: i64,
    /// -1 without a limit.
    pub remaining: i64,
    pub percentage: f64,
}

#[derive(Serialize, ToSchema)]
pub struct Quotas {
    pub quotas: Vec<Quota>,
}

body! {
    /// Which quotas to forecast, and for how many days.
    pub struct AskForecast {
        /// All, when absent or empty.
        pub quota_types: Option<Vec<String>> as "quotaTypes",
        /// 30 if not given.
        pub forecast_days: Option<Whole<1, 365>> as "forecastDays",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    pub quota_type: &'static str,
    pub current_usage: i64,
    pub projected_usage: i64,
    pub exceeds_limit_at: Option<IsoTime>,
}

#[derive(Serialize, ToSchema)]
pub struct Forecasts {
    pub forecasts: Vec<Forecast>,
}

body! {
    /// What was used of a quota that nothing here counts, or before it was counted here.
    pub struct NewUsage {
        pub quota_type: Text<1, 64> as "quotaType",
        #[schema(value_type = i64)]
        pub used: Whole<0, { 1 << 53 }> as "used",
        /// Now if not given; within the last 400 days.
        pub at: Option<IsoTime> as "at",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageRecorded {
    pub quota_type: &'static str,
    pub used: i64,
    pub recorded_at: IsoTime,
}
