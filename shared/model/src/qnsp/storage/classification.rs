//! How documents are classified: policies, scans, statistics.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::DocumentScope;
use crate::{
    body,
    ids::Uuid,
    qnsp::{List, Text},
    time::IsoTime,
};

/// How far a document may go. The strictest is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = ClassificationLevel)]
pub enum Level {
    Public,
    Internal,
    Confidential,
    Restricted,
}

/// A level in the shape of the SDK, where `top_secret` is `restricted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GivenLevel {
    Public,
    Internal,
    Confidential,
    Restricted,
    TopSecret,
}

impl From<GivenLevel> for Level {
    fn from(given: GivenLevel) -> Self {
        match given {
            GivenLevel::Public => Self::Public,
            GivenLevel::Internal => Self::Internal,
            GivenLevel::Confidential => Self::Confidential,
            GivenLevel::Restricted | GivenLevel::TopSecret => Self::Restricted,
        }
    }
}

/// What kind of data a document holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = ClassificationDataType)]
pub enum DataType {
    Pii,
    Phi,
    Pci,
    Custom,
}

body! {
    /// A pattern, and what a document is classified as that has it in its name or its content.
    #[derive(Clone, Debug)]
    pub struct NewClassificationRule {
        /// A regular expression of 1 to 512 characters, without look-around and back-references.
        pub pattern: Text<1, 512> as "pattern",
        pub classification: Level as "classification",
        #[schema(value_type = Option<Vec<DataType>>)]
        pub data_types: Option<List<DataType, 16>> as "dataTypes",
    }
}

body! {
    /// A pattern in the shape of the SDK.
    #[derive(Clone, Debug)]
    pub struct NewSdkPattern {
        pub name: Option<Text<0, 128>> as "name",
        pub regex: Text<1, 512> as "regex",
        /// Whatever is said: the data are pii.
        pub pii_type: Option<Text<0, 128>> as "piiType",
    }
}

body! {
    /// A policy with `rules`, or with `classificationLevel`, `patterns` and `keywords` in the shape of the SDK.
    pub struct CreateClassificationPolicy {
        /// No two policies of a tenant have the same name.
        pub name: Text<1, 128> as "name",
        pub description: Option<Text<0, 2000>> as "description",
        #[schema(value_type = Option<Vec<NewClassificationRule>>, min_items = 1, max_items = 100)]
        pub rules: Option<List<NewClassificationRule, 100>> as "rules",
        /// Whether the documents that there are, and each new version, are tested; false if not given.
        pub auto_apply: Option<bool> as "autoApply",
        /// The level of all patterns and keywords.
        pub classification_level: Option<GivenLevel> as "classificationLevel",
        #[schema(value_type = Option<Vec<NewSdkPattern>>)]
        pub patterns: Option<List<NewSdkPattern, 100>> as "patterns",
        /// Texts that are found as they are written.
        #[schema(value_type = Option<Vec<Text<1, 256>>>, max_items = 100)]
        pub keywords: Option<List<Text<1, 256>, 100>> as "keywords",
    } where faults {
        let sdk = [patterns.as_ref().and_then(Option::as_ref).map(|list| list.0.len()),
            keywords.as_ref().and_then(Option::as_ref).map(|list| list.0.len())];
        let of_sdk: usize = sdk.iter().flatten().sum();
        match &rules {
            Some(Some(rules)) => faults.check(!rules.0.is_empty(), "rules", "must have at least one item"),
            Some(None) if sdk.iter().all(Option::is_none) => faults.add("rules", "is required"),
            Some(None) => {
                faults.check((1..=100).contains(&of_sdk), "patterns", "must have 1 to 100 items with keywords");
                let is_missing = matches!(&classification_level, Some(None));
                faults.check(!is_missing, "classificationLevel", "is required with patterns and keywords");
            }
            None => {}
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClassificationPolicyCreated {
    pub policy_id: String,
    pub name: String,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClassificationPolicyInList {
    pub policy_id: String,
    pub name: String,
    pub rule_count: i64,
    pub auto_apply: bool,
}

#[derive(Serialize, ToSchema)]
pub struct ClassificationPolicies {
    /// Oldest first.
    pub policies: Vec<ClassificationPolicyInList>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScanType {
    Full,
    Incremental,
    PiiOnly,
    Reclassify,
}

body! {
    pub struct StartClassificationScan {
        pub scope: Option<DocumentScope> as "scope",
        /// All policies if not given.
        #[schema(value_type = Option<Vec<Uuid>>, max_items = 100)]
        pub policy_ids: Option<List<Uuid, 100>> as "policyIds",
        /// Accepted; each scan is a full one.
        pub scan_type: Option<ScanType> as "scanType",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScanQueued {
    pub scan_id: String,
    /// queued
    pub status: &'static str,
    pub estimated_completion_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClassificationScan {
    pub scan_id: String,
    /// queued, running or completed.
    pub status: String,
    pub objects_scanned: i64,
    /// Of these, the ones that a rule of the scan matched.
    pub objects_classified: i64,
    pub started_at: Option<IsoTime>,
    pub completed_at: Option<IsoTime>,
}

#[derive(Serialize, ToSchema)]
pub struct ByLevel {
    pub public: i64,
    pub internal: i64,
    pub confidential: i64,
    pub restricted: i64,
}

#[derive(Serialize, ToSchema)]
pub struct ByDataType {
    pub pii: i64,
    pub phi: i64,
    pub pci: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClassificationStats {
    /// Documents, archived ones too.
    pub total_objects: i64,
    pub classified_objects: i64,
    pub by_classification: ByLevel,
    pub by_data_type: ByDataType,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::read;

    fn faults(json: &str) -> String {
        let read = read::<CreateClassificationPolicy>(json.as_bytes(), "Body");
        read.err().map(|faults| faults.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_policy_has_rules_in_one_of_two_shapes() {
        assert_eq!(faults(r#"{"name":"p","rules":[{"pattern":"a","classification":"public"}]}"#), "");
        assert_eq!(faults(r#"{"name":"p","classificationLevel":"top_secret","keywords":["a"]}"#), "");
        let sdk = r#"{"name":"p","classificationLevel":"public","patterns":[{"regex":"a","piiType":"email"}]}"#;
        assert_eq!(faults(sdk), "");
        assert_eq!(faults(r#"{"name":"p"}"#), "rules is required");
        assert_eq!(faults(r#"{"name":"p","rules":[]}"#), "rules must have at least one item");
        let missing = "classificationLevel is required with patterns and keywords";
        assert_eq!(faults(r#"{"name":"p","keywords":["a"]}"#), missing);
        let none = "patterns must have 1 to 100 items with keywords";
        assert_eq!(faults(r#"{"name":"p","classificationLevel":"public","keywords":[]}"#), none);
        assert!(faults(r#"{"name":"p","rules":[{"pattern":"a","classification":"top_secret"}]}"#).contains("rules[0]"));
    }

    #[test]
    fn levels_are_ordered() {
        assert!(Level::Restricted > Level::Confidential && Level::Internal > Level::Public);
        assert_eq!(Level::from(GivenLevel::TopSecret), Level::Restricted);
    }
}
