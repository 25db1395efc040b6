//! The SQL of API keys. A key is stored as its SHA-256 and cannot be shown again.

use model::{
    qnsp::operators::{Key, KeyList},
    time::IsoTime,
};
use platform::{Row, Statement};
use service::{Error, Result};

use crate::PAGE;

/// One more than a page, to see whether there is another.
pub(crate) fn select_after(tenant: &str, id: &str) -> Statement {
    let select = Statement::new(
        "SELECT id, user_id, roles, name, created_at, expires_at, revoked_at FROM qnsp_keys \
         WHERE tenant_id = ?1 AND (created_at, id) > \
         (coalesce((SELECT created_at FROM qnsp_keys WHERE tenant_id = ?1 AND id = ?2), 0), ?2) \
         ORDER BY created_at, id LIMIT ?3",
    );
    select.bind(tenant).bind(id).bind(i64::try_from(PAGE + 1).unwrap_or(i64::MAX))
}

pub(crate) fn revoke(id: &str, now: i64) -> Statement {
    Statement::new("UPDATE qnsp_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL").bind(id).bind(now)
}

pub(crate) fn key_list(rows: &[Row]) -> Result<KeyList> {
    let keys = rows.iter().take(PAGE).map(key).collect::<Result<Vec<_>>>()?;
    let next = keys.last().filter(|_| rows.len() > PAGE).map(|last| last.key_id.clone());
    Ok(KeyList { keys, next })
}

fn key(row: &Row) -> Result<Key> {
    let roles = serde_json::from_str(&row.get::<String>("roles")?);
    Ok(Key {
        key_id: row.get("id")?,
        user_id: row.get("user_id")?,
        roles: roles.map_err(|_| Error::internal("the roles of an API key are no list"))?,
        name: row.get("name")?,
        created_at: IsoTime(row.get("created_at")?),
        expires_at: row.get::<Option<i64>>("expires_at")?.map(IsoTime),
        revoked_at: row.get::<Option<i64>>("revoked_at")?.map(IsoTime),
    })
}
