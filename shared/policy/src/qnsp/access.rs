//! Access decisions: any policy that applies and denies → denied, else any that allows → allowed, else denied.

pub mod comparison;
mod conditions;
pub mod graph;
mod impact;
mod keys;

use std::cmp::Ordering;

use model::qnsp::access::{Effect, Rule};
use serde_json::{Map, Value};

use super::glob;

pub use impact::{Change, Changed, Impact, Triple, impact};
pub use keys::{keys_of_request, keys_of_rule};

const HOUR_MS: i64 = 3_600_000;

/// A policy with what it says. A grant is one that allows.
#[derive(Clone, Debug)]
pub struct Policy {
    pub id: String,
    pub name: String,
    pub rule: Rule,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    pub principal_type: String,
    pub principal_id: String,
    pub principal_attributes: Map<String, Value>,
    pub resource_type: String,
    pub resource_id: String,
    pub resource_attributes: Map<String, Value>,
    pub action: String,
    pub environment: Map<String, Value>,
    /// Milliseconds since the epoch.
    pub at: i64,
}

/// A policy that applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason<'a> {
    pub policy_id: &'a str,
    pub policy_name: &'a str,
    pub effect: Effect,
    /// The paths of its conditions, sorted.
    pub conditions: Vec<&'a str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    pub effect: Effect,
    /// Denials first, then by name, then by id.
    pub reasons: Vec<Reason<'a>>,
}

impl Request {
    /// `type:id`.
    pub fn principal(&self) -> String {
        format!("{}:{}", self.principal_type, self.principal_id)
    }

    /// `type/id`.
    pub fn resource(&self) -> String {
        format!("{}/{}", self.resource_type, self.resource_id)
    }

    /// `type:id`, as SDKs write resources.
    fn resource_of_sdk(&self) -> String {
        format!("{}:{}", self.resource_type, self.resource_id)
    }

    /// The hour 0 to 23 and the weekday 1 (Monday) to 7, in UTC.
    fn hour_and_weekday(&self) -> (i64, i64) {
        let hours = self.at.div_euclid(HOUR_MS);
        // The epoch was a Thursday.
        (hours.rem_euclid(24), (hours.div_euclid(24) + 3).rem_euclid(7) + 1)
    }
}

/// Whether any pattern matches the text.
fn any_matches(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| glob::matches(pattern, text))
}

/// Decides by all policies that there are, in whatever order.
pub fn decide<'a>(policies: impl IntoIterator<Item = &'a Policy>, request: &Request) -> Decision<'a> {
    let (principal, resource, of_sdk) = (request.principal(), request.resource(), request.resource_of_sdk());
    let applies = |rule: &Rule| {
        any_matches(&rule.principals, &principal)
            && any_matches(&rule.actions, &request.action)
            && (any_matches(&rule.resources, &resource) || any_matches(&rule.resources, &of_sdk))
            && conditions::hold(&rule.conditions, request)
    };
    let applying = policies.into_iter().filter(|policy| applies(&policy.rule));
    let reason = |policy: &'a Policy| Reason {
        policy_id: &policy.id,
        policy_name: &policy.name,
        effect: policy.rule.effect,
        conditions: policy.rule.conditions.0.keys().map(String::as_str).collect(),
    };
    let mut reasons: Vec<_> = applying.map(reason).collect();
    reasons.sort_by(|a, b| order(a).cmp(&order(b)));
    Decision { effect: reasons.first().map_or(Effect::Deny, |first| first.effect), reasons }
}

fn order<'a>(reason: &Reason<'a>) -> (Effect, &'a str, &'a str) {
    (reason.effect, reason.policy_name, reason.policy_id)
}

/// How two values compare; `None` where they are neither two numbers nor two texts.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
        },
        // UTF-8 is ordered as code points are.
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
