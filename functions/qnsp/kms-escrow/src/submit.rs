//! An agent gives its share back, for a recovery.

use axum::{http::StatusCode, response::Response};
use crypto::hash;
use model::qnsp::escrow::{ShareSubmitted, SubmitShare};
use platform::Statement;
use qnsp::{Call, conflict, impossible, missing};
use serde_json::json;
use service::{Error, Guard, Result};

use crate::{
    escrow_store::is_agent,
    events, recovery_store as store,
    seals::{ShareRow, share_hash},
};

/// Submit a share for a recovery. When there are enough of them, somebody else may approve.
#[utoipa::path(
    post, path = "/kms/v1/escrow/recovery/submit-share", tag = "Key management", request_body = SubmitShare,
    responses(
        (status = 200, body = ShareSubmitted), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn submit_share(call: Call<SubmitShare>) -> Result<Response> {
    let (id, agent) = (call.body.request_id.as_str(), call.body.agent_id.as_str());
    call.about(id);
    let bind = |text| Statement::new(text).bind(call.tenant()).bind(id).bind(agent);
    let mut look = call.look();
    for guard in guards(&call) {
        look.require(guard);
    }
    let known = "SELECT r.escrow_id, a.share_hash FROM qnsp_escrow_recoveries r JOIN qnsp_escrow_agents a \
                 ON a.tenant_id = r.tenant_id AND a.escrow_id = r.escrow_id AND a.agent_id = ?3 \
                 WHERE r.tenant_id = ?1 AND r.id = ?2";
    let known = look.push(bind(known));
    let data_key = look.read_data_key(call.tenant());
    let outcomes = look.run().await?;
    let known = outcomes.one(known)?;
    let (escrow, expected): (String, Vec<u8>) = (known.get("escrow_id")?, known.get("share_hash")?);
    let share = call.body.share.as_slice();
    if !hash::equal(&share_hash(&escrow, share), &expected) {
        return Err(impossible("share", "is not the share of this agent"));
    }
    let data_key = outcomes.data_key(&data_key)?.ok_or_else(|| Error::internal("a share without a data key"))?;
    let sealed = ShareRow::Recovery(id).seal(&call, &data_key, agent, share)?;
    let mut work = call.work();
    for guard in guards(&call) {
        work.require(guard);
    }
    let update = Statement::new(
        "UPDATE qnsp_escrow_recoveries SET submitted = submitted + 1, \
         status = iif(submitted + 1 >= required, 'ready_for_approval', 'pending_shares') \
         WHERE tenant_id = ?1 AND id = ?2 AND status = 'pending_shares' RETURNING submitted, required, status",
    );
    let updated = work.push(update.bind(call.tenant()).bind(id));
    let insert = "INSERT INTO qnsp_escrow_shares (tenant_id, recovery_id, agent_id, submitted_at, sealed_share) \
                  VALUES (?1, ?2, ?3, ?4, ?5)";
    work.push(bind(insert).bind(call.now).bind(sealed));
    let details = json!({ "requestId": id, "agentId": agent });
    work.push(events::insert(&call, &escrow, events::Type::ShareSubmitted, &details)?);
    let outcomes = work.run().await?;
    let row = outcomes.one(updated)?;
    let submitted = ShareSubmitted {
        request_id: id.to_owned(),
        submitted_shares: row.get("submitted")?,
        required_shares: row.get("required")?,
        status: row.get("status")?,
    };
    call.answer(StatusCode::OK, &submitted).await
}

/// In the order in which they are answered.
fn guards(call: &Call<SubmitShare>) -> [Guard; 5] {
    let (id, agent) = (call.body.request_id.as_str(), call.body.agent_id.as_str());
    let holds = " AND EXISTS (SELECT 1 FROM qnsp_escrow_agents a WHERE a.tenant_id = ?1 AND a.escrow_id = r.escrow_id \
                 AND a.agent_id = ?3 AND a.share_hash IS NOT NULL)";
    let is_new = " AND NOT EXISTS (SELECT 1 FROM qnsp_escrow_shares s WHERE s.tenant_id = ?1 AND s.recovery_id = r.id \
                  AND s.agent_id = ?3)";
    let is_pending = " AND status = 'pending_shares'";
    [
        store::exists(call, id),
        store::of_recovery(call, id, holds, missing("The escrow has no share of such an agent")).bind(agent),
        is_agent(call, agent),
        store::of_recovery(call, id, is_new, conflict("The agent has submitted its share already")).bind(agent),
        store::of_recovery(call, id, is_pending, conflict("The recovery does not wait for shares")),
    ]
}
