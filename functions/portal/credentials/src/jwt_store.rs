//! The SQL of JWT credentials. `?1` is the developer, whose consumer holds them.

use std::sync::Arc;

use crypto::seal::DataKey;
use model::portal::{Jwt, JwtChange, JwtParts, Reference};
use platform::{Row, Statement};
use service::{
    Result,
    portal::{Credential, PORTAL_TENANT, Session, SortColumn, Sorted, missing, needed},
};

pub(crate) const ORDERS: &[SortColumn] =
    &[SortColumn::number("created_at", "created_at"), SortColumn::text("key", "key")];

pub(crate) fn select_page(session: &Session, sorted: &Sorted, key: Option<&str>) -> Result<Statement> {
    let text = sorted.text(
        "SELECT id, key, algorithm, sealed_secret, rsa_public_key, created_at, consumer_id, {sort} FROM portal_jwt \
         WHERE consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1) \
         AND (?5 IS NULL OR instr(lower(key), lower(?5)) > 0) AND {after} {order} LIMIT ?4",
        "id",
    );
    Ok(sorted.bind(session.statement(text))?.bind(key.map(str::to_owned)))
}

pub(crate) fn count(session: &Session, key: Option<&str>) -> Statement {
    let count = session.statement(
        "SELECT count(*) AS total FROM portal_jwt \
         WHERE consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1) \
         AND (?2 IS NULL OR instr(lower(key), lower(?2)) > 0)",
    );
    count.bind(key.map(str::to_owned))
}

pub(crate) fn select(session: &Session, id: &str) -> Statement {
    let select = session.statement(
        "SELECT id, key, algorithm, sealed_secret, rsa_public_key, created_at, consumer_id FROM portal_jwt \
         WHERE id = ?2 AND consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1)",
    );
    select.bind(id)
}

/// Sets what a change names. The algorithm and the public key stand on each other: where only one of them is named, the
/// other must still be the stored one with which the result was judged.
pub(crate) fn update(
    session: &Session,
    data_key: &DataKey,
    id: &str,
    change: &JwtChange,
    (stored, result): (&JwtParts, &JwtParts),
) -> Result<Statement> {
    let update = session.statement(
        "UPDATE portal_jwt SET key = coalesce(?3, key), sealed_secret = coalesce(?4, sealed_secret), \
         algorithm = CASE WHEN ?5 THEN ?6 ELSE algorithm END, \
         rsa_public_key = CASE WHEN ?5 THEN ?7 ELSE rsa_public_key END WHERE id = ?2 \
         AND consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1) \
         AND (NOT ?8 OR (algorithm = ?9 AND rsa_public_key IS ?10))",
    );
    let sealed = change.secret.as_deref().map(|secret| Credential::Jwt.seal(data_key, id, secret)).transpose()?;
    let replaces = change.algorithm.is_some() || change.rsa_public_key.is_some();
    let depends = replaces && !(change.algorithm.is_some() && change.rsa_public_key == result.rsa_public_key);
    Ok(update
        .bind(id)
        .bind(change.key.clone())
        .bind(sealed)
        .bind(replaces)
        .bind(result.algorithm.as_str())
        .bind(result.rsa_public_key.clone())
        .bind(depends)
        .bind(stored.algorithm.as_str())
        .bind(stored.rsa_public_key.clone()))
}

pub(crate) fn delete(session: &Session, id: &str) -> Statement {
    let delete = session.statement(
        "DELETE FROM portal_jwt \
         WHERE id = ?2 AND consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1)",
    );
    delete.bind(id)
}

/// The stored credential, from which a change starts, and the data key that seals it.
pub(crate) async fn read_parts(session: &Session, id: &str) -> Result<(JwtParts, Arc<DataKey>)> {
    let mut batch = session.batch();
    let found = batch.push(select(session, id));
    let data_key = batch.read_data_key(PORTAL_TENANT);
    let outcomes = batch.read().await?;
    let row = outcomes.row(found).ok_or_else(missing)?;
    let data_key = needed(outcomes.data_key(&data_key)?)?;
    Ok((parts(row, &data_key)?, data_key))
}

fn parts(row: &Row, data_key: &DataKey) -> Result<JwtParts> {
    let id: String = row.get("id")?;
    Ok(JwtParts {
        key: row.get("key")?,
        secret: Credential::Jwt.open(data_key, &id, &row.get::<Vec<u8>>("sealed_secret")?)?.to_string(),
        algorithm: row.get("algorithm")?,
        rsa_public_key: row.get("rsa_public_key")?,
    })
}

pub(crate) fn jwt(row: &Row, data_key: Option<&DataKey>) -> Result<Jwt> {
    let parts = parts(row, needed(data_key)?)?;
    Ok(Jwt {
        algorithm: parts.algorithm,
        id: row.get("id")?,
        created_at: row.get::<i64>("created_at")?.div_euclid(1000),
        secret: parts.secret,
        consumer: Reference { id: row.get("consumer_id")? },
        rsa_public_key: parts.rsa_public_key,
        key: parts.key,
    })
}
