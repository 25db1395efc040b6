//! The SQL of accounts. What a caller without a session may do is a condition inside the statements: a token's row or a
//! status. Logging in is in `login_store`.

use model::portal::{Status, fold_email};
use platform::Statement;
use service::{
    App, Audit, Result,
    portal::{self, Mail, OneTimeToken, PORTAL_TENANT, Purpose, audit_by},
};

use crate::guesses;

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

/// A developer with its consumer, and the audit row of both.
pub(crate) fn insert_developer(new: &NewDeveloper<'_>) -> Vec<Statement> {
    let developer = Statement::new(
        "INSERT INTO portal_developers (id, consumer_id, email, email_folded, password, meta, status, status_after, \
         created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
    );
    let consumer = Statement::new("INSERT INTO portal_consumers (id, developer_id, created_at) VALUES (?1, ?2, ?3)");
    let audit = Audit::new(PORTAL_TENANT, "developer.register", new.id.as_str());
    vec![
        developer
            .bind(new.id.as_str())
            .bind(new.consumer.as_str())
            .bind(new.email)
            .bind(fold_email(new.email))
            .bind(new.password.as_str())
            .bind(new.meta.as_str())
            .bind(new.status.number())
            .bind(new.status_after.number())
            .bind(new.now),
        consumer.bind(new.consumer.as_str()).bind(new.id.as_str()).bind(new.now),
        audit_by(&new.id, audit, new.now),
        Mail::sweep(new.now),
    ]
}

pub(crate) fn insert_token(developer: &str, purpose: Purpose, token: &OneTimeToken) -> Statement {
    Statement::new("INSERT INTO portal_tokens (id_hash, developer_id, purpose, expires_at) VALUES (?1, ?2, ?3, ?4)")
        .bind(token.id_hash.as_str())
        .bind(developer)
        .bind(purpose.name())
        .bind(token.expires_at)
}

pub(crate) async fn register(app: &App, statements: Vec<Statement>, email: &str) -> Result<()> {
    match app.sql().batch(statements).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_unique("portal_developers.email_folded") => Err(portal::taken("email", email)),
        Err(error) => Err(error.into()),
    }
}

/// Whose token this is, if it has not been used.
pub(crate) async fn owner_of(app: &App, token: &str) -> Result<Option<String>> {
    let select = Statement::new("SELECT developer_id FROM portal_tokens WHERE id_hash = ?1").bind(token);
    let rows = app.sql().query(select).await?;
    Ok(rows.first().map(|row| row.get("developer_id")).transpose()?)
}

/// The new status, if the token is still there and its developer waits for it. All verification tokens of the developer
/// go.
pub(crate) async fn verify(
    app: &App,
    (token, developer): (&str, &str),
    notices: Vec<(Mail, &str)>,
    now: i64,
) -> Result<Option<i64>> {
    let update = Statement::new(
        "UPDATE portal_developers SET status = status_after, updated_at = ?3 WHERE id = ?2 AND status = 5 \
         AND EXISTS (SELECT 1 FROM portal_tokens WHERE id_hash = ?1 AND developer_id = ?2) RETURNING status",
    );
    let audit = Audit::new(PORTAL_TENANT, "developer.verify", developer);
    let mut batch = vec![update.bind(token).bind(developer).bind(now), audit_by(developer, audit, now)];
    for (mail, recipient) in notices {
        let insert = mail.insert(
            "INSERT INTO portal_mail (id, kind, sealed, created_at, next_attempt_at, recipient, developer_id) \
             SELECT ?1, ?2, ?3, ?4, ?4, ?5, d.id FROM portal_tokens t JOIN portal_developers d ON d.id = t.developer_id \
             WHERE t.id_hash = ?6 AND d.status = 1 AND d.updated_at = ?4",
            now,
        );
        batch.push(insert.bind(recipient).bind(token));
    }
    batch.push(delete_all_of(token));
    let outcomes = app.sql().batch(batch).await?;
    let row = outcomes.first().and_then(|outcome| outcome.rows.first());
    Ok(row.map(|row| row.get("status")).transpose()?)
}

