//! What is unusual about access. Most of it was found by the writes that made it so; what only this call can see is found
//! here and stored, so that it is found once.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::access::{Anomalies, Anomaly, AnomalySeverity, AnomalyType, AskAnomalies},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{AskPage, Call, DAY, Limit, Offset};
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
pub(crate) async fn list_anomalies(call: Call<AskAnomalies, AskPage>) -> Result<Response> {
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
    if named.tenants.len() > PEERS {
        work.push(Statement::new(DIFFERS).bind(named.json.as_str()).bind(call.now));
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

/// Policies of a name that differ from those of two other tenants. What is unusual is told to the tenant that has it.
const DIFFERS: &str = "INSERT INTO qnsp_access_anomalies (tenant_id, fingerprint, id, type, severity, description, \
     affected, detected_at) SELECT p.tenant_id, 'policy_drift:' || p.id, \
     lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || \
       substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), \
     'policy_drift', 2, 'Policy ' || p.name || ' differs from that of two other tenants or more', \
     p.statement -> '$.resources', ?2 FROM json_each(?1) w CROSS JOIN qnsp_access_policies p ON p.tenant_id = w.value \
     WHERE (SELECT count(*) FROM json_each(?1) v CROSS JOIN qnsp_access_policies q \
       ON q.tenant_id = v.value AND q.name = p.name WHERE q.content_hash <> p.content_hash) >= 2 \
     ON CONFLICT (tenant_id, fingerprint) DO UPDATE SET severity = max(severity, excluded.severity), \
       description = excluded.description, affected = excluded.affected";

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
