//! Somebody asks for a key that is in escrow.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::escrow::{InitiateRecovery, RecoveryInitiated, RecoveryStatus},
    time::IsoTime,
};
use platform::Statement;
use qnsp::{Call, conflict, new_id};
use serde_json::json;
use service::Result;

use crate::{escrow_store, events};

/// Ask for the recovery of a key. There is one open recovery of an escrow at a time.
#[utoipa::path(
    post, path = "/kms/v1/escrow/recovery/initiate", tag = "Key management", request_body = InitiateRecovery,
    responses(
        (status = 201, body = RecoveryInitiated), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn initiate_recovery(call: Call<InitiateRecovery>) -> Result<Response> {
    let (escrow, reason) = (call.body.escrow_id.as_str(), call.body.reason.as_str());
    let urgency: &str = call.body.urgency.unwrap_or_default().into();
    let id = new_id()?;
    call.about(id.as_str());
    call.payload(json!({ "escrowId": escrow, "urgency": urgency }));
    let mut work = call.work();
    work.require(escrow_store::exists(&call, escrow));
    work.require(escrow_store::is_active(&call, escrow));
    let insert = Statement::new(
        "INSERT INTO qnsp_escrow_recoveries (tenant_id, id, created_at, initiated_by, escrow_id, reason, urgency, required, \
         submitted, status) SELECT ?1, ?3, ?4, ?5, id, ?6, ?7, threshold, 0, 'pending_shares' FROM qnsp_escrows \
         WHERE tenant_id = ?1 AND id = ?2 RETURNING required",
    );
    let insert = insert.bind(call.tenant()).bind(escrow).bind(id.as_str()).bind(call.now).bind(call.user());
    let inserted = work.push(insert.bind(reason).bind(urgency));
    work.on_duplicate("qnsp_escrow_recoveries.escrow_id", conflict("Another recovery of the escrow is open"));
    let details = json!({ "requestId": id, "reason": reason, "urgency": urgency });
    work.push(events::insert(&call, escrow, events::Type::Initiated, &details)?);
    let outcomes = work.run().await?;
    let initiated = RecoveryInitiated {
        request_id: id,
        escrow_id: escrow.to_owned(),
        status: RecoveryStatus::PendingShares,
        required_shares: outcomes.one(inserted)?.get("required")?,
        submitted_shares: 0,
        created_at: IsoTime(call.now),
    };
    call.answer(StatusCode::CREATED, &initiated).await
}
