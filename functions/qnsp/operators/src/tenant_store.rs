//! The SQL of tenants.

use model::{
    qnsp::operators::{Tenant, TenantList},
    time::IsoTime,
};
use platform::{Row, Statement};
use serde_json::Value;
use service::{Error, Guard, Result};

use crate::{PAGE, bodies::UpdateTenant};

/// One more than a page, to see whether there is another.
pub(crate) fn select_after(id: &str) -> Statement {
    let select = Statement::new(
        "SELECT id, name, tier, add_ons, rate_limit, admin_email, suspended_at, created_at, updated_at \
         FROM qnsp_tenants WHERE id > ?1 ORDER BY id LIMIT ?2",
    );
    select.bind(id).bind(i64::try_from(PAGE + 1).unwrap_or(i64::MAX))
}

pub(crate) fn select(id: &str) -> Statement {
    let select = Statement::new(
        "SELECT id, name, tier, add_ons, rate_limit, admin_email, suspended_at, created_at, updated_at \
         FROM qnsp_tenants WHERE id = ?1",
    );
    select.bind(id)
}

pub(crate) fn select_webhook_secret(id: &str) -> Statement {
    Statement::new("SELECT sealed_webhook_secret FROM qnsp_tenants WHERE id = ?1").bind(id)
}

pub(crate) fn has_no_data_key(id: &str, refusal: Error) -> Guard {
    Guard::new("NOT EXISTS (SELECT 1 FROM data_keys WHERE tenant_id = ?1)", refusal).bind(id)
}

/// Who is suspended again keeps the time of the first.
pub(crate) fn update(id: &str, change: &UpdateTenant, now: i64) -> Statement {
    let add_ons = change.add_ons().map(|add_ons| add_ons.iter().map(|add_on| add_on.as_str()).collect::<Vec<_>>());
    let update = Statement::new(
        "UPDATE qnsp_tenants SET updated_at = ?2, name = coalesce(?3, name), tier = coalesce(?4, tier), \
         add_ons = coalesce(?5, add_ons), \
         rate_limit = CASE WHEN ?6 IS NULL THEN rate_limit ELSE nullif(?6, 0) END, \
         admin_email = CASE WHEN ?7 IS NULL THEN admin_email ELSE nullif(?7, '') END, \
         suspended_at = CASE ?8 WHEN 1 THEN coalesce(suspended_at, ?2) WHEN 0 THEN NULL ELSE suspended_at END \
         WHERE id = ?1",
    );
    update
        .bind(id)
        .bind(now)
        .bind(change.name.as_ref().map(|name| name.0.clone()))
        .bind(change.tier.as_ref().map(|tier| tier.0.as_str().to_owned()))
        .bind(add_ons.map(|add_ons| Value::from(add_ons).to_string()))
        .bind(change.rate_limit.as_ref().map(|limit| limit.0))
        .bind(change.admin_email.as_ref().map(|email| email.0.clone()))
        .bind(change.suspended)
}

pub(crate) fn tenant_list(rows: &[Row]) -> Result<TenantList> {
    let tenants = rows.iter().take(PAGE).map(tenant).collect::<Result<Vec<_>>>()?;
    let next = tenants.last().filter(|_| rows.len() > PAGE).map(|last| last.tenant_id.clone());
    Ok(TenantList { tenants, next })
}

pub(crate) fn tenant(row: &Row) -> Result<Tenant> {
    let add_ons = serde_json::from_str(&row.get::<String>("add_ons")?);
    Ok(Tenant {
        tenant_id: row.get("id")?,
        name: row.get("name")?,
        tier: row.get("tier")?,
        add_ons: add_ons.map_err(|_| Error::internal("the add-ons of a tenant are no list"))?,
        rate_limit_per_minute: row.get("rate_limit")?,
        admin_email: row.get("admin_email")?,
        suspended_at: row.get::<Option<i64>>("suspended_at")?.map(IsoTime),
        created_at: IsoTime(row.get("created_at")?),
        updated_at: IsoTime(row.get("updated_at")?),
    })
}
