//! Policies: what is looked for, where, and what is done when a secret is found.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::LeakageSeverity;
use crate::{
    body,
    ids::SecretId,
    qnsp::{List, Text},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum LeakagePatternType {
    Regex,
    /// A text, in any case.
    Keyword,
    /// The least bits a character of a token.
    Entropy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum LeakageTarget {
    Github,
    Gitlab,
    Pastebin,
    S3,
}

/// What is done with a secret that is found. Of several the strictest, which is the last, is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum LeakageAction {
    #[default]
    Alert,
    Rotate,
    Revoke,
}

body! {
    #[derive(Clone, Debug, Serialize)]
    pub struct LeakagePattern {
        pub pattern_type: LeakagePatternType as "type",
        /// A regular expression, a text of 1 to 256 characters, or a decimal number from 1 to 8.
        pub pattern: Text<1, 512> as "pattern",
        /// medium unless it is said.
        pub severity: Option<LeakageSeverity> as "severity",
    } where faults {
        if let (Some(kind), Some(pattern)) = (&pattern_type, &pattern) {
            let text = pattern.as_str();
            match kind {
                LeakagePatternType::Regex => {}
                LeakagePatternType::Keyword => {
                    faults.check(text.chars().count() <= 256, "pattern", "may have at most 256 characters");
                }
                LeakagePatternType::Entropy => {
                    faults.check(bits(text).is_some(), "pattern", "must be a decimal number from 1 to 8");
                }
            }
        }
    }
}

impl LeakagePattern {
    pub fn severity(&self) -> LeakageSeverity {
        self.severity.unwrap_or_default()
    }

    /// The least bits a character, of a pattern of entropy.
    pub fn bits(&self) -> Option<f64> {
        bits(self.pattern.as_str())
    }
}

fn bits(text: &str) -> Option<f64> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|bits| is_decimal && (1.0..=8.0).contains(bits))
}

body! {
    #[derive(Clone, Debug)]
    pub struct LeakageActions {
        /// alert unless it is said.
        pub on_detection: Option<LeakageAction> as "onDetection",
        /// https URLs get a signed delivery; other texts are kept.
        #[schema(value_type = Option<Vec<Text<1, 2000>>>, max_items = 100)]
        pub notification_channels: Option<List<Text<1, 2000>, 100>> as "notificationChannels",
    }
}

body! {
    /// Where a target is, and as whom it is asked.
    #[derive(Clone, Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    pub struct LeakageSource {
        pub target: LeakageTarget as "target",
        pub base_url: Option<Text<1, 2000>> as "baseUrl",
        /// A versioned secret of the tenant. Its active version is the token.
        pub token_secret_id: Option<SecretId> as "tokenSecretId",
    } where faults {
        if let Some(target) = &target {
            let is_served = matches!(target, LeakageTarget::Github | LeakageTarget::Gitlab);
            faults.check(is_served, "target", "must be github or gitlab");
        }
    }
}

/// The targets of a policy, each once.
pub type LeakageTargets = List<LeakageTarget, 16>;

body! {
    pub struct CreateLeakagePolicy {
        pub name: Text<1, 128> as "name",
        pub description: Option<Text<0, 2000>> as "description",
        /// true unless it is said.
        pub enabled: Option<bool> as "enabled",
        #[schema(value_type = Vec<LeakagePattern>, min_items = 1, max_items = 100)]
        pub secret_patterns: List<LeakagePattern, 100> as "secretPatterns",
        #[schema(value_type = Vec<LeakageTarget>, min_items = 1)]
        pub scan_targets: Option<LeakageTargets> as "scanTargets",
        /// The same as scanTargets.
        #[schema(value_type = Option<Vec<LeakageTarget>>)]
        pub scan_sources: Option<LeakageTargets> as "scanSources",
        pub actions: Option<LeakageActions> as "actions",
        #[schema(value_type = Option<Vec<LeakageSource>>)]
        pub sources: Option<List<LeakageSource, 16>> as "sources",
    } where faults {
        if let Some(patterns) = &secret_patterns {
            faults.check(!patterns.0.is_empty(), "secretPatterns", "must have at least one item");
        }
        match (&scan_targets, &scan_sources) {
            (Some(None), Some(None)) => faults.add("scanTargets", "is required"),
            (Some(Some(targets)), _) if targets.0.is_empty() => {
                faults.add("scanTargets", "must have at least one item");
            }
            (Some(None), Some(Some(targets))) if targets.0.is_empty() => {
                faults.add("scanSources", "must have at least one item");
            }
            _ => {}
        }
    }
}

