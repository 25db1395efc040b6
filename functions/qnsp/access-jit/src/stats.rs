//! What the requests of a period say together, counted from an index that holds all it asks for.

use axum::Json;
use model::qnsp::jit::{JitStats, TypeCount};
use platform::Statement;
use policy::qnsp::number;
use qnsp::{Call, Nothing, PeriodOfDays};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

use crate::request_store::deny_lapsed;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ShowStats {
    /// 30d unless it is said.
    #[param(inline)]
    period: Option<PeriodOfDays>,
}

/// Show what the requests of a period say together.
#[utoipa::path(
    get, path = "/access/v1/jit/stats", tag = "Access control", params(ShowStats),
    responses((status = 200, body = JitStats), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn show_jit_stats(call: Call<Nothing, ShowStats>) -> Result<Json<JitStats>> {
    let period = call.query.period.unwrap_or(PeriodOfDays::Month);
    let of_period = |text| Statement::new(text).bind(call.tenant()).bind(call.now - period.length());
    let mut work = call.work();
    work.push(deny_lapsed(&call));
    // Who needed nobody's approval has no `processed_by`.
    let requests = work.push(of_period(
        "SELECT count(*) AS total, count(*) FILTER (WHERE status = 'approved') AS approved, \
         count(*) FILTER (WHERE status = 'denied') AS denied, \
         count(*) FILTER (WHERE status = 'approved' AND processed_by IS NOT NULL) AS by_somebody, \
         coalesce(sum(processed_at - requested_at) FILTER (WHERE status = 'approved' AND processed_by IS NOT NULL), 0) \
         AS waited FROM qnsp_jit_requests WHERE tenant_id = ?1 AND requested_at > ?2",
    ));
    let top = work.push(of_period(
        "SELECT resource_type, count(*) AS count FROM qnsp_jit_requests WHERE tenant_id = ?1 AND requested_at > ?2 \
         GROUP BY resource_type ORDER BY count DESC, resource_type LIMIT 5",
    ));
    let active = Statement::new(
        "SELECT count(*) AS active FROM qnsp_jit_grants WHERE tenant_id = ?1 AND revoked_at IS NULL AND expires_at > ?2",
    );
    let active = work.push(active.bind(call.tenant()).bind(call.now));
    let outcomes = work.run().await?;
    let row = outcomes.one(requests)?;
    let (waited, by_somebody): (i64, i64) = (row.get("waited")?, row.get("by_somebody")?);
    let types = outcomes.rows(top).iter();
    let types = types.map(|row| Ok(TypeCount { resource_type: row.get("resource_type")?, count: row.get("count")? }));
    Ok(Json(JitStats {
        period: period.into(),
        total_requests: row.get("total")?,
        approved_requests: row.get("approved")?,
        denied_requests: row.get("denied")?,
        #[expect(clippy::cast_precision_loss, reason = "no more than a day in milliseconds")]
        average_approval_time: number::divide(waited.into(), by_somebody.into()) as f64 / 1_000.0,
        active_grants: outcomes.one(active)?.get("active")?,
        top_resources: types.collect::<Result<_>>()?,
    }))
}
