//! Questions as they are sent, as the evaluator takes them, and the answers to them.

use model::{
    qnsp::access::{
        AccessContext, AccessPrincipal, AccessRequest, AccessResource, BatchQuestion, DecisionAnswer, DecisionReason,
        Effect, EnforcementLevel, MatchedPolicy, NewAccessPolicy, Rule,
    },
    time::IsoTime,
};
use policy::qnsp::access::{Decision, Policy, Request};
use service::{Error, Result};

/// What the ids of policies begin with that came with the question; their index follows.
const PROPOSED: &str = "proposed:";

/// The question as the evaluator takes it.
pub(crate) fn request(ask: &AccessRequest, now: i64) -> Result<Request> {
    made(ask.principal(), &ask.resource, ask.action.as_str(), ask.context.as_ref(), now)
}

/// The same of a question of a batch.
pub(crate) fn of_batch(ask: &BatchQuestion, now: i64) -> Result<Request> {
    let principal = ask.principal.as_ref().or(ask.subject.as_ref());
    made(principal, &ask.resource, ask.action.as_str(), ask.context.as_ref(), now)
}

fn made(
    principal: Option<&AccessPrincipal>,
    resource: &AccessResource,
    action: &str,
    context: Option<&AccessContext>,
    now: i64,
) -> Result<Request> {
    let principal = principal.ok_or_else(|| Error::internal("a question about nobody"))?;
    let AccessResource { kind, id, attributes } = resource;
    Ok(Request {
        principal_type: <&str>::from(principal.kind).to_owned(),
        principal_id: principal.id.as_str().to_owned(),
        principal_attributes: principal.attributes.as_ref().map(|object| object.members()).unwrap_or_default(),
        resource_type: kind.as_str().to_owned(),
        resource_id: id.as_str().to_owned(),
        resource_attributes: attributes.as_ref().map(|object| object.members()).unwrap_or_default(),
        action: action.to_owned(),
        environment: context.map(|context| context.members()).unwrap_or_default(),
        at: context.and_then(|context| context.timestamp.as_ref()).map_or(now, |time| time.0),
    })
}

/// The policies that came with the question, as if they were stored. Templates decide nothing.
pub(crate) fn proposed(ask: &AccessRequest) -> Vec<Policy> {
    let proposed = ask.proposed_policies.as_ref().map(|list| list.0.as_slice()).unwrap_or_default();
    let policies = proposed.iter().enumerate().filter(|(_, policy)| policy.level() == EnforcementLevel::Enforced);
    let policy = |(index, policy): (usize, &NewAccessPolicy)| Policy {
        id: format!("{PROPOSED}{index}"),
        name: policy.name.as_str().to_owned(),
        rule: Rule::from(policy.statement.clone()),
    };
    policies.map(policy).collect()
}

pub(crate) fn reasons(decision: &Decision) -> Vec<DecisionReason> {
    let reason = |reason: &policy::qnsp::access::Reason| DecisionReason {
        policy_id: reason.policy_id.to_owned(),
        policy_name: reason.policy_name.to_owned(),
        effect: reason.effect,
        matched_conditions: reason.conditions.iter().map(|path| (*path).to_owned()).collect(),
    };
    decision.reasons.iter().map(reason).collect()
}

/// The answer to one question: `stored` policies and grants there were, and so many were proposed.
pub(crate) fn answer(decision: &Decision, stored: i64, proposed: usize, now: i64) -> DecisionAnswer {
    let proposed = i64::try_from(proposed).unwrap_or(i64::MAX);
    let decision_reason = match (decision.effect, decision.reasons.first()) {
        (_, None) => "No policy applies".to_owned(),
        (Effect::Deny, Some(first)) => format!("Denied by policy {}", first.policy_name),
        (Effect::Allow, Some(first)) => format!("Allowed by policy {}", first.policy_name),
    };
    let matched = decision.reasons.iter().map(|reason| MatchedPolicy {
        id: reason.policy_id.to_owned(),
        name: reason.policy_name.to_owned(),
        effect: reason.effect,
        is_proposed: reason.policy_id.starts_with(PROPOSED),
    });
    DecisionAnswer {
        decision: decision.effect,
        reasons: reasons(decision),
        effective_policies: decision.reasons.iter().map(|reason| reason.policy_id.to_owned()).collect(),
        simulated_at: IsoTime(now),
        decision_reason,
        matched_policies: matched.collect(),
        total_policies_evaluated: stored.saturating_add(proposed),
        proposed_policies_included: proposed,
    }
}
