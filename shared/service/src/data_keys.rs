//! Data keys: one per tenant, wrapped by a root key in the database and kept opened, bounded, in the instance.

use std::sync::Arc;

use crypto::seal::DataKey;
use platform::{Row, Statement, random};

use crate::{App, Recent, Result};

/// How many tenants' keys an instance keeps open.
const OPEN_KEYS: usize = 256;

/// Opened keys, by their tenant.
type OpenKeys = Recent<String, Arc<DataKey>, OPEN_KEYS>;

/// The tenant's key, if this instance has it open.
pub(crate) fn opened(app: &App, tenant: &str) -> Option<Arc<DataKey>> {
    app.lock::<OpenKeys>().get(tenant).cloned()
}

pub(crate) fn select(tenant: &str) -> Statement {
    Statement::new("SELECT wrapped FROM data_keys WHERE tenant_id = ?1").bind(tenant)
}

/// Opens a key that was read, and keeps it.
pub(crate) fn open(app: &App, tenant: &str, rows: &[Row]) -> Result<Option<Arc<DataKey>>> {
    let Some(row) = rows.first() else { return Ok(None) };
    let wrapped: Vec<u8> = row.get("wrapped")?;
    let key = Arc::new(app.config().root_keys()?.unwrap(&wrapped, &aad(tenant))?);
    app.lock::<OpenKeys>().put(tenant.to_owned(), key.clone());
    Ok(Some(key))
}

/// The tenant's key, if it has one.
pub(crate) async fn existing(app: &App, tenant: &str) -> Result<Option<Arc<DataKey>>> {
    match opened(app, tenant) {
        Some(key) => Ok(Some(key)),
        None => open(app, tenant, &app.sql().query(select(tenant)).await?),
    }
}

/// A new key, and the statement that stores it if the tenant has none: for a batch in which the tenant comes to be.
pub fn generate(app: &App, tenant: &str) -> Result<(DataKey, Statement)> {
    let root_keys = app.config().root_keys()?;
    let key = DataKey::new(random::bytes()?, random::bytes()?);
    let insert = Statement::new(
        "INSERT INTO data_keys (tenant_id, root_key_id, wrapped, created_at) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT DO NOTHING",
    );
    let insert = insert
        .bind(tenant)
        .bind(root_keys.newest_id())
        .bind(root_keys.wrap(random::bytes()?, random::bytes()?, &aad(tenant), &key))
        .bind(platform::clock::now_ms());
    Ok((key, insert))
}

/// What a wrapped key is bound to.
pub(crate) fn aad(tenant: &str) -> [&[u8]; 2] {
    [b"data-key", tenant.as_bytes()]
}
