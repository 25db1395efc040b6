//! The list of keys.

use axum::Json;
use model::{ids::Uuid, qnsp::hsm::Keys};
use platform::Statement;
use qnsp::{
    Call, Limit, Nothing, Offset,
    hsm::{SHOWN, shown},
};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AskKeys {
    /// Those of one connection.
    #[param(value_type = Option<String>)]
    connection_id: Option<Uuid>,
    /// 1 to 200, 50 if not given.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
}

/// List the keys, oldest first.
#[utoipa::path(
    get, path = "/kms/v1/byohsm/keys", tag = "Key management", params(AskKeys),
    responses((status = 200, body = Keys), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_keys(call: Call<Nothing, AskKeys>) -> Result<Json<Keys>> {
    let connection = call.query.connection_id.as_ref().map(Uuid::as_str);
    let of_connection = if connection.is_some() { "AND connection_id = ?4" } else { "" };
    let page = Statement::new(format!(
        "SELECT {SHOWN} FROM qnsp_hsm_keys WHERE tenant_id = ?1 {of_connection} ORDER BY created_at, id LIMIT ?2 OFFSET ?3"
    ));
    let page = page.bind(call.tenant()).bind(call.query.limit.0).bind(call.query.offset.0);
    let mut work = call.work();
    let found = work.push(match connection {
        Some(connection) => page.bind(connection),
        None => page,
    });
    let outcomes = work.run().await?;
    Ok(Json(Keys { keys: outcomes.rows(found).iter().map(shown).collect::<Result<_>>()? }))
}
