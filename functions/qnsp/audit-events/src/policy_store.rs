//! The rows of retention policies.

use model::{
    qnsp::{
        Text,
        audit::{ArchiveConfig, NewPolicy, NewScope, Policy, Scope, UpdatePolicy},
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{Caller, conflict, missing};
use serde_json::Value;
use service::{Error, Guard, Result};

/// The longest time that every runtime binds as a whole number.
const LONGEST: i64 = i64::MAX >> 11;

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_retention_policies WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such retention policy")).bind(caller.tenant()).bind(id)
}

/// No other policy than this one has the name.
pub(crate) fn name_is_free(caller: &Caller, name: &str, id: &str) -> Guard {
    let is_free = "NOT EXISTS (SELECT 1 FROM qnsp_retention_policies WHERE tenant_id = ?1 AND name = ?2 AND id <> ?3)";
    Guard::new(is_free, conflict("Another retention policy has this name")).bind(caller.tenant()).bind(name).bind(id)
}

pub(crate) fn insert(caller: &Caller, id: &str, new: &NewPolicy, milliseconds: i64) -> Statement {
    let insert = Statement::new(
        "INSERT INTO qnsp_retention_policies (tenant_id, id, name, retention_period, retention_ms, event_types, services, \
         is_archived, archive_destination, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
    );
    let (scope, archive) = (new.scope.as_ref(), new.archive_config.as_ref());
    insert
        .bind(caller.tenant())
        .bind(id)
        .bind(new.name.as_str())
        .bind(new.retention_period.as_str())
        .bind(milliseconds.min(LONGEST))
        .bind(event_types(scope))
        .bind(services(scope))
        .bind(archive.is_some_and(|archive| archive.is_enabled()))
        .bind(archive.and_then(|archive| archive.destination()).map(str::to_owned))
        .bind(caller.now)
}

pub(crate) fn update(caller: &Caller, id: &str, change: &UpdatePolicy, milliseconds: Option<i64>) -> Statement {
    let update = Statement::new(
        "UPDATE qnsp_retention_policies SET name = coalesce(?3, name), retention_period = coalesce(?4, retention_period), \
         retention_ms = coalesce(?5, retention_ms), event_types = coalesce(?6, event_types), \
         services = coalesce(?7, services), is_archived = coalesce(?8, is_archived), \
         archive_destination = CASE WHEN ?8 IS NULL THEN archive_destination ELSE ?9 END, updated_at = ?10 \
         WHERE tenant_id = ?1 AND id = ?2",
    );
    let (scope, archive) = (change.scope.as_ref(), change.archive_config.as_ref());
    let text = |text: &Text<1, 128>| text.as_str().to_owned();
    update
        .bind(caller.tenant())
        .bind(id)
        .bind(change.name.as_ref().map(text))
        .bind(change.retention_period.as_ref().map(text))
        .bind(milliseconds.map(|milliseconds| milliseconds.min(LONGEST)))
        .bind(scope.map(|scope| event_types(Some(scope))))
        .bind(scope.map(|scope| services(Some(scope))))
        .bind(archive.map(|archive| archive.is_enabled()))
        .bind(archive.and_then(|archive| archive.destination()).map(str::to_owned))
        .bind(caller.now)
}

pub(crate) fn delete(tenant: &str, id: &str) -> Statement {
    Statement::new("DELETE FROM qnsp_retention_policies WHERE tenant_id = ?1 AND id = ?2").bind(tenant).bind(id)
}

/// A page of the policies, the oldest first.
pub(crate) fn page(tenant: &str, limit: i64, offset: i64) -> Statement {
    let page = Statement::new(
        "SELECT id, name, retention_period, event_types, services, is_archived, archive_destination, created_at, updated_at \
         FROM qnsp_retention_policies WHERE tenant_id = ?1 ORDER BY created_at, id LIMIT ?2 OFFSET ?3",
    );
    page.bind(tenant).bind(limit).bind(offset)
}

pub(crate) fn count(tenant: &str) -> Statement {
    Statement::new("SELECT count(*) AS total FROM qnsp_retention_policies WHERE tenant_id = ?1").bind(tenant)
}

pub(crate) fn policy(row: &Row) -> Result<Policy> {
    Ok(Policy {
        policy_id: row.get("id")?,
        name: row.get("name")?,
        retention_period: row.get("retention_period")?,
        scope: scope(row)?,
        archive_config: ArchiveConfig {
            enabled: row.get("is_archived")?,
            destination: row.get::<Option<String>>("archive_destination")?.unwrap_or_default(),
        },
        created_at: IsoTime(row.get("created_at")?),
        updated_at: IsoTime(row.get("updated_at")?),
    })
}

pub(crate) fn scope(row: &Row) -> Result<Scope> {
    let list = |column: &str| -> Result<Vec<String>> {
        serde_json::from_str(&row.get::<String>(column)?).map_err(|_| Error::internal("a scope is no list"))
    };
    Ok(Scope { event_types: list("event_types")?, services: list("services")? })
}

fn event_types(scope: Option<&NewScope>) -> String {
    list(scope.and_then(|scope| scope.event_types.as_deref()))
}

fn services(scope: Option<&NewScope>) -> String {
    list(scope.and_then(|scope| scope.services.as_deref()))
}

fn list(words: Option<&[Text<1, 128>]>) -> String {
    let words: Vec<_> = words.unwrap_or_default().iter().map(|word| Value::from(word.as_str())).collect();
    Value::from(words).to_string()
}
