//! Rules for alerts. They are looked at with each use of a key, and those of too little when alerts are listed.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    faults::Faults,
    ids::Uuid,
    qnsp::{
        Text,
        kms::{
            AlertCondition, AlertRule, AlertRuleChanged, AlertRuleCreated, AlertRules, AlertWindow, ChangeAlertRule,
            CreateAlertRule,
        },
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::Refused;
use qnsp::{
    AUDIT_CHANNEL, AskPage, Call, Caller, Nothing, Settings, conflict, impossible_fields, missing, new_id, word,
};
use serde::Deserialize;
use serde_json::Value;
use service::{Error, Guard, Result};

/// How many rules a tenant may have: all of them may be looked at with a use.
const MOST: i64 = 200;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleId {
    rule_id: Uuid,
}

/// Make a rule, which is enabled.
#[utoipa::path(
    post, path = "/kms/v1/analytics/alert-rules", tag = "KMS", request_body = CreateAlertRule,
    responses(
        (status = 201, body = AlertRuleCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_alert_rule(call: Call<CreateAlertRule>) -> Result<Response> {
    let (rule, id) = (&call.body, new_id()?);
    let channels = texts(rule.notification_channels.as_ref().map(|list| list.0.as_slice()));
    check_channels(&call, &channels)?;
    call.about_named(id.as_str(), rule.name.as_str());
    let keys = Some(texts(rule.key_ids.as_ref().map(|list| list.0.as_slice()))).filter(|keys| !keys.is_empty());
    let condition = &rule.condition;
    let insert = Statement::new(
        "INSERT INTO qnsp_key_alert_rules (tenant_id, id, created_at, updated_at, name, key_ids, metric, operator, threshold, \
         time_window, minutes, severity, channels, enabled) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1)",
    );
    let insert = insert
        .bind(call.tenant())
        .bind(id.as_str())
        .bind(call.now)
        .bind(rule.name.as_str())
        .bind(keys.map(|keys| Value::from(keys).to_string()))
        .bind(<&str>::from(condition.metric))
        .bind(<&str>::from(condition.operator))
        .bind(condition.threshold)
        .bind(condition.window.as_str())
        .bind(condition.window.minutes())
        .bind(<&str>::from(rule.severity))
        .bind(Value::from(channels).to_string());
    let has_room = "(SELECT count(*) FROM qnsp_key_alert_rules WHERE tenant_id = ?1) < ?2";
    let mut work = call.work();
    work.require(Guard::new(has_room, conflict("The tenant has 200 rules")).bind(call.tenant()).bind(MOST));
    work.push(insert);
    work.on_duplicate(NAME, name_is_taken());
    let created = AlertRuleCreated { rule_id: id, name: rule.name.as_str().to_owned(), created_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &created).await
}

const NAME: &str = "qnsp_key_alert_rules.name";

fn name_is_taken() -> Error {
    conflict("Another rule has this name")
}

fn texts<const MIN: usize, const MAX: usize>(list: Option<&[Text<MIN, MAX>]>) -> Vec<&str> {
    list.unwrap_or_default().iter().map(Text::as_str).collect()
}

/// A channel is the log of events or an address that may be called.
fn check_channels(caller: &Caller, channels: &[&str]) -> Result<()> {
    let hosts = &Settings::of(&caller.app)?.outbound_hosts;
    let (mut faults, mut refused) = (Faults::default(), Vec::new());
    for (index, channel) in channels.iter().enumerate().filter(|(_, channel)| **channel != AUDIT_CHANNEL) {
        let field = format!("notificationChannels[{index}]");
        match hosts.check(channel) {
            Ok(()) => {}
            Err(Refused::NotAllowed) => refused.push((field, "address not allowed")),
            Err(Refused::NoUrl | Refused::NotHttps) => faults.add(field, "must be an https URL or audit"),
        }
    }
    faults.result()?;
    if refused.is_empty() { Ok(()) } else { Err(impossible_fields(refused)) }
}

/// List rules, the oldest first.
#[utoipa::path(
    get, path = "/kms/v1/analytics/alert-rules", tag = "KMS", params(AskPage),
    responses((status = 200, body = AlertRules), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_alert_rules(call: Call<Nothing, AskPage>) -> Result<Json<AlertRules>> {
    let select = Statement::new(
        "SELECT id, name, metric, operator, threshold, time_window, severity, enabled FROM qnsp_key_alert_rules \
         WHERE tenant_id = ?1 ORDER BY created_at, id LIMIT ?2 OFFSET ?3",
    );
    let mut work = call.work();
    let found = work.push(select.bind(call.tenant()).bind(call.query.limit.0).bind(call.query.offset.0));
    let outcomes = work.run().await?;
    let rules = outcomes.rows(found).iter().map(rule).collect::<Result<_>>()?;
    Ok(Json(AlertRules { rules }))
}

fn rule(row: &Row) -> Result<AlertRule> {
    let window = AlertWindow::parse(&row.get::<String>("time_window")?);
    Ok(AlertRule {
        rule_id: row.get("id")?,
        name: row.get("name")?,
        condition: AlertCondition {
            metric: word(row, "metric")?,
            operator: word(row, "operator")?,
            threshold: row.get("threshold")?,
            window: window.ok_or_else(|| Error::internal("a stored window that cannot be read"))?,
        },
        severity: word(row, "severity")?,
        enabled: row.get("enabled")?,
    })
}

/// Change a rule. What is not given stays. A rule that is disabled, or has another condition, may fire anew.
#[utoipa::path(
    patch, path = "/kms/v1/analytics/alert-rules/{ruleId}", tag = "KMS", request_body = ChangeAlertRule,
    params(("ruleId" = String, Path)),
    responses(
        (status = 200, body = AlertRuleChanged), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn change_alert_rule(call: Call<ChangeAlertRule, Nothing, RuleId>) -> Result<Json<AlertRuleChanged>> {
    let (change, id) = (&call.body, call.path.rule_id.as_str());
    call.about(id);
    let condition = change.condition.as_ref();
    let update = Statement::new(
        "UPDATE qnsp_key_alert_rules SET updated_at = ?3, name = coalesce(?4, name), metric = coalesce(?5, metric), \
         operator = coalesce(?6, operator), threshold = coalesce(?7, threshold), time_window = coalesce(?8, time_window), \
         minutes = coalesce(?9, minutes), severity = coalesce(?10, severity), enabled = coalesce(?11, enabled) \
         WHERE tenant_id = ?1 AND id = ?2",
    );
    let update = update
        .bind(call.tenant())
        .bind(id)
        .bind(call.now)
        .bind(change.name.as_ref().map(|name| name.as_str().to_owned()))
        .bind(condition.map(|condition| <&str>::from(condition.metric).to_owned()))
        .bind(condition.map(|condition| <&str>::from(condition.operator).to_owned()))
        .bind(condition.map(|condition| condition.threshold))
        .bind(condition.map(|condition| condition.window.as_str().to_owned()))
        .bind(condition.map(|condition| condition.window.minutes()))
        .bind(change.severity.map(|severity| <&str>::from(severity).to_owned()))
        .bind(change.enabled);
    let mut work = call.work();
    work.require(exists(&call, id));
    work.push(update);
    work.on_duplicate(NAME, name_is_taken());
    if condition.is_some() || change.enabled == Some(false) {
        let end =
            "UPDATE qnsp_key_alerts SET occasion = NULL WHERE tenant_id = ?1 AND rule_id = ?2 AND occasion IS NOT NULL";
        work.push(Statement::new(end).bind(call.tenant()).bind(id));
    }
    work.run().await?;
    Ok(Json(AlertRuleChanged { rule_id: id.to_owned(), updated_at: IsoTime(call.now) }))
}

/// Delete a rule. The alerts that it has raised stay.
#[utoipa::path(
    delete, path = "/kms/v1/analytics/alert-rules/{ruleId}", tag = "KMS", params(("ruleId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_alert_rule(call: Call<Nothing, Nothing, RuleId>) -> Result<StatusCode> {
    let id = call.path.rule_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(exists(&call, id));
    let delete = "DELETE FROM qnsp_key_alert_rules WHERE tenant_id = ?1 AND id = ?2";
    work.push(Statement::new(delete).bind(call.tenant()).bind(id));
    work.run().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_key_alert_rules WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such rule")).bind(caller.tenant()).bind(id)
}
