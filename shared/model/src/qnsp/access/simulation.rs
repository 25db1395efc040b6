//! Simulations: many questions at once, what a change of a policy would change, and what was simulated before.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::value::RawValue;
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::{AccessContext, AccessPrincipal, AccessResource, AccessStatement, DecisionReason, Effect, Patterns};
use crate::{
    body,
    ids::Uuid,
    qnsp::{Text, Whole, access::Conditions},
    time::IsoTime,
};

body! {
    /// One question of a batch.
    pub struct BatchQuestion {
        /// Its index in the batch if not given. No two questions of a batch have the same.
        pub request_id: Option<Text<1, 256>> as "requestId",
        /// Required, here or as `subject`.
        pub principal: Option<AccessPrincipal> as "principal",
        /// The same as `principal`, which counts before it.
        pub subject: Option<AccessPrincipal> as "subject",
        pub resource: AccessResource as "resource",
        pub action: Text<1, 256> as "action",
        pub context: Option<AccessContext> as "context",
    } where faults {
        faults.check(!matches!((&principal, &subject), (Some(None), Some(None))), "principal", "is required");
    }
}

/// The most questions of a batch.
const MOST_QUESTIONS: usize = 100;

/// 1 to 100 questions.
pub struct Questions(pub Vec<BatchQuestion>);

impl<'de> Deserialize<'de> for Questions {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let questions = Vec::deserialize(from)?;
        if (1..=MOST_QUESTIONS).contains(&questions.len()) {
            return Ok(Self(questions));
        }
        Err(D::Error::custom(format!("must have 1 to {MOST_QUESTIONS} items")))
    }
}

impl Questions {
    /// The id of each question.
    pub fn ids(&self) -> Vec<String> {
        let id = |(index, question): (usize, &BatchQuestion)| {
            question.request_id.as_ref().map_or_else(|| index.to_string(), |id| id.as_str().to_owned())
        };
        self.0.iter().enumerate().map(id).collect()
    }
}

