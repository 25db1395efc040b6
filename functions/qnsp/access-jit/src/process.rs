//! The decision on a request, by somebody other than who made it.

use axum::{http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::jit::{Decision, ProcessJitRequest, RequestProcessed, Status},
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::{Role, jit::MINUTE};
use qnsp::{Call, Caller, Nothing, conflict, forbidden, impossible, missing, new_id};
use serde::Deserialize;
use serde_json::{Value, json};
use service::{Anonymous, Error, Guard, Result};

use crate::{
    grant_store::{self, NewGrant},
    request_store::{self as store, IS_PENDING},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfRequest {
    request_id: Uuid,
}

type Process = Call<ProcessJitRequest, Nothing, OfRequest>;

/// What the refusal says to somebody who processes their own request.
const OWN: &str = "own_request";

/// Approve or deny a request. Nobody processes their own.
#[utoipa::path(
    post, path = "/access/v1/jit/requests/{requestId}/process", tag = "Access control",
    request_body = ProcessJitRequest, params(("requestId" = String, Path)),
    responses(
        (status = 200, body = RequestProcessed), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn process_request(call: Process) -> Result<Response> {
    let id = call.path.request_id.as_str();
    call.about(id);
    let is_approved = call.body.decision == Decision::Approve;
    call.payload(json!({ "decision": call.body.decision }));
    let grant = is_approved.then(new_id).transpose()?;
    let mut work = call.work();
    for guard in guards(&call, id) {
        work.require(guard);
    }
    work.push(store::deny_lapsed(&call));
    let status = if is_approved { Status::Approved } else { Status::Denied };
    work.push(update(&call, id, status));
    if let Some(grant) = &grant {
        let body = &call.body;
        let permissions = body.modified_permissions.as_ref();
        let duration = body.modified_duration.map(|time| time.0);
        work.push(grant_store::insert(&call, &NewGrant { id: grant, request: id, permissions, duration }));
    }
    let processed = RequestProcessed {
        request_id: id.to_owned(),
        status,
        processed_by: call.user().to_owned(),
        processed_at: IsoTime(call.now),
        grant_id: grant,
    };
    let done = work.commit(StatusCode::OK, &processed).await;
    if done.as_ref().is_err_and(is_own) {
        remember_attempt(&call, id).await;
    }
    done
}

/// In the order in which they are answered.
fn guards(call: &Process, id: &str) -> Vec<Guard> {
    let of_request = |condition: &str, refusal: Error| {
        let exists = format!("EXISTS (SELECT 1 FROM qnsp_jit_requests WHERE tenant_id = ?1 AND id = ?2{condition})");
        Guard::new(exists, refusal).bind(call.tenant()).bind(id)
    };
    let own = forbidden("Nobody processes their own request", json!({ "reason": OWN }));
    let mut guards = vec![
        of_request("", missing("No such request")),
        // Issuers may spell the same user differently.
        of_request(" AND requester_id <> ?3 COLLATE NOCASE", own).bind(call.user()),
    ];
    if !is_administrator(call) {
        let role = forbidden("None of the caller's roles may approve this request", json!({}));
        let is_approver = " AND EXISTS (SELECT 1 FROM json_each(approver_roles) WHERE value IN \
                           (SELECT value FROM json_each(?3)))";
        guards.push(of_request(is_approver, role).bind(roles(call)));
    }
    if let Some(duration) = call.body.modified_duration {
        let rule = impossible("modifiedDuration", "must not be longer than the policies allowed at the request");
        guards.push(of_request(" AND max_minutes * ?4 >= ?3", rule).bind(duration.0).bind(MINUTE));
    }
    if let Some(permissions) = &call.body.modified_permissions {
        let rule = impossible("modifiedPermissions", "must be some of the permissions that were asked for");
        let is_part =
            " AND NOT EXISTS (SELECT value FROM json_each(?3) EXCEPT SELECT value FROM json_each(permissions))";
        guards.push(of_request(is_part, rule).bind(store::text(permissions)));
    }
    let is_pending = of_request(&format!(" AND {IS_PENDING}"), conflict("The request is not pending"));
    guards.push(is_pending.bind(store::lapsed_until(call.now)));
    guards
}

/// Whoever administers the tenant may decide on every request, and end every grant, of others.
pub(crate) fn is_administrator(caller: &Caller) -> bool {
    caller.role().is_some_and(|role| role.is_at_least(Role::Admin))
}

pub(crate) fn roles(caller: &Caller) -> String {
    json!(caller.roles()).to_string()
}

fn update(call: &Process, id: &str, status: Status) -> Statement {
    let update = Statement::new(
        "UPDATE qnsp_jit_requests SET status = ?3, processed_at = ?4, processed_by = ?5, reason = ?6 \
         WHERE tenant_id = ?1 AND id = ?2",
    );
    let update = update.bind(call.tenant()).bind(id).bind(<&str>::from(status)).bind(call.now).bind(call.user());
    update.bind(call.body.reason().map(str::to_owned))
}

fn is_own(error: &Error) -> bool {
    error.body().and_then(|body| body.get("reason")).and_then(Value::as_str) == Some(OWN)
}

/// An anomaly of the tenant. The call is refused, so it leaves the row only when that has happened; should it not, the
/// audit log still has the refusal.
async fn remember_attempt(call: &Process, id: &str) {
    let mut batch = Anonymous::background(&call.app).batch();
    let update = Statement::new(
        "UPDATE qnsp_jit_requests SET self_processed_at = ?3 \
         WHERE tenant_id = ?1 AND id = ?2 AND self_processed_at IS NULL",
    );
    batch.push(update.bind(call.tenant()).bind(id).bind(call.now));
    if let Err(error) = batch.write().await {
        platform::log::error(&format!("an attempt to process one's own request: {}", error.reason()));
    }
}
