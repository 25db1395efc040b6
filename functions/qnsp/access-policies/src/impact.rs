//! What a change of a policy would change, before it is made.

use std::collections::BTreeSet;

use axum::{http::StatusCode, response::Response};
use model::qnsp::access::{
    AnalyzeImpact, ChangeType, Effect, EnforcementLevel, ImpactAnalysis, ImpactSample, ImpactSummary, RiskAssessment,
    RiskLevel, Rule, SimulationType,
};
use platform::Statement;
use policy::qnsp::access::{self, Change, Changed, Impact, Policy, Triple};
use qnsp::{
    Call, Caller,
    access::{exists, grants},
    day_of, impossible, missing, new_id,
};
use service::{Error, Guard, Result};

use crate::asked;

/// How many counts of questions are read, those of the newest days first.
const MOST_ASKED: usize = 20_000;

/// Analyze what a change of a policy would change. Nothing is changed.
#[utoipa::path(
    post, path = "/access/v1/simulate/impact", tag = "Access control", request_body = AnalyzeImpact,
    responses(
        (status = 200, body = ImpactAnalysis), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 422),
    ),
)]
pub(crate) async fn analyze_impact(call: Call<AnalyzeImpact>) -> Result<Response> {
    let id = new_id()?;
    call.about(id.as_str());
    let change = call.body.change().ok_or_else(|| Error::internal("an analysis of no change"))?;
    let policy_id = change.policy_id.as_ref().map(|id| id.as_str());
    let new = change.new_policy().map(|new| (new.name.as_str(), new.statement().map(Rule::from)));
    let new_rule = new.as_ref().and_then(|(_, rule)| rule.as_ref());
    let stored = Stored::read(&call).await?;
    let changed = policy_id.and_then(|id| stored.policies.iter().find(|(policy, _)| policy.id == id));
    let mut work = call.work();
    if let Some(id) = policy_id {
        work.require(exists(call.tenant(), id));
        if changed.is_none() {
            // It came to be after the policies were read.
            work.require(Guard::new("false", missing("No such policy")));
        }
    }
    if let (ChangeType::Create, Some((name, _))) = (change.kind, &new) {
        let free = "NOT EXISTS (SELECT 1 FROM qnsp_access_policies WHERE tenant_id = ?1 AND name = ?2)";
        let taken = impossible("policyChange.newPolicy.name", "is the name of another policy");
        work.require(Guard::new(free, taken).bind(call.tenant()).bind(*name));
    }
    let impact = stored.impact(changed, new_rule, change.kind);
    let analysis = analysis(id, &impact, new_rule, call.body.sample_size());
    let summary = &analysis.impact_summary;
    for statement in asked::simulation(&call, &analysis.analysis_id, SimulationType::Impact, summary, None)? {
        work.push(statement);
    }
    work.commit(StatusCode::OK, &analysis).await
}

/// Everything that decisions follow from, and what was asked.
struct Stored {
    policies: Vec<(Policy, bool)>,
    grants: Vec<Policy>,
    asked: Vec<Triple>,
    is_truncated: bool,
}

impl Stored {
    async fn read(caller: &Caller) -> Result<Self> {
        let policies = "SELECT id, name, statement, enforcement_level FROM qnsp_access_policies WHERE tenant_id = ?1";
        let policies = caller.app.query(Statement::new(policies).bind(caller.tenant())).await?;
        let policies = policies.iter().map(|row| {
            let statement: String = row.get("statement")?;
            let rule = serde_json::from_str(&statement).map_err(|_| Error::internal("a stored policy is none"))?;
            let is_enforced = row.get::<String>("enforcement_level")? == <&str>::from(EnforcementLevel::Enforced);
            Ok((Policy { id: row.get("id")?, name: row.get("name")?, rule }, is_enforced))
        });
        let policies = policies.collect::<Result<_>>()?;
        let asked = Statement::new(
            "SELECT principal, resource, action FROM qnsp_access_questions WHERE tenant_id = ?1 AND day > ?2 \
             ORDER BY day DESC, principal, resource, action LIMIT ?3",
        );
        let since = day_of(caller.now) - asked::KEPT_DAYS;
        let most = i64::try_from(MOST_ASKED).unwrap_or(i64::MAX) + 1;
        let rows = caller.app.query(asked.bind(caller.tenant()).bind(since).bind(most)).await?;
        let triple = |row: &platform::Row| {
            Ok(Triple { principal: row.get("principal")?, resource: row.get("resource")?, action: row.get("action")? })
        };
        let mut asked: Vec<_> = rows.iter().take(MOST_ASKED).map(triple).collect::<Result<_>>()?;
        let grants = grants::of_tenant(caller).await?;
        asked.extend(grants.granted);
        let is_truncated = rows.len() > MOST_ASKED || grants.is_truncated;
        Ok(Self { policies, grants: grants.active, asked, is_truncated })
    }

