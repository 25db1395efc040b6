//! An incident that somebody reports.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::{
        Text,
        vault::leakage::{LeakageIncidentReported, LeakageStatus, ReportLeakage},
    },
    time::IsoTime,
};
use platform::Statement;
use qnsp::{Call, impossible, new_id};
use service::Result;

/// Report that a secret has leaked.
#[utoipa::path(
    post, path = "/vault/v1/leakage-detection/incidents", tag = "Vault", request_body = ReportLeakage,
    responses((status = 201, body = LeakageIncidentReported), (status = 400), (status = 401), (status = 403), (status = 422)),
)]
pub(crate) async fn report_leakage(call: Call<ReportLeakage>) -> Result<Response> {
    let (incident, id) = (&call.body, new_id()?);
    call.about(id.as_str());
    let detected_at = incident.detected_at.map_or(call.now, |at| at.0);
    if detected_at > call.now {
        return Err(impossible("detectedAt", "must not lie in the future"));
    }
    let insert = Statement::new(
        "INSERT INTO qnsp_leakage_incidents (tenant_id, id, created_at, created_by, detected_at, secret_id, source, location, \
         severity, status, details, channels) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'open', ?10, '[]')",
    );
    let insert = insert
        .bind(call.tenant())
        .bind(id.as_str())
        .bind(call.now)
        .bind(call.user())
        .bind(detected_at)
        .bind(incident.secret_id.as_str())
        .bind(incident.source.as_str())
        .bind(incident.location.as_ref().map_or("", Text::as_str))
        .bind(<&str>::from(incident.severity))
        .bind(incident.details.as_ref().map_or("{}", |details| details.as_str()));
    let mut work = call.work();
    work.push(insert);
    let reported =
        LeakageIncidentReported { incident_id: id, status: LeakageStatus::Open, created_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &reported).await
}
