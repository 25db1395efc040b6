//! Webhooks: what the log holds for a tenant's subscribers is sent after the answer of a call, signed, and again later
//! where that failed. A webhook has a place in the log; what failed waits in a table of its own, so that one event that
//! cannot be delivered does not hold up the others. An event is sent at least once: who receives it knows it by its id.

use crypto::seal::DataKey;
use model::qnsp::audit::{AuditEvent, Filters};
use platform::{Row, Statement, clock};
use policy::qnsp::EventFilter;
use serde_json::{Value, json};
use service::{Anonymous, App, Error, Result};
use zeroize::Zeroizing;

use crate::{
    audit_event,
    delivery::{Budget, CLAIM, REQUESTS, Sent, post_signed, retry_at},
    open_webhook_secret, streamed, subscription_aad,
};

/// How long a webhook rests whose server gave no answer, in milliseconds: others shall not wait for it.
const REST: i64 = 1_000;

/// How many entries are looked at in one step.
const STEP: i64 = 200;

/// Sends what waits for the webhooks of a tenant, as far as the budget goes.
pub(crate) async fn deliver(app: &App, tenant: &str, budget: &mut Budget) -> Result<()> {
    // Whoever recorded an event while this task had the webhook has left it to this task.
    while budget.is_left() {
        let claimed = claim(app, tenant).await?;
        if claimed.is_empty() {
            break;
        }
        for webhook in claimed {
            webhook.deliver(app, budget).await?;
        }
    }
    Ok(())
}

/// A webhook that is this task's business.
struct Webhook {
    tenant: String,
    id: String,
    claimed_until: i64,
    url: String,
    filter: EventFilter,
    secret: Zeroizing<Vec<u8>>,
    next_index: i64,
}

/// Takes the webhooks for which there is something to do.
async fn claim(app: &App, tenant: &str) -> Result<Vec<Webhook>> {
    let now = clock::now_ms();
    let mut batch = Anonymous::background(app).batch();
    let claim = Statement::new(
        "UPDATE qnsp_subscriptions SET claimed_until = ?3 WHERE tenant_id = ?1 AND destination = 'webhook' \
         AND status = 'active' AND claimed_until <= ?2 AND (next_index <= coalesce((SELECT leaf_index \
         FROM audit_entries INDEXED BY audit_events WHERE tenant_id = ?1 AND occurred_at IS NOT NULL \
         ORDER BY leaf_index DESC LIMIT 1), -1) OR EXISTS (SELECT 1 FROM qnsp_deliveries d WHERE d.tenant_id = ?1 \
         AND d.subscription_id = qnsp_subscriptions.id AND d.next_at <= ?2)) \
         RETURNING id, config, filters, sealed_secret, next_index, claimed_until",
    );
    let claimed = batch.push(claim.bind(tenant).bind(now).bind(now + CLAIM));
    let secret = "SELECT sealed_webhook_secret FROM qnsp_tenants WHERE id = ?1";
    let secret = batch.push(Statement::new(secret).bind(tenant));
    let key = batch.read_data_key(tenant);
    let outcomes = batch.write().await?;
    let key = outcomes.data_key(&key)?;
    let sealed = outcomes.row(secret).map(|row| row.get::<Option<Vec<u8>>>("sealed_webhook_secret")).transpose()?;
    let of_row = |row| Webhook::of(row, tenant, key.as_deref(), sealed.clone().flatten().as_deref());
    outcomes.rows(claimed).iter().map(of_row).collect()
}

/// What became of the events of one step.
#[derive(Default)]
struct Report {
    has_no_answer: bool,
    delivered: i64,
    /// Index, how often it has failed, when it is tried again.
    failed: Vec<Value>,
    /// Indices of what waits no longer.
    settled: Vec<i64>,
}

impl Webhook {
    /// With the key of its own secret, or of the tenant's.
    fn of(row: &Row, tenant: &str, key: Option<&DataKey>, of_tenant: Option<&[u8]>) -> Result<Self> {
        let unreadable = || Error::internal("a subscription is not JSON");
        let id: String = row.get("id")?;
        let key = key.ok_or_else(|| Error::internal("a tenant with webhooks has no data key"))?;
        let secret = match (row.get::<Option<Vec<u8>>>("sealed_secret")?, of_tenant) {
            (Some(own), _) => key.open(&subscription_aad(tenant, &id), &own)?,
            (None, Some(of_tenant)) => open_webhook_secret(key, tenant, of_tenant)?,
            (None, None) => return Err(Error::internal("a tenant with webhooks has no webhook secret")),
        };
        let config: Value = serde_json::from_str(&row.get::<String>("config")?).map_err(|_| unreadable())?;
        let filters: Filters = serde_json::from_str(&row.get::<String>("filters")?).map_err(|_| unreadable())?;
        Ok(Self {
            tenant: tenant.to_owned(),
            id,
            claimed_until: row.get("claimed_until")?,
            url: config.get("url").and_then(Value::as_str).unwrap_or_default().to_owned(),
            filter: EventFilter {
                event_types: filters.event_types,
                services: filters.services,
                severities: filters.severities,
            },
            secret,
            next_index: row.get("next_index")?,
        })
    }

