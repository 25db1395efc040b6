//! What the modules were asked for.

use axum::Json;
use model::{
    qnsp::hsm::{Operation, Operations},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{AskPage, Call, DAY, Nothing, hsm::connection_exists};
use service::Result;

use crate::connections::OfConnection;

const SHOWN_FOR: i64 = 30 * DAY;

/// List the operations of a connection, the latest first: those of 30 days, at most 10,000.
#[utoipa::path(
    get, path = "/kms/v1/byohsm/connections/{connectionId}/operations", tag = "Key management",
    params(("connectionId" = String, Path), AskPage),
    responses((status = 200, body = Operations), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn list_hsm_operations(call: Call<Nothing, AskPage, OfConnection>) -> Result<Json<Operations>> {
    let id = call.path.connection_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(connection_exists(&call, id));
    let page = Statement::new(
        "SELECT id, type, key_id, at, is_success, latency_ms FROM qnsp_hsm_operations WHERE tenant_id = ?1 \
         AND connection_id = ?2 AND at >= ?3 ORDER BY number DESC LIMIT ?4 OFFSET ?5",
    );
    let page = page.bind(call.tenant()).bind(id).bind(call.now - SHOWN_FOR);
    let found = work.push(page.bind(call.query.limit.0).bind(call.query.offset.0));
    let outcomes = work.run().await?;
    Ok(Json(Operations { operations: outcomes.rows(found).iter().map(operation).collect::<Result<_>>()? }))
}

fn operation(row: &Row) -> Result<Operation> {
    Ok(Operation {
        operation_id: row.get("id")?,
        operation_type: row.get("type")?,
        key_id: row.get("key_id")?,
        timestamp: IsoTime(row.get("at")?),
        status: if row.get("is_success")? { "success" } else { "failure" },
        latency_ms: row.get("latency_ms")?,
    })
}
