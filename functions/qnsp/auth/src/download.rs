//! Reports as files. Who has the address of a report may read it for a quarter of an hour: the address is signed, so
//! neither a token nor storage is asked before the signature is good.

use axum::{
    extract::{RawQuery, State},
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
};
use crypto::hash;
use model::{qnsp::auth::ReportFormat, time::to_iso};
use platform::{Row, Statement, clock};
use qnsp::missing;
use service::{App, Error, Path, Result};

use crate::{csv, pdf, report_counts::Counts};

/// Seconds for which an address is good.
const GOOD_FOR: i64 = 900;

/// How many events a file has at most.
const MOST_LINES: i64 = 10_000;

/// The address of a report in a format.
pub(crate) fn url(app: &App, id: &str, format: &str, now: i64) -> Result<String> {
    let expires = (now / 1000 + GOOD_FOR).to_string();
    let signature = signature(app, id, format, &expires)?;
    Ok(format!("/auth/federation/audit/reports/{id}/download?expires={expires}&sig={signature}"))
}

fn signature(app: &App, id: &str, format: &str, expires: &str) -> Result<String> {
    let key = app.config().derived_key("qnsp-downloads")?;
    let parts = [id.as_bytes(), b"\0", format.as_bytes(), b"\0", expires.as_bytes()];
    Ok(hash::hex(&hash::hmac_sha256(&*key, &parts)))
}

/// Download a report. Its address is given with the report.
#[utoipa::path(
    get, path = "/auth/federation/audit/reports/{reportId}/download", tag = "Auth",
    params(("reportId" = String, Path), ("expires" = String, Query), ("sig" = String, Query)),
    responses(
        (status = 200, description = "The file", content((String = "text/csv"), (String = "application/pdf"))),
        (status = 403),
    ),
)]
pub(crate) async fn download_report(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response> {
    let format = signed_format(&app, &id, query.as_deref().unwrap_or_default())?;
    let select = "SELECT tenant_id, report_type, start_at, end_at, providers, completed_at, counts \
                  FROM qnsp_federation_reports WHERE id = ?1 AND completed_at IS NOT NULL";
    let rows = app.query(Statement::new(select).bind(id.as_str())).await?;
    let report = rows.first().ok_or_else(|| missing("No such report"))?;
    let (content_type, file) = match format {
        ReportFormat::Pdf => ("application/pdf", pdf_of(report)?),
        _ => ("text/csv; charset=utf-8", csv_of(&app, report).await?.into_bytes()),
    };
    let disposition = format!("attachment; filename=\"report-{id}.{}\"", <&str>::from(format));
    let headers = [
        (CONTENT_TYPE, content_type.to_owned()),
        (CONTENT_DISPOSITION, disposition),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, file).into_response())
}

/// The format that the address was signed for.
fn signed_format(app: &App, id: &str, query: &str) -> Result<ReportFormat> {
    let refused = || Error::new(StatusCode::FORBIDDEN, "This address is not good, or not any more");
    let value = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value).unwrap_or_default()
    };
    let (expires, given) = (value("expires"), value("sig"));
    if !expires.parse().is_ok_and(|expires: i64| expires > clock::now_ms() / 1000) {
        return Err(refused());
    }
    for format in [ReportFormat::Csv, ReportFormat::Pdf] {
        if hash::equal(given.as_bytes(), signature(app, id, format.into(), &expires)?.as_bytes()) {
            return Ok(format);
        }
    }
    Err(refused())
}

/// The events of the report that had been recorded when it was completed, newest first.
async fn csv_of(app: &App, report: &Row) -> Result<String> {
    let select = Statement::new(
        "SELECT recorded_at, event_type, provider, user_id, outcome FROM qnsp_federation_events \
         WHERE tenant_id = ?1 AND recorded_at >= ?2 AND recorded_at <= min(?3, ?4) \
         AND (?5 = '[]' OR provider IN (SELECT value FROM json_each(?5))) \
         ORDER BY recorded_at DESC, id DESC LIMIT ?6",
    );
    let select = select
        .bind(report.get::<String>("tenant_id")?)
        .bind(report.get::<i64>("start_at")?)
        .bind(report.get::<i64>("end_at")?)
        .bind(report.get::<i64>("completed_at")?)
        .bind(report.get::<String>("providers")?)
        .bind(MOST_LINES);
    let mut text = csv::line(&["timestamp", "eventType", "provider", "userId", "outcome"]);
    for row in app.query(select).await? {
        let cell = |column| row.get::<String>(column);
        let at = to_iso(row.get("recorded_at")?);
        text += &csv::line(&[&at, &cell("event_type")?, &cell("provider")?, &cell("user_id")?, &cell("outcome")?]);
    }
    Ok(text)
}

fn pdf_of(report: &Row) -> Result<Vec<u8>> {
    let data = Counts::data(report)?;
    let totals = &data.totals;
    let mut lines = vec![
        format!("From    {}", to_iso(data.period.start_date.0)),
        format!("To      {}", to_iso(data.period.end_date.0)),
        String::new(),
        format!("Events            {:>10}", totals.events),
        format!("Successes         {:>10}", totals.success),
        format!("Failures          {:>10}", totals.failure),
        format!("Users             {:>10}", totals.unique_users),
    ];
    let mut section = |title: &str, rows: Vec<String>| {
        if !rows.is_empty() {
            lines.extend([String::new(), title.to_owned()]);
            lines.extend(rows);
        }
    };
    let checks = data.checks.iter().flatten().map(|check| {
        let verdict = if check.passed { "passed" } else { "failed" };
        format!("  {:<24} {verdict}  {} (threshold {})", check.check_id, check.value, check.threshold)
    });
    section("Checks", checks.collect());
    let bursts = data.findings.iter().map(|finding| {
        format!(
            "  {} {} {} failures from {}",
            finding.severity,
            finding.user_id,
            finding.count,
            to_iso(finding.first_at.0)
        )
    });
    section("Findings", bursts.collect());
    let types = data.by_event_type.iter().map(|(event_type, events)| format!("  {events:>10}  {event_type}"));
    section("Events by type", types.collect());
    let providers = data.by_provider.iter().map(|row| {
        format!("  {:>10}  {} ({} users, {} failures)", row.events, row.provider, row.unique_users, row.failures)
    });
    section("Events by provider", providers.collect());
    let days = data
        .by_day
        .iter()
        .flatten()
        .map(|day| format!("  {}  {:>10}  {:>10} failures", day.date, day.events, day.failures));
    section("Events by day", days.collect());
    Ok(pdf::page(&format!("Federation report: {}", report.get::<String>("report_type")?), &lines))
}
