//! The SQL of keys. `?1` is the developer, whose consumer holds them.

use crypto::seal::DataKey;
use model::portal::{KeyAuth, Reference};
use platform::{Row, Statement};
use service::{
    Result,
    portal::{Credential, Session, SortColumn, Sorted, needed},
};

/// By their texts keys are ordered after they were opened; the expression is never used.
pub(crate) const ORDERS: &[SortColumn] =
    &[SortColumn::number("created_at", "created_at"), SortColumn::text("key", "key_hash")];

pub(crate) fn select_page(session: &Session, sorted: &Sorted) -> Result<Statement> {
    let text = sorted.text(
        "SELECT id, sealed_key, created_at, consumer_id, {sort} FROM portal_key_auth \
         WHERE consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1) \
         AND {after} {order} LIMIT ?4",
        "id",
    );
    sorted.bind(session.statement(text))
}

pub(crate) fn select_all(session: &Session) -> Statement {
    session.statement(
        "SELECT id, sealed_key, created_at, consumer_id FROM portal_key_auth \
         WHERE consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1)",
    )
}

pub(crate) fn count(session: &Session) -> Statement {
    session.statement(
        "SELECT count(*) AS total FROM portal_key_auth \
         WHERE consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1)",
    )
}

pub(crate) fn select(session: &Session, id: &str) -> Statement {
    let select = session.statement(
        "SELECT id, sealed_key, created_at, consumer_id FROM portal_key_auth \
         WHERE id = ?2 AND consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1)",
    );
    select.bind(id)
}

pub(crate) fn update(session: &Session, data_key: &DataKey, id: &str, key: &str) -> Result<Statement> {
    let update = session.statement(
        "UPDATE portal_key_auth SET key_hash = ?3, sealed_key = ?4 \
         WHERE id = ?2 AND consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1)",
    );
    let hash = Credential::KeyAuth.lookup_hash(&session.app, &[key])?;
    Ok(update.bind(id).bind(hash).bind(Credential::KeyAuth.seal(data_key, id, key)?))
}

pub(crate) fn delete(session: &Session, id: &str) -> Statement {
    let delete = session.statement(
        "DELETE FROM portal_key_auth \
         WHERE id = ?2 AND consumer_id = (SELECT consumer_id FROM portal_developers WHERE id = ?1)",
    );
    delete.bind(id)
}

pub(crate) fn key_auth(row: &Row, data_key: Option<&DataKey>) -> Result<KeyAuth> {
    let id: String = row.get("id")?;
    let key = Credential::KeyAuth.open(needed(data_key)?, &id, &row.get::<Vec<u8>>("sealed_key")?)?;
    Ok(KeyAuth {
        id,
        key: key.to_string(),
        created_at: row.get::<i64>("created_at")?.div_euclid(1000),
        consumer: Reference { id: row.get("consumer_id")? },
    })
}
