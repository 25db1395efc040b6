//! Limits on guesses at passwords, at a log-in or when one is changed. An account and a source each have an allowance that refills with time; a guess is
//! counted before it is judged, and a right one gives back what it took. Sources from which a developer has logged in
//! have an allowance of their own for that account, so that strangers cannot use it up.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use model::portal::Status;
use platform::{Row, Statement};
use serde::Serialize;
use serde_json::json;

use super::{Source, guess_key};
use crate::{Actor, App, Batch, Error, Result};

/// A source may guess so many times as often as one account takes, over all accounts.
const PER_SOURCE: i64 = 3;

/// From how many sources a developer is known.
const KNOWN_SOURCES: i64 = 16;

/// How long a source stays known without a log-in, in milliseconds.
const KNOWN_MS: i64 = 90 * 24 * 3_600_000;

/// Completes a statement with `asked`: the allowances that apply to a guess. `?1` lists them, `?2` is the time, `?3` the
/// address and `?4` the source.
macro_rules! asked {
    ($rest:literal) => {
        concat!(
            "WITH asked AS (SELECT a.value ->> 'key' AS key, a.value ->> 'cost' AS cost, a.value ->> 'room' AS room \
             FROM json_each(?1) a WHERE coalesce((a.value ->> 'known') = EXISTS (SELECT 1 FROM portal_known_sources k \
             JOIN portal_developers d ON d.id = k.developer_id WHERE d.email_folded = ?3 AND k.source = ?4), 1)) ",
            $rest
        )
    };
}

/// The account whose password somebody says to know.
pub struct Candidate {
    pub id: String,
    pub password: String,
    pub status: Status,
    /// Too many wrong passwords since the last right one.
    pub is_locked: bool,
}

/// What is known before a password is looked at.
pub enum Attempt {
    /// Guesses are refused for so many seconds.
    Refused(i64),
    Counted(Option<Candidate>),
}

/// One guess at a password, and what it is counted against.
pub struct Guess {
    email: String,
    source: Option<String>,
    allowances: String,
    now: i64,
}

/// What is counted under a key: a guess moves the time at which the allowance is full again by `cost`, and is refused
/// when that time lies more than `room` ahead. `known` restricts it to sources that are, or are not, known.
#[derive(Serialize)]
struct Allowance {
    key: String,
    cost: i64,
    room: i64,
    known: Option<bool>,
}

impl Guess {
    /// A guess at the password of a folded address. Nothing is counted where limits are switched off.
    pub fn new(app: &App, email: &str, source: &Source, now: i64) -> Result<Self> {
        let settings = app.portal().accounts()?;
        let (burst, cost) = (settings.login_guesses, 1000 * settings.login_guess_seconds);
        let source = source.key(app)?;
        let mut allowances = Vec::new();
        if burst > 0 {
            let account = |parts: &[&str], known| {
                let key = guess_key(app, parts)?;
                Ok::<_, Error>(Allowance { key, cost, room: (burst - 1) * cost, known: Some(known) })
            };
            allowances.push(account(&["account", email], false)?);
            if let Some(source) = &source {
                allowances.push(account(&["account", email, source], true)?);
                let (cost, burst) = (cost / PER_SOURCE, burst * PER_SOURCE);
                allowances.push(Allowance { key: source.clone(), cost, room: (burst - 1) * cost, known: None });
            }
        }
        let allowances = serde_json::to_string(&allowances).map_err(|_| Error::internal("allowances are no JSON"))?;
        Ok(Self { email: email.to_owned(), source, allowances, now })
    }

    /// Where the guess comes from, as it is stored.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Counts the guess, and reads its account. It is counted before it is judged, so that guesses in parallel are no
    /// more than those one after the other.
    pub async fn attempt<A: Actor>(&self, mut batch: Batch<A>) -> Result<Attempt> {
        let wait = batch.push(self.select_wait());
        let account = batch.push(match batch.actor().app.portal().accounts()?.login_attempts {
            0 => self.select_account(),
            most => self.count_attempt(most),
        });
        batch.push(self.count());
        batch.push(self.sweep());
        let outcomes = batch.write().await?;
        match refused_for(outcomes.one(wait)?)? {
            Some(seconds) => Ok(Attempt::Refused(seconds)),
            None => outcomes.row(account).map(candidate).transpose().map(Attempt::Counted),
        }
    }

    /// The account once more, without counting anything.
    pub async fn account<A: Actor>(&self, mut batch: Batch<A>) -> Result<Option<Candidate>> {
        let account = batch.push(self.select_account());
        batch.read().await?.row(account).map(candidate).transpose()
    }

    /// Reads for how many milliseconds guesses are still refused, as `wait`. Goes before [`Self::count`].
    fn select_wait(&self) -> Statement {
        self.bind(asked!(
            "SELECT max(g.full_at - a.room) - ?2 AS wait FROM asked a JOIN portal_guesses g ON g.key = a.key"
        ))
    }

