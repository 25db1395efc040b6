//! The SQL of configurations.

use model::qnsp::dynamic_secrets::DynamicSecretConfig;
use platform::{Row, Statement};
use qnsp::{Caller, leases::Ttl, missing};
use serde::Deserialize;
use service::{Guard, Result};

/// The column of which no two configurations of a tenant may have the same value.
pub(crate) const NAME: &str = "qnsp_dynamic_configs.name";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfConfig {
    pub config_id: model::ids::Uuid,
}

pub(crate) fn config_exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_dynamic_configs WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such configuration")).bind(caller.tenant()).bind(id)
}

/// A configuration that does not exist yet.
pub(crate) struct NewConfig<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub kind: &'static str,
    pub username_template: &'a str,
    pub role: Option<&'a str>,
    pub ttl: Ttl,
    pub sealed_backend: Option<Vec<u8>>,
}

impl NewConfig<'_> {
    pub(crate) fn insert(self, caller: &Caller) -> Statement {
        let insert = Statement::new(
            "INSERT INTO qnsp_dynamic_configs (tenant_id, id, created_at, name, type, backend, username_template, \
             role_template, default_ttl, max_ttl, sealed_backend) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        );
        let backend = if self.sealed_backend.is_some() { "postgres" } else { "api_key" };
        insert
            .bind(caller.tenant())
            .bind(self.id)
            .bind(caller.now)
            .bind(self.name)
            .bind(self.kind)
            .bind(backend)
            .bind(self.username_template)
            .bind(self.role.map(str::to_owned))
            .bind(self.ttl.default)
            .bind(self.ttl.max)
            .bind(self.sealed_backend)
    }
}

/// Counts one more of something that is shown in the statistics.
pub(crate) fn count(caller: &Caller, counted: &str) -> Statement {
    let upsert = "INSERT INTO qnsp_dynamic_counts (tenant_id, counted, value) VALUES (?1, ?2, 1) \
                  ON CONFLICT (tenant_id, counted) DO UPDATE SET value = value + 1";
    Statement::new(upsert).bind(caller.tenant()).bind(counted)
}

/// A page of configurations with how many leases are active, oldest first. What has ended and is still counted is little.
pub(crate) fn select_page(caller: &Caller, limit: i64, offset: i64) -> Statement {
    let page = Statement::new(
        "SELECT id, name, type, backend, counted_leases - (SELECT count(*) FROM qnsp_leases l WHERE l.tenant_id = c.tenant_id \
         AND l.config_id = c.id AND l.is_counted = 1 AND l.is_pending = 0 AND l.ends_at <= ?2) AS active \
         FROM qnsp_dynamic_configs c WHERE c.tenant_id = ?1 ORDER BY c.created_at, c.id LIMIT ?3 OFFSET ?4",
    );
    page.bind(caller.tenant()).bind(caller.now).bind(limit).bind(offset)
}

pub(crate) fn in_page(row: &Row) -> Result<DynamicSecretConfig> {
    Ok(DynamicSecretConfig {
        config_id: row.get("id")?,
        name: row.get("name")?,
        kind: row.get("type")?,
        backend: row.get("backend")?,
        active_leases: row.get("active")?,
    })
}

/// How many leases of a tenant are active.
pub(crate) fn select_active(caller: &Caller) -> Statement {
    let select = Statement::new(
        "SELECT coalesce(sum(counted_leases), 0) - (SELECT count(*) FROM qnsp_leases WHERE tenant_id = ?1 \
         AND is_counted = 1 AND ends_at <= ?2 AND is_pending = 0) AS active FROM qnsp_dynamic_configs WHERE tenant_id = ?1",
    );
    select.bind(caller.tenant()).bind(caller.now)
}

/// What was counted, by name.
pub(crate) fn select_counts(caller: &Caller) -> Statement {
    Statement::new("SELECT counted, value FROM qnsp_dynamic_counts WHERE tenant_id = ?1").bind(caller.tenant())
}
