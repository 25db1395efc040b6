//! One key.

use axum::{Json, http::StatusCode};
use model::{ids::Uuid, qnsp::hsm::Key as ShownKey};
use platform::Statement;
use policy::qnsp::Quota;
use qnsp::{
    Call, Caller, Nothing, conflict,
    hsm::{Key, SHOWN, key_exists, shown},
};
use serde::Deserialize;
use service::{Guard, Result};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfKey {
    key_id: Uuid,
}

/// Show a key.
#[utoipa::path(
    get, path = "/kms/v1/byohsm/keys/{keyId}", tag = "Key management", params(("keyId" = String, Path)),
    responses((status = 200, body = ShownKey), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_key(call: Call<Nothing, Nothing, OfKey>) -> Result<Json<ShownKey>> {
    let id = call.path.key_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(key_exists(&call, id));
    let select = format!("SELECT {SHOWN} FROM qnsp_hsm_keys WHERE tenant_id = ?1 AND id = ?2");
    let found = work.push(Statement::new(select).bind(call.tenant()).bind(id));
    let outcomes = work.run().await?;
    shown(outcomes.one(found)?).map(Json)
}

/// Delete a key, on a server as well. What was wrapped with it cannot be unwrapped any more.
#[utoipa::path(
    delete, path = "/kms/v1/byohsm/keys/{keyId}", tag = "Key management", params(("keyId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409)),
)]
pub(crate) async fn delete_key(call: Call<Nothing, Nothing, OfKey>) -> Result<StatusCode> {
    let id = call.path.key_id.as_str();
    call.about(id);
    let mut look = call.look();
    look.require(key_exists(&call, id));
    look.require(is_not_escrowed(&call, id));
    let found = look.push(Key::select(&call, id));
    let data_key = look.read_data_key(call.tenant());
    let outcomes = look.run().await?;
    let key = Key::of(outcomes.one(found)?)?;
    let data_key = outcomes.data_key(&data_key)?;
    // A key that is gone on the server is deleted there, so this may be done again where what follows fails.
    if let Some(transit) = key.connection.transit(&call, data_key.as_deref())? {
        transit.delete_key(id).await.map_err(qnsp::hsm::Failure::into_error)?;
    }
    let mut work = call.work();
    work.require(key_exists(&call, id));
    work.require(is_not_escrowed(&call, id));
    let delete = "DELETE FROM qnsp_hsm_keys WHERE tenant_id = ?1 AND id = ?2";
    work.push(Statement::new(delete).bind(call.tenant()).bind(id));
    work.reserve(Quota::Keys, -1);
    work.run().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn is_not_escrowed(caller: &Caller, id: &str) -> Guard {
    let not_escrowed = "NOT EXISTS (SELECT 1 FROM qnsp_escrows WHERE tenant_id = ?1 AND key_id = ?2 AND recovered_at IS NULL \
                        AND expires_at > ?3)";
    Guard::new(not_escrowed, conflict("The key is in an active escrow")).bind(caller.tenant()).bind(id).bind(caller.now)
}
