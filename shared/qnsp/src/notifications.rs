//! Notifications: what an object tells its channels when it fires. The statement that makes it fire puts them into
//! `qnsp_notifications`; they are sent after the answer of its call, signed with the tenant's webhook secret, and again
//! with later calls where that failed. A notification is sent at least once. What is for the tenant's log of events becomes
//! an event there, once.

use platform::{Row, Statement, clock};
use policy::qnsp::Refused;
use serde_json::Value;
use service::{Anonymous, App, Error, Result};
use zeroize::Zeroizing;

use crate::{
    Settings,
    delivery::{Budget, CLAIM, REQUESTS, Sent, post_signed, retry_at},
    open_webhook_secret, refusal, system_event,
};

/// The channel that is the tenant's log of events.
pub const AUDIT_CHANNEL: &str = "audit";

/// Refuses channels that would be called and may not be. What is no https URL, nor one of a host that the operator allows,
/// is text, which is kept and tells nobody. `field` is the path of the list.
pub fn check_channels(app: &App, field: &str, channels: &[&str]) -> Result<()> {
    let hosts = &Settings::of(app)?.outbound_hosts;
    let refused = channels.iter().enumerate().filter(|(_, channel)| hosts.check(channel) == Err(Refused::NotAllowed));
    let faults: Vec<_> = refused.map(|(index, _)| (format!("{field}[{index}]"), "address not allowed")).collect();
    if faults.is_empty() { Ok(()) } else { Err(refusal::impossible_fields(faults)) }
}

/// Sends what is due, oldest first, as far as the budget goes.
pub(crate) async fn deliver(app: &App, tenant: &str, budget: &mut Budget) -> Result<()> {
    while budget.is_left() {
        let (claimed, secret) = claim(app, tenant).await?;
        if claimed.is_empty() {
            break;
        }
        for row in claimed {
            if !budget.is_left() {
                // It comes again when its claim has run out.
                break;
            }
            budget.spend();
            let url: String = row.get("url")?;
            if url == AUDIT_CHANNEL {
                record(app, tenant, &row).await?;
                continue;
            }
            let sent = post_signed(app, &url, &secret, row.get("body")?).await?;
            settle(app, tenant, &row, sent).await?;
        }
    }
    Ok(())
}

async fn claim(app: &App, tenant: &str) -> Result<(Vec<Row>, Zeroizing<Vec<u8>>)> {
    let now = clock::now_ms();
    let mut batch = Anonymous::background(app).batch();
    let claim = Statement::new(
        "UPDATE qnsp_notifications SET next_at = ?3 WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM \
         qnsp_notifications WHERE tenant_id = ?1 AND next_at <= ?2 ORDER BY next_at LIMIT ?4) \
         RETURNING id, url, body, attempts, next_at",
    );
    let claimed = batch.push(claim.bind(tenant).bind(now).bind(now + CLAIM).bind(i64::from(REQUESTS)));
    let secret = "SELECT sealed_webhook_secret FROM qnsp_tenants WHERE id = ?1";
    let secret = batch.push(Statement::new(secret).bind(tenant));
    let key = batch.read_data_key(tenant);
    let outcomes = batch.write().await?;
    let claimed = outcomes.rows(claimed).to_vec();
    if claimed.is_empty() {
        return Ok((claimed, Zeroizing::default()));
    }
    let unreadable = || Error::internal("a tenant with notifications has no webhook secret");
    let key = outcomes.data_key(&key)?.ok_or_else(unreadable)?;
    let sealed: Option<Vec<u8>> = outcomes.one(secret)?.get("sealed_webhook_secret")?;
    let secret = open_webhook_secret(&key, tenant, &sealed.ok_or_else(unreadable)?)?;
    Ok((claimed, secret))
}

/// Makes a notification an event of the log, unless another task has done so meanwhile.
async fn record(app: &App, tenant: &str, row: &Row) -> Result<()> {
    let body: Value = serde_json::from_str(&row.get::<String>("body")?)
        .map_err(|_| Error::internal("a notification that is not JSON"))?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (alert, severity) = (text("alertId"), text("severity"));
    let event = system_event(tenant, "kms.alert.triggered", &alert, body)?.detail("severity", severity);
    let mut batch = Anonymous::background(app).batch();
    let delete = "DELETE FROM qnsp_notifications WHERE tenant_id = ?1 AND id = ?2 AND next_at = ?3";
    let (id, claimed): (String, i64) = (row.get("id")?, row.get("next_at")?);
    let deleted = batch.push(Statement::new(delete).bind(tenant).bind(id).bind(claimed));
    batch.record(event, deleted);
    batch.write().await.map(drop)
}

/// Removes what was taken or is given up, and puts off what comes again; unless another task has taken it meanwhile.
async fn settle(app: &App, tenant: &str, row: &Row, sent: Sent) -> Result<()> {
    let (id, failures, claimed): (String, i64, i64) = (row.get("id")?, row.get("attempts")?, row.get("next_at")?);
    let again = match sent {
        Sent::Taken | Sent::NotAllowed => None,
        Sent::Refused | Sent::NoAnswer => retry_at(failures, clock::now_ms()),
    };
    let statement = Statement::new(match again {
        Some(_) => {
            "UPDATE qnsp_notifications SET attempts = attempts + 1, next_at = ?4 \
             WHERE tenant_id = ?1 AND id = ?2 AND next_at = ?3"
        }
        None => "DELETE FROM qnsp_notifications WHERE tenant_id = ?1 AND id = ?2 AND next_at = ?3",
    });
    let statement = statement.bind(tenant).bind(id).bind(claimed);
    let mut batch = Anonymous::background(app).batch();
    if again.is_none() {
        batch.push(note_in_timeline(tenant, row, sent)?);
    }
    batch.push(match again {
        Some(at) => statement.bind(at),
        None => statement,
    });
    batch.write().await.map(drop)
}

/// What was told of an incident of leakage is a step of its timeline. There is no row of it in other cases, or where another
/// task has settled the notification.
fn note_in_timeline(tenant: &str, row: &Row, sent: Sent) -> Result<Statement> {
    let insert = Statement::new(
        "INSERT INTO qnsp_leakage_steps (tenant_id, incident_id, number, at, actor, event) SELECT ?1, i.id, \
         1 + (SELECT max(number) FROM qnsp_leakage_steps WHERE tenant_id = ?1 AND incident_id = i.id), ?4, 'leakage-scan', ?5 \
         FROM qnsp_notifications n JOIN qnsp_leakage_incidents i ON i.tenant_id = ?1 AND i.id = n.body ->> 'incidentId' \
         WHERE n.tenant_id = ?1 AND n.id = ?2 AND n.next_at = ?3 AND n.body ->> 'event' = 'leakage.incident'",
    );
    let (id, claimed): (String, i64) = (row.get("id")?, row.get("next_at")?);
    let event = if sent == Sent::Taken { "delivered" } else { "undeliverable" };
    Ok(insert.bind(tenant).bind(id).bind(claimed).bind(clock::now_ms()).bind(event))
}