    /// Sends what is due again, then what is new, as far as the budget goes, and stores what became of it.
    async fn deliver(mut self, app: &App, budget: &mut Budget) -> Result<()> {
        let mut report = Report::default();
        for row in self.due(app).await? {
            if report.has_no_answer || !budget.is_left() {
                break;
            }
            let (index, attempts): (i64, i64) = (row.get("leaf_index")?, row.get("attempts")?);
            match row.get::<Option<String>>("entry")? {
                Some(text) => self.attempt(app, budget, &mut report, &text, (index, attempts)).await?,
                // Retention has erased it meanwhile.
                None => report.settled.push(index),
            }
        }
        for row in self.new_entries(app).await? {
            let (index, text): (i64, String) = (row.get("leaf_index")?, row.get("entry")?);
            let event = audit_event::of(index, &text)?;
            if self.filter.lets_through(&event.event_type, &event.severity) {
                if report.has_no_answer || !budget.is_left() {
                    break;
                }
                self.attempt(app, budget, &mut report, &text, (index, 0)).await?;
            }
            self.next_index = index + 1;
        }
        self.store(app, report).await
    }

    async fn due(&self, app: &App) -> Result<Vec<Row>> {
        let due = Statement::new(
            "SELECT d.leaf_index, d.attempts, e.entry FROM qnsp_deliveries d LEFT JOIN audit_entries e \
             ON e.tenant_id = d.tenant_id AND e.leaf_index = d.leaf_index AND e.occurred_at IS NOT NULL \
             WHERE d.tenant_id = ?1 AND d.subscription_id = ?2 AND d.next_at <= ?3 ORDER BY d.leaf_index LIMIT ?4",
        );
        let due = due.bind(self.tenant.as_str()).bind(self.id.as_str()).bind(clock::now_ms());
        app.query(due.bind(i64::from(REQUESTS))).await
    }

    async fn new_entries(&self, app: &App) -> Result<Vec<Row>> {
        let select = Statement::new(
            "SELECT leaf_index, entry FROM audit_entries INDEXED BY audit_events \
             WHERE tenant_id = ?1 AND occurred_at IS NOT NULL AND leaf_index >= ?2 ORDER BY leaf_index LIMIT ?3",
        );
        app.query(select.bind(self.tenant.as_str()).bind(self.next_index).bind(STEP)).await
    }

    async fn attempt(
        &self,
        app: &App,
        budget: &mut Budget,
        report: &mut Report,
        text: &str,
        (index, failures): (i64, i64),
    ) -> Result<()> {
        budget.spend();
        let sent = self.send(app, &audit_event::of(index, text)?).await?;
        if sent == Sent::Taken {
            report.delivered += 1;
            report.settled.push(index);
            return Ok(());
        }
        report.has_no_answer = sent == Sent::NoAnswer;
        match retry_at(failures, clock::now_ms()) {
            Some(at) => report.failed.push(json!([index, failures + 1, at])),
            None => report.settled.push(index),
        }
        Ok(())
    }

    async fn send(&self, app: &App, event: &AuditEvent) -> Result<Sent> {
        let body = json!({
            "event_type": event.event_type, "event_id": event.event_id, "occurred_at": event.timestamp, "payload": event,
        });
        post_signed(app, &self.url, &self.secret, body.to_string()).await
    }

    /// Stores the place and what waits, and gives the webhook back. Where another task has taken it meanwhile, or it was
    /// paused or deleted, only what was delivered is counted.
    async fn store(self, app: &App, report: Report) -> Result<()> {
        const OURS: &str =
            "EXISTS (SELECT 1 FROM qnsp_subscriptions WHERE tenant_id = ?1 AND id = ?2 AND claimed_until = ?3)";
        let mut batch = Anonymous::background(app).batch();
        let bind = |text: &str| {
            Statement::new(text.to_owned()).bind(self.tenant.as_str()).bind(self.id.as_str()).bind(self.claimed_until)
        };
        if !report.settled.is_empty() {
            let delete = format!(
                "DELETE FROM qnsp_deliveries WHERE tenant_id = ?1 AND subscription_id = ?2 AND {OURS} \
                 AND leaf_index IN (SELECT value FROM json_each(?4))"
            );
            batch.push(bind(&delete).bind(Value::from(report.settled).to_string()));
        }
        if !report.failed.is_empty() {
            let upsert = format!(
                "INSERT INTO qnsp_deliveries (tenant_id, subscription_id, leaf_index, attempts, next_at) \
                 SELECT ?1, ?2, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?4) WHERE {OURS} \
                 ON CONFLICT (tenant_id, subscription_id, leaf_index) \
                 DO UPDATE SET attempts = excluded.attempts, next_at = excluded.next_at"
            );
            batch.push(bind(&upsert).bind(Value::from(report.failed).to_string()));
        }
        if report.delivered > 0 {
            for statement in streamed(&self.tenant, Some(&self.id), report.delivered, clock::now_ms()) {
                batch.push(statement);
            }
        }
        let place = "UPDATE qnsp_subscriptions SET next_index = max(next_index, ?4), claimed_until = ?5 \
                     WHERE tenant_id = ?1 AND id = ?2 AND claimed_until = ?3";
        let rests_until = if report.has_no_answer { clock::now_ms() + REST } else { 0 };
        batch.push(bind(place).bind(self.next_index).bind(rests_until));
        batch.write().await.map(drop)
    }
}
