//! The SQL of one's own account. `?1` is the developer in every statement.

use model::portal::{Developer, MAX_META, Reference, fold_email};
use platform::{Row, Statement};
use service::{
    Batch, Error, Result, Slot,
    portal::{OneTimeToken, Session},
};

pub(crate) fn select(session: &Session) -> Statement {
    session.statement(
        "SELECT id, consumer_id, email, meta, status, created_at, updated_at FROM portal_developers WHERE id = ?1",
    )
}

pub(crate) fn developer(row: &Row) -> Result<Developer> {
    let seconds = |column| Ok::<_, Error>(row.get::<i64>(column)?.div_euclid(1000));
    Ok(Developer {
        id: row.get("id")?,
        email: row.get("email")?,
        meta: row.get("meta")?,
        status: row.get("status")?,
        created_at: seconds("created_at")?,
        updated_at: seconds("updated_at")?,
        consumer: Reference { id: row.get("consumer_id")? },
    })
}

pub(crate) fn delete(session: &Session) -> Statement {
    session.statement("DELETE FROM portal_developers WHERE id = ?1")
}

/// Ends the other sessions, voids tokens for a new password, and sets the password, if it still is the old one. The slot
/// is that of the password.
pub(crate) fn set_password(batch: &mut Batch<Session>, old: &str, new: &str) -> Slot {
    let session = batch.actor();
    let sessions = session.statement(
        "DELETE FROM portal_sessions WHERE developer_id = ?1 AND id_hash <> ?2 \
         AND EXISTS (SELECT 1 FROM portal_developers WHERE id = ?1 AND password = ?3)",
    );
    let tokens = session.statement(
        "DELETE FROM portal_tokens WHERE developer_id = ?1 AND purpose = 'reset-password' \
         AND EXISTS (SELECT 1 FROM portal_developers WHERE id = ?1 AND password = ?2)",
    );
    let update = session.statement(
        "UPDATE portal_developers SET password = ?3, failed_logins = 0, updated_at = ?4 WHERE id = ?1 AND password = ?2",
    );
    let (sessions, update) = (sessions.bind(session.id_hash()), update.bind(old).bind(new).bind(session.now));
    batch.push(sessions.bind(old));
    batch.push(tokens.bind(old));
    batch.push(update)
}

pub(crate) fn forget_tokens(session: &Session) -> Statement {
    session.statement("DELETE FROM portal_tokens WHERE developer_id = ?1")
}

pub(crate) fn insert_verification(session: &Session, token: &OneTimeToken) -> Statement {
    let insert = session.statement(
        "INSERT INTO portal_tokens (id_hash, developer_id, purpose, expires_at) VALUES (?2, ?1, 'verify-account', ?3)",
    );
    insert.bind(token.id_hash.as_str()).bind(token.expires_at)
}

/// Sets the address. One that has to be verified sets the status back, until it was.
pub(crate) fn set_email(session: &Session, email: &str, verifies: bool) -> Statement {
    let update = session.statement(
        "UPDATE portal_developers SET email = ?2, email_folded = ?3, updated_at = ?4, \
         status_after = CASE WHEN ?5 THEN status ELSE status_after END, status = CASE WHEN ?5 THEN 5 ELSE status END \
         WHERE id = ?1",
    );
    update.bind(email).bind(fold_email(email)).bind(session.now).bind(verifies)
}

pub(crate) fn merge_meta(session: &Session, meta: &str) -> Statement {
    let update = session.statement(
        "UPDATE portal_developers SET meta = json_patch(meta, ?2), updated_at = ?3 \
         WHERE id = ?1 AND length(CAST(json_patch(meta, ?2) AS BLOB)) <= ?4",
    );
    update.bind(meta).bind(session.now).bind(i64::try_from(MAX_META).unwrap_or(i64::MAX))
}
