//! The SQL of accounts. What a caller without a session may do is a condition inside the statements: a token's row or a
//! status. Logging in is in `login_store`.

use model::portal::{Status, fold_email};
use platform::Statement;
use service::{
    Anonymous, Result,
    portal::{Mail, OneTimeToken, Purpose},
};

/// How many tokens for a new password an account may have at a time, so that nobody's mailbox is flooded.
const MOST_RESETS: i64 = 10;

pub(crate) struct NewDeveloper<'a> {
    pub id: String,
    pub consumer: String,
    pub email: &'a str,
    pub password: String,
    pub meta: String,
    pub status: Status,
    pub status_after: Status,
    pub now: i64,
}

pub(crate) fn insert_developer(new: &NewDeveloper<'_>) -> Statement {
    let insert = Statement::new(
        "INSERT INTO portal_developers (id, consumer_id, email, email_folded, password, meta, status, status_after, \
         created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
    );
    insert
        .bind(new.id.as_str())
        .bind(new.consumer.as_str())
        .bind(new.email)
        .bind(fold_email(new.email))
        .bind(new.password.as_str())
        .bind(new.meta.as_str())
        .bind(new.status.number())
        .bind(new.status_after.number())
        .bind(new.now)
}

pub(crate) fn insert_consumer(new: &NewDeveloper<'_>) -> Statement {
    Statement::new("INSERT INTO portal_consumers (id, developer_id, created_at) VALUES (?1, ?2, ?3)")
        .bind(new.consumer.as_str())
        .bind(new.id.as_str())
        .bind(new.now)
}

pub(crate) fn insert_token(developer: &str, purpose: Purpose, token: &OneTimeToken) -> Statement {
    Statement::new("INSERT INTO portal_tokens (id_hash, developer_id, purpose, expires_at) VALUES (?1, ?2, ?3, ?4)")
        .bind(token.id_hash.as_str())
        .bind(developer)
        .bind(purpose.name())
        .bind(token.expires_at)
}

/// Reads whose token this is, if it has not been used.
pub(crate) fn select_owner(token: &str) -> Statement {
    Statement::new("SELECT developer_id FROM portal_tokens WHERE id_hash = ?1").bind(token)
}

/// Reads the account of an address.
pub(crate) fn select_account(email: &str) -> Statement {
    Statement::new("SELECT id AS developer_id FROM portal_developers WHERE email_folded = ?1").bind(email)
}

/// The developer of either.
pub(crate) async fn developer_of(caller: &Anonymous, select: Statement) -> Result<Option<String>> {
    let mut batch = caller.batch();
    let found = batch.push(select);
    Ok(batch.read().await?.row(found).map(|row| row.get("developer_id")).transpose()?)
}

/// Verifies a developer, and reads the new status, if the token is still there and its developer waits for it.
pub(crate) fn verify((token, developer): (&str, &str), now: i64) -> Statement {
    let update = Statement::new(
        "UPDATE portal_developers SET status = status_after, updated_at = ?3 WHERE id = ?2 AND status = 5 \
         AND EXISTS (SELECT 1 FROM portal_tokens WHERE id_hash = ?1 AND developer_id = ?2) RETURNING status",
    );
    update.bind(token).bind(developer).bind(now)
}

/// The mail to an operator about a developer who was just verified and waits for an approval.
pub(crate) fn notify(mail: Mail, recipient: &str, token: &str, now: i64) -> Statement {
    let insert = mail.insert(
        "INSERT INTO portal_mail (id, kind, sealed, created_at, next_attempt_at, recipient, developer_id) \
         SELECT ?1, ?2, ?3, ?4, ?4, ?5, d.id FROM portal_tokens t JOIN portal_developers d ON d.id = t.developer_id \
         WHERE t.id_hash = ?6 AND d.status = 1 AND d.updated_at = ?4",
        now,
    );
    insert.bind(recipient).bind(token)
}

