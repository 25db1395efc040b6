//! Rules over recorded series. A rule never changes; it is looked at when anomalies are listed.

use axum::{http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::{
        Text,
        observability::{ConditionType, NewCondition, NewParameters, NewRule, RuleCreated},
    },
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::{Metric, anomaly::Condition};
use qnsp::{Call, Caller, Nothing, check_channels, conflict, impossible, missing, new_id};
use serde::Deserialize;
use serde_json::{Value, json};
use service::{Guard, Result};

use crate::anomaly_store;

/// How many rules a tenant may have.
const MOST: i64 = 200;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleId {
    rule_id: Uuid,
}

/// Make a rule, which sees the points of the last 30 days.
#[utoipa::path(
    post, path = "/observability/v1/anomaly-detection/rules", tag = "Observability", request_body = NewRule,
    responses(
        (status = 201, body = RuleCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_rule(call: Call<NewRule>) -> Result<Response> {
    let (id, name) = (new_id()?, call.body.name.as_str());
    if Metric::parse(call.body.metric.as_str()).is_none() {
        return Err(impossible("metric", "must be a recorded series"));
    }
    let condition = condition(&call.body.condition)?;
    let channels = call.body.notification_channels.as_ref();
    let channels: Vec<_> = channels.map(|list| list.0.iter().map(Text::as_str).collect()).unwrap_or_default();
    check_channels(&call.app, "notificationChannels", &channels)?;
    call.about_named(id.as_str(), name);
    let mut work = call.work();
    let is_free = "NOT EXISTS (SELECT 1 FROM qnsp_anomaly_rules WHERE tenant_id = ?1 AND name = ?2)";
    let is_free = Guard::new(is_free, conflict("Another rule has this name"));
    work.require(is_free.bind(call.tenant()).bind(name));
    let has_room = "(SELECT count(*) FROM qnsp_anomaly_rules WHERE tenant_id = ?1) < ?2";
    work.require(Guard::new(has_room, conflict("The tenant has 200 rules")).bind(call.tenant()).bind(MOST));
    work.push(insert(&call, &id, &condition, &channels));
    let created = RuleCreated { rule_id: id, name: name.to_owned(), created_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &created).await
}

/// Delete a rule. What it has found is resolved.
#[utoipa::path(
    delete, path = "/observability/v1/anomaly-detection/rules/{ruleId}", tag = "Observability",
    params(("ruleId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_rule(call: Call<Nothing, Nothing, RuleId>) -> Result<StatusCode> {
    let id = call.path.rule_id.as_str();
    call.about(id);
    let mut work = call.work();
    let exists = "EXISTS (SELECT 1 FROM qnsp_anomaly_rules WHERE tenant_id = ?1 AND id = ?2)";
    work.require(Guard::new(exists, missing("No such rule")).bind(call.tenant()).bind(id));
    work.push(anomaly_store::resolve(call.tenant(), &[id]));
    let delete = "DELETE FROM qnsp_anomaly_rules WHERE tenant_id = ?1 AND id = ?2";
    work.push(Statement::new(delete).bind(call.tenant()).bind(id));
    work.run().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A condition with all that its type needs.
fn condition(new: &NewCondition) -> Result<Condition> {
    const WINDOW_MINUTES: i64 = 60;
    const HOURS: i64 = 24;
    let missing = |name: &str| impossible(&format!("condition.parameters.{name}"), "is required");
    let none = NewParameters::default();
    let given = new.parameters.as_ref().unwrap_or(&none);
    Ok(match new.kind {
        ConditionType::Threshold => Condition::Threshold {
            operator: given.operator.ok_or_else(|| missing("operator"))?,
            value: given.value.ok_or_else(|| missing("value"))?,
        },
        ConditionType::Deviation => Condition::Deviation {
            window_minutes: given.window_minutes.map_or(WINDOW_MINUTES, |minutes| minutes.0),
            baseline_hours: given.baseline_hours.map_or(HOURS, |hours| hours.0),
        },
        ConditionType::Trend => Condition::Trend {
            window_hours: given.window_hours.map_or(HOURS, |hours| hours.0),
            min_slope_per_hour: given.min_slope_per_hour.ok_or_else(|| missing("minSlopePerHour"))?,
        },
    })
}

/// A condition as it is stored: its type and its parameters.
fn stored(condition: &Condition) -> (ConditionType, Value) {
    match *condition {
        Condition::Threshold { operator, value } => {
            (ConditionType::Threshold, json!({ "operator": operator, "value": value }))
        }
        Condition::Deviation { window_minutes, baseline_hours } => {
            let parameters = json!({ "windowMinutes": window_minutes, "baselineHours": baseline_hours });
            (ConditionType::Deviation, parameters)
        }
        Condition::Trend { window_hours, min_slope_per_hour } => {
            let parameters = json!({ "windowHours": window_hours, "minSlopePerHour": min_slope_per_hour });
            (ConditionType::Trend, parameters)
        }
    }
}

/// The condition of a stored rule.
pub(crate) fn read(kind: &str, parameters: &str) -> Result<Condition> {
    let new = format!(r#"{{"type":"{kind}","parameters":{parameters}}}"#);
    condition(&model::faults::read::<NewCondition>(new.as_bytes(), "condition")?)
}

fn insert(call: &Call<NewRule>, id: &str, condition: &Condition, channels: &[&str]) -> Statement {
    let (kind, parameters) = stored(condition);
    let insert = Statement::new(
        "INSERT INTO qnsp_anomaly_rules (tenant_id, id, name, metric, condition_type, parameters, sensitivity, channels, \
         created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    );
    insert
        .bind(call.tenant())
        .bind(id)
        .bind(call.body.name.as_str())
        .bind(call.body.metric.as_str())
        .bind(<&str>::from(kind))
        .bind(parameters.to_string())
        .bind(<&str>::from(call.body.sensitivity.unwrap_or_default()))
        .bind(Value::from(channels).to_string())
        .bind(call.now)
}

/// The rules of a tenant.
pub(crate) fn all(caller: &Caller) -> Statement {
    let all = "SELECT id, metric, condition_type, parameters, sensitivity FROM qnsp_anomaly_rules WHERE tenant_id = ?1";
    Statement::new(all).bind(caller.tenant())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use model::qnsp::observability::Operator;

    use super::*;

    #[test]
    fn a_condition_is_stored_as_it_is_read() {
        for condition in [
            Condition::Threshold { operator: Operator::Gte, value: 1.5 },
            Condition::Threshold { operator: Operator::Lt, value: -3.0 },
            Condition::Deviation { window_minutes: 60, baseline_hours: 24 },
            Condition::Trend { window_hours: 720, min_slope_per_hour: 0.1 },
        ] {
            let (kind, parameters) = stored(&condition);
            assert_eq!(read(kind.into(), &parameters.to_string()).unwrap(), condition);
        }
    }
}
