//! The rows of anomalies.

use model::{
    qnsp::{auth::Severity, observability::Anomaly},
    time::IsoTime,
};
use platform::{Row, SqlValue, Statement};
use qnsp::{Caller, conflict, missing, new_id, word};
use serde_json::{Value, json};
use service::{Guard, Result};

use crate::asked::AskAnomalies;

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_anomalies WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such anomaly")).bind(caller.tenant()).bind(id)
}

/// One of a budget is over with its period, whether or not somebody has looked since.
pub(crate) fn is_not_resolved(caller: &Caller, id: &str) -> Guard {
    let is_not = "EXISTS (SELECT 1 FROM qnsp_anomalies WHERE tenant_id = ?1 AND id = ?2 AND status <> 'resolved' \
                  AND (period_end IS NULL OR period_end > ?3))";
    let guard = Guard::new(is_not, conflict("The anomaly is resolved"));
    guard.bind(caller.tenant()).bind(id).bind(caller.now)
}

/// Gives the `acknowledged_at` of the first time.
pub(crate) fn acknowledge(caller: &Caller, id: &str) -> Statement {
    let update = Statement::new(
        "UPDATE qnsp_anomalies SET status = 'acknowledged', acknowledged_at = coalesce(acknowledged_at, ?3) \
         WHERE tenant_id = ?1 AND id = ?2 RETURNING acknowledged_at",
    );
    update.bind(caller.tenant()).bind(id).bind(caller.now)
}

/// Resolves what these rules have found.
pub(crate) fn resolve(tenant: &str, rules: &[&str]) -> Statement {
    let update = Statement::new(
        "UPDATE qnsp_anomalies SET status = 'resolved' WHERE tenant_id = ?1 \
         AND rule_id IN (SELECT value FROM json_each(?2)) AND threshold IS NULL AND status <> 'resolved'",
    );
    update.bind(tenant).bind(Value::from(rules).to_string())
}

/// Resolves what belongs to a period of a budget that is over.
pub(crate) fn resolve_ended_budgets(caller: &Caller) -> Statement {
    let update = Statement::new(
        "UPDATE qnsp_anomalies SET status = 'resolved' WHERE tenant_id = ?1 AND period_end <= ?2 \
         AND threshold IS NOT NULL AND status <> 'resolved'",
    );
    update.bind(caller.tenant()).bind(caller.now)
}

/// Opens an anomaly for each of these rules that has none.
pub(crate) fn open(caller: &Caller, firing: &[(String, Severity)]) -> Result<Statement> {
    let rows = firing.iter().map(|(rule, severity)| Ok(json!([new_id()?, rule, severity])));
    let rows = rows.collect::<Result<Vec<_>>>()?;
    let insert = Statement::new(
        "INSERT INTO qnsp_anomalies (tenant_id, id, rule_id, metric, severity, status, detected_at, channels) \
         SELECT ?1, f.value ->> 0, r.id, r.metric, f.value ->> 2, 'open', ?2, r.channels FROM json_each(?3) f \
         JOIN qnsp_anomaly_rules r ON r.tenant_id = ?1 AND r.id = f.value ->> 1 WHERE true ON CONFLICT DO NOTHING",
    );
    Ok(insert.bind(caller.tenant()).bind(caller.now).bind(Value::from(rows).to_string()))
}

/// A page, the latest first. Each filter has an index.
pub(crate) fn page(tenant: &str, asked: &AskAnomalies) -> Statement {
    let mut text =
        "SELECT id, rule_id, metric, severity, status, detected_at FROM qnsp_anomalies WHERE tenant_id = ?1".to_owned();
    let mut params = vec![SqlValue::from(tenant)];
    for (column, value) in [
        ("rule_id", asked.rule_id.as_ref().map(|id| id.as_str())),
        ("status", asked.status.map(<&str>::from)),
        ("severity", asked.severity.map(<&str>::from)),
    ] {
        if let Some(value) = value {
            params.push(value.into());
            text += &format!(" AND {column} = ?{}", params.len());
        }
    }
    text += &format!(" ORDER BY detected_at DESC, id LIMIT ?{} OFFSET ?{}", params.len() + 1, params.len() + 2);
    params.extend([asked.limit.0.into(), asked.offset.0.into()]);
    Statement { params, ..Statement::new(text) }
}

pub(crate) fn anomaly(row: &Row) -> Result<Anomaly> {
    Ok(Anomaly {
        anomaly_id: row.get("id")?,
        rule_id: row.get("rule_id")?,
        metric: row.get("metric")?,
        severity: word(row, "severity")?,
        status: word(row, "status")?,
        detected_at: IsoTime(row.get("detected_at")?),
    })
}
