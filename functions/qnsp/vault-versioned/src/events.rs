//! What happened to a secret.

use axum::Json;
use model::{
    qnsp::vault::{SecretEvent, SecretEvents},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{Call, Limit, Nothing, Offset};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

use crate::store::{self, OfSecret};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskEvents {
    /// 1 to 200, 200 if not given.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit<200>,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
}

/// List what happened to a secret, oldest first.
#[utoipa::path(
    get, path = "/vault/v1/versioned-secrets/{secretId}/audit", tag = "Vault",
    params(("secretId" = String, Path), AskEvents),
    responses((status = 200, body = SecretEvents), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn list_secret_events(call: Call<Nothing, AskEvents, OfSecret>) -> Result<Json<SecretEvents>> {
    let secret = call.path.secret_id.as_str();
    call.about(secret);
    let mut work = call.work();
    work.require(store::secret_exists(&call, secret));
    // They are numbered without a gap.
    let total =
        "SELECT coalesce(max(number), 0) AS total FROM qnsp_secret_events WHERE tenant_id = ?1 AND secret_id = ?2";
    let total = work.push(Statement::new(total).bind(call.tenant()).bind(secret));
    let select = "SELECT id, action, version, actor, at FROM qnsp_secret_events WHERE tenant_id = ?1 AND secret_id = ?2 \
                  ORDER BY at, number LIMIT ?3 OFFSET ?4";
    let select = Statement::new(select).bind(call.tenant()).bind(secret);
    let found = work.push(select.bind(call.query.limit.0).bind(call.query.offset.0));
    let outcomes = work.run().await?;
    let events = outcomes.rows(found).iter().map(event).collect::<Result<_>>()?;
    Ok(Json(SecretEvents { secret_id: secret.to_owned(), events, total: outcomes.one(total)?.get("total")? }))
}

fn event(row: &Row) -> Result<SecretEvent> {
    Ok(SecretEvent {
        event_id: row.get("id")?,
        action: row.get("action")?,
        version: row.get("version")?,
        actor: row.get("actor")?,
        timestamp: IsoTime(row.get("at")?),
    })
}
