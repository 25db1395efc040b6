//! What happened to escrows, in their order. Each step notes it in its own batch.

use axum::Json;
pub(crate) use model::qnsp::escrow::EscrowEventType as Type;
use model::{
    ids::Uuid,
    qnsp::escrow::{EscrowEvent, EscrowEvents},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{Call, Caller, Limit, Nothing, Offset, new_id};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use service::{Error, Result};
use utoipa::IntoParams;

/// An event of an escrow. Details never hold a share or a key.
pub(crate) fn insert(caller: &Caller, escrow: &str, event: Type, details: &Value) -> Result<Statement> {
    let insert = Statement::new(
        "INSERT INTO qnsp_escrow_events (tenant_id, at, id, escrow_id, type, actor, details) \
         VALUES (?1, ?3, ?4, ?2, ?5, ?6, ?7)",
    );
    bind(insert, caller, escrow, event, details)
}

/// An event of the escrow that a recovery is of.
pub(crate) fn insert_of_recovery(caller: &Caller, recovery: &str, event: Type, details: &Value) -> Result<Statement> {
    let insert = Statement::new(
        "INSERT INTO qnsp_escrow_events (tenant_id, at, id, escrow_id, type, actor, details) \
         SELECT ?1, ?3, ?4, escrow_id, ?5, ?6, ?7 FROM qnsp_escrow_recoveries WHERE tenant_id = ?1 AND id = ?2",
    );
    bind(insert, caller, recovery, event, details)
}

fn bind(insert: Statement, caller: &Caller, of: &str, event: Type, details: &Value) -> Result<Statement> {
    let insert = insert.bind(caller.tenant()).bind(of).bind(caller.now).bind(new_id()?).bind(<&str>::from(event));
    Ok(insert.bind(caller.user()).bind(details.to_string()))
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListEvents {
    #[param(value_type = Option<String>)]
    escrow_id: Option<Uuid>,
    #[param(inline)]
    event_type: Option<Type>,
    /// Inclusive.
    #[param(value_type = Option<String>)]
    since: Option<IsoTime>,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
}

/// List what happened to escrows, oldest first.
#[utoipa::path(
    get, path = "/kms/v1/escrow/audit", tag = "Key management", params(ListEvents),
    responses((status = 200, body = EscrowEvents), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_escrow_events(call: Call<Nothing, ListEvents>) -> Result<Json<EscrowEvents>> {
    let mut work = call.work();
    let found = work.push(select(&call, &call.query));
    let outcomes = work.run().await?;
    Ok(Json(EscrowEvents { events: outcomes.rows(found).iter().map(event).collect::<Result<_>>()? }))
}

/// What is not asked for is no condition of a column, so that the index is used that fits.
fn select(caller: &Caller, query: &ListEvents) -> Statement {
    let escrow = query.escrow_id.as_ref().map_or("?2 IS NULL", |_| "escrow_id = ?2");
    let event = query.event_type.map_or("?3 IS NULL", |_| "type = ?3");
    let select = format!(
        "SELECT id, escrow_id, type, actor, at, details FROM qnsp_escrow_events WHERE tenant_id = ?1 AND {escrow} \
         AND {event} AND at >= ?4 ORDER BY at, id LIMIT ?5 OFFSET ?6"
    );
    Statement::new(select)
        .bind(caller.tenant())
        .bind(query.escrow_id.as_ref().map(|id| id.as_str().to_owned()))
        .bind(query.event_type.map(|event| <&str>::from(event).to_owned()))
        .bind(query.since.map_or(0, |since| since.0))
        .bind(query.limit.0)
        .bind(query.offset.0)
}

fn event(row: &Row) -> Result<EscrowEvent> {
    let details = RawValue::from_string(row.get("details")?);
    Ok(EscrowEvent {
        event_id: row.get("id")?,
        escrow_id: row.get("escrow_id")?,
        event_type: row.get("type")?,
        actor: row.get("actor")?,
        timestamp: IsoTime(row.get("at")?),
        details: details.map_err(|_| Error::internal("details that are not JSON"))?,
    })
}
