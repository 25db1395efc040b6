//! Snapshots of a tenant's metrics, which are kept for 400 days, and the health that follows from them.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    qnsp::tenant::{Health, Metrics, NewSnapshot, Point, SnapshotRecorded, Trends},
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::{
    Quota, Tier,
    health::{self, Status, shown_points},
};
use qnsp::{Call, DAY, Nothing, PeriodOfDays, new_id};
use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};
use service::{Error, Result};
use utoipa::IntoParams;

const KEPT: i64 = 400 * DAY;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskTrends {
    /// `24h` (if not given), `7d` or `30d`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    period: PeriodOfDays,
}

/// Record a snapshot of the tenant's metrics.
#[utoipa::path(
    post, path = "/tenant/v1/health/snapshots", tag = "Tenant", request_body = NewSnapshot,
    responses((status = 201, body = SnapshotRecorded), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn record_snapshot(call: Call<NewSnapshot>) -> Result<Response> {
    let metrics = &call.body.metrics;
    let id = new_id()?;
    call.about(id.as_str());
    let reading = health::Metrics {
        api_latency_p99: metrics.api_latency_p99.0,
        error_rate: metrics.error_rate.0,
        storage_usage: metrics.storage_usage.0,
    };
    let mut work = call.work();
    work.push(insert(&call, &id, metrics, reading));
    work.push(sweep(&call));
    let recorded = SnapshotRecorded { snapshot_id: id, recorded_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &recorded).await
}

/// Show the tenant's health by its latest snapshot.
#[utoipa::path(
    get, path = "/tenant/v1/health/current", tag = "Tenant",
    responses((status = 200, body = Health), (status = 401), (status = 403)),
)]
pub(crate) async fn show_health(call: Call) -> Result<Json<Health>> {
    let latest = Statement::new(
        "SELECT recorded_at, metrics, score, status, issues FROM qnsp_health WHERE tenant_id = ?1 \
         ORDER BY recorded_at DESC, id DESC LIMIT 1",
    );
    let mut work = call.work();
    let latest = work.push(latest.bind(call.tenant()));
    let outcomes = work.run().await?;
    match outcomes.row(latest) {
        Some(row) => current(row, call.now).map(Json),
        None => Ok(Json(Health {
            status: "healthy",
            score: 100.0,
            metrics: json_text("{}".to_owned())?,
            issues: Vec::new(),
        })),
    }
}

/// Show how the tenant's health developed: one point per snapshot, 500 at most.
#[utoipa::path(
    get, path = "/tenant/v1/health/trends", tag = "Tenant", params(AskTrends),
    responses((status = 200, body = Trends), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn show_trends(call: Call<Nothing, AskTrends>) -> Result<Json<Trends>> {
    let period = call.query.period;
    let points = Statement::new(
        "SELECT recorded_at, score, status FROM qnsp_health WHERE tenant_id = ?1 AND recorded_at > ?2 \
         ORDER BY recorded_at, id",
    );
    let mut work = call.work();
    let points = work.push(points.bind(call.tenant()).bind(call.now - period.length()));
    let outcomes = work.run().await?;
    let rows = outcomes.rows(points);
    let data_points = shown_points(rows.len()).filter_map(|index| rows.get(index)).map(point).collect::<Result<_>>()?;
    Ok(Json(Trends { period: period.into(), data_points }))
}

/// The limit that holds for the tenant is known to the database only: it picks the score for the tenant's tier.
fn insert(call: &Call<NewSnapshot>, id: &str, metrics: &Metrics, reading: health::Metrics) -> Statement {
    let scores: Map<_, _> = Tier::ALL.iter().map(|tier| (tier.as_str().to_owned(), score(reading, *tier))).collect();
    let insert = Statement::new(
        "INSERT INTO qnsp_health (tenant_id, recorded_at, id, metrics, score, status, issues) \
         SELECT id, ?2, ?3, ?4, scored ->> 'score', scored ->> 'status', scored -> 'issues' \
         FROM (SELECT id, ?5 -> tier AS scored FROM qnsp_tenants WHERE id = ?1)",
    );
    let metrics = json!({
        "apiLatencyP99": metrics.api_latency_p99.0,
        "errorRate": metrics.error_rate.0,
        "activeUsers": metrics.active_users.0,
        "storageUsage": metrics.storage_usage.0,
    });
    let insert = insert.bind(call.tenant()).bind(call.now).bind(id).bind(metrics.to_string());
    insert.bind(Value::Object(scores).to_string())
}

fn score(reading: health::Metrics, tier: Tier) -> Value {
    let health = health::Health::of(reading, Quota::StorageBytes.limit(tier));
    let issues: Vec<_> = health.issues.iter().map(issue).collect();
    json!({ "score": health.score, "status": health.status.as_str(), "issues": issues })
}

fn issue(issue: &health::Issue) -> Value {
    json!({ "code": issue.code, "metric": issue.metric, "value": issue.value, "penalty": issue.penalty })
}

fn sweep(call: &Call<NewSnapshot>) -> Statement {
    let sweep = Statement::new(
        "DELETE FROM qnsp_health WHERE (tenant_id, recorded_at, id) IN (SELECT tenant_id, recorded_at, id \
         FROM qnsp_health WHERE tenant_id = ?1 AND recorded_at < ?2 ORDER BY recorded_at LIMIT 16)",
    );
    sweep.bind(call.tenant()).bind(call.now - KEPT)
}

/// The latest snapshot as it is shown now: an old one says less.
fn current(row: &Row, now: i64) -> Result<Health> {
    let issues: Vec<Value> = serde_json::from_str(&row.get::<String>("issues")?).unwrap_or_default();
    let status: String = row.get("status")?;
    let stored = health::Health { score: row.get("score")?, status: status_of(&status), issues: Vec::new() };
    let shown = stored.at_age(now - row.get::<i64>("recorded_at")?);
    Ok(Health {
        status: shown.status.as_str(),
        score: shown.score,
        metrics: json_text(row.get("metrics")?)?,
        issues: issues.into_iter().chain(shown.issues.iter().map(issue)).collect(),
    })
}

fn point(row: &Row) -> Result<Point> {
    Ok(Point { timestamp: IsoTime(row.get("recorded_at")?), score: row.get("score")?, status: row.get("status")? })
}

fn json_text(text: String) -> Result<Box<RawValue>> {
    RawValue::from_string(text).map_err(|_| Error::internal("metrics of a snapshot are not JSON"))
}

fn status_of(name: &str) -> Status {
    [Status::Healthy, Status::Degraded].into_iter().find(|status| status.as_str() == name).unwrap_or(Status::Critical)
}
