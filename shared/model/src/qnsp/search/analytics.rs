//! How well searches go.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    ids::Uuid,
    qnsp::{List, Number, Text, Whole},
    time::IsoTime,
};

/// No number of results is greater.
const MOST: i64 = 1 << 53;

body! {
    /// A search that was made elsewhere.
    pub struct NewQuery {
        pub query: Text<1, 2000> as "query",
        #[schema(value_type = i64)]
        pub result_count: Whole<0, MOST> as "resultCount",
        pub latency_ms: Number<0, 1_000_000_000> as "latencyMs",
        /// What was clicked on, by position.
        #[schema(value_type = Option<Vec<Text<1, 128>>>, max_items = 1_000)]
        pub clicked_document_ids: Option<List<Text<1, 128>>> as "clickedDocumentIds",
        /// Now if not given; within the last 90 days.
        pub occurred_at: Option<IsoTime> as "occurredAt",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueryRecorded {
    pub query_id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum FeedbackType {
    Click,
    Rating,
}

body! {
    /// A click needs a position, a rating a rating.
    pub struct NewFeedback {
        pub query_id: Uuid as "queryId",
        pub kind: FeedbackType as "type",
        pub document_id: Option<Text<1, 128>> as "documentId",
        pub position: Option<Whole<1, 1_000_000_000>> as "position",
        pub rating: Option<Whole<1, 5>> as "rating",
    } where faults {
        match kind {
            Some(FeedbackType::Click) => faults.check(!matches!(position, Some(None)), "position", "is required"),
            Some(FeedbackType::Rating) => faults.check(!matches!(rating, Some(None)), "rating", "is required"),
            None => {}
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackRecorded {
    pub feedback_id: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchMetrics {
    /// `1h`, `24h`, `7d` or `30d`.
    pub period: &'static str,
    pub total_queries: i64,
    pub average_latency_ms: f64,
    #[serde(rename = "p99LatencyMs")]
    pub p99_latency_ms: f64,
    /// 0 to 1.
    pub zero_results_rate: f64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchQuality {
    /// 0 to 1, as the others.
    pub mean_reciprocal_rank: f64,
    pub click_through_rate: f64,
    pub satisfaction_score: f64,
    pub abandonment_rate: f64,
}
