//! Anomalies that rules and budgets have found. Whoever lists them has the rules looked at first.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::observability::{Acknowledged, Anomalies, AnomalyStatus},
    time::IsoTime,
};
use qnsp::{Call, Nothing};
use serde::Deserialize;
use service::Result;

use crate::{anomaly_store as store, asked::AskAnomalies, evaluation::evaluate};

/// Look at the rules, and list anomalies, the latest first.
#[utoipa::path(
    get, path = "/observability/v1/anomaly-detection/anomalies", tag = "Observability", params(AskAnomalies),
    responses((status = 200, body = Anomalies), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn show_anomalies(call: Call<Nothing, AskAnomalies>) -> Result<Json<Anomalies>> {
    let found = evaluate(&call).await?;
    let mut work = call.work();
    work.push(store::resolve_ended_budgets(&call));
    if !found.calm.is_empty() {
        let calm: Vec<_> = found.calm.iter().map(String::as_str).collect();
        work.push(store::resolve(call.tenant(), &calm));
    }
    if !found.firing.is_empty() {
        let opened = work.push(store::open(&call, &found.firing)?);
        work.notify(opened);
    }
    let page = work.push(store::page(call.tenant(), &call.query));
    let outcomes = work.run().await?;
    let anomalies = outcomes.rows(page).iter().map(store::anomaly).collect::<Result<_>>()?;
    Ok(Json(Anomalies { anomalies }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnomalyId {
    anomaly_id: Uuid,
}

/// Acknowledge an anomaly. It stays so while its condition holds.
#[utoipa::path(
    post, path = "/observability/v1/anomaly-detection/anomalies/{anomalyId}/acknowledge", tag = "Observability",
    params(("anomalyId" = String, Path)),
    responses(
        (status = 200, body = Acknowledged), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409),
    ),
)]
pub(crate) async fn acknowledge_anomaly(call: Call<Nothing, Nothing, AnomalyId>) -> Result<Response> {
    let id = call.path.anomaly_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    work.require(store::is_not_resolved(&call, id));
    let acknowledged = work.push(store::acknowledge(&call, id));
    let outcomes = work.run().await?;
    let acknowledged_at = IsoTime(outcomes.one(acknowledged)?.get("acknowledged_at")?);
    let answer = Acknowledged { anomaly_id: id.to_owned(), status: AnomalyStatus::Acknowledged, acknowledged_at };
    call.answer(StatusCode::OK, &answer).await
}
