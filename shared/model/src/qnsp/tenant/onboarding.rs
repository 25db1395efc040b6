//! How a tenant comes to be: a workflow of steps.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

use crate::{
    body,
    ids::Uuid,
    portal::is_email,
    qnsp::{Text, Whole},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Template {
    Standard,
    Enterprise,
    Sandbox,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StepKind {
    CreateTenantRecord,
    SetQuotaTier,
    CreateDefaultPolicies,
    RegisterAdmin,
    EnableAudit,
}

impl Template {
    /// What is done, in order.
    #[must_use]
    pub fn kinds(self) -> Vec<StepKind> {
        use StepKind::{CreateDefaultPolicies, CreateTenantRecord, EnableAudit, RegisterAdmin, SetQuotaTier};
        let all = [CreateTenantRecord, SetQuotaTier, CreateDefaultPolicies, RegisterAdmin, EnableAudit];
        all.into_iter().filter(|kind| self != Self::Sandbox || *kind != CreateDefaultPolicies).collect()
    }

    /// Whether a step waits for the word of an operator.
    #[must_use]
    pub fn is_manual(self, kind: StepKind) -> bool {
        self == Self::Enterprise && kind == StepKind::SetQuotaTier
    }
}

body! {
    /// What the steps are given. All but the first two are for operators.
    #[derive(Default)]
    pub struct Parameters {
        /// The tenant's id if not given.
        pub tenant_name: Option<Text<1, 128>> as "tenantName",
        pub admin_email: Option<String> as "adminEmail",
        pub tier: Option<String> as "tier",
        pub add_ons: Option<Vec<String>> as "addOns",
        pub rate_limit_per_minute: Option<Whole<1, 1_000_000_000>> as "rateLimitPerMinute",
        /// Kinds of steps that wait for the word of an operator.
        pub manual_steps: Option<Vec<StepKind>> as "manualSteps",
    } where faults {
        if let Some(Some(email)) = &admin_email {
            faults.check(is_email(email), "adminEmail", "must be an e-mail address");
        }
        if let Some(Some(add_ons)) = &add_ons {
            for (index, name) in add_ons.iter().enumerate() {
                let is_known = ["byohsm", "key-escrow"].contains(&name.as_str());
                faults.check(is_known, format!("addOns[{index}]"), "must be byohsm or key-escrow");
            }
        }
    }
}

impl Parameters {
    /// Whether something is given that only an operator may give.
    #[must_use]
    pub fn are_for_operators(&self) -> bool {
        self.tier.is_some()
            || self.add_ons.is_some()
            || self.rate_limit_per_minute.is_some()
            || self.manual_steps.is_some()
    }
}

body! {
    /// A workflow for a tenant, which need not exist yet.
    pub struct NewWorkflow {
        /// `standard`, `enterprise` or `sandbox`.
        pub template_id: Text<1, 256> as "templateId",
        pub tenant_id: Uuid as "tenantId",
        pub parameters: Option<Parameters> as "parameters",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StepStatus {
    Pending,
    InProgress,
    Completed,
    Failed,
    Skipped,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub step_id: String,
    pub name: String,
    pub kind: StepKind,
    /// From 1.
    pub order: usize,
    pub status: StepStatus,
    /// Of the step that registers the first user: `userId`, and in the answer of the call that ran it `apiKey`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub output: Option<serde_json::Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WorkflowStatus {
    Pending,
    InProgress,
    Paused,
    Completed,
    Cancelled,
    Failed,
}

impl WorkflowStatus {
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::Failed)
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Workflow {
    pub workflow_id: String,
    pub tenant_id: String,
    pub template_id: String,
    pub status: WorkflowStatus,
    pub steps: Vec<Step>,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Start,
    Pause,
    Resume,
    Cancel,
}

body! {
    /// What happens to a workflow next.
    pub struct Act {
        pub action: Action as "action",
        /// Required to pause and to cancel.
        pub reason: Option<Text<1, 2000>> as "reason",
    } where faults {
        if let (Some(Action::Pause | Action::Cancel), Some(None)) = (&action, &reason) {
            faults.add("reason", "is required");
        }
    }
}

body! {
    /// The word of an operator on a step that waits for it: `completed`, `failed` or `skipped`.
    pub struct StepResult {
        pub status: StepStatus as "status",
    } where faults {
        if let Some(status) = &status {
            let is_end = matches!(status, StepStatus::Completed | StepStatus::Failed | StepStatus::Skipped);
            faults.check(is_end, "status", "must be completed, failed or skipped");
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowChanged {
    pub workflow_id: String,
    pub status: WorkflowStatus,
    pub steps: Vec<Step>,
    pub updated_at: IsoTime,
}
