//! What models cost, and what could be saved.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    ids::Uuid,
    qnsp::{Text, Whole, observability::Amount},
    time::IsoTime,
};

/// No record counts more tokens or requests.
pub const MOST_COUNTED: i64 = 1_000_000_000_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GroupBy {
    #[default]
    Model,
    Provider,
    User,
    Hour,
    Day,
    Week,
    Month,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CostCategory {
    pub category: String,
    pub cost: f64,
    pub token_count: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CostChange {
    /// Of the equal period before.
    pub previous_cost: f64,
    /// Percent.
    pub change: f64,
    /// `up`, `down` or `stable`.
    pub direction: &'static str,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CostAnalytics {
    pub total_cost: f64,
    /// `USD`.
    pub currency: &'static str,
    /// The most expensive first.
    pub breakdown: Vec<CostCategory>,
    pub trend: CostChange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RecommendationType {
    /// A cheaper model of the same type is in use.
    ModelSwitch,
    /// Many requests of one hour could be few.
    BatchOptimization,
    /// The same prompts come again.
    Caching,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum RecommendationStatus {
    #[default]
    Pending,
    Accepted,
    Rejected,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Saving {
    pub recommendation_id: String,
    #[serde(rename = "type")]
    pub kind: RecommendationType,
    pub title: String,
    /// US dollars in 30 days.
    pub estimated_savings: f64,
    pub status: RecommendationStatus,
}

#[derive(Serialize, ToSchema)]
pub struct CostRecommendations {
    pub recommendations: Vec<Saving>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecommendationDecided {
    pub recommendation_id: String,
    pub status: RecommendationStatus,
}

body! {
    /// What requests to a model cost.
    pub struct NewCostRecord {
        /// Of the registry. Required, unless there is a `modelName`.
        pub model_id: Option<Uuid> as "modelId",
        pub model_name: Option<Text<1, 128>> as "modelName",
        pub provider: Text<1, 128> as "provider",
        #[schema(value_type = i64)]
        pub input_tokens: Whole<0, MOST_COUNTED> as "inputTokens",
        #[schema(value_type = i64)]
        pub output_tokens: Whole<0, MOST_COUNTED> as "outputTokens",
        /// 0 to a thousand million; rounded to 6 decimals.
        #[schema(value_type = f64)]
        pub cost_usd: Amount as "costUsd",
        pub user_id: Option<Text<1, 256>> as "userId",
        /// The same for the same prompt.
        pub prompt_hash: Option<Text<1, 256>> as "promptHash",
        /// 1 if not given.
        #[schema(value_type = Option<i64>)]
        pub request_count: Option<Whole<1, MOST_COUNTED>> as "requestCount",
        /// In the last 90 days; now if not given.
        pub occurred_at: Option<IsoTime> as "occurredAt",
    } where faults {
        let is_given = !matches!((&model_id, &model_name), (Some(None), Some(None)));
        faults.check(is_given, "modelId", "is required, or modelName");
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CostRecorded {
    pub record_id: String,
}
