//! The SQL of logging in and out. A guess is counted in the batch that reads the account, and a session is opened only
//! if the password that was verified still is the stored one.

use model::portal::Status;
use platform::{Row, Statement};
use service::{
    App, Audit, Error, Result,
    portal::{self, Cookie, PORTAL_TENANT, audit_by},
};

use crate::guesses::{self, Guess};

/// The account that somebody tries to log in to.
pub(crate) struct Candidate {
    pub id: String,
    pub password: String,
    pub status: Status,
    /// Too many wrong passwords since the last right one.
    pub is_locked: bool,
}

/// What is known before a password is looked at.
pub(crate) enum Attempt {
    /// Guesses are refused for so many seconds.
    Refused(i64),
    Counted(Option<Candidate>),
}

/// Counts a guess, and reads its account. It is counted before it is judged, so that guesses in parallel are no more
/// than those one after the other.
pub(crate) async fn attempt(app: &App, guess: &Guess) -> Result<Attempt> {
    let account = match app.portal().login_attempts {
        0 => guess.select_account(),
        most => guess.count_attempt(most),
    };
    let batch = vec![guess.select_wait(), account, guess.count(), guess.sweep()];
    let outcomes = app.sql().batch(batch).await?;
    let [wait, account, ..] = outcomes.as_slice() else { return Err(Error::internal("a guess without outcomes")) };
    match guesses::refused_for(wait)? {
        Some(seconds) => Ok(Attempt::Refused(seconds)),
        None => account.rows.first().map(candidate).transpose().map(Attempt::Counted),
    }
}

/// The account once more, without counting anything.
pub(crate) async fn account(app: &App, guess: &Guess) -> Result<Option<Candidate>> {
    app.sql().query(guess.select_account()).await?.first().map(candidate).transpose()
}

fn candidate(row: &Row) -> Result<Candidate> {
    let status = Status::from_number(row.get("status")?);
    Ok(Candidate {
        id: row.get("id")?,
        password: row.get("password")?,
        status: status.ok_or_else(|| Error::internal("a developer of unknown status"))?,
        is_locked: row.get("is_locked")?,
    })
}

/// The password was right, but its owner may not log in.
pub(crate) async fn forgive(app: &App, guess: &Guess, developer: &Candidate) -> Result<()> {
    app.sql().batch(vec![guess.give_back(), clear_attempts(developer)]).await?;
    Ok(())
}

fn clear_attempts(developer: &Candidate) -> Statement {
    Statement::new("UPDATE portal_developers SET failed_logins = 0 WHERE id = ?1 AND failed_logins > 0")
        .bind(developer.id.as_str())
}

/// Opens a session, and stores the password at today's cost where it was stored at another. Says whether there is a
/// session: there is none when the password or the status has changed since they were read.
pub(crate) async fn log_in(
    app: &App,
    guess: &Guess,
    developer: &Candidate,
    cookie: &Cookie,
    renewed: Option<String>,
    now: i64,
) -> Result<bool> {
    let audit = Audit::new(PORTAL_TENANT, "developer.log-in", developer.id.as_str());
    let mut batch = vec![
        portal::open_session(app, cookie, &developer.password, now),
        audit_by(&developer.id, audit, now),
        guess.give_back(),
        clear_attempts(developer),
        portal::sweep_sessions(now),
    ];
    batch.extend(guess.source().map(|source| guesses::know(&developer.id, source, now)).into_iter().flatten());
    batch.extend(renewed.map(|password| {
        Statement::new("UPDATE portal_developers SET password = ?3 WHERE id = ?1 AND password = ?2")
            .bind(developer.id.as_str())
            .bind(developer.password.as_str())
            .bind(password)
    }));
    let outcomes = app.sql().batch(batch).await?;
    Ok(outcomes.first().is_some_and(|outcome| outcome.changes > 0))
}

pub(crate) async fn log_out(app: &App, cookie: &Cookie) -> Result<()> {
    let delete = Statement::new("DELETE FROM portal_sessions WHERE id_hash = ?1").bind(cookie.id_hash.as_str());
    app.sql().batch(vec![delete]).await?;
    Ok(())
}
