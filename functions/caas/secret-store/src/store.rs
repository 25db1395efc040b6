//! The SQL of secrets, and how their values are sealed.

use crypto::seal::DataKey;
use model::{
    caas::PutSecretRequest,
    ids::{CommunityId, TenantId},
};
use platform::{Row, Statement, random};
use service::{App, Audit, Error, Gate, Result, secret_aad};

/// Whose secrets.
pub(crate) struct Place {
    pub tenant: TenantId,
    pub community: CommunityId,
}

pub(crate) struct StoredSecret {
    pub tag: String,
    pub value: String,
    pub created_by: String,
    pub created_ts: i64,
}

impl Place {
    pub(crate) fn subject(&self, tag: &str) -> String {
        format!("{}/{tag}", self.community.as_str())
    }

    /// A value opens only where it was put.
    fn aad<'a>(&'a self, tag: &'a str) -> [&'a [u8]; 4] {
        secret_aad(self.tenant.as_str(), self.community.as_str(), tag)
    }
}

/// Reads and opens secrets, and the tenant's data key in the same round trip if this instance lacks it.
pub(crate) async fn fetch(
    app: &App,
    gate: Gate<'_>,
    place: &Place,
    tags: Option<Vec<String>>,
    audit: Audit,
) -> Result<Vec<StoredSecret>> {
    let (statements, open_key) = app.data_keys().with_select(place.tenant.as_str(), vec![select(place, tags)]);
    let outcomes = gate.write(statements, audit).await??;
    let rows = outcomes.first().map(|outcome| outcome.rows.as_slice()).unwrap_or_default();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let key = app.data_keys().found(app, place.tenant.as_str(), open_key, &outcomes)?;
    let key = key.ok_or_else(|| Error::internal("secrets of a tenant without a data key"))?;
    rows.iter().map(|row| open(&key, place, row)).collect()
}

/// The entry of a read. Of more tags than these it tells as of all of them.
pub(crate) fn reading(place: &Place, tags: Option<&[String]>) -> Audit {
    const TOLD: usize = 100;
    let audit = Audit::reading(place.tenant.as_str(), "secret.read", place.community.as_str());
    match tags {
        Some(tags) if tags.len() <= TOLD && tags.iter().all(|tag| tag.len() <= 128) => audit.detail("tags", tags),
        _ => audit,
    }
}

pub(crate) fn insert(key: &DataKey, place: &Place, request: &PutSecretRequest, created_ts: i64) -> Result<Statement> {
    let sealed = key.seal(random::bytes()?, &place.aad(request.tag.as_str()), request.value.as_bytes());
    let insert = Statement::new(
        "INSERT INTO secrets (tenant_id, community_id, tag, sealed, created_by, created_ts) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    );
    Ok(insert
        .bind(place.tenant.as_str())
        .bind(place.community.as_str())
        .bind(request.tag.as_str())
        .bind(sealed)
        .bind(request.created_by.as_str())
        .bind(created_ts))
}

pub(crate) fn delete(place: &Place, tag: &str) -> Statement {
    Statement::new("DELETE FROM secrets WHERE tenant_id = ?1 AND community_id = ?2 AND tag = ?3")
        .bind(place.tenant.as_str())
        .bind(place.community.as_str())
        .bind(tag)
}

fn select(place: &Place, tags: Option<Vec<String>>) -> Statement {
    let everything = "SELECT tag, sealed, created_by, created_ts FROM secrets \
         WHERE tenant_id = ?1 AND community_id = ?2 ORDER BY created_ts, tag";
    let tagged = "SELECT tag, sealed, created_by, created_ts FROM secrets \
         WHERE tenant_id = ?1 AND community_id = ?2 AND tag IN (SELECT value FROM json_each(?3)) \
         ORDER BY created_ts, tag";
    let select = Statement::new(if tags.is_some() { tagged } else { everything });
    let select = select.bind(place.tenant.as_str()).bind(place.community.as_str());
    match tags {
        Some(tags) => select.bind(serde_json::Value::from(tags).to_string()),
        None => select,
    }
}

fn open(key: &DataKey, place: &Place, row: &Row) -> Result<StoredSecret> {
    let tag: String = row.get("tag")?;
    let sealed: Vec<u8> = row.get("sealed")?;
    let value = key.open(&place.aad(&tag), &sealed)?;
    let value = std::str::from_utf8(&value).map_err(|_| Error::internal("a secret is not UTF-8"))?.to_owned();
    Ok(StoredSecret { tag, value, created_by: row.get("created_by")?, created_ts: row.get("created_ts")? })
}
