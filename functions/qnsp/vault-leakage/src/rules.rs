//! The rules of a scan: its policies as they were when it was asked for.

use model::qnsp::vault::leakage::{LeakageAction, LeakagePatternType, LeakageSeverity, LeakageTarget};
use policy::qnsp::{
    leakage::Rule,
    pattern::{Case, LARGEST_TOGETHER, Pattern},
};
use serde::Deserialize;
use service::{Error, Result};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredPolicy {
    policy_id: String,
    patterns: Vec<StoredPattern>,
    targets: Vec<LeakageTarget>,
    on_detection: LeakageAction,
    channels: Vec<String>,
    sources: Vec<Source>,
}

#[derive(Deserialize)]
struct StoredPattern {
    #[serde(rename = "type")]
    pattern_type: LeakagePatternType,
    pattern: String,
    severity: LeakageSeverity,
}

/// Where a target is, and as whom it is asked.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Source {
    target: LeakageTarget,
    pub base_url: Option<String>,
    pub token_secret_id: Option<String>,
}

pub(crate) struct PolicyRules {
    pub id: String,
    pub rules: Vec<(Rule, LeakageSeverity)>,
    pub channels: Vec<String>,
}

pub(crate) struct Rules {
    pub policies: Vec<PolicyRules>,
    /// What is done with a secret that is found: the strictest of the policies.
    pub action: LeakageAction,
    /// All targets of the policies, each once.
    pub targets: Vec<LeakageTarget>,
    /// A file would be searched for them for too long. Policies from before there was a bound may be so.
    pub are_too_large: bool,
    sources: Vec<Source>,
}

impl Rules {
    pub(crate) fn read(json: &str) -> Result<Self> {
        let unreadable = || Error::internal("rules of a scan that cannot be read");
        let stored: Vec<StoredPolicy> = serde_json::from_str(json).map_err(|_| unreadable())?;
        let patterns = stored.iter().flat_map(|policy| &policy.patterns);
        let expressions = patterns.filter(|it| it.pattern_type == LeakagePatternType::Regex);
        let size = Pattern::size_together(expressions.map(|it| it.pattern.as_str()), Case::AsWritten);
        let mut rules = Self {
            policies: Vec::new(),
            action: LeakageAction::Alert,
            targets: Vec::new(),
            are_too_large: size.is_none_or(|size| size > LARGEST_TOGETHER),
            sources: Vec::new(),
        };
        for policy in stored {
            rules.action = rules.action.max(policy.on_detection);
            for target in policy.targets {
                if !rules.targets.contains(&target) {
                    rules.targets.push(target);
                }
            }
            rules.sources.extend(policy.sources);
            let compiled = policy.patterns.iter().map(|it| Some((rule(it)?, it.severity)));
            let compiled = compiled.collect::<Option<_>>().ok_or_else(unreadable)?;
            rules.policies.push(PolicyRules { id: policy.policy_id, rules: compiled, channels: policy.channels });
        }
        Ok(rules)
    }

    /// The source of a target: that of the first policy that has one.
    pub(crate) fn source(&self, target: LeakageTarget) -> Source {
        let found = self.sources.iter().find(|source| source.target == target);
        found.cloned().unwrap_or(Source { target, base_url: None, token_secret_id: None })
    }

    /// The channels of all policies, each once.
    pub(crate) fn channels(&self) -> Vec<String> {
        let mut channels = Vec::new();
        for channel in self.policies.iter().flat_map(|policy| &policy.channels) {
            if !channels.contains(channel) {
                channels.push(channel.clone());
            }
        }
        channels
    }
}

fn rule(stored: &StoredPattern) -> Option<Rule> {
    Some(match stored.pattern_type {
        LeakagePatternType::Regex => Rule::Regex(Pattern::compile(&stored.pattern, Case::AsWritten)?),
        LeakagePatternType::Keyword => Rule::Keyword(stored.pattern.to_lowercase()),
        LeakagePatternType::Entropy => Rule::Entropy(stored.pattern.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_from_before_there_was_a_bound_are_known_to_be_too_large() {
        let policy = |expressions: &[&str]| {
            let pattern = |text: &&str| json!({ "type": "regex", "pattern": text, "severity": "low" });
            let patterns: Vec<_> = expressions.iter().map(pattern).collect();
            json!({
                "policyId": "p", "patterns": patterns, "targets": ["github"], "onDetection": "alert", "channels": [],
                "sources": [],
            })
        };
        let are_too_large =
            |policies: &[serde_json::Value]| Rules::read(&json!(policies).to_string()).unwrap().are_too_large;
        assert!(!are_too_large(&[policy(&["[a-z]{200}"])]));
        assert!(are_too_large(&[policy(&["[a-z]{200}"]), policy(&["[a-z]{250}"])]));
        assert!(are_too_large(&[policy(&["(?:a?){8000}"])]));
    }
}
