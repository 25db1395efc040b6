//! How ready a tenant is, and what would make it more so.

use serde::Serialize;
use utoipa::ToSchema;

use crate::time::IsoTime;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ReadinessArea {
    KeyManagement,
    Algorithms,
    Hardware,
    Policies,
}

impl ReadinessArea {
    pub const ALL: [Self; 4] = [Self::KeyManagement, Self::Algorithms, Self::Hardware, Self::Policies];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub enum Grade {
    A,
    B,
    C,
    D,
    F,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReadinessLevel {
    Initial,
    Developing,
    Progressing,
    Advanced,
    Exemplary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    High,
    Medium,
    Low,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    Low,
    Medium,
    High,
}

/// Out of 100 each.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AreaScores {
    pub key_management: f64,
    pub algorithms: f64,
    pub hardware: f64,
    pub policies: f64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryScore {
    pub category: ReadinessArea,
    pub score: f64,
    /// 100.
    pub max_score: i64,
    pub percentage: f64,
    pub level: ReadinessLevel,
    pub findings: Vec<String>,
}

/// The score in the shape of the SDK.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SdkScore {
    pub tenant_id: String,
    pub overall_score: i64,
    /// 100.
    pub max_score: i64,
    pub percentage: i64,
    pub level: ReadinessLevel,
    pub category_scores: Vec<CategoryScore>,
    pub calculated_at: IsoTime,
    /// `unknown`: earlier scores are not kept.
    pub trend_direction: &'static str,
    pub trend_percentage: Option<f64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadinessScore {
    pub overall_score: i64,
    pub grade: Grade,
    pub categories: AreaScores,
    pub calculated_at: IsoTime,
    pub score: SdkScore,
}

#[derive(Serialize, ToSchema)]
pub struct Recommendation {
    pub priority: Priority,
    pub category: ReadinessArea,
    pub title: &'static str,
    pub description: String,
    /// How many points the overall score would gain.
    pub impact: f64,
    pub effort: Effort,
}

#[derive(Serialize, ToSchema)]
pub struct Recommendations {
    pub recommendations: Vec<Recommendation>,
}
