//! The decision on a recovery, by somebody other than who asked for it.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::escrow::{ApproveRecovery, RecoveryDecided, RecoveryDecision, RecoveryStatus},
    time::IsoTime,
};
use platform::Statement;
use qnsp::{Call, conflict, forbidden};
use serde_json::json;
use service::Result;

use crate::{events, recovery_store as store};

/// Approve or deny a recovery. Nobody decides on their own. What is denied erases the shares that were submitted.
#[utoipa::path(
    post, path = "/kms/v1/escrow/recovery/approve", tag = "Key management", request_body = ApproveRecovery,
    responses(
        (status = 200, body = RecoveryDecided), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn approve_recovery(call: Call<ApproveRecovery>) -> Result<Response> {
    let (id, reason, decision) = (call.body.request_id.as_str(), call.body.reason.as_str(), call.body.decision);
    call.about(id);
    call.payload(json!({ "decision": decision }));
    let (status, open, event) = match decision {
        RecoveryDecision::Approve => (RecoveryStatus::Approved, "('ready_for_approval')", events::Type::Approved),
        RecoveryDecision::Deny => {
            (RecoveryStatus::Denied, "('pending_shares', 'ready_for_approval')", events::Type::Denied)
        }
    };
    let mut work = call.work();
    work.require(store::exists(&call, id));
    // Issuers may spell the same user differently.
    let own = forbidden("Nobody decides on their own recovery", json!({}));
    let is_other = " AND initiated_by <> ?3 COLLATE NOCASE";
    work.require(store::of_recovery(&call, id, is_other, own).bind(call.user()));
    let refusal = conflict("The recovery is not ready for approval");
    work.require(store::of_recovery(&call, id, &format!(" AND status IN {open}"), refusal));
    let update = Statement::new(format!(
        "UPDATE qnsp_escrow_recoveries SET status = ?3, decision = ?4, decided_by = ?5, decided_at = ?6, \
         decision_reason = ?7 WHERE tenant_id = ?1 AND id = ?2 AND status IN {open}"
    ));
    let update = update.bind(call.tenant()).bind(id).bind(<&str>::from(status)).bind(<&str>::from(decision));
    work.push(update.bind(call.user()).bind(call.now).bind(reason));
    if decision == RecoveryDecision::Deny {
        work.push(store::erase_shares(&call, id));
    }
    work.push(events::insert_of_recovery(&call, id, event, &json!({ "requestId": id, "reason": reason }))?);
    let decided = RecoveryDecided {
        request_id: id.to_owned(),
        status,
        decided_by: call.user().to_owned(),
        decided_at: IsoTime(call.now),
    };
    work.commit(StatusCode::OK, &decided).await
}
