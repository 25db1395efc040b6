//! Audits of isolation. An audit is a job: whoever reads it, or the current status, first carries out what is running.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::tenant::{
        Audit, AuditStarted, ByCategory, Category, CategoryStatus, CurrentStatus, Depth, Finding, NewAudit,
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{Call, Caller, Nothing, missing, new_id, word};
use serde::Deserialize;
use service::{Actor, Batch, Error, Guard, Result};
use strum::IntoEnumIterator;

use crate::isolation_checks::findings;

/// How many running audits one read carries out.
const STEP: i64 = 4;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditId {
    audit_id: Uuid,
}

/// Start an audit of the tenant's isolation.
#[utoipa::path(
    post, path = "/tenant/v1/isolation/audits", tag = "Tenant", request_body = NewAudit,
    responses((status = 201, body = AuditStarted), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn start_audit(call: Call<NewAudit>) -> Result<Response> {
    let id = new_id()?;
    call.about(id.as_str());
    let given = call.body.scope.as_deref();
    let scope: Vec<_> =
        Category::iter().filter(|category| given.is_none_or(|given| given.contains(category))).collect();
    let depth = call.body.depth.unwrap_or(Depth::Standard);
    let insert = Statement::new(
        "INSERT INTO qnsp_isolation_audits (tenant_id, id, scope, depth, status, started_at) \
         VALUES (?1, ?2, ?3, ?4, 'running', ?5)",
    );
    let mut work = call.work();
    work.push(
        insert.bind(call.tenant()).bind(id.as_str()).bind(json(&scope)?).bind(<&str>::from(depth)).bind(call.now),
    );
    let started = AuditStarted { audit_id: id, status: "running", started_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &started).await
}

/// Show the latest result of each category.
#[utoipa::path(
    get, path = "/tenant/v1/isolation/current-status", tag = "Tenant",
    responses((status = 200, body = CurrentStatus), (status = 401), (status = 403)),
)]
pub(crate) async fn show_status(call: Call) -> Result<Json<CurrentStatus>> {
    let mut work = call.work();
    carry_out(&call, &mut *work, None).await?;
    let select = "SELECT category, status, at FROM qnsp_isolation WHERE tenant_id = ?1";
    let found = work.push(Statement::new(select).bind(call.tenant()));
    let outcomes = work.run().await?;
    let rows = outcomes.rows(found);
    let of = |category: Category| {
        let row =
            rows.iter().find(|row| row.get::<String>("category").is_ok_and(|name| name == <&str>::from(category)));
        row.map_or(Ok(CategoryStatus::Unknown), |row| word(row, "status"))
    };
    let by_category = ByCategory {
        data: of(Category::Data)?,
        network: of(Category::Network)?,
        compute: of(Category::Compute)?,
        identity: of(Category::Identity)?,
    };
    let ByCategory { data, network, compute, identity } = by_category;
    let worst = data.max(network).max(compute).max(identity);
    let last = rows.iter().map(|row| row.get::<i64>("at")).collect::<Result<Vec<_>, _>>()?.into_iter().max();
    Ok(Json(CurrentStatus {
        overall_status: if worst == CategoryStatus::Unknown { CategoryStatus::Warning } else { worst },
        by_category,
        last_audit_at: last.map(IsoTime),
    }))
}

/// Show an audit with its findings.
#[utoipa::path(
    get, path = "/tenant/v1/isolation/audits/{auditId}", tag = "Tenant", params(("auditId" = String, Path)),
    responses((status = 200, body = Audit), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_audit(call: Call<Nothing, Nothing, AuditId>) -> Result<Json<Audit>> {
    let id = call.path.audit_id.as_str();
    call.about(id);
    let mut work = call.work();
    let exists = "EXISTS (SELECT 1 FROM qnsp_isolation_audits WHERE tenant_id = ?1 AND id = ?2)";
    work.require(Guard::new(exists, missing("No such audit")).bind(call.tenant()).bind(id));
    carry_out(&call, &mut *work, Some(id)).await?;
    let select = Statement::new(
        "SELECT id, status, scope, depth, findings, started_at, completed_at FROM qnsp_isolation_audits \
         WHERE tenant_id = ?1 AND id = ?2",
    );
    let found = work.push(select.bind(call.tenant()).bind(id));
    let outcomes = work.run().await?;
    audit(outcomes.one(found)?).map(Json)
}

/// Adds the results of audits that are running: of one, or of the oldest.
pub(crate) async fn carry_out(caller: &Caller, batch: &mut Batch<impl Actor>, id: Option<&str>) -> Result<()> {
    let running = Statement::new(
        "SELECT id, status, scope, depth, findings, started_at, completed_at FROM qnsp_isolation_audits \
         WHERE tenant_id = ?1 AND status = 'running' AND (?2 IS NULL OR id = ?2) ORDER BY started_at LIMIT ?3",
    );
    let running = running.bind(caller.tenant()).bind(id.map(str::to_owned)).bind(STEP);
    for row in caller.app.query(running).await? {
        let audit = audit(&row)?;
        let found = findings(caller, &audit.scope, audit.depth).await?;
        // Another read may have carried it out meanwhile.
        let complete = Statement::new(
            "UPDATE qnsp_isolation_audits SET status = 'completed', findings = ?3, completed_at = ?4 \
             WHERE tenant_id = ?1 AND id = ?2 AND status = 'running'",
        );
        let complete = complete.bind(caller.tenant()).bind(audit.audit_id.as_str());
        batch.push(complete.bind(json(&found)?).bind(caller.now));
        for category in audit.scope {
            let upsert = Statement::new(
                "INSERT INTO qnsp_isolation (tenant_id, category, status, at) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (tenant_id, category) DO UPDATE SET status = excluded.status, at = excluded.at",
            );
            let status = status_of(category, &found);
            let upsert = upsert.bind(caller.tenant()).bind(<&str>::from(category)).bind(<&str>::from(status));
            batch.push(upsert.bind(caller.now));
        }
    }
    Ok(())
}

fn status_of(category: Category, findings: &[Finding]) -> CategoryStatus {
    let of: Vec<_> = findings.iter().filter(|finding| finding.category == category).collect();
    if of.is_empty() {
        CategoryStatus::Isolated
    } else if of.iter().any(|finding| finding.severity == "high") {
        CategoryStatus::Breach
    } else {
        CategoryStatus::Warning
    }
}

fn audit(row: &Row) -> Result<Audit> {
    let findings: Option<String> = row.get("findings")?;
    Ok(Audit {
        audit_id: row.get("id")?,
        status: row.get("status")?,
        scope: read(&row.get::<String>("scope")?)?,
        depth: word(row, "depth")?,
        findings: findings.map_or(Ok(Vec::new()), |findings| read(&findings))?,
        started_at: IsoTime(row.get("started_at")?),
        completed_at: row.get::<Option<i64>>("completed_at")?.map(IsoTime),
    })
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|_| Error::internal("an audit that is not JSON"))
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| Error::internal("an audit is stored that cannot be read"))
}
