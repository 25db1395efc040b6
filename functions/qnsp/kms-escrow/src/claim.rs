//! An agent claims its share, which is nowhere else from then on.

use axum::{http::StatusCode, response::Response};
use crypto::base64;
use model::qnsp::escrow::{ClaimShare, ShareClaimed};
use platform::Statement;
use qnsp::{Call, Nothing, conflict, missing};
use serde_json::json;
use service::{Error, Guard, Result};

use crate::{escrow_store as store, escrows::OfEscrow, events, seals::ShareRow};

type Claim = Call<ClaimShare, Nothing, OfEscrow>;

/// Claim the share of a key. It is given once, to its agent alone.
#[utoipa::path(
    post, path = "/kms/v1/escrow/keys/{escrowId}/shares/claim", tag = "Key management", request_body = ClaimShare,
    params(("escrowId" = String, Path)),
    responses(
        (status = 200, body = ShareClaimed), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn claim_share(call: Claim) -> Result<Response> {
    let (escrow, agent) = (call.path.escrow_id.as_str(), call.body.agent_id.as_str());
    call.about(escrow);
    let bind = |text| Statement::new(text).bind(call.tenant()).bind(escrow).bind(agent);
    let mut look = call.look();
    for guard in guards(&call) {
        look.require(guard);
    }
    let share = "SELECT sealed_share FROM qnsp_escrow_agents WHERE tenant_id = ?1 AND escrow_id = ?2 AND agent_id = ?3";
    let share = look.push(bind(share));
    let data_key = look.read_data_key(call.tenant());
    let outcomes = look.run().await?;
    let data_key = outcomes.data_key(&data_key)?.ok_or_else(|| Error::internal("a share without a data key"))?;
    let sealed: Vec<u8> = outcomes.one(share)?.get("sealed_share")?;
    let share = ShareRow::Escrow(escrow).open(&call, &data_key, agent, &sealed)?;
    let mut work = call.work();
    for guard in guards(&call) {
        work.require(guard);
    }
    let update = "UPDATE qnsp_escrow_agents SET sealed_share = NULL, claimed_at = ?4 \
                  WHERE tenant_id = ?1 AND escrow_id = ?2 AND agent_id = ?3 AND sealed_share IS NOT NULL";
    work.push(bind(update).bind(call.now));
    work.push(events::insert(&call, escrow, events::Type::ShareClaimed, &json!({ "agentId": agent }))?);
    let claimed = ShareClaimed { agent_id: agent.to_owned(), share: base64::encode(&share) };
    work.commit(StatusCode::OK, &claimed).await
}

/// In the order in which they are answered.
fn guards(call: &Claim) -> [Guard; 5] {
    let (escrow, agent) = (call.path.escrow_id.as_str(), call.body.agent_id.as_str());
    let of_agent = |condition: &str, refusal: Error| {
        let exists = format!(
            "EXISTS (SELECT 1 FROM qnsp_escrow_agents WHERE tenant_id = ?1 AND escrow_id = ?2 AND agent_id = ?3 \
             AND {condition})"
        );
        Guard::new(exists, refusal).bind(call.tenant()).bind(escrow).bind(agent)
    };
    [
        store::exists(call, escrow),
        of_agent("share_hash IS NOT NULL", missing("The escrow has no share of such an agent")),
        store::is_agent(call, agent),
        of_agent("claimed_at IS NULL", conflict("The share is claimed already")),
        store::is_active(call, escrow),
    ]
}
