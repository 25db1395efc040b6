//! The approval of an execution, by somebody other than who started it.

use axum::{http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::security::{ExecutionApproved, ExecutionStatus},
};
use platform::Statement;
use qnsp::{Call, Nothing, conflict, forbidden, missing};
use serde::Deserialize;
use serde_json::json;
use service::{Error, Guard, Result};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfExecution {
    execution_id: Uuid,
}

/// Approve an execution. All of its actions that follow may run; the next read carries them out.
#[utoipa::path(
    post, path = "/security/v1/playbooks/executions/{executionId}/approve", tag = "Security monitoring",
    params(("executionId" = String, Path)),
    responses(
        (status = 200, body = ExecutionApproved), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn approve_execution(call: Call<Nothing, Nothing, OfExecution>) -> Result<Response> {
    let id = call.path.execution_id.as_str();
    call.about(id);
    let of_execution = |condition: &str, refusal: Error| {
        let exists =
            format!("EXISTS (SELECT 1 FROM qnsp_playbook_executions WHERE tenant_id = ?1 AND id = ?2{condition})");
        Guard::new(exists, refusal).bind(call.tenant()).bind(id)
    };
    let own = forbidden("Nobody approves an execution of their own", json!({ "reason": "own_execution" }));
    let mut work = call.work();
    work.require(of_execution("", missing("No such execution")));
    // Issuers may spell the same user differently.
    let by_another = " AND (started_by IS NULL OR started_by <> ?3 COLLATE NOCASE)";
    work.require(of_execution(by_another, own).bind(call.user()));
    work.require(of_execution(" AND status = 'pending_approval'", conflict("The execution waits for no approval")));
    let update = Statement::new(
        "UPDATE qnsp_playbook_executions SET status = 'running', pause_at = NULL, approved_by = ?3, \
         revision = revision + 1 WHERE tenant_id = ?1 AND id = ?2",
    );
    work.push(update.bind(call.tenant()).bind(id).bind(call.user()));
    let approved = ExecutionApproved { execution_id: id.to_owned(), status: ExecutionStatus::Running };
    work.commit(StatusCode::OK, &approved).await
}