impl CreateLeakagePolicy {
    /// Each target once, in the order in which they were given.
    pub fn targets(&self) -> Vec<LeakageTarget> {
        let given = self.scan_targets.as_ref().or(self.scan_sources.as_ref());
        let mut targets = Vec::new();
        for target in given.iter().flat_map(|given| &given.0) {
            if !targets.contains(target) {
                targets.push(*target);
            }
        }
        targets
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeakagePolicyCreated {
    pub policy_id: String,
    pub name: String,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeakagePolicyInList {
    pub policy_id: String,
    pub name: String,
    pub enabled: bool,
    /// How many there are.
    pub secret_patterns: i64,
}

#[derive(Serialize, ToSchema)]
pub struct LeakagePolicies {
    /// Oldest first.
    pub policies: Vec<LeakagePolicyInList>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeakagePolicy {
    pub policy_id: String,
    pub name: String,
    pub description: String,
    pub enabled: bool,
    #[schema(value_type = Vec<LeakagePattern>)]
    pub secret_patterns: serde_json::Value,
    #[schema(value_type = Vec<LeakageTarget>)]
    pub scan_targets: serde_json::Value,
    #[schema(value_type = LeakageActions)]
    pub actions: serde_json::Value,
    #[schema(value_type = Vec<LeakageSource>)]
    pub sources: serde_json::Value,
    pub created_at: IsoTime,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::read;

    #[test]
    fn a_pattern_is_of_its_type() {
        for (kind, pattern, is_right) in [
            ("regex", "a".repeat(512), true),
            ("regex", "a".repeat(513), false),
            ("keyword", "a".repeat(256), true),
            ("keyword", "a".repeat(257), false),
            ("keyword", String::new(), false),
            ("entropy", "4.5".to_owned(), true),
            ("entropy", "8".to_owned(), true),
            ("entropy", "0.9".to_owned(), false),
            ("entropy", "8.1".to_owned(), false),
            ("entropy", "+4".to_owned(), false),
            ("entropy", "4e0".to_owned(), false),
            ("entropy", "high".to_owned(), false),
            ("guess", "a".to_owned(), false),
        ] {
            let json = serde_json::json!({ "type": kind, "pattern": pattern }).to_string();
            assert_eq!(read::<LeakagePattern>(json.as_bytes(), "Body").is_ok(), is_right, "{json}");
        }
    }

    #[test]
    fn targets_are_named_once_and_by_either_name() {
        let targets = |json: &str| {
            let json = format!(r#"{{"name":"p","secretPatterns":[{{"type":"keyword","pattern":"k"}}],{json}}}"#);
            read::<CreateLeakagePolicy>(json.as_bytes(), "Body").map(|policy| policy.targets()).ok()
        };
        use LeakageTarget::{Github, S3};
        assert_eq!(targets(r#""scanTargets":["s3","github","s3"]"#), Some(vec![S3, Github]));
        assert_eq!(targets(r#""scanSources":["github"]"#), Some(vec![Github]));
        assert_eq!(targets(r#""scanTargets":[]"#), None);
        assert_eq!(targets(r#""enabled":true"#), None);
        assert_eq!(targets(r#""scanTargets":{"github":true}"#), None);
    }

    #[test]
    fn the_strictest_action_is_the_last() {
        assert!(LeakageAction::Revoke > LeakageAction::Rotate && LeakageAction::Rotate > LeakageAction::Alert);
    }
}
