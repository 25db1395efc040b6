//! Reports over events. A report is completed by the first read of its own, in the batch of that read; a list completes the
//! oldest pending ones.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::auth::{CreateReport, Report, ReportAccepted, ReportFormat, ReportSummary, Reports},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{AskPage, Call, Caller, DAY, Nothing, impossible, missing, new_id};
use serde::Deserialize;
use serde_json::json;
use service::{Guard, Result};

use crate::{
    download,
    report_counts::{self, Counts},
};

const PENDING: &str = "pending";
const COMPLETED: &str = "completed";

/// Milliseconds until a report is said to be complete.
const ESTIMATE: i64 = 60_000;

/// The longest span of time of a report.
const MOST_DAYS: i64 = 366;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfReport {
    report_id: Uuid,
}

/// Ask for a report over events of identity providers.
#[utoipa::path(
    post, path = "/auth/federation/audit/reports", tag = "Auth", request_body = CreateReport,
    responses(
        (status = 202, body = ReportAccepted), (status = 400), (status = 401), (status = 403), (status = 422),
    ),
)]
pub(crate) async fn create_report(call: Call<CreateReport>) -> Result<Response> {
    let id = new_id()?;
    call.about(id.as_str());
    let (start, end) = (call.body.start_date.start(), call.body.end_date.end());
    if start > end {
        return Err(impossible("endDate", "must not be before startDate"));
    }
    if end - start > MOST_DAYS * DAY {
        return Err(impossible("endDate", "must be at most 366 days after startDate"));
    }
    let mut work = call.work();
    work.push(insert(&call, &id, &call.body));
    let accepted =
        ReportAccepted { report_id: id, status: PENDING, estimated_completion_at: IsoTime(call.now + ESTIMATE) };
    work.commit(StatusCode::ACCEPTED, &accepted).await
}

/// List the reports, newest first.
#[utoipa::path(
    get, path = "/auth/federation/audit/reports", tag = "Auth", params(AskPage),
    responses((status = 200, body = Reports), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_reports(call: Call<Nothing, AskPage>) -> Result<Json<Reports>> {
    let select = Statement::new(
        "SELECT id, report_type, created_at, completed_at FROM qnsp_federation_reports WHERE tenant_id = ?1 \
         ORDER BY created_at DESC, id DESC LIMIT ?2 OFFSET ?3",
    );
    let mut work = call.work();
    work.push(report_counts::complete(&call, None));
    let found = work.push(select.bind(call.tenant()).bind(call.query.limit.0).bind(call.query.offset.0));
    let outcomes = work.run().await?;
    Ok(Json(Reports { reports: outcomes.rows(found).iter().map(summary).collect::<Result<_>>()? }))
}

/// Show a report.
#[utoipa::path(
    get, path = "/auth/federation/audit/reports/{reportId}", tag = "Auth", params(("reportId" = String, Path)),
    responses(
        (status = 200, body = Report), (status = 400), (status = 401), (status = 403), (status = 404),
    ),
)]
pub(crate) async fn show_report(call: Call<Nothing, Nothing, OfReport>) -> Result<Json<Report>> {
    let id = call.path.report_id.as_str();
    call.about(id);
    let select = Statement::new(
        "SELECT id, report_type, format, created_at, start_at, end_at, completed_at, counts \
         FROM qnsp_federation_reports WHERE tenant_id = ?1 AND id = ?2",
    );
    let exists = "EXISTS (SELECT 1 FROM qnsp_federation_reports WHERE tenant_id = ?1 AND id = ?2)";
    let mut work = call.work();
    work.require(Guard::new(exists, missing("No such report")).bind(call.tenant()).bind(id));
    work.push(report_counts::complete(&call, Some(id)));
    let found = work.push(select.bind(call.tenant()).bind(id));
    let outcomes = work.run().await?;
    let row = outcomes.one(found)?;
    let format: String = row.get("format")?;
    let is_shown = format == <&str>::from(ReportFormat::Json);
    Ok(Json(Report {
        summary: summary(row)?,
        data: is_shown.then(|| Counts::data(row)).transpose()?,
        download_url: (!is_shown).then(|| download::url(&call.app, id, &format, call.now)).transpose()?,
    }))
}

fn insert(caller: &Caller, id: &str, report: &CreateReport) -> Statement {
    let providers: Vec<_> = report.providers.iter().flat_map(|list| &list.0).map(|text| text.as_str()).collect();
    let insert = Statement::new(
        "INSERT INTO qnsp_federation_reports (tenant_id, id, created_at, report_type, format, start_at, end_at, \
         providers) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    );
    insert
        .bind(caller.tenant())
        .bind(id)
        .bind(caller.now)
        .bind(<&str>::from(report.report_type))
        .bind(<&str>::from(report.format.unwrap_or_default()))
        .bind(report.start_date.start())
        .bind(report.end_date.end())
        .bind(json!(providers).to_string())
}

fn summary(row: &Row) -> Result<ReportSummary> {
    let completed_at: Option<i64> = row.get("completed_at")?;
    Ok(ReportSummary {
        report_id: row.get("id")?,
        report_type: row.get("report_type")?,
        status: if completed_at.is_some() { COMPLETED } else { PENDING },
        created_at: IsoTime(row.get("created_at")?),
        completed_at: completed_at.map(IsoTime),
    })
}
