//! Alerts about the use of keys. Whoever lists them has the rules of too little looked at first.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::{
        auth::Severity,
        kms::{AlertAcknowledged, KeyAlert, KeyAlerts},
    },
    time::IsoTime,
};
use platform::{Row, SqlValue, Statement};
use qnsp::{Call, Limit, Nothing, Offset, key_alerts::judge_silence, missing, word};
use serde::Deserialize;
use service::{Guard, Result};
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskAlerts {
    acknowledged: Option<bool>,
    #[param(inline)]
    severity: Option<Severity>,
    /// 1 to 200, 50 if not given.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
}

/// List alerts, the latest first.
#[utoipa::path(
    get, path = "/kms/v1/analytics/alerts", tag = "KMS", params(AskAlerts),
    responses((status = 200, body = KeyAlerts), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_key_alerts(call: Call<Nothing, AskAlerts>) -> Result<Json<KeyAlerts>> {
    let mut work = call.work();
    judge_silence(&mut work);
    let page = work.push(page(call.tenant(), &call.query));
    let outcomes = work.run().await?;
    let alerts = outcomes.rows(page).iter().map(alert).collect::<Result<_>>()?;
    Ok(Json(KeyAlerts { alerts }))
}

/// Each filter has an index.
fn page(tenant: &str, asked: &AskAlerts) -> Statement {
    let mut text = "SELECT id, rule_id, key_id, alert_type, severity, message, triggered_at, acknowledged \
                    FROM qnsp_key_alerts WHERE tenant_id = ?1"
        .to_owned();
    let mut params = vec![SqlValue::from(tenant)];
    let filters = [
        ("acknowledged", asked.acknowledged.map(SqlValue::from)),
        ("severity", asked.severity.map(|severity| <&str>::from(severity).into())),
    ];
    for (column, value) in filters {
        if let Some(value) = value {
            params.push(value);
            text += &format!(" AND {column} = ?{}", params.len());
        }
    }
    text += &format!(" ORDER BY triggered_at DESC, id LIMIT ?{} OFFSET ?{}", params.len() + 1, params.len() + 2);
    params.extend([asked.limit.0.into(), asked.offset.0.into()]);
    Statement { params, ..Statement::new(text) }
}

fn alert(row: &Row) -> Result<KeyAlert> {
    Ok(KeyAlert {
        alert_id: row.get("id")?,
        rule_id: row.get("rule_id")?,
        key_id: row.get("key_id")?,
        alert_type: word(row, "alert_type")?,
        severity: word(row, "severity")?,
        message: row.get("message")?,
        triggered_at: IsoTime(row.get("triggered_at")?),
        acknowledged: row.get("acknowledged")?,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertId {
    alert_id: Uuid,
}

/// Acknowledge an alert. Who does so first has done it.
#[utoipa::path(
    post, path = "/kms/v1/analytics/alerts/{alertId}/acknowledge", tag = "KMS", params(("alertId" = String, Path)),
    responses(
        (status = 200, body = AlertAcknowledged), (status = 400), (status = 401), (status = 403), (status = 404),
    ),
)]
pub(crate) async fn acknowledge_key_alert(call: Call<Nothing, Nothing, AlertId>) -> Result<Response> {
    let id = call.path.alert_id.as_str();
    call.about(id);
    let exists = "EXISTS (SELECT 1 FROM qnsp_key_alerts WHERE tenant_id = ?1 AND id = ?2)";
    let update = Statement::new(
        "UPDATE qnsp_key_alerts SET acknowledged = 1, acknowledged_at = coalesce(acknowledged_at, ?3), \
         acknowledged_by = coalesce(acknowledged_by, ?4) WHERE tenant_id = ?1 AND id = ?2 \
         RETURNING acknowledged_at, acknowledged_by",
    );
    let mut work = call.work();
    work.require(Guard::new(exists, missing("No such alert")).bind(call.tenant()).bind(id));
    let acknowledged = work.push(update.bind(call.tenant()).bind(id).bind(call.now).bind(call.user()));
    let outcomes = work.run().await?;
    let row = outcomes.one(acknowledged)?;
    let answer = AlertAcknowledged {
        alert_id: id.to_owned(),
        acknowledged_at: IsoTime(row.get("acknowledged_at")?),
        acknowledged_by: row.get("acknowledged_by")?,
    };
    call.answer(StatusCode::OK, &answer).await
}
