//! The SQL of secrets, and how their values are sealed.

use crypto::seal::DataKey;
use model::{
    caas::{PutSecretRequest, Secret},
    ids::{CommunityId, TenantId},
};
use platform::{Row, Statement, random};
use service::{Blob, Error, Result, blob, secret_aad};

/// Whose secrets.
pub(crate) struct Scope {
    pub tenant: TenantId,
    pub community: CommunityId,
}

impl Scope {
    pub(crate) fn subject(&self, tag: &str) -> String {
        format!("{}/{tag}", self.community.as_str())
    }

    /// A value opens only where it was put. `community` is the spelling under which it was.
    fn aad<'a>(&'a self, community: &'a str, tag: &'a str) -> [&'a [u8]; 4] {
        secret_aad(self.tenant.as_str(), community, tag)
    }
}

pub(crate) fn insert(key: &DataKey, scope: &Scope, request: &PutSecretRequest, created_ts: i64) -> Result<Statement> {
    let sealed = key.seal(
        random::bytes()?,
        &scope.aad(scope.community.as_str(), request.tag.as_str()),
        request.value.as_bytes(),
    );
    let insert = Statement::new(
        "INSERT INTO secrets (tenant_id, community_id, tag, sealed, created_by, created_ts) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    );
    Ok(insert
        .bind(scope.tenant.as_str())
        .bind(scope.community.as_str())
        .bind(request.tag.as_str())
        .bind(sealed)
        .bind(request.created_by.as_str())
        .bind(created_ts))
}

pub(crate) fn delete(scope: &Scope, tag: &str) -> Statement {
    Statement::new("DELETE FROM secrets WHERE tenant_id = ?1 AND community_id = ?2 AND tag = ?3")
        .bind(scope.tenant.as_str())
        .bind(scope.community.as_str())
        .bind(tag)
}

pub(crate) fn select(scope: &Scope, tags: Option<Vec<String>>) -> Statement {
    let tagged = if tags.is_some() { "AND tag IN (SELECT value FROM json_each(?3))" } else { "" };
    let select = Statement::new(format!(
        "SELECT tag, {}, sealed_community_id, created_by, created_ts FROM secrets \
         WHERE tenant_id = ?1 AND community_id = ?2 {tagged} ORDER BY created_ts, tag",
        blob("sealed", "sealed")
    ));
    let select = select.bind(scope.tenant.as_str()).bind(scope.community.as_str());
    match tags {
        Some(tags) => select.bind(serde_json::Value::from(tags).to_string()),
        None => select,
    }
}

/// A secret in the clear, of a row that [`select`] found.
pub(crate) fn open(key: Option<&DataKey>, scope: &Scope, row: &Row) -> Result<Secret> {
    let key = key.ok_or_else(|| Error::internal("secrets of a tenant without a data key"))?;
    let tag: String = row.get("tag")?;
    let sealed_for: Option<String> = row.get("sealed_community_id")?;
    let community = sealed_for.as_deref().unwrap_or(scope.community.as_str());
    let value = key.open(&scope.aad(community, &tag), &row.get::<Blob>("sealed")?.0)?;
    Ok(Secret {
        value: std::str::from_utf8(&value).map_err(|_| Error::internal("a secret is not UTF-8"))?.to_owned(),
        tag,
        created_by: row.get("created_by")?,
        created_ts: row.get("created_ts")?,
        tenant_id: scope.tenant.clone(),
        community_id: scope.community.clone(),
    })
}
