//! Budgets. What is spent of one is looked at when an allocation of its currency is recorded: each threshold that is
//! reached is an anomaly, once a calendar period.

use axum::{http::StatusCode, response::Response};
use model::{
    faults::Faults,
    qnsp::{
        List, Text,
        observability::{Alert, BudgetCreated, BudgetPeriod, NewBudget},
    },
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::{anomaly::budget_severity, cost::calendar};
use qnsp::{Call, Caller, NEW_UUID, check_channels, conflict, day_of, new_id};
use serde_json::{Value, json};
use service::{Guard, Result};

/// Make a budget.
#[utoipa::path(
    post, path = "/observability/v1/costs/budgets", tag = "Observability", request_body = NewBudget,
    responses(
        (status = 201, body = BudgetCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_budget(call: Call<NewBudget>) -> Result<Response> {
    let (id, name) = (new_id()?, call.body.name.as_str());
    let alerts = call.body.alerts.as_ref().map_or(&[][..], |alerts| &alerts.0);
    check_thresholds(alerts)?;
    for (index, alert) in alerts.iter().enumerate() {
        let field = format!("alerts[{index}].notificationChannels");
        check_channels(&call.app, &field, &texts(alert.notification_channels.as_ref()))?;
    }
    call.about_named(id.as_str(), name);
    let mut work = call.work();
    let is_free = "NOT EXISTS (SELECT 1 FROM qnsp_budgets WHERE tenant_id = ?1 AND name = ?2)";
    let is_free = Guard::new(is_free, conflict("Another budget has this name"));
    work.require(is_free.bind(call.tenant()).bind(name));
    work.push(insert(&call, &id, alerts));
    let created = BudgetCreated { budget_id: id, name: name.to_owned(), created_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &created).await
}

/// A threshold is reached once, so it stands once.
fn check_thresholds(alerts: &[Alert]) -> Result<()> {
    let mut faults = Faults::default();
    for (index, alert) in alerts.iter().enumerate() {
        let is_new = alerts.iter().take(index).all(|other| other.threshold != alert.threshold);
        faults.check(is_new, format!("alerts[{index}].threshold"), "must differ from those before");
    }
    Ok(faults.result()?)
}

fn insert(call: &Call<NewBudget>, id: &str, alerts: &[Alert]) -> Statement {
    let (budget, scope) = (&call.body, call.body.scope.as_ref());
    let list = |texts: Vec<&str>| Value::from(texts).to_string();
    let alerts = alerts.iter().map(|alert| {
        let severity = <&str>::from(budget_severity(alert.threshold.0));
        let channels = texts(alert.notification_channels.as_ref());
        json!({ "threshold": alert.threshold.0, "severity": severity, "channels": channels })
    });
    let insert = Statement::new(
        "INSERT INTO qnsp_budgets (tenant_id, id, name, amount, currency, period, cost_centers, resource_types, alerts, \
         created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    );
    insert
        .bind(call.tenant())
        .bind(id)
        .bind(budget.name.as_str())
        .bind(budget.amount.millionths)
        .bind(budget.currency.as_str())
        .bind(<&str>::from(budget.period))
        .bind(scope.and_then(|scope| scope.cost_centers.as_ref()).map(|centers| list(texts(Some(centers)))))
        .bind(scope.and_then(|scope| scope.resource_types.as_ref()).map(|types| list(texts(Some(types)))))
        .bind(Value::from_iter(alerts).to_string())
        .bind(call.now)
}

fn texts<const MIN: usize, const MAX: usize>(list: Option<&List<Text<MIN, MAX>>>) -> Vec<&str> {
    list.map(|list| list.0.iter().map(Text::as_str).collect()).unwrap_or_default()
}

/// Opens an anomaly for each threshold of the currency's budgets that is reached in the running period and was not before.
pub(crate) fn evaluate(caller: &Caller, currency: &str) -> Statement {
    let evaluate = Statement::new(format!(
        "INSERT INTO qnsp_anomalies (tenant_id, id, rule_id, metric, severity, status, detected_at, threshold, period_start, \
         period_end, channels) WITH looked_at AS MATERIALIZED (SELECT b.id, b.amount, b.alerts, p.value AS period, \
         (SELECT total(m.amount) FROM qnsp_cost_months m WHERE m.tenant_id = ?1 AND m.month >= p.value ->> 0 \
         AND m.month < p.value ->> 1 AND m.currency = ?2 \
         AND (b.cost_centers IS NULL OR m.cost_center IN (SELECT value FROM json_each(b.cost_centers))) \
         AND (b.resource_types IS NULL OR m.resource_type IN (SELECT value FROM json_each(b.resource_types)))) AS spent \
         FROM qnsp_budgets b JOIN json_each(?4) p ON p.key = b.period WHERE b.tenant_id = ?1 AND b.currency = ?2) \
         SELECT ?1, {NEW_UUID}, l.id, 'budget:' || l.id, a.value ->> 'severity', 'open', ?3, a.value ->> 'threshold', \
         l.period ->> 2, l.period ->> 3, a.value -> 'channels' FROM looked_at l JOIN json_each(l.alerts) a \
         WHERE l.spent * 100.0 >= (a.value ->> 'threshold') * l.amount ON CONFLICT DO NOTHING",
    ));
    let periods = BudgetPeriod::ALL.into_iter().map(|period| {
        let (start, end) = calendar(period, caller.now);
        (<&str>::from(period).to_owned(), json!([day_of(start), day_of(end), start, end]))
    });
    let periods = Value::Object(periods.collect()).to_string();
    evaluate.bind(caller.tenant()).bind(currency).bind(caller.now).bind(periods)
}
