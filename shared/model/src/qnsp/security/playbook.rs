//! Playbooks: what is done when something happens, and how far it has come.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    ids::Uuid,
    qnsp::{List, Object, Text, audit::Severity},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = PlaybookActionType)]
pub enum ActionType {
    /// A deny policy for everybody on the resources `type/id` of the execution.
    Isolate,
    /// A deny policy for the principals `type:id` of the execution.
    Block,
    /// A new key for `parameters.keyId`, or a new version of `parameters.secretId`.
    Rotate,
    /// A mail to `parameters.to`; without it, an event.
    Notify,
    /// A signed POST to `parameters.url`.
    Webhook,
}

body! {
    pub struct NewPlaybookAction {
        pub action_type: ActionType as "type",
        /// What the action needs, by its type.
        pub parameters: Option<Object<16>> as "parameters",
        /// false unless it is said.
        pub requires_approval: Option<bool> as "requiresApproval",
    }
}

body! {
    /// Which events start the playbook.
    pub struct NewTriggerConditions {
        /// At least one; `*` stands for any run of characters.
        #[schema(value_type = Vec<Text<1, 128>>, max_items = 1_000)]
        pub event_types: List<Text<1, 128>> as "eventTypes",
        /// The least severity; medium unless it is said.
        pub severity_threshold: Option<Severity> as "severityThreshold",
        /// By a path with dots in the event, the value that must stand there.
        pub filters: Option<Object<16>> as "filters",
    } where faults {
        let is_empty = event_types.as_ref().is_some_and(|types| types.0.is_empty());
        faults.check(!is_empty, "eventTypes", "must have at least one item");
    }
}

body! {
    pub struct CreatePlaybook {
        pub name: Text<1, 128> as "name",
        pub description: Option<Text<0, 2000>> as "description",
        pub trigger_conditions: NewTriggerConditions as "triggerConditions",
        /// 1 to 20, carried out in their order.
        #[schema(value_type = Vec<NewPlaybookAction>)]
        pub actions: List<NewPlaybookAction, 20> as "actions",
        /// true unless it is said.
        pub enabled: Option<bool> as "enabled",
    } where faults {
        let is_empty = actions.as_ref().is_some_and(|actions| actions.0.is_empty());
        faults.check(!is_empty, "actions", "must have at least one item");
    }
}

body! {
    /// What changes of a playbook: at least one member. `triggerConditions` and `actions` are replaced as a whole.
    pub struct ChangePlaybook {
        pub name: Option<Text<1, 128>> as "name",
        pub description: Option<Text<0, 2000>> as "description",
        pub trigger_conditions: Option<NewTriggerConditions> as "triggerConditions",
        #[schema(value_type = Option<Vec<NewPlaybookAction>>)]
        pub actions: Option<List<NewPlaybookAction, 20>> as "actions",
        pub enabled: Option<bool> as "enabled",
    } where faults {
        let is_empty = matches!(
            (&name, &description, &trigger_conditions, &actions, &enabled),
            (Some(None), Some(None), Some(None), Some(None), Some(None))
        );
        let rule = "At least one of name, description, triggerConditions, actions and enabled is required";
        faults.check(!is_empty, "", rule);
        let has_none = matches!(&actions, Some(Some(actions)) if actions.0.is_empty());
        faults.check(!has_none, "actions", "must have at least one item");
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlaybookCreated {
    pub playbook_id: String,
    pub name: String,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Playbook {
    pub playbook_id: String,
    pub name: String,
    pub description: String,
    /// As they were given.
    #[schema(value_type = Object)]
    pub trigger_conditions: Box<RawValue>,
    /// As they were given.
    #[schema(value_type = Vec<NewPlaybookAction>)]
    pub actions: Box<RawValue>,
    pub enabled: bool,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
pub struct Playbooks {
    /// Oldest first.
    pub playbooks: Vec<Playbook>,
    pub total: i64,
}

body! {
    pub struct ExecutionContext {
        pub incident_id: Option<Text<1, 256>> as "incidentId",
        /// Principals `type:id` to block and resources `type/id` to isolate.
        #[schema(value_type = Option<Vec<Text<1, 256>>>, max_items = 100)]
        pub target_resources: Option<List<Text<1, 256>, 100>> as "targetResources",
    }
}

body! {
    pub struct ExecutePlaybook {
        pub playbook_id: Uuid as "playbookId",
        pub context: Option<ExecutionContext> as "context",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ExecutionStatus {
    PendingApproval,
    Running,
    Completed,
    Failed,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PlaybookStarted)]
pub struct ExecutionStarted {
    pub execution_id: String,
    /// pending_approval where any action requires it, else running.
    pub status: String,
    pub started_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PlaybookApproved)]
pub struct ExecutionApproved {
    pub execution_id: String,
    pub status: ExecutionStatus,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PlaybookExecution)]
pub struct Execution {
    pub execution_id: String,
    pub playbook_id: String,
    pub status: String,
    /// The event that set it off.
    #[schema(value_type = Object)]
    pub context: Box<RawValue>,
    pub started_at: IsoTime,
    pub completed_at: Option<IsoTime>,
    pub actions: Vec<ActionState>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PlaybookActionState)]
pub struct ActionState {
    #[serde(rename = "type")]
    pub action_type: ActionType,
    /// pending, success, failed or skipped.
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PlaybookExecutions)]
pub struct Executions {
    /// Newest first.
    pub executions: Vec<Execution>,
    pub total: i64,
}