    /// A template decides nothing before its change or after it.
    fn impact(&self, changed: Option<&(Policy, bool)>, new: Option<&Rule>, kind: ChangeType) -> Impact {
        let is_enforced = kind == ChangeType::Create || changed.is_some_and(|(_, is_enforced)| *is_enforced);
        let change = Change {
            old: changed.map(|(policy, _)| &policy.rule).filter(|_| is_enforced),
            new: new.filter(|_| is_enforced),
        };
        let id = changed.map(|(policy, _)| policy.id.as_str());
        let others =
            self.policies.iter().filter(|(policy, is_enforced)| *is_enforced && Some(policy.id.as_str()) != id);
        let others: Vec<_> = others.map(|(policy, _)| policy).chain(&self.grants).collect();
        let named: Vec<_> = self.policies.iter().map(|(policy, _)| &policy.rule).chain(new).collect();
        let mut impact = access::impact(&change, &others, &named, self.asked.clone());
        impact.is_truncated |= self.is_truncated;
        impact
    }
}

fn analysis(id: String, impact: &Impact, new: Option<&Rule>, sample_size: usize) -> ImpactAnalysis {
    let distinct = |text: fn(&Changed) -> &str| impact.changed.iter().map(text).collect::<BTreeSet<_>>().len();
    let decided = |effect: Effect| impact.changed.iter().filter(|changed| changed.new == effect).count();
    let summary = ImpactSummary {
        affected_principals: distinct(|changed| &changed.triple.principal),
        affected_resources: distinct(|changed| &changed.triple.resource),
        permissions_granted: decided(Effect::Allow),
        permissions_revoked: decided(Effect::Deny),
    };
    let samples = impact.changed.iter().take(sample_size).map(|changed| ImpactSample {
        principal: changed.triple.principal.clone(),
        resource: changed.triple.resource.clone(),
        action: changed.triple.action.clone(),
        current_decision: Effect::of(changed.new == Effect::Deny),
        new_decision: changed.new,
    });
    let (wildcards, warnings) = warnings(impact, &summary, new);
    ImpactAnalysis {
        impact_summary: summary,
        samples: samples.collect(),
        warnings,
        analysis_id: id,
        impact: summary,
        risk_assessment: risk(&summary, wildcards),
    }
}

/// Whether a pattern of the new policy is exactly `*`, and all warnings.
fn warnings(impact: &Impact, summary: &ImpactSummary, new: Option<&Rule>) -> (bool, Vec<String>) {
    let is_wild = |list: fn(&Rule) -> &Vec<String>| new.is_some_and(|rule| list(rule).iter().any(|text| text == "*"));
    let wildcards = [
        ("wildcard_principal", is_wild(|rule| &rule.principals)),
        ("wildcard_resource", is_wild(|rule| &rule.resources)),
        ("wildcard_action", is_wild(|rule| &rule.actions)),
    ];
    let others = [
        ("conditions_assumed_met", new.is_some_and(|rule| !rule.conditions.0.is_empty())),
        ("universe_truncated", impact.is_truncated),
        ("no_effect", impact.changed.is_empty()),
    ];
    let stands = |(_, stands): &&(&str, bool)| *stands;
    let mut warnings: Vec<_> =
        wildcards.iter().chain(&others).filter(stands).map(|(name, _)| (*name).to_owned()).collect();
    if summary.permissions_revoked > 0 {
        warnings.push(format!("revokes_access:{}", summary.permissions_revoked));
    }
    (wildcards.iter().any(|(_, stands)| *stands), warnings)
}

fn risk(summary: &ImpactSummary, has_wildcards: bool) -> RiskAssessment {
    let (level, recommendation) = if summary.permissions_revoked > 0 {
        (RiskLevel::High, "Check that nobody needs the access that is revoked")
    } else if has_wildcards {
        (RiskLevel::High, "Name principals, resources and actions instead of everything")
    } else if summary.permissions_granted > 0 {
        (RiskLevel::Medium, "Check that everybody who gains access is meant to")
    } else {
        (RiskLevel::Low, "No decision that is known of changes")
    };
    RiskAssessment { level, recommendation: recommendation.to_owned() }
}
