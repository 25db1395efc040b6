//! Data keys: one per tenant, wrapped by a root key in the database and kept opened, bounded, in the instance.
//! Rotation of the root key re-wraps them; the keys themselves, and what they seal, stay as they are.

use std::sync::{Arc, Mutex, PoisonError};

use crypto::{
    hash,
    seal::{DataKey, RootKeys},
};
use model::caas::RootKeyStatus;
use platform::{Outcome, Row, Statement, random};
use policy::Action;
use serde_json::json;

use crate::{App, Audit, Error, Gate, Result, Signed, bounded::Bounded};

/// How many tenants' keys an instance keeps open.
const OPEN_KEYS: usize = 256;

/// How many data keys one rotation step re-wraps.
const STEP: i64 = 100;

pub struct DataKeys(Mutex<Bounded<String, Arc<DataKey>>>);

impl DataKeys {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Bounded::new(OPEN_KEYS)))
    }

    fn open_key(&self, tenant: &str) -> Option<Arc<DataKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant.to_owned()).cloned()
    }

    /// Puts the reading of the tenant's key behind the statements of a batch when this instance does not have it open,
    /// so that values and key come in one round trip. The outcomes are for [`DataKeys::found`].
    pub fn with_select(&self, tenant: &str, mut statements: Vec<Statement>) -> (Vec<Statement>, Option<Arc<DataKey>>) {
        let open_key = self.open_key(tenant);
        if open_key.is_none() {
            statements.push(Self::select(tenant));
        }
        (statements, open_key)
    }

    /// The key that was open already, or the one that came behind the statements. `None` when the tenant has none yet.
    pub fn found(
        &self,
        app: &App,
        tenant: &str,
        open_key: Option<Arc<DataKey>>,
        outcomes: &[Outcome],
    ) -> Result<Option<Arc<DataKey>>> {
        match (open_key, outcomes.last()) {
            (None, Some(found)) => self.admit(app, tenant, &found.rows),
            (open_key, _) => Ok(open_key),
        }
    }

    fn select(tenant: &str) -> Statement {
        Statement::new("SELECT wrapped FROM data_keys WHERE tenant_id = ?1").bind(tenant)
    }

    fn admit(&self, app: &App, tenant: &str, rows: &[Row]) -> Result<Option<Arc<DataKey>>> {
        let Some(row) = rows.first() else { return Ok(None) };
        let wrapped: Vec<u8> = row.get("wrapped")?;
        let key = Arc::new(app.config().root_keys()?.unwrap(&wrapped, &aad(tenant))?);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant.to_owned(), key.clone());
        Ok(Some(key))
    }

    /// The tenant's key for what this gate is about to write. A first key is created only for who may pass.
    pub async fn for_writing(&self, gate: &Gate<'_>, tenant: &str) -> Result<Arc<DataKey>> {
        let app = gate.app();
        if let Some(key) = self.existing(app, tenant).await? {
            return Ok(key);
        }
        gate.check().await?;
        self.create(app, tenant).await
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
        // Whoever inserted first, the stored key is the tenant's key.
        let outcomes = app.sql().batch(vec![self.draw(app, tenant)?.1, Self::select(tenant)]).await?;
        let rows = outcomes.last().map(|outcome| outcome.rows.as_slice()).unwrap_or_default();
        self.admit(app, tenant, rows)?.ok_or_else(|| Error::internal("a data key vanished"))
    }

    /// A new key, and the statement that stores it if the tenant has none: for a batch in which the tenant comes to be.
    pub fn draw(&self, app: &App, tenant: &str) -> Result<(DataKey, Statement)> {
        let root_keys = app.config().root_keys()?;
        let key = DataKey::new(random::bytes()?, random::bytes()?);
        let insert = Statement::new(
            "INSERT INTO data_keys (tenant_id, root_key_id, wrapped, created_at) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT DO NOTHING",
        );
        let insert = insert
            .bind(tenant)
            .bind(root_keys.newest_id())
            .bind(root_keys.wrap(random::bytes()?, &aad(tenant), &key))
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
        let audit = Audit::new("platform", "root-key.rewrap", root_keys.newest_id());
        let statements = vec![update, count_older(root_keys)];
        let outcomes = signed.gate(Action::RotateRootKey).write(statements, audit).await??;
        let rewrapped = outcomes.first().map_or(0, |outcome| outcome.changes);
        status(root_keys, outcomes.last().map(|outcome| outcome.rows.as_slice()), rewrapped)
    }

    /// How far a rotation has come.
    pub async fn status(&self, signed: &Signed) -> Result<RootKeyStatus> {
        let root_keys = signed.app.config().root_keys()?;
        let outcomes = signed.gate(Action::RotateRootKey).read(vec![count_older(root_keys)]).await?;
        status(root_keys, outcomes.last().map(|outcome| outcome.rows.as_slice()), 0)
    }
}

fn aad(tenant: &str) -> [&[u8]; 2] {
    [b"data-key", tenant.as_bytes()]
}

/// A data key under the newest root key, as the update reads it.
fn renew(root_keys: &RootKeys, row: &Row) -> Result<serde_json::Value> {
    let tenant: String = row.get("tenant_id")?;
    let wrapped: Vec<u8> = row.get("wrapped")?;
    let renewed = root_keys.rewrap(random::bytes()?, &wrapped, &aad(&tenant))?;
    Ok(json!({ "tenant": tenant, "old": RootKeys::id_of(&wrapped)?, "wrapped": hash::hex(&renewed) }))
}

fn count_older(root_keys: &RootKeys) -> Statement {
    Statement::new("SELECT count(*) AS remaining FROM data_keys WHERE root_key_id <> ?1").bind(root_keys.newest_id())
}

fn status(root_keys: &RootKeys, rows: Option<&[Row]>, rewrapped: u64) -> Result<RootKeyStatus> {
    let row = rows.and_then(<[Row]>::first).ok_or_else(|| Error::internal("no count"))?;
    Ok(RootKeyStatus {
        newest: root_keys.newest_id().to_owned(),
        ring: root_keys.ids().map(str::to_owned).collect(),
        rewrapped,
        remaining: row.get("remaining")?,
    })
}
