//! Prompts that attack a model, and the patterns that find them.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{Text, auth::Severity},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AttackCategory {
    Jailbreak,
    DataExtraction,
    InstructionOverride,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PatternType {
    #[default]
    Regex,
    /// A text as it is written.
    Keyword,
}

body! {
    /// A pattern with `name`, `pattern`, `category` and `severity`, or with `patternName`, `patternValue`, `attackCategory`
    /// and `severity` in the shape of the SDK.
    pub struct NewPattern {
        /// No two patterns of a tenant have the same name.
        pub name: Option<Text<1, 128>> as "name",
        /// A regular expression of 1 to 512 characters, without look-around and back-references. Case is ignored.
        pub pattern: Option<Text<1, 512>> as "pattern",
        pub category: Option<AttackCategory> as "category",
        pub severity: Severity as "severity",
        /// True if not given.
        pub enabled: Option<bool> as "enabled",
        pub pattern_name: Option<Text<1, 128>> as "patternName",
        pub pattern_value: Option<Text<1, 512>> as "patternValue",
        /// `regex` if not given.
        pub pattern_type: Option<PatternType> as "patternType",
        pub attack_category: Option<AttackCategory> as "attackCategory",
    } where faults {
        let is_given = !matches!((&name, &pattern_name), (Some(None), Some(None)));
        faults.check(is_given, "name", "is required");
        let is_given = !matches!((&pattern, &pattern_value), (Some(None), Some(None)));
        faults.check(is_given, "pattern", "is required");
        let is_given = !matches!((&category, &attack_category), (Some(None), Some(None)));
        faults.check(is_given, "category", "is required");
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PatternCreated {
    pub pattern_id: String,
    pub name: String,
    pub created_at: IsoTime,
}

body! {
    pub struct ChangePattern {
        pub enabled: bool as "enabled",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PatternChanged {
    pub pattern_id: String,
    pub enabled: bool,
}

body! {
    pub struct PromptToAnalyze {
        pub prompt: Text<1, 32_768> as "prompt",
        /// What stands around it.
        pub context: Option<Text<0, 32_768>> as "context",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum PromptRecommendation {
    Allow,
    Sanitize,
    Block,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Detected {
    /// The tenant's, or `builtin:<name>`.
    pub pattern_id: String,
    pub category: AttackCategory,
    pub severity: Severity,
    /// Of the text as it is searched, at most 200 characters.
    pub matched_text: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisResult {
    /// Whether the score is below 25.
    pub safe: bool,
    /// 0 to 100.
    pub risk_score: i64,
    /// The gravest first.
    pub detections: Vec<Detected>,
    pub recommendation: PromptRecommendation,
}

#[derive(Serialize, ToSchema)]
pub struct DetectionsByCategory {
    pub jailbreak: i64,
    pub data_extraction: i64,
    pub instruction_override: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InjectionStats {
    pub total_analyzed: i64,
    /// Of these, the ones that are to be blocked.
    pub blocked: i64,
    pub by_category: DetectionsByCategory,
}
