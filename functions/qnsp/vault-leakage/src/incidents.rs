//! What was found or reported.

use axum::Json;
use model::{
    ids::Uuid,
    qnsp::{
        Text,
        vault::leakage::{LeakageIncident, LeakageIncidents, LeakageSeverity, LeakageStatus},
    },
    time::IsoTime,
};
use platform::Statement;
use qnsp::{Call, Caller, Limit, Nothing, Offset};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

use crate::incident_store as store;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfIncident {
    pub incident_id: Uuid,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct AskIncidents {
    #[param(inline)]
    status: Option<LeakageStatus>,
    #[param(inline)]
    severity: Option<LeakageSeverity>,
    /// Inclusive, by when it was detected.
    #[param(value_type = Option<String>)]
    since: Option<IsoTime>,
    #[param(value_type = Option<String>)]
    secret_id: Option<Text<1, 256>>,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
}

/// List the incidents, those that were detected last first.
#[utoipa::path(
    get, path = "/vault/v1/leakage-detection/incidents", tag = "Vault", params(AskIncidents),
    responses((status = 200, body = LeakageIncidents), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_leakage_incidents(call: Call<Nothing, AskIncidents>) -> Result<Json<LeakageIncidents>> {
    let mut work = call.work();
    let found = work.push(select(&call, &call.query));
    let outcomes = work.run().await?;
    Ok(Json(LeakageIncidents { incidents: outcomes.rows(found).iter().map(store::in_list).collect::<Result<_>>()? }))
}

/// What is not asked for is no condition of a column, so that the index is used that fits.
fn select(caller: &Caller, query: &AskIncidents) -> Statement {
    let status = query.status.map_or("?2 IS NULL", |_| "status = ?2");
    let severity = query.severity.map_or("?3 IS NULL", |_| "severity = ?3");
    let secret = query.secret_id.as_ref().map_or("?4 IS NULL", |_| "secret_id = ?4");
    let select = format!(
        "SELECT id, secret_id, source, severity, status, detected_at FROM qnsp_leakage_incidents WHERE tenant_id = ?1 \
         AND {status} AND {severity} AND {secret} AND detected_at >= ?5 ORDER BY detected_at DESC, id DESC LIMIT ?6 OFFSET ?7"
    );
    Statement::new(select)
        .bind(caller.tenant())
        .bind(query.status.map(|status| <&str>::from(status).to_owned()))
        .bind(query.severity.map(|severity| <&str>::from(severity).to_owned()))
        .bind(query.secret_id.as_ref().map(|id| id.as_str().to_owned()))
        .bind(query.since.map_or(i64::MIN >> 10, |since| since.0))
        .bind(query.limit.0)
        .bind(query.offset.0)
}

/// Show an incident with what was done about it.
#[utoipa::path(
    get, path = "/vault/v1/leakage-detection/incidents/{incidentId}", tag = "Vault",
    params(("incidentId" = String, Path)),
    responses((status = 200, body = LeakageIncident), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_leakage_incident(call: Call<Nothing, Nothing, OfIncident>) -> Result<Json<LeakageIncident>> {
    let id = call.path.incident_id.as_str();
    let mut work = call.work();
    work.require(store::exists(&call, id));
    let found = work.push(store::select(&call, id));
    let steps = work.push(store::select_steps(&call, id));
    let outcomes = work.run().await?;
    store::shown(outcomes.one(found)?, outcomes.rows(steps)).map(Json)
}
