//! How the indexes are.

use axum::Json;
use model::qnsp::search::{IndexHealth, IndexStatus, SearchHealth, Shards};
use platform::{Row, Statement};
use qnsp::{AskPage, Call, Nothing};
use service::Result;

use crate::maintenance;

/// Show how the indexes are, by name. Maintenance that is due is carried out first.
#[utoipa::path(
    get, path = "/search/v1/health/current", tag = "Search", params(AskPage),
    responses((status = 200, body = SearchHealth), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn show_indices(call: Call<Nothing, AskPage>) -> Result<Json<SearchHealth>> {
    maintenance::run_due(&call).await?;
    let mut work = call.work();
    work.push(maintenance::fail_overdue(call.tenant(), call.now));
    let page = Statement::new(format!("{RATED} ORDER BY name LIMIT ?3 OFFSET ?4"));
    let page = page.bind(call.tenant()).bind(call.now).bind(call.query.limit.0).bind(call.query.offset.0);
    let page = work.push(page);
    let worst = Statement::new(format!("SELECT coalesce(max(rank), 0) AS rank FROM ({RATED})"));
    let worst = work.push(worst.bind(call.tenant()).bind(call.now));
    let outcomes = work.run().await?;
    Ok(Json(SearchHealth {
        overall_health: status(outcomes.one(worst)?)?,
        indices: outcomes.rows(page).iter().map(index).collect::<Result<_>>()?,
    }))
}

/// The indexes with their ranks: 1 while a window is open, 2 where the last maintenance failed, else 0.
const RATED: &str = "SELECT name, documents, bytes, is_rebuilt, CASE WHEN last = 'failed' THEN 2 WHEN is_open THEN 1 ELSE 0 END \
     AS rank FROM (SELECT name, documents, bytes, \
     EXISTS (SELECT 1 FROM qnsp_search_maintenance m WHERE m.tenant_id = ?1 AND m.index_name = i.name \
     AND m.starts_at <= ?2 AND m.ends_at > ?2) AS is_open, \
     EXISTS (SELECT 1 FROM qnsp_search_maintenance m WHERE m.tenant_id = ?1 AND m.index_name = i.name \
     AND m.starts_at <= ?2 AND m.ends_at > ?2 AND m.type = 'reindex') AS is_rebuilt, \
     (SELECT status FROM qnsp_search_maintenance m WHERE m.tenant_id = ?1 AND m.index_name = i.name \
     AND m.status IN ('done', 'failed') ORDER BY m.starts_at DESC LIMIT 1) AS last \
     FROM qnsp_search_indices i WHERE tenant_id = ?1)";

fn status(row: &Row) -> Result<IndexStatus> {
    Ok(match row.get::<i64>("rank")? {
        0 => IndexStatus::Green,
        1 => IndexStatus::Yellow,
        _ => IndexStatus::Red,
    })
}

fn index(row: &Row) -> Result<IndexHealth> {
    let is_rebuilt: bool = row.get("is_rebuilt")?;
    Ok(IndexHealth {
        index_name: row.get("name")?,
        status: status(row)?,
        document_count: row.get("documents")?,
        size_bytes: row.get("bytes")?,
        shards: Shards { total: 1, successful: i64::from(!is_rebuilt) },
    })
}
