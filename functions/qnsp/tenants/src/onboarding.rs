//! Workflows by which tenants come to be. What a step does is done by the batch that says so.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::tenant::{
        Act, Action, NewWorkflow, StepKind, StepResult, StepStatus, Template, Workflow, WorkflowChanged, WorkflowStatus,
    },
    time::IsoTime,
};
use policy::qnsp::{Role, Tier};
use qnsp::{Call, Caller, Nothing, conflict, impossible, missing, new_id, role_required};
use serde::Deserialize;
use serde_json::Value;
use service::Result;

use crate::{
    steps::{advance, planned},
    workflow_store::{self as store, Stored},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkflowId {
    workflow_id: Uuid,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepId {
    workflow_id: Uuid,
    step_id: Uuid,
}

/// Create a workflow for a tenant. An operator may name one that does not exist yet.
#[utoipa::path(
    post, path = "/tenant/v1/onboarding/workflows", tag = "Tenant", request_body = NewWorkflow,
    responses(
        (status = 201, body = Workflow), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_workflow(call: Call<NewWorkflow>) -> Result<Response> {
    let parameters = call.body.parameters.as_ref();
    if parameters.is_some_and(|parameters| parameters.are_for_operators()) && !call.is_operator() {
        return Err(role_required(&call, Role::PlatformAdmin));
    }
    if let Some(tier) = parameters.and_then(|parameters| parameters.tier.as_deref())
        && Tier::parse(tier).is_none()
    {
        return Err(impossible("parameters.tier", "is unknown"));
    }
    let template: Template = call.body.template_id.as_str().parse().map_err(|_| missing("No such template"))?;
    let id = new_id()?;
    call.about(id.as_str());
    let steps = planned(template, new_id)?;
    let mut work = call.work();
    work.push(store::insert(&call, &id, template, &call.body, &steps)?);
    work.on_duplicate("qnsp_workflows.tenant_id", conflict("The tenant has a workflow that has not ended"));
    let created = Workflow {
        workflow_id: id,
        tenant_id: call.tenant().to_owned(),
        template_id: <&str>::from(template).to_owned(),
        status: WorkflowStatus::Pending,
        steps,
        created_at: IsoTime(call.now),
        updated_at: IsoTime(call.now),
    };
    work.commit(StatusCode::CREATED, &created).await
}

/// Start, pause, resume or cancel a workflow. To start and to resume carries out its steps.
#[utoipa::path(
    post, path = "/tenant/v1/onboarding/workflows/{workflowId}/action", tag = "Tenant",
    params(("workflowId" = String, Path)), request_body = Act,
    responses(
        (status = 200, body = WorkflowChanged), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn act_on_workflow(call: Call<Act, Nothing, WorkflowId>) -> Result<Response> {
    let mut workflow = find(&call, &call.path.workflow_id).await?;
    let next = match (workflow.status, call.body.action) {
        (WorkflowStatus::Pending, Action::Start) | (WorkflowStatus::Paused, Action::Resume) => {
            WorkflowStatus::InProgress
        }
        (WorkflowStatus::InProgress, Action::Pause) => WorkflowStatus::Paused,
        (status, Action::Cancel) if !status.is_final() => WorkflowStatus::Cancelled,
        _ => return Err(conflict("The workflow is not in a state for this action")),
    };
    let kinds = if next == WorkflowStatus::InProgress { workflow.advance() } else { Vec::new() };
    if next != WorkflowStatus::InProgress {
        workflow.status = next;
    }
    change(&call, workflow, &kinds).await
}

/// Show a workflow.
#[utoipa::path(
    get, path = "/tenant/v1/onboarding/workflows/{workflowId}", tag = "Tenant", params(("workflowId" = String, Path)),
    responses((status = 200, body = Workflow), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_workflow(call: Call<Nothing, Nothing, WorkflowId>) -> Result<Json<Workflow>> {
    let id = call.path.workflow_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    let found = work.push(store::select(&call, id));
    let outcomes = work.run().await?;
    let stored = Stored::of(outcomes.one(found)?)?;
    Ok(Json(Workflow {
        workflow_id: stored.id,
        tenant_id: stored.tenant,
        template_id: <&str>::from(stored.template).to_owned(),
        status: stored.status,
        steps: stored.steps,
        created_at: IsoTime(stored.created_at),
        updated_at: IsoTime(stored.updated_at),
    }))
}

/// Say what became of a step that waits for an operator; the rest is then carried out.
#[utoipa::path(
    post, path = "/tenant/v1/onboarding/workflows/{workflowId}/steps/{stepId}/result", tag = "Tenant",
    params(("workflowId" = String, Path), ("stepId" = String, Path)), request_body = StepResult,
    responses(
        (status = 200, body = WorkflowChanged), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn set_step_result(call: Call<StepResult, Nothing, StepId>) -> Result<Response> {
    let mut workflow = find(&call, &call.path.workflow_id).await?;
    let step = workflow.steps.iter_mut().find(|step| step.step_id == call.path.step_id.as_str());
    let step = step.ok_or_else(|| missing("No such step"))?;
    if workflow.status != WorkflowStatus::InProgress || step.status != StepStatus::InProgress {
        return Err(conflict("The step does not wait for a result"));
    }
    step.status = call.body.status;
    let mut kinds = Vec::new();
    if call.body.status == StepStatus::Failed {
        workflow.status = WorkflowStatus::Failed;
    } else {
        kinds.extend((call.body.status == StepStatus::Completed).then_some(step.kind));
        kinds.extend(workflow.advance());
    }
    change(&call, workflow, &kinds).await
}

async fn find(caller: &Caller, id: &Uuid) -> Result<Stored> {
    caller.about(id.as_str());
    let rows = caller.app.query(store::select(caller, id.as_str())).await?;
    let stored = rows.first().map(Stored::of).transpose()?;
    stored.ok_or_else(|| missing("No such workflow"))
}

impl Stored {
    fn advance(&mut self) -> Vec<StepKind> {
        let (template, manual) = (self.template, &self.parameters.manual_steps);
        let is_manual = |kind| template.is_manual(kind) || manual.as_ref().is_some_and(|manual| manual.contains(&kind));
        let (kinds, status) = advance(&mut self.steps, is_manual);
        self.status = status;
        kinds
    }
}

/// Stores where the workflow stands now with what its steps do, unless somebody has changed it meanwhile.
async fn change(caller: &Caller, mut workflow: Stored, kinds: &[StepKind]) -> Result<Response> {
    let mut work = caller.work();
    work.require(store::is_unchanged(&workflow));
    let api_key = store::carry_out(caller, &mut work, &mut workflow, kinds).await?;
    work.push(store::update(caller, &workflow)?);
    // The key stands in this answer alone.
    if let Some(api_key) = api_key
        && let Some(step) = workflow.steps.iter_mut().find(|step| step.kind == StepKind::RegisterAdmin)
        && let Some(Value::Object(output)) = &mut step.output
    {
        output.insert("apiKey".to_owned(), Value::from(api_key.as_str()));
    }
    let changed = WorkflowChanged {
        workflow_id: workflow.id,
        status: workflow.status,
        steps: workflow.steps,
        updated_at: IsoTime(caller.now),
    };
    work.commit(StatusCode::OK, &changed).await
}
