//! What the requests of a period say together.

use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JitStats {
    /// 24h, 7d or 30d.
    pub period: &'static str,
    /// Made in the period.
    pub total_requests: i64,
    /// Of those, with the ones that nobody needed to approve.
    pub approved_requests: i64,
    pub denied_requests: i64,
    /// Seconds from a request to its approval by somebody; 0 without any.
    pub average_approval_time: f64,
    /// Now.
    pub active_grants: i64,
    /// The five that were asked for most.
    pub top_resources: Vec<TypeCount>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TypeCount {
    pub resource_type: String,
    pub count: i64,
}