/// Voids the verification tokens of an account that waits for its verification.
pub(crate) fn void_verifications(email: &str) -> Statement {
    Statement::new(
        "DELETE FROM portal_tokens WHERE purpose = 'verify-account' \
         AND developer_id = (SELECT id FROM portal_developers WHERE email_folded = ?1 AND status = 5)",
    )
    .bind(email)
}

/// Stores a verification token for an account that waits for it.
pub(crate) fn insert_verification(email: &str, token: &OneTimeToken) -> Statement {
    let insert = Statement::new(
        "INSERT INTO portal_tokens (id_hash, developer_id, purpose, expires_at) \
         SELECT ?1, id, 'verify-account', ?2 FROM portal_developers WHERE email_folded = ?3 AND status = 5",
    );
    insert.bind(token.id_hash.as_str()).bind(token.expires_at).bind(email)
}

/// Removes the expired tokens of an account.
pub(crate) fn sweep_tokens(email: &str, now: i64) -> Statement {
    Statement::new(
        "DELETE FROM portal_tokens WHERE expires_at <= ?2 \
         AND developer_id = (SELECT id FROM portal_developers WHERE email_folded = ?1)",
    )
    .bind(email)
    .bind(now)
}

/// Stores a token for a new password, if there is such an account.
pub(crate) fn insert_reset(email: &str, token: &OneTimeToken, now: i64) -> Statement {
    let insert = Statement::new(
        "INSERT INTO portal_tokens (id_hash, developer_id, purpose, expires_at) \
         SELECT ?1, id, 'reset-password', ?2 FROM portal_developers d WHERE email_folded = ?3 AND ?5 > (SELECT count(*) \
         FROM portal_tokens t WHERE t.developer_id = d.id AND t.purpose = 'reset-password' AND t.expires_at > ?4)",
    );
    insert.bind(token.id_hash.as_str()).bind(token.expires_at).bind(email).bind(now).bind(MOST_RESETS)
}

/// A mail to the owner of a token that was just stored. Without one a mail is written all the same and taken back at
/// once, so that an address which is not known costs the same work.
pub(crate) fn mail_or_decoy(mail: Mail, token: &OneTimeToken, email: &str, now: i64) -> [Statement; 3] {
    let id = mail.id.clone();
    let insert = mail.insert(
        "INSERT INTO portal_mail (id, kind, sealed, created_at, next_attempt_at, recipient, developer_id) \
         SELECT ?1, ?2, ?3, ?4, ?4, coalesce(max(d.email), ?5), max(d.id) \
         FROM portal_tokens t JOIN portal_developers d ON d.id = t.developer_id WHERE t.id_hash = ?6",
        now,
    );
    let withdraw = Statement::new("DELETE FROM portal_mail WHERE id = ?1 AND developer_id IS NULL");
    [insert.bind(email).bind(token.id_hash.as_str()), withdraw.bind(id), Mail::sweep(now)]
}

pub(crate) fn delete_token(token: &str) -> Statement {
    Statement::new("DELETE FROM portal_tokens WHERE id_hash = ?1").bind(token)
}

/// Sets the password of a token's developer, if the token is still there.
pub(crate) fn reset_password((token, developer): (&str, &str), password: &str, now: i64) -> Statement {
    let update = Statement::new(
        "UPDATE portal_developers SET password = ?3, failed_logins = 0, updated_at = ?4 WHERE id = ?2 \
         AND EXISTS (SELECT 1 FROM portal_tokens WHERE id_hash = ?1 AND developer_id = ?2)",
    );
    update.bind(token).bind(developer).bind(password).bind(now)
}

/// Ends the sessions of a token's developer.
pub(crate) fn end_sessions(token: &str) -> Statement {
    Statement::new(
        "DELETE FROM portal_sessions WHERE developer_id = (SELECT developer_id FROM portal_tokens WHERE id_hash = ?1)",
    )
    .bind(token)
}

/// This token and all others of the same developer and purpose.
pub(crate) fn void_all_like(token: &str) -> Statement {
    Statement::new(
        "DELETE FROM portal_tokens WHERE (developer_id, purpose) = \
         (SELECT developer_id, purpose FROM portal_tokens WHERE id_hash = ?1)",
    )
    .bind(token)
}
