//! The SQL of JWT credentials. `?1` is the developer, whose consumer holds them.

use crypto::seal::DataKey;
use model::portal::{Jwt, JwtParts, Reference};
use platform::{Row, Statement};
use service::{
    Result,
    portal::{Credential, Page, Session, needed},
};

pub(crate) fn select_page(session: &Session, page: &Page) -> Statement {
    page.bind(session.statement(
        "SELECT id, key, algorithm, sealed_secret, rsa_public_key, created_at, consumer_id FROM portal_jwt \
         WHERE consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1) \
         AND (created_at, id) > (?2, ?3) ORDER BY created_at, id LIMIT ?4",
    ))
}

pub(crate) fn count(session: &Session) -> Statement {
    session.statement(
        "SELECT count(*) AS total FROM portal_jwt \
         WHERE consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1)",
    )
}

pub(crate) fn select(session: &Session, id: &str) -> Statement {
    let select = session.statement(
        "SELECT id, key, algorithm, sealed_secret, rsa_public_key, created_at, consumer_id FROM portal_jwt \
         WHERE id = ?2 AND consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1)",
    );
    select.bind(id)
}

pub(crate) fn insert(session: &Session, data_key: &DataKey, id: &str, parts: &JwtParts) -> Result<Statement> {
    let insert = session.statement(
        "INSERT INTO portal_jwt (id, consumer_id, key, algorithm, sealed_secret, rsa_public_key, created_at) \
         SELECT ?2, consumer_id, ?3, ?4, ?5, ?6, ?7 FROM portal_developers WHERE id = ?1",
    );
    Ok(bind_parts(insert, data_key, id, parts)?.bind(session.now))
}

/// Changes the credential if it still is as this row has it.
pub(crate) fn update(
    session: &Session,
    data_key: &DataKey,
    seen: &Row,
    id: &str,
    parts: &JwtParts,
) -> Result<Statement> {
    let update = session.statement(
        "UPDATE portal_jwt SET key = ?3, algorithm = ?4, sealed_secret = ?5, rsa_public_key = ?6 WHERE id = ?2 \
         AND consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1) \
         AND key = ?7 AND algorithm = ?8 AND sealed_secret = ?9 AND rsa_public_key IS ?10",
    );
    Ok(bind_parts(update, data_key, id, parts)?
        .bind(seen.get::<String>("key")?)
        .bind(seen.get::<String>("algorithm")?)
        .bind(seen.get::<Vec<u8>>("sealed_secret")?)
        .bind(seen.get::<Option<String>>("rsa_public_key")?))
}

fn bind_parts(statement: Statement, data_key: &DataKey, id: &str, parts: &JwtParts) -> Result<Statement> {
    Ok(statement
        .bind(id)
        .bind(parts.key.as_str())
        .bind(parts.algorithm.as_str())
        .bind(Credential::Jwt.seal(data_key, id, &parts.secret)?)
        .bind(parts.rsa_public_key.clone()))
}

pub(crate) fn delete(session: &Session, id: &str) -> Statement {
    let delete = session.statement(
        "DELETE FROM portal_jwt \
         WHERE id = ?2 AND consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1)",
    );
    delete.bind(id)
}

/// The stored credential, from which a change starts.
pub(crate) fn parts(row: &Row, data_key: &DataKey) -> Result<JwtParts> {
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
