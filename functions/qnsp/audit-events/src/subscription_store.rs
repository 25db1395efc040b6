//! The rows of subscriptions.

use model::{
    qnsp::audit::{Config, Destination, DestinationType, Filters, Status, Subscription, UpdateSubscription},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{Caller, conflict, missing};
use serde_json::Value;
use service::{Error, Guard, Result};

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_subscriptions WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such subscription")).bind(caller.tenant()).bind(id)
}

pub(crate) fn is_active(caller: &Caller, id: &str) -> Guard {
    let is_active = "EXISTS (SELECT 1 FROM qnsp_subscriptions WHERE tenant_id = ?1 AND id = ?2 AND status = 'active')";
    Guard::new(is_active, missing("No such active subscription")).bind(caller.tenant()).bind(id)
}

/// No other subscription than this one has the name.
pub(crate) fn name_is_free(caller: &Caller, name: &str, id: &str) -> Guard {
    let is_free = "NOT EXISTS (SELECT 1 FROM qnsp_subscriptions WHERE tenant_id = ?1 AND name = ?2 AND id <> ?3)";
    Guard::new(is_free, conflict("Another subscription has this name")).bind(caller.tenant()).bind(name).bind(id)
}

/// The index of the next entry.
const NEXT_INDEX: &str = "coalesce((SELECT max(leaf_index) FROM audit_entries WHERE tenant_id = ?1), -1) + 1";

pub(crate) fn insert(
    caller: &Caller,
    (id, name): (&str, &str),
    filters: &Filters,
    config: &Config,
    sealed_secret: Option<Vec<u8>>,
) -> Result<Statement> {
    let insert = Statement::new(format!(
        "INSERT INTO qnsp_subscriptions (tenant_id, id, name, filters, destination, config, sealed_secret, status, next_index, \
         created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'active', {NEXT_INDEX}, ?8, ?8)"
    ));
    Ok(insert
        .bind(caller.tenant())
        .bind(id)
        .bind(name)
        .bind(json(filters)?)
        .bind(<&str>::from(config.kind))
        .bind(config.shown.to_string())
        .bind(sealed_secret)
        .bind(caller.now))
}

/// Changes it, and gives its `status`. Whoever was paused and goes on begins with what comes next.
pub(crate) fn update(caller: &Caller, id: &str, change: &UpdateSubscription) -> Result<Statement> {
    let update = Statement::new(format!(
        "UPDATE qnsp_subscriptions SET name = coalesce(?3, name), filters = coalesce(?4, filters), \
         next_index = CASE WHEN status = 'paused' AND ?5 = 'active' THEN {NEXT_INDEX} ELSE next_index END, \
         status = coalesce(?5, status), updated_at = ?6 WHERE tenant_id = ?1 AND id = ?2 RETURNING status"
    ));
    let filters = change.filters.as_ref().map(|filters| json(&filters.filters())).transpose()?;
    let status = |status: Status| <&str>::from(status).to_owned();
    Ok(update
        .bind(caller.tenant())
        .bind(id)
        .bind(change.name.as_ref().map(|name| name.as_str().to_owned()))
        .bind(filters)
        .bind(change.status.map(status))
        .bind(caller.now))
}

/// Deletes it, with what waits for it.
pub(crate) fn delete(tenant: &str, id: &str) -> [Statement; 2] {
    [
        "DELETE FROM qnsp_deliveries WHERE tenant_id = ?1 AND subscription_id = ?2",
        "DELETE FROM qnsp_subscriptions WHERE tenant_id = ?1 AND id = ?2",
    ]
    .map(|text| Statement::new(text).bind(tenant).bind(id))
}

/// A page of the subscriptions, the oldest first.
pub(crate) fn page(tenant: &str, limit: i64, offset: i64) -> Statement {
    let page = Statement::new(
        "SELECT id, name, filters, destination, config, status, created_at, updated_at FROM qnsp_subscriptions \
         WHERE tenant_id = ?1 ORDER BY created_at, id LIMIT ?2 OFFSET ?3",
    );
    page.bind(tenant).bind(limit).bind(offset)
}

pub(crate) fn count(tenant: &str) -> Statement {
    Statement::new("SELECT count(*) AS total FROM qnsp_subscriptions WHERE tenant_id = ?1").bind(tenant)
}

pub(crate) fn subscription(row: &Row) -> Result<Subscription> {
    let kind: String = row.get("destination")?;
    let config: Value = serde_json::from_str(&row.get::<String>("config")?).map_err(|_| unreadable())?;
    Ok(Subscription {
        subscription_id: row.get("id")?,
        name: row.get("name")?,
        filters: serde_json::from_str(&row.get::<String>("filters")?).map_err(|_| unreadable())?,
        delivery: if kind == <&str>::from(DestinationType::Webhook) { PUSH } else { PULL },
        destination: Destination { kind, config },
        status: row.get("status")?,
        created_at: IsoTime(row.get("created_at")?),
        updated_at: IsoTime(row.get("updated_at")?),
    })
}

pub(crate) const PUSH: &str = "push";
pub(crate) const PULL: &str = "pull";

fn json(filters: &Filters) -> Result<String> {
    serde_json::to_string(filters).map_err(|_| Error::internal("filters that are not JSON"))
}

#[track_caller]
fn unreadable() -> Error {
    Error::internal("a subscription is not JSON")
}
