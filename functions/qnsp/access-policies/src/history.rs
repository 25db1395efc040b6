//! What was simulated in the last 30 days.

use axum::Json;
use model::{
    qnsp::access::{Simulation, Simulations},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{Call, Limit, Nothing, Offset};
use serde::Deserialize;
use serde_json::value::RawValue;
use service::{Error, Result};
use utoipa::IntoParams;

use crate::asked;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListSimulations {
    /// 1 to 200, 50 if not given.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
    /// Only simulations of this time or later.
    #[param(value_type = Option<String>)]
    since: Option<IsoTime>,
    /// Whether batches are listed with their decisions, 20 simulations a page at most.
    details: Option<bool>,
}

/// How many simulations a page with details has.
const MOST_DETAILED: i64 = 20;

/// List the simulations of the last 30 days, the newest first.
#[utoipa::path(
    get, path = "/access/v1/simulate/history", tag = "Access control", params(ListSimulations),
    responses((status = 200, body = Simulations), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_simulations(call: Call<Nothing, ListSimulations>) -> Result<Json<Simulations>> {
    let ListSimulations { limit: Limit(limit), offset: Offset(offset), since, details } = &call.query;
    let is_detailed = *details == Some(true);
    let limit = if is_detailed { (*limit).min(MOST_DETAILED) } else { *limit };
    let since = since.as_ref().map_or(i64::MIN, |since| since.0).max(asked::since(call.now) + 1);
    let select = Statement::new(
        "SELECT id, type, requested_by, requested_at, summary, iif(?5, decisions, NULL) AS decisions FROM qnsp_simulations \
         WHERE tenant_id = ?1 AND requested_at >= ?2 ORDER BY requested_at DESC, id DESC LIMIT ?3 OFFSET ?4",
    );
    let count = "SELECT count(*) AS total FROM qnsp_simulations WHERE tenant_id = ?1 AND requested_at >= ?2";
    let mut work = call.work();
    let found = work.push(select.bind(call.tenant()).bind(since).bind(limit).bind(*offset).bind(is_detailed));
    let total = work.push(Statement::new(count).bind(call.tenant()).bind(since));
    let outcomes = work.run().await?;
    Ok(Json(Simulations {
        simulations: outcomes.rows(found).iter().map(simulation).collect::<Result<_>>()?,
        total: outcomes.one(total)?.get("total")?,
    }))
}

fn simulation(row: &Row) -> Result<Simulation> {
    let json = |text| RawValue::from_string(text).map_err(|_| Error::internal("a stored simulation is not JSON"));
    Ok(Simulation {
        simulation_id: row.get("id")?,
        kind: row.get("type")?,
        requested_by: row.get("requested_by")?,
        requested_at: IsoTime(row.get("requested_at")?),
        summary: json(row.get("summary")?)?,
        decisions: row.get::<Option<String>>("decisions")?.map(json).transpose()?,
    })
}