/// Sends a new verification mail to an account that waits for it; older tokens are worth nothing from then on.
pub(crate) async fn resend(app: &App, email: &str, token: &OneTimeToken, mail: Mail, now: i64) -> Result<()> {
    let waits = "DELETE FROM portal_tokens WHERE purpose = 'verify-account' \
         AND developer_id = (SELECT id FROM portal_developers WHERE email_folded = ?1 AND status = 5)";
    let insert = Statement::new(
        "INSERT INTO portal_tokens (id_hash, developer_id, purpose, expires_at) \
         SELECT ?1, id, 'verify-account', ?2 FROM portal_developers WHERE email_folded = ?3 AND status = 5",
    );
    let insert = insert.bind(token.id_hash.as_str()).bind(token.expires_at).bind(email);
    let mut batch = vec![Statement::new(waits).bind(email), insert];
    batch.extend(mail_or_decoy(mail, token, email, now));
    app.sql().batch(batch).await?;
    Ok(())
}

/// Sends a mail with a token for a new password, if there is such an account.
pub(crate) async fn forget(app: &App, email: &str, token: &OneTimeToken, mail: Mail, now: i64) -> Result<()> {
    let insert = Statement::new(
        "INSERT INTO portal_tokens (id_hash, developer_id, purpose, expires_at) \
         SELECT ?1, id, 'reset-password', ?2 FROM portal_developers d WHERE email_folded = ?3 AND ?5 > (SELECT count(*) \
         FROM portal_tokens t WHERE t.developer_id = d.id AND t.purpose = 'reset-password' AND t.expires_at > ?4)",
    );
    let expired = Statement::new(
        "DELETE FROM portal_tokens WHERE expires_at <= ?2 \
         AND developer_id = (SELECT id FROM portal_developers WHERE email_folded = ?1)",
    );
    let insert = insert.bind(token.id_hash.as_str()).bind(token.expires_at).bind(email).bind(now).bind(MOST_RESETS);
    let mut batch = vec![expired.bind(email).bind(now), insert];
    batch.extend(mail_or_decoy(mail, token, email, now));
    app.sql().batch(batch).await?;
    Ok(())
}

/// A mail to the owner of a token that was just stored. Without one a mail is written all the same and taken back at
/// once, so that an address which is not known costs the same work.
fn mail_or_decoy(mail: Mail, token: &OneTimeToken, email: &str, now: i64) -> [Statement; 3] {
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

/// Whether there was such a token.
pub(crate) async fn delete_token(app: &App, token: &str) -> Result<bool> {
    let delete = Statement::new("DELETE FROM portal_tokens WHERE id_hash = ?1").bind(token);
    let outcomes = app.sql().batch(vec![delete]).await?;
    Ok(outcomes.first().is_some_and(|outcome| outcome.changes > 0))
}

/// Sets the password of a token's developer, if the token is still there, ends all its sessions, and uses up all its
/// tokens of that kind.
pub(crate) async fn reset(
    app: &App,
    (token, developer): (&str, &str),
    password: &str,
    source: Option<&str>,
    now: i64,
) -> Result<bool> {
    let update = Statement::new(
        "UPDATE portal_developers SET password = ?3, failed_logins = 0, updated_at = ?4 WHERE id = ?2 \
         AND EXISTS (SELECT 1 FROM portal_tokens WHERE id_hash = ?1 AND developer_id = ?2)",
    );
    let audit = Audit::new(PORTAL_TENANT, "developer.reset-password", developer);
    let sessions = Statement::new(
        "DELETE FROM portal_sessions WHERE developer_id = (SELECT developer_id FROM portal_tokens WHERE id_hash = ?1)",
    );
    let mut batch = vec![
        update.bind(token).bind(developer).bind(password).bind(now),
        audit_by(developer, audit, now),
        sessions.bind(token),
    ];
    // Who reads the account's mail is no stranger, however many guesses strangers have made.
    batch.extend(source.map(|source| guesses::know_owner_of(token, source, now)));
    batch.push(delete_all_of(token));
    Ok(app.sql().batch(batch).await?.first().is_some_and(|outcome| outcome.changes > 0))
}

/// This token and all others of the same developer and purpose.
fn delete_all_of(token: &str) -> Statement {
    Statement::new(
        "DELETE FROM portal_tokens WHERE (developer_id, purpose) = \
         (SELECT developer_id, purpose FROM portal_tokens WHERE id_hash = ?1)",
    )
    .bind(token)
}
