//! Keys that are in escrow, or were.

use axum::Json;
use model::{
    ids::Uuid,
    qnsp::escrow::{EscrowedKey, EscrowedKeys},
};
use qnsp::{AskPage, Call, Nothing};
use serde::Deserialize;
use service::Result;

use crate::escrow_store as store;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfEscrow {
    pub escrow_id: Uuid,
}

/// List the escrowed keys, oldest first.
#[utoipa::path(
    get, path = "/kms/v1/escrow/keys", tag = "Key management", params(AskPage),
    responses((status = 200, body = EscrowedKeys), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_escrowed_keys(call: Call<Nothing, AskPage>) -> Result<Json<EscrowedKeys>> {
    let mut work = call.work();
    work.push(store::erase_expired(&call));
    let found = work.push(store::select_page(&call, &call.query));
    let outcomes = work.run().await?;
    let escrowed_keys = outcomes.rows(found).iter().map(|row| store::in_list(row, call.now)).collect::<Result<_>>()?;
    Ok(Json(EscrowedKeys { escrowed_keys }))
}

/// Show an escrowed key with its agents.
#[utoipa::path(
    get, path = "/kms/v1/escrow/keys/{escrowId}", tag = "Key management", params(("escrowId" = String, Path)),
    responses((status = 200, body = EscrowedKey), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_escrowed_key(call: Call<Nothing, Nothing, OfEscrow>) -> Result<Json<EscrowedKey>> {
    let id = call.path.escrow_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    let found = work.push(store::select(&call, id));
    let agents = work.push(store::select_agents(&call, id));
    let outcomes = work.run().await?;
    store::escrowed_key(outcomes.one(found)?, outcomes.rows(agents), call.now).map(Json)
}
