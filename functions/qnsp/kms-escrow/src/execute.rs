//! A recovery is carried out: the key is given, once.

use axum::{http::StatusCode, response::Response};
use crypto::{base64, hash, seal::DataKey, shamir};
use model::{
    qnsp::escrow::{ExecuteRecovery, RecoveryExecuted},
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::Quota;
use qnsp::{Call, Caller, conflict};
use serde_json::json;
use service::{Error, Guard, Result};
use zeroize::Zeroizing;

use crate::{events, recovery_store as store, seals::ShareRow};

/// Carry out an approved recovery. Of several calls at once one is given the key; the shares are erased.
#[utoipa::path(
    post, path = "/kms/v1/escrow/recovery/execute", tag = "Key management", request_body = ExecuteRecovery,
    responses(
        (status = 200, body = RecoveryExecuted), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn execute_recovery(call: Call<ExecuteRecovery>) -> Result<Response> {
    let id = call.body.request_id.as_str();
    call.about(id);
    let bind = |text| Statement::new(text).bind(call.tenant()).bind(id);
    let mut look = call.look();
    for guard in guards(&call, id) {
        look.require(guard);
    }
    look.require_room(Quota::ApiCalls, 1);
    let escrow = "SELECT e.id, e.key_id, e.key_hash FROM qnsp_escrow_recoveries r JOIN qnsp_escrows e \
                  ON e.tenant_id = r.tenant_id AND e.id = r.escrow_id WHERE r.tenant_id = ?1 AND r.id = ?2";
    let escrow = look.push(bind(escrow));
    let shares = "SELECT agent_id, sealed_share FROM qnsp_escrow_shares WHERE tenant_id = ?1 AND recovery_id = ?2";
    let shares = look.push(bind(shares));
    let data_key = look.read_data_key(call.tenant());
    let outcomes = look.run().await?;
    let data_key = outcomes.data_key(&data_key)?.ok_or_else(|| Error::internal("shares without a data key"))?;
    let escrow = outcomes.one(escrow)?;
    // Before anything is erased it is known that the key is there.
    let key = combine(&call, &data_key, id, outcomes.rows(shares))?;
    if !hash::equal(&hash::sha256(&[&key]), &escrow.get::<Vec<u8>>("key_hash")?) {
        return Err(Error::internal("shares that do not give the key of their escrow"));
    }
    let (escrow, key_id): (String, String) = (escrow.get("id")?, escrow.get("key_id")?);
    let mut work = call.work();
    for guard in guards(&call, id) {
        work.require(guard);
    }
    work.limit_calls();
    let execute = "UPDATE qnsp_escrow_recoveries SET status = 'executed', executed_at = ?3 \
                   WHERE tenant_id = ?1 AND id = ?2 AND status = 'approved'";
    work.push(bind(execute).bind(call.now));
    let recover = "UPDATE qnsp_escrows SET recovered_at = ?3 WHERE tenant_id = ?1 AND id = ?2";
    work.push(Statement::new(recover).bind(call.tenant()).bind(escrow.as_str()).bind(call.now));
    work.push(store::erase_shares(&call, id));
    let erase = "UPDATE qnsp_escrow_agents SET sealed_share = NULL WHERE tenant_id = ?1 AND escrow_id = ?2";
    work.push(Statement::new(erase).bind(call.tenant()).bind(escrow.as_str()));
    work.push(events::insert(&call, &escrow, events::Type::Recovered, &json!({ "requestId": id }))?);
    let executed = RecoveryExecuted {
        request_id: id.to_owned(),
        key_id,
        recovered_key: base64::encode(&key),
        recovered_at: IsoTime(call.now),
    };
    work.commit(StatusCode::OK, &executed).await
}

/// In the order in which they are answered.
fn guards(caller: &Caller, id: &str) -> [Guard; 2] {
    let refusal = conflict("The recovery is not approved, or was executed already");
    [store::exists(caller, id), store::of_recovery(caller, id, " AND status = 'approved'", refusal)]
}

/// The key of the shares that were submitted for a recovery.
fn combine(caller: &Caller, data_key: &DataKey, id: &str, rows: &[Row]) -> Result<Zeroizing<Vec<u8>>> {
    let open = |row: &Row| {
        let (agent, sealed): (String, Vec<u8>) = (row.get("agent_id")?, row.get("sealed_share")?);
        ShareRow::Recovery(id).open(caller, data_key, &agent, &sealed)
    };
    let shares = rows.iter().map(open).collect::<Result<Vec<_>>>()?;
    Ok(shamir::combine(&shares.iter().map(|share| share.as_slice()).collect::<Vec<_>>())?)
}
