//! How far a recovery has come.

use axum::Json;
use model::{ids::Uuid, qnsp::escrow::Recovery};
use qnsp::{Call, Nothing};
use serde::Deserialize;
use service::Result;

use crate::recovery_store as store;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfRecovery {
    request_id: Uuid,
}

/// Show a recovery.
#[utoipa::path(
    get, path = "/kms/v1/escrow/recovery/{requestId}", tag = "Key management", params(("requestId" = String, Path)),
    responses((status = 200, body = Recovery), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_recovery(call: Call<Nothing, Nothing, OfRecovery>) -> Result<Json<Recovery>> {
    let id = call.path.request_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    let found = work.push(store::select(&call, id));
    let outcomes = work.run().await?;
    store::recovery(outcomes.one(found)?).map(Json)
}
