//! What credentials are made by. What leads to a server is sealed by the tenant's data key, for each configuration's own row.

use crypto::seal::DataKey;
use platform::{Row, Statement, random};
use service::{Error, Result};
use zeroize::Zeroizing;

use super::Database;
use crate::Caller;

/// How long leases live, in milliseconds.
#[derive(Clone, Copy)]
pub struct Ttl {
    pub default: i64,
    pub max: i64,
}

pub struct Config {
    pub id: String,
    pub name: String,
    pub username_template: String,
    pub role: Option<String>,
    pub ttl: Ttl,
    sealed_backend: Option<Vec<u8>>,
}

/// What [`Config::of`] reads, of the table under the name `c`.
pub const COLUMNS: &str =
    "c.id AS config_id, c.name, c.username_template, c.role_template, c.default_ttl, c.max_ttl, c.sealed_backend";

impl Config {
    pub fn select(caller: &Caller, id: &str) -> Statement {
        let select = format!("SELECT {COLUMNS} FROM qnsp_dynamic_configs c WHERE c.tenant_id = ?1 AND c.id = ?2");
        Statement::new(select).bind(caller.tenant()).bind(id)
    }

    pub fn of(row: &Row) -> Result<Self> {
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
    pub fn database(&self, tenant: &str, data_key: Option<&DataKey>) -> Result<Option<Database>> {
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

pub fn seal(data_key: &DataKey, tenant: &str, config: &str, database: &Database) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(database).map_err(|_| Error::internal("a database that is not JSON"))?;
    Ok(data_key.seal(random::bytes()?, &aad(tenant, config), &Zeroizing::new(json)))
}
