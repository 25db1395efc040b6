//! Data keys: one per tenant, wrapped by a root key in the database and kept opened, bounded, in the instance.
//! Rotation of the root key re-wraps them; the keys themselves, and what they seal, stay as they are.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use crypto::{
    hash,
    seal::{DataKey, RootKeys},
};
use lru::LruCache;
use model::caas::RootKeyStatus;
use platform::{Row, Statement, random};
use serde_json::json;

use crate::{Anonymous, App, Error, PLATFORM_TENANT, Result, Signed, batch::Slot};

/// How many tenants' keys an instance keeps open.
const OPEN_KEYS: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// How many data keys one rotation step re-wraps.
const STEP: i64 = 100;

pub struct DataKeys(Mutex<LruCache<String, Arc<DataKey>>>);

/// A tenant's data key that was open already, or where a batch reads it.
pub struct DataKeySlot {
    pub(crate) tenant: String,
    pub(crate) open: Option<Arc<DataKey>>,
    pub(crate) slot: Option<Slot>,
}

impl DataKeySlot {
    /// The key, if this instance had it open before the batch.
    pub fn open(&self) -> Option<&DataKey> {
        self.open.as_deref()
    }
}

impl DataKeys {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(OPEN_KEYS)))
    }

    pub(crate) fn open_key(&self, tenant: &str) -> Option<Arc<DataKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned()
    }

    pub(crate) fn select(tenant: &str) -> Statement {
        Statement::new("SELECT wrapped FROM data_keys WHERE tenant_id = ?1").bind(tenant)
    }

    /// Opens a key that was read, and keeps it.
    pub(crate) fn admit(&self, app: &App, tenant: &str, rows: &[Row]) -> Result<Option<Arc<DataKey>>> {
        let Some(row) = rows.first() else { return Ok(None) };
        let wrapped: Vec<u8> = row.get("wrapped")?;
        let key = Arc::new(app.config().root_keys()?.unwrap(&wrapped, &aad(tenant))?);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(tenant.to_owned(), key.clone());
        Ok(Some(key))
    }

    /// The tenant's key, if it has one.
    pub(crate) async fn existing(&self, app: &App, tenant: &str) -> Result<Option<Arc<DataKey>>> {
        match self.open_key(tenant) {
            Some(key) => Ok(Some(key)),
            None => self.admit(app, tenant, &app.sql().query(Self::select(tenant)).await?),
        }
    }

    /// The tenant's key, created when it has none.
    pub(crate) async fn create(&self, app: &App, tenant: &str) -> Result<Arc<DataKey>> {
        // If another request was first, its key is the tenant's key.
        let mut batch = Anonymous::background(app).batch();
        batch.push(self.generate(app, tenant)?.1);
        let read = batch.push(Self::select(tenant));
        let outcomes = batch.write().await?;
        self.admit(app, tenant, outcomes.rows(read))?.ok_or_else(|| Error::internal("a data key vanished"))
    }

    /// A new key, and the statement that stores it if the tenant has none: for a batch in which the tenant comes to be.
    pub fn generate(&self, app: &App, tenant: &str) -> Result<(DataKey, Statement)> {
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

    /// Re-wraps some data keys under the newest root key, and says how many are left.
    pub async fn rewrap(&self, signed: &Signed) -> Result<RootKeyStatus> {
        let app = &signed.app;
        let root_keys = app.config().root_keys()?;
        let older = Statement::new(
            "SELECT tenant_id, wrapped FROM data_keys WHERE root_key_id <> ?1 ORDER BY tenant_id LIMIT ?2",
        );
        let older = app.sql().query(older.bind(root_keys.newest_id()).bind(STEP)).await?;
        if older.is_empty() {
            return self.status(signed).await;
        }
        let renewed = older.iter().map(|row| renew(root_keys, row)).collect::<Result<Vec<_>>>()?;
        // A key that another rotation re-wrapped in the meantime is left alone.
        let update = Statement::new(
            "UPDATE data_keys SET wrapped = unhex(renewed.value ->> 'wrapped'), root_key_id = ?1 \
             FROM json_each(?2) renewed \
             WHERE tenant_id = renewed.value ->> 'tenant' AND root_key_id = renewed.value ->> 'old'",
        );
        let update = update.bind(root_keys.newest_id()).bind(serde_json::Value::from(renewed).to_string());
        let mut batch = signed.authorize()?.batch();
        let rewrapped = batch.push(update);
        let count = batch.push(count_older(root_keys));
        batch.record(signed.audit(PLATFORM_TENANT, root_keys.newest_id()), rewrapped);
        let outcomes = batch.write().await?;
        status(root_keys, outcomes.one(count)?, outcomes.changes(rewrapped))
    }

    /// How far a rotation has come.
    pub async fn status(&self, signed: &Signed) -> Result<RootKeyStatus> {
        let root_keys = signed.app.config().root_keys()?;
        let mut batch = signed.authorize()?.batch();
        let count = batch.push(count_older(root_keys));
        status(root_keys, batch.read().await?.one(count)?, 0)
    }
}

fn aad(tenant: &str) -> [&[u8]; 2] {
    [b"data-key", tenant.as_bytes()]
}

/// A data key under the newest root key, as the update reads it.
fn renew(root_keys: &RootKeys, row: &Row) -> Result<serde_json::Value> {
    let tenant: String = row.get("tenant_id")?;
    let wrapped: Vec<u8> = row.get("wrapped")?;
    let renewed = root_keys.rewrap(random::bytes()?, random::bytes()?, &wrapped, &aad(&tenant))?;
    Ok(json!({ "tenant": tenant, "old": RootKeys::id_of(&wrapped)?, "wrapped": hash::hex(&renewed) }))
}

fn count_older(root_keys: &RootKeys) -> Statement {
    Statement::new("SELECT count(*) AS remaining FROM data_keys WHERE root_key_id <> ?1").bind(root_keys.newest_id())
}

fn status(root_keys: &RootKeys, row: &Row, rewrapped: u64) -> Result<RootKeyStatus> {
    Ok(RootKeyStatus {
        newest: root_keys.newest_id().to_owned(),
        ring: root_keys.ids().map(str::to_owned).collect(),
        rewrapped,
        remaining: row.get("remaining")?,
    })
}
