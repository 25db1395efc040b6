//! Rotation of the root key: data keys are wrapped again by the newest one. The keys themselves, and what they seal, stay
//! as they are.

use crypto::{hash, seal::RootKeys};
use model::caas::RootKeyStatus;
use platform::{Row, Statement, random};
use serde_json::json;

use crate::{PLATFORM_TENANT, Result, Signed, data_keys};

/// How many data keys one step re-wraps.
const STEP: i64 = 100;

/// Re-wraps some data keys under the newest root key, and says how many are left.
pub async fn rewrap(signed: &Signed) -> Result<RootKeyStatus> {
    let app = &signed.app;
    let root_keys = app.config().root_keys()?;
    let older =
        Statement::new("SELECT tenant_id, wrapped FROM data_keys WHERE root_key_id <> ?1 ORDER BY tenant_id LIMIT ?2");
    let older = app.sql().query(older.bind(root_keys.newest_id()).bind(STEP)).await?;
    if older.is_empty() {
        return status(signed).await;
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
    progress(root_keys, outcomes.one(count)?, outcomes.changes(rewrapped))
}

/// How far a rotation has come.
pub async fn status(signed: &Signed) -> Result<RootKeyStatus> {
    let root_keys = signed.app.config().root_keys()?;
    let mut batch = signed.authorize()?.batch();
    let count = batch.push(count_older(root_keys));
    progress(root_keys, batch.read().await?.one(count)?, 0)
}

/// A data key under the newest root key, as the update reads it.
fn renew(root_keys: &RootKeys, row: &Row) -> Result<serde_json::Value> {
    let tenant: String = row.get("tenant_id")?;
    let wrapped: Vec<u8> = row.get("wrapped")?;
    let renewed = root_keys.rewrap(random::bytes()?, random::bytes()?, &wrapped, &data_keys::aad(&tenant))?;
    Ok(json!({ "tenant": tenant, "old": RootKeys::id_of(&wrapped)?, "wrapped": hash::hex(&renewed) }))
}

fn count_older(root_keys: &RootKeys) -> Statement {
    Statement::new("SELECT count(*) AS remaining FROM data_keys WHERE root_key_id <> ?1").bind(root_keys.newest_id())
}

fn progress(root_keys: &RootKeys, row: &Row, rewrapped: u64) -> Result<RootKeyStatus> {
    Ok(RootKeyStatus {
        newest: root_keys.newest_id().to_owned(),
        ring: root_keys.ids().map(str::to_owned).collect(),
        rewrapped,
        remaining: row.get("remaining")?,
    })
}
