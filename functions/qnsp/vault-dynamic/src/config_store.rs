//! The SQL of configurations. What leads to a server is sealed by the tenant's data key, each for its own row.

use crypto::seal::DataKey;
use model::qnsp::dynamic_secrets::DynamicSecretConfig;
use platform::{Row, Statement, random};
use qnsp::{Caller, missing};
use serde::Deserialize;
use service::{Error, Guard, Result};
use zeroize::Zeroizing;

use crate::{asked::Ttl, database::Database};

/// The column of which no two configurations of a tenant may have the same value.
pub(crate) const NAME: &str = "qnsp_dynamic_configs.name";

/// What credentials are made by.
pub(crate) struct Config {
    pub id: String,
    pub name: String,
    pub username_template: String,
    pub role: Option<String>,
    pub ttl: Ttl,
    sealed_backend: Option<Vec<u8>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfConfig {
    pub config_id: model::ids::Uuid,
}

pub(crate) fn config_exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_dynamic_configs WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such configuration")).bind(caller.tenant()).bind(id)
}

/// What [`Config::of`] reads, of the table under the name `c`.
pub(crate) const COLUMNS: &str =
    "c.id AS config_id, c.name, c.username_template, c.role_template, c.default_ttl, c.max_ttl, c.sealed_backend";

impl Config {
    pub(crate) fn select(caller: &Caller, id: &str) -> Statement {
        let select = format!("SELECT {COLUMNS} FROM qnsp_dynamic_configs c WHERE c.tenant_id = ?1 AND c.id = ?2");
        Statement::new(select).bind(caller.tenant()).bind(id)
    }

    pub(crate) fn of(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("config_id")?,
            name: row.get("name")?,
            username_template: row.get("username_template")?,
            role: row.get("role_template")?,
            ttl: Ttl { default: row.get("default_ttl")?, max: row.get("max_ttl")? },
            sealed_backend: row.get("sealed_backend")?,
        })
    }

    /// The database of the configuration; `None` for one of keys of this API.
    pub(crate) fn database(&self, tenant: &str, data_key: Option<&DataKey>) -> Result<Option<Database>> {
        let Some(sealed) = &self.sealed_backend else { return Ok(None) };
        let data_key = data_key.ok_or_else(|| Error::internal("a tenant with databases has no data key"))?;
        let json = data_key.open(&aad(tenant, &self.id), sealed)?;
        let database = serde_json::from_slice(&json);
        database.map(Some).map_err(|_| Error::internal("a stored database that is not JSON"))
    }
}

fn aad<'a>(tenant: &'a str, config: &'a str) -> [&'a [u8]; 3] {
    [b"qnsp-dynamic-backend", tenant.as_bytes(), config.as_bytes()]
}

pub(crate) fn seal(data_key: &DataKey, tenant: &str, config: &str, database: &Database) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(database).map_err(|_| Error::internal("a database that is not JSON"))?;
    Ok(data_key.seal(random::bytes()?, &aad(tenant, config), &Zeroizing::new(json)))
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

/// A page of configurations with their leases, oldest first.
pub(crate) fn select_page(caller: &Caller, limit: i64, offset: i64) -> Statement {
    let page = Statement::new(
        "SELECT id, name, type, backend, (SELECT count(*) FROM qnsp_leases l WHERE l.tenant_id = c.tenant_id \
         AND l.config_id = c.id AND l.is_counted = 1 AND l.is_pending = 0 AND l.ends_at > ?2) AS active \
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

/// What was counted, by name.
pub(crate) fn select_counts(caller: &Caller) -> Statement {
    Statement::new("SELECT counted, value FROM qnsp_dynamic_counts WHERE tenant_id = ?1").bind(caller.tenant())
}
