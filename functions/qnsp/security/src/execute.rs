//! The start of an execution by a caller. It is carried out by the reads of executions.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::{
        Text,
        security::{ExecutePlaybook, ExecutionStarted},
    },
    time::IsoTime,
};
use platform::Statement;
use qnsp::{Call, conflict, new_id};
use serde_json::{Value, json};
use service::{Guard, Result};

use crate::playbook_store::exists;

/// An execution (`?3`) of a playbook (`?2`) with this context (`?4`), started now (`?5`) by somebody (`?6`) or by an
/// event (`?7`). An event starts a playbook once.
const INSERT: &str = "INSERT INTO qnsp_playbook_executions (tenant_id, id, started_at, playbook_id, started_by, event_id, \
     context, actions, pause_at, status, results, revision) \
     SELECT tenant_id, ?3, ?5, id, ?6, ?7, ?4, actions, pause_at, iif(pause_at IS NULL, 'running', 'pending_approval'), \
     '[]', 0 FROM (SELECT tenant_id, id, actions, (SELECT min(key) FROM json_each(actions) \
     WHERE value ->> '$.requiresApproval') AS pause_at FROM qnsp_playbooks WHERE tenant_id = ?1 AND id = ?2 AND enabled) \
     WHERE true ON CONFLICT (tenant_id, playbook_id, event_id) WHERE event_id IS NOT NULL DO NOTHING RETURNING status";

/// Who or what starts a playbook.
pub(crate) struct Start<'a> {
    pub tenant: &'a str,
    pub playbook: &'a str,
    pub id: &'a str,
    pub context: &'a Value,
    pub now: i64,
    pub by: Option<&'a str>,
    pub event: Option<&'a str>,
}

impl Start<'_> {
    /// Gives the `status`, where the playbook is there and enabled.
    pub(crate) fn insert(&self) -> Statement {
        let insert = Statement::new(INSERT).bind(self.tenant).bind(self.playbook).bind(self.id);
        let insert = insert.bind(self.context.to_string()).bind(self.now);
        insert.bind(self.by.map(str::to_owned)).bind(self.event.map(str::to_owned))
    }
}

/// Execute a playbook.
#[utoipa::path(
    post, path = "/security/v1/playbooks/execute", tag = "Security monitoring", request_body = ExecutePlaybook,
    responses(
        (status = 202, body = ExecutionStarted), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn execute_playbook(call: Call<ExecutePlaybook>) -> Result<Response> {
    let (playbook, id) = (call.body.playbook_id.as_str(), new_id()?);
    call.about(playbook);
    let context = call.body.context.as_ref();
    let incident = context.and_then(|context| context.incident_id.as_ref()).map(Text::as_str);
    let targets = context.and_then(|context| context.target_resources.as_ref());
    let targets: Vec<_> = targets.iter().flat_map(|targets| &targets.0).map(Text::as_str).collect();
    let context = json!({ "incidentId": incident, "targetResources": targets });
    let mut work = call.work();
    work.require(exists(&call, playbook));
    let is_enabled = "EXISTS (SELECT 1 FROM qnsp_playbooks WHERE tenant_id = ?1 AND id = ?2 AND enabled)";
    work.require(Guard::new(is_enabled, conflict("The playbook is disabled")).bind(call.tenant()).bind(playbook));
    let start = Start {
        tenant: call.tenant(),
        playbook,
        id: &id,
        context: &context,
        now: call.now,
        by: Some(call.user()),
        event: None,
    };
    let started = work.push(start.insert());
    let outcomes = work.run().await?;
    let status = outcomes.one(started)?.get("status")?;
    let started = ExecutionStarted { execution_id: id, status, started_at: IsoTime(call.now) };
    call.answer(StatusCode::ACCEPTED, &started).await
}