    /// Reads the account.
    fn select_account(&self) -> Statement {
        Statement::new("SELECT id, password, status, 0 AS is_locked FROM portal_developers WHERE email_folded = ?1")
            .bind(self.email.as_str())
    }

    /// Counts a wrong password in advance and reads the account, unless guesses are refused. Goes before [`Self::count`].
    fn count_attempt(&self, most: i64) -> Statement {
        let update = self.bind(asked!(
            "UPDATE portal_developers SET failed_logins = failed_logins + 1 WHERE email_folded = ?3 AND NOT EXISTS \
             (SELECT 1 FROM asked a JOIN portal_guesses g ON g.key = a.key WHERE g.full_at - a.room > ?2) \
             RETURNING id, password, status, failed_logins > ?5 AS is_locked"
        ));
        update.bind(most)
    }

    /// Counts the guess, unless it is refused.
    fn count(&self) -> Statement {
        self.bind(concat!(
            "INSERT INTO portal_guesses (key, full_at) ",
            asked!(
                "SELECT a.key, max(coalesce(g.full_at, 0), ?2) + a.cost FROM asked a \
                 LEFT JOIN portal_guesses g ON g.key = a.key WHERE NOT EXISTS (SELECT 1 FROM asked a \
                 JOIN portal_guesses g ON g.key = a.key WHERE g.full_at - a.room > ?2)"
            ),
            " ON CONFLICT (key) DO UPDATE SET full_at = excluded.full_at"
        ))
    }

    /// Writes what stands there already, so that a refusal costs a write whether it is recorded or not.
    pub fn touch(&self) -> Statement {
        self.bind(asked!("UPDATE portal_guesses SET full_at = full_at WHERE key IN (SELECT key FROM asked)"))
    }

    /// Changes nothing, and says whether the account exists.
    pub fn touch_account(&self) -> Statement {
        Statement::new("UPDATE portal_developers SET failed_logins = failed_logins WHERE email_folded = ?1")
            .bind(self.email.as_str())
    }

    /// Gives back what the guess took, since the password was right.
    pub fn give_back(&self) -> Statement {
        self.bind(asked!(
            "UPDATE portal_guesses SET full_at = full_at - (SELECT a.cost FROM asked a WHERE a.key = portal_guesses.key) \
             WHERE key IN (SELECT key FROM asked)"
        ))
    }

    /// Removes what has refilled: more at a time than one guess adds.
    fn sweep(&self) -> Statement {
        let sweep = Statement::new(
            "DELETE FROM portal_guesses WHERE key IN \
             (SELECT key FROM portal_guesses WHERE full_at <= ?1 ORDER BY full_at LIMIT 8)",
        );
        sweep.bind(self.now)
    }

    fn bind(&self, text: &'static str) -> Statement {
        let statement = Statement::new(text).bind(self.allowances.as_str()).bind(self.now);
        statement.bind(self.email.as_str()).bind(self.source.clone())
    }
}

/// The answer to guesses that are not judged, whatever the account and the password.
pub fn too_many_guesses(seconds: i64) -> Response {
    let message = format!("Too many attempts; try again in {seconds} seconds");
    let retry_after = [(header::RETRY_AFTER, seconds.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, retry_after, Json(json!({ "message": message }))).into_response()
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

/// How many seconds guesses are refused, by the row of [`Guess::select_wait`].
fn refused_for(row: &Row) -> Result<Option<i64>> {
    let wait = row.get::<Option<i64>>("wait")?.filter(|wait| *wait > 0);
    Ok(wait.map(|wait| wait / 1000 + 1))
}

/// Remembers where a developer has logged in, and forgets sources that were not used for long.
pub fn know_source(developer: &str, source: &str, now: i64) -> [Statement; 2] {
    let insert = Statement::new(
        "INSERT INTO portal_known_sources (developer_id, source, used_at) SELECT id, ?2, ?3 FROM portal_developers \
         WHERE id = ?1 ON CONFLICT (developer_id, source) DO UPDATE SET used_at = excluded.used_at",
    );
    let forget = Statement::new(
        "DELETE FROM portal_known_sources WHERE developer_id = ?1 AND (used_at < ?2 OR source NOT IN \
         (SELECT source FROM portal_known_sources WHERE developer_id = ?1 ORDER BY used_at DESC LIMIT ?3))",
    );
    [insert.bind(developer).bind(source).bind(now), forget.bind(developer).bind(now - KNOWN_MS).bind(KNOWN_SOURCES)]
}

/// Remembers the source that presents this token as one of the token's developer.
pub fn know_source_of_owner(token: &str, source: &str, now: i64) -> Statement {
    let insert = Statement::new(
        "INSERT INTO portal_known_sources (developer_id, source, used_at) SELECT developer_id, ?2, ?3 FROM portal_tokens \
         WHERE id_hash = ?1 ON CONFLICT (developer_id, source) DO UPDATE SET used_at = excluded.used_at",
    );
    insert.bind(token).bind(source).bind(now)
}
