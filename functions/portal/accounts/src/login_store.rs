//! The SQL of logging in and out. A session is opened only if the password that was verified still is the stored one.

use platform::Statement;
use service::{
    Anonymous, App, Audit, Result,
    portal::{self, Candidate, Cookie, Guess, PORTAL_TENANT},
};

const LOG_IN: &str = "developer.log-in";

/// Records the refusal of a log-in to an account that exists; one to an unknown address costs the same work. No answer
/// names the entry, since that would reveal which accounts there are.
pub(crate) async fn refuse(app: &App, guess: &Guess, found: Option<&Candidate>, is_right: bool) -> Result<()> {
    let mut batch = Anonymous::background(app).batch();
    let known = batch.push(guess.touch_account());
    let id = found.map_or("", |found| found.id.as_str());
    batch.record(portal::refused(Audit::new(PORTAL_TENANT, LOG_IN, id), id), known);
    batch.push(if is_right { guess.give_back() } else { guess.touch() });
    batch.write().await.map(drop)
}

fn clear_attempts(developer: &Candidate) -> Statement {
    Statement::new("UPDATE portal_developers SET failed_logins = 0 WHERE id = ?1 AND failed_logins > 0")
        .bind(developer.id.as_str())
}

/// Opens a session, and stores the password at today's cost where it was stored at another. Says whether there is a
/// session: there is none when the password or the status has changed since they were read.
pub(crate) async fn log_in(
    caller: &Anonymous,
    guess: &Guess,
    developer: &Candidate,
    cookie: &Cookie,
    renewed: Option<String>,
) -> Result<bool> {
    let (id, now) = (developer.id.as_str(), caller.now);
    let mut batch = caller.batch();
    let opened = batch.push(portal::open_session(&caller.app, cookie, &developer.password, now));
    batch.record(Audit::new(PORTAL_TENANT, LOG_IN, id).by(id), opened);
    batch.push(guess.give_back());
    batch.push(clear_attempts(developer));
    batch.push(portal::sweep_sessions(now));
    for statement in guess.source().map(|source| portal::know_source(id, source, now)).into_iter().flatten() {
        batch.push(statement);
    }
    if let Some(password) = renewed {
        let renew = Statement::new("UPDATE portal_developers SET password = ?3 WHERE id = ?1 AND password = ?2");
        batch.push(renew.bind(id).bind(developer.password.as_str()).bind(password));
    }
    Ok(batch.write().await?.changed(opened))
}

pub(crate) async fn log_out(caller: &Anonymous, cookie: &Cookie) -> Result<()> {
    let mut batch = caller.batch();
    let delete = Statement::new("DELETE FROM portal_sessions WHERE id_hash = ?1").bind(cookie.id_hash.as_str());
    let ended = batch.push(delete);
    let developer = cookie.developer.as_str();
    batch.record(Audit::new(PORTAL_TENANT, "developer.log-out", developer).by(developer), ended);
    batch.write().await.map(drop)
}