body! {
    pub struct SimulateBatch {
        #[schema(value_type = Vec<BatchQuestion>)]
        pub requests: Questions as "requests",
    } where faults {
        let ids = requests.as_ref().map(Questions::ids).unwrap_or_default();
        let mut known = std::collections::HashSet::new();
        for (index, id) in ids.iter().enumerate() {
            faults.check(known.insert(id), format!("requests[{index}].requestId"), "must be unique in the batch");
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchResult {
    pub request_id: String,
    pub decision: Effect,
    pub reasons: Vec<DecisionReason>,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
pub struct BatchSummary {
    pub total: usize,
    pub allowed: usize,
    pub denied: usize,
}

#[derive(Serialize, ToSchema)]
pub struct BatchSimulated {
    /// In the order of the questions.
    pub results: Vec<BatchResult>,
    pub summary: BatchSummary,
}

/// How a policy changes; SDKs say `add`, `modify` and `remove`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeType {
    #[serde(alias = "add")]
    Create,
    #[serde(alias = "modify")]
    Update,
    #[serde(alias = "remove")]
    Delete,
}

body! {
    /// A policy that is not stored. Its lists stand beside its name, or, as policies are stored, in `statement`.
    pub struct ProposedPolicy {
        pub name: Text<1, 128> as "name",
        pub effect: Option<Effect> as "effect",
        #[schema(value_type = Option<Vec<String>>)]
        pub principals: Option<Patterns> as "principals",
        #[schema(value_type = Option<Vec<String>>)]
        pub resources: Option<Patterns> as "resources",
        #[schema(value_type = Option<Vec<String>>)]
        pub actions: Option<Patterns> as "actions",
        /// As in the statement of a policy.
        #[schema(value_type = Option<Object>)]
        pub conditions: Option<Conditions> as "conditions",
        pub statement: Option<AccessStatement> as "statement",
    } where faults {
        if matches!(statement, Some(None)) {
            for (name, is_missing) in [
                ("effect", matches!(effect, Some(None))),
                ("principals", matches!(principals, Some(None))),
                ("resources", matches!(resources, Some(None))),
                ("actions", matches!(actions, Some(None))),
            ] {
                faults.check(!is_missing, name, "is required");
            }
        }
    }
}

impl ProposedPolicy {
    /// What it says, wherever that stands.
    pub fn statement(&self) -> Option<AccessStatement> {
        if let Some(statement) = &self.statement {
            return Some(statement.clone());
        }
        Some(AccessStatement {
            effect: self.effect?,
            principals: self.principals.clone(),
            resources: self.resources.clone()?,
            actions: self.actions.clone()?,
            conditions: self.conditions.clone(),
        })
    }
}

body! {
    /// A change of one policy.
    pub struct PolicyChange {
        #[serde(rename = "type")]
        pub kind: ChangeType as "type",
        /// Of the policy that is changed or deleted.
        pub policy_id: Option<Uuid> as "policyId",
        /// What is created, or what the policy is changed to.
        pub new_policy: Option<ProposedPolicy> as "newPolicy",
        /// The same as `newPolicy`, which counts before it.
        pub policy: Option<ProposedPolicy> as "policy",
    } where faults {
        if let (Some(kind), Some(id), Some(new), Some(other)) = (&kind, &policy_id, &new_policy, &policy) {
            let (has_id, has_new) = (id.is_some(), new.is_some() || other.is_some());
            let (wants_id, wants_new) = (*kind != ChangeType::Create, *kind != ChangeType::Delete);
            faults.check(!wants_id || has_id, "policyId", "is required");
            faults.check(wants_id || !has_id, "policyId", "must not be given for a policy that is created");
            faults.check(!wants_new || has_new, "newPolicy", "is required");
            faults.check(wants_new || !has_new, "newPolicy", "must not be given for a policy that is deleted");
        }
    }
}

impl PolicyChange {
    pub fn new_policy(&self) -> Option<&ProposedPolicy> {
        self.new_policy.as_ref().or(self.policy.as_ref())
    }
}

body! {
    pub struct ImpactScope {
        /// The same as `sampleSize` beside it, which counts before it.
        pub sample_size: Option<Whole<1, 100>> as "sampleSize",
    }
}

body! {
    pub struct AnalyzeImpact {
        /// Required, here or as `proposedChange`.
        pub policy_change: Option<PolicyChange> as "policyChange",
        /// The same as `policyChange`, which counts before it.
        pub proposed_change: Option<PolicyChange> as "proposedChange",
        /// How many changed decisions are shown: 1 to 100, 10 if not given.
        pub sample_size: Option<Whole<1, 100>> as "sampleSize",
        pub scope: Option<ImpactScope> as "scope",
    } where faults {
        let is_missing = matches!((&policy_change, &proposed_change), (Some(None), Some(None)));
        faults.check(!is_missing, "policyChange", "is required");
    }
}

impl AnalyzeImpact {
    pub fn change(&self) -> Option<&PolicyChange> {
        self.policy_change.as_ref().or(self.proposed_change.as_ref())
    }

    pub fn sample_size(&self) -> usize {
        let size = self.sample_size.or(self.scope.as_ref().and_then(|scope| scope.sample_size));
        size.and_then(|size| usize::try_from(size.0).ok()).unwrap_or(10)
    }
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImpactSummary {
    pub affected_principals: usize,
    pub affected_resources: usize,
    pub permissions_granted: usize,
    pub permissions_revoked: usize,
}

/// A decision that the change would change.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImpactSample {
    pub principal: String,
    pub resource: String,
    pub action: String,
    pub current_decision: Effect,
    pub new_decision: Effect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RiskLevel {
    Low,
    Medium,
    High,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ImpactRisk)]
pub struct RiskAssessment {
    /// `high` where anything is revoked or the new policy has a pattern that is `*`, `medium` where something is granted.
    pub level: RiskLevel,
    pub recommendation: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImpactAnalysis {
    pub impact_summary: ImpactSummary,
    /// The first changed decisions by principal, resource and action.
    pub samples: Vec<ImpactSample>,
    /// `wildcard_principal`, `wildcard_resource`, `wildcard_action`, `conditions_assumed_met`, `universe_truncated`,
    /// `no_effect`, `revokes_access:<n>`.
    pub warnings: Vec<String>,
    pub analysis_id: String,
    /// The same as `impactSummary`.
    pub impact: ImpactSummary,
    pub risk_assessment: RiskAssessment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum SimulationType {
    Single,
    Batch,
    Impact,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Simulation {
    pub simulation_id: String,
    /// `single`, `batch` or `impact`.
    #[serde(rename = "type")]
    pub kind: String,
    pub requested_by: String,
    pub requested_at: IsoTime,
    /// As it was answered: the summary of a batch, or the impact of an analysis.
    #[schema(value_type = Object)]
    pub summary: Box<RawValue>,
    /// Of a batch, if details were asked for: what its questions were and how they were decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<SimulatedDecision>>)]
    pub decisions: Option<Box<RawValue>>,
}

/// One question and its decision.
#[derive(Serialize, ToSchema)]
pub struct SimulatedDecision {
    pub decision: Effect,
    /// `type:id`.
    pub principal: String,
    /// `type/id`.
    pub resource: String,
    pub action: String,
}

#[derive(Serialize, ToSchema)]
pub struct Simulations {
    /// The newest first.
    pub simulations: Vec<Simulation>,
    /// All of the last 30 days that match, whatever the page.
    pub total: i64,
}
