//! The SQL of developers. `?1` and `?2` are the id and the folded address by which one is named.

use model::portal::{Developer, Reference, Status, admin::AdminDeveloper, fold_email};
use platform::{Row, Statement};
use service::{Error, Result, portal::Mail};

pub(crate) fn count(status: Option<i64>) -> Statement {
    Statement::new("SELECT count(*) AS total FROM portal_developers WHERE ?1 IS NULL OR status = ?1").bind(status)
}

/// The page is bound after the status.
pub(crate) fn select_page(status: Option<i64>) -> Statement {
    Statement::new(
        "SELECT id, consumer_id, email, meta, status, roles, created_at, updated_at FROM portal_developers \
         WHERE (?1 IS NULL OR status = ?1) AND (created_at, id) > (?2, ?3) ORDER BY created_at, id LIMIT ?4",
    )
    .bind(status)
}

fn named(text: &'static str, developer: &str) -> Statement {
    Statement::new(text).bind(developer).bind(fold_email(developer))
}

pub(crate) fn select(developer: &str) -> Statement {
    named(
        "SELECT id, consumer_id, email, meta, status, roles, created_at, updated_at FROM portal_developers \
         WHERE id = ?1 OR email_folded = ?2",
        developer,
    )
}

/// A mail about the approval that follows it in the batch.
pub(crate) fn insert_approval(mail: Mail, developer: &str, now: i64) -> Statement {
    let insert = mail.insert(
        "INSERT INTO portal_mail (id, kind, sealed, created_at, next_attempt_at, recipient, developer_id) \
         SELECT ?1, ?2, ?3, ?4, ?4, email, id FROM portal_developers \
         WHERE (id = ?5 OR email_folded = ?6) AND status IN (1, 2, 3)",
        now,
    );
    insert.bind(developer).bind(fold_email(developer))
}

/// Ends the sessions of a developer who is about to be approved no more.
pub(crate) fn delete_sessions(developer: &str, transition: Option<(Status, &[Status])>) -> Statement {
    let delete = named(
        "DELETE FROM portal_sessions WHERE ?3 <> 0 \
         AND developer_id = (SELECT id FROM portal_developers WHERE id = ?1 OR email_folded = ?2)",
        developer,
    );
    delete.bind(transition.map(|(to, _)| to.number()))
}

/// Sets status and roles where the status allows it.
pub(crate) fn update(
    developer: &str,
    transition: Option<(Status, &[Status])>,
    roles: Option<String>,
    now: i64,
) -> Statement {
    let (to, from) = match transition {
        None => (None, Status::ALL),
        Some((to, from)) => (Some(to), from),
    };
    let from = serde_json::Value::from(from.iter().map(|status| status.number()).collect::<Vec<_>>()).to_string();
    let update = named(
        "UPDATE portal_developers SET status = coalesce(?3, status), roles = coalesce(?4, roles), updated_at = ?5 \
         WHERE (id = ?1 OR email_folded = ?2) AND status IN (SELECT value FROM json_each(?6))",
        developer,
    );
    update.bind(to.map(Status::number)).bind(roles).bind(now).bind(from)
}

pub(crate) fn delete(developer: &str) -> Statement {
    named("DELETE FROM portal_developers WHERE id = ?1 OR email_folded = ?2", developer)
}

pub(crate) fn missing() -> Error {
    Error::not_found("No developer with this id or e-mail address")
}

pub(crate) fn developer(row: &Row) -> Result<AdminDeveloper> {
    let seconds = |column| Ok::<_, Error>(row.get::<i64>(column)?.div_euclid(1000));
    let roles = serde_json::from_str(&row.get::<String>("roles")?);
    Ok(AdminDeveloper {
        developer: Developer {
            id: row.get("id")?,
            email: row.get("email")?,
            meta: row.get("meta")?,
            status: row.get("status")?,
            created_at: seconds("created_at")?,
            updated_at: seconds("updated_at")?,
            consumer: Reference { id: row.get("consumer_id")? },
        },
        roles: roles.map_err(|_| Error::internal("the roles of a developer are not JSON"))?,
    })
}
