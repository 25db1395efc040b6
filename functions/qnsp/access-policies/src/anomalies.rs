//! What is unusual about access. Most of it was found by the writes that made it so; what only this call can see is found
//! here and stored, so that it is found once.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::access::{Anomalies, Anomaly, AnomalySeverity, AnomalyType, AskAnomalies},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{AskPage, Call, DAY, Limit, NEW_UUID, Offset};
use serde_json::{Value, json};
use service::{Error, Result};
use strum::IntoEnumIterator;

use crate::named::Named;

/// How far back anomalies are listed if nothing is said.
const SINCE: i64 = 7 * DAY;

/// List anomalies of access, the newest first.
#[utoipa::path(
    post, path = "/access/v1/cross-tenant/anomalies", tag = "Access control", request_body = AskAnomalies,
    params(AskPage),
    responses((status = 200, body = Anomalies), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn list_access_anomalies(call: Call<AskAnomalies, AskPage>) -> Result<Response> {
    let AskPage { limit: Limit(limit), offset: Offset(offset) } = call.query;
    let named = match &call.body.tenant_ids {
        Some(ids) => Named::of(&call, &ids.0)?,
        None => Named { tenants: vec![call.tenant().to_owned()], json: json!([call.tenant()]).to_string() },
    };
    let since = call.body.since.as_ref().map_or(call.now - SINCE, |since| since.0);
    let types: Vec<&str> = match &call.body.anomaly_types {
        Some(types) => types.iter().map(Into::into).collect(),
        None => AnomalyType::iter().map(Into::into).collect(),
    };
    let severity = call.body.severity.map_or(0, AnomalySeverity::weight);
    let bound = |statement: Statement| {
        statement.bind(named.json.as_str()).bind(Value::from(types.as_slice()).to_string()).bind(severity).bind(since)
    };
    let mut work = call.work();
    named.require(&mut work);
    let seen_since = since.max(call.now - LOOKBACK);
    for text in escalations() {
        work.push(Statement::new(text).bind(named.json.as_str()).bind(seen_since));
    }
    if named.tenants.len() > PEERS {
        work.push(Statement::new(differs()).bind(named.json.as_str()).bind(call.now));
    }
    let found = work.push(bound(Statement::new(LIST)).bind(limit).bind(offset));
    let total = work.push(bound(Statement::new(COUNT)));
    let outcomes = work.run().await?;
    let anomalies = Anomalies {
        anomalies: outcomes.rows(found).iter().map(anomaly).collect::<Result<_>>()?,
        total: outcomes.one(total)?.get("total")?,
    };
    call.answer(StatusCode::OK, &anomalies).await
}

/// From how many other tenants the policy of a name must differ.
const PEERS: usize = 2;

/// How far back this call looks for what it alone can see.
const LOOKBACK: i64 = 30 * DAY;

/// Stores what a query finds: `tenant_id`, `of` (the id of the object), `severity`, `description`, `affected` and `at`.
fn raise(kind: AnomalyType, found: &str) -> String {
    let kind: &str = kind.into();
    format!(
        "INSERT INTO qnsp_access_anomalies (tenant_id, fingerprint, id, type, severity, description, affected, \
         detected_at) SELECT tenant_id, '{kind}:' || of, {NEW_UUID}, '{kind}', severity, description, affected, at \
         FROM ({found}) WHERE true ON CONFLICT (tenant_id, fingerprint) DO UPDATE SET affected = excluded.affected, \
         description = iif(excluded.severity >= severity, excluded.description, description), \
         severity = max(severity, excluded.severity)"
    )
}

/// Policies of a name that differ from those of two other tenants.
fn differs() -> String {
    raise(
        AnomalyType::PolicyDrift,
        "SELECT p.tenant_id, p.id AS of, 2 AS severity, p.statement -> '$.resources' AS affected, ?2 AS at, \
         'Policy ' || p.name || ' differs from that of two other tenants or more' AS description \
         FROM json_each(?1) w CROSS JOIN qnsp_access_policies p ON p.tenant_id = w.value \
         WHERE (SELECT count(*) FROM json_each(?1) v CROSS JOIN qnsp_access_policies q \
         ON q.tenant_id = v.value AND q.name = p.name WHERE q.content_hash <> p.content_hash) >= 2",
    )
}

/// Grants of everything or of administration, requests that repeat one that was denied within a day, and requests whose
/// requester has tried to process them.
fn escalations() -> [String; 3] {
    [
        "SELECT g.tenant_id, g.id AS of, 3 AS severity, json_array(g.resource_type || '/' || g.resource_id) AS affected, \
         g.granted_at AS at, 'Everything or administration was granted to ' || g.grantee_id AS description \
         FROM json_each(?1) w CROSS JOIN qnsp_jit_grants g ON g.tenant_id = w.value AND g.granted_at >= ?2 \
         WHERE EXISTS (SELECT 1 FROM json_each(g.permissions) p \
         WHERE p.value IN ('*', 'admin') OR substr(p.value, -6) = ':admin')",
        "SELECT r.tenant_id, r.id AS of, 3 AS severity, json_array(r.resource_type || '/' || r.resource_id) AS affected, \
         r.requested_at AS at, 'A request was repeated within a day after it was denied, by ' || r.requester_id \
         AS description FROM json_each(?1) w CROSS JOIN qnsp_jit_requests r \
         ON r.tenant_id = w.value AND r.requested_at >= ?2 WHERE EXISTS (SELECT 1 FROM qnsp_jit_requests d \
         WHERE d.tenant_id = r.tenant_id AND d.requester_id = r.requester_id AND d.id <> r.id \
         AND d.requested_at BETWEEN r.requested_at - 172800000 AND r.requested_at \
         AND d.resource_type = r.resource_type AND d.resource_id = r.resource_id AND d.status = 'denied' \
         AND d.processed_by IS NOT NULL AND d.processed_at BETWEEN r.requested_at - 86400000 AND r.requested_at)",
        "SELECT r.tenant_id, r.id AS of, 4 AS severity, json_array(r.resource_type || '/' || r.resource_id) AS affected, \
         r.self_processed_at AS at, r.requester_id || ' tried to process the own request' AS description \
         FROM json_each(?1) w CROSS JOIN qnsp_jit_requests r \
         ON r.tenant_id = w.value AND r.self_processed_at >= ?2 AND r.self_processed_at IS NOT NULL",
    ]
    .map(|found| raise(AnomalyType::PrivilegeEscalation, found))
}

const LIST: &str = "SELECT a.tenant_id, a.id, a.type, a.severity, a.description, a.affected, a.detected_at \
     FROM json_each(?1) w CROSS JOIN qnsp_access_anomalies a ON a.tenant_id = w.value AND a.detected_at >= ?4 \
     WHERE a.type IN (SELECT value FROM json_each(?2)) AND a.severity >= ?3 \
     ORDER BY a.detected_at DESC, a.id LIMIT ?5 OFFSET ?6";

const COUNT: &str = "SELECT count(*) AS total \
     FROM json_each(?1) w CROSS JOIN qnsp_access_anomalies a ON a.tenant_id = w.value AND a.detected_at >= ?4 \
     WHERE a.type IN (SELECT value FROM json_each(?2)) AND a.severity >= ?3";

fn anomaly(row: &Row) -> Result<Anomaly> {
    let severity = AnomalySeverity::of_weight(row.get("severity")?);
    let affected = serde_json::from_str(&row.get::<String>("affected")?);
    Ok(Anomaly {
        anomaly_id: row.get("id")?,
        tenant_id: row.get("tenant_id")?,
        kind: row.get("type")?,
        severity: severity.ok_or_else(|| Error::internal("an anomaly of no severity"))?,
        description: row.get("description")?,
        detected_at: IsoTime(row.get("detected_at")?),
        affected_resources: affected.map_err(|_| Error::internal("an anomaly about no list"))?,
    })
}
