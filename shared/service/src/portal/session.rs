//! A developer's session. The extractor only checks the cookie's MAC; whether the session lives and its developer is
//! approved is asked in the same batch as the operation: what a read found is thrown away, and a change does not
//! happen, when either no longer holds.

use std::{borrow::Cow, ops::Deref};

use axum::{extract::FromRequestParts, http::request::Parts};
use model::faults::Faults;
use platform::Statement;

use super::{Cookie, PORTAL_TENANT, refused_fields, unauthorized};
use crate::{Actor, App, Audit, Batch, Call, Error, Guard, Result};

/// A session's end is moved no more often than once in this part of its life, so that most reads write nothing. The part
/// is added to its life, which is never shorter than promised.
const RENEWAL_PART: i64 = 60;

/// A request with a cookie of ours.
#[derive(Clone)]
pub struct Session {
    call: Call,
    /// Whose session the cookie says it is.
    pub developer: String,
    id_hash: String,
}

impl FromRequestParts<App> for Session {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let cookie = Cookie::of(app, &parts.headers)?.ok_or_else(unauthorized)?;
        Ok(Self { call: Call::of(parts, app), developer: cookie.developer, id_hash: cookie.id_hash })
    }
}

impl Deref for Session {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

impl Actor for Session {
    fn name(&self) -> Option<String> {
        Some(self.developer.clone())
    }

    fn asked(&self) -> Audit {
        self.audit(self.developer.as_str())
    }

    /// The cookie's MAC says that the developer had this session, so that the refusal of one that ended is recorded.
    fn guards(&self) -> Vec<Guard> {
        let lives = Guard::new(
            "EXISTS (SELECT 1 FROM portal_sessions s JOIN portal_developers d ON d.id = s.developer_id \
             WHERE s.id_hash = ?1 AND s.developer_id = ?2 AND s.expires_at > ?3 AND d.status = 0)",
            unauthorized(),
        );
        vec![lives.bind(self.id_hash.as_str()).bind(self.developer.as_str()).bind(self.now).recorded()]
    }

    fn opening(&self) -> Vec<Statement> {
        vec![self.renewal()]
    }
}

impl Session {
    pub fn batch(&self) -> Batch<Self> {
        Batch::new(self.clone())
    }

    /// A statement whose `?1` is the developer.
    pub fn statement(&self, text: impl Into<Cow<'static, str>>) -> Statement {
        Statement::new(text).bind(self.developer.as_str())
    }

    /// The key of this session's row.
    pub fn id_hash(&self) -> &str {
        &self.id_hash
    }

    /// An entry under the word of the operation's row.
    pub fn audit(&self, subject: impl Into<String>) -> Audit {
        self.call.audit(PORTAL_TENANT, subject)
    }

    /// Records that this was refused to the developer.
    pub fn refuse(&self) {
        self.log.refuse(self.asked().refused_to(self.developer.as_str()), None, self.now);
    }

    /// What a body says, or its refusal. A caller without a session learns nothing about the body.
    pub async fn checked<T>(&self, checked: Result<T, Faults>) -> Result<T> {
        match checked {
            Ok(value) => Ok(value),
            Err(faults) => {
                self.check().await?;
                Err(refused_fields(faults))
            }
        }
    }

    /// Reads, as `ends_at`, when the session ends if nothing more is asked.
    pub fn select_end(&self) -> Statement {
        let select = self.bind(
            "SELECT min(?3 + ?4, created_at + ?5) AS ends_at FROM portal_sessions WHERE id_hash = ?1 AND developer_id = ?2",
        );
        select.bind(idle(&self.app)).bind(longest(&self.app))
    }

    /// Moves the session's end, but never beyond its longest life.
    fn renewal(&self) -> Statement {
        let renewal = self.bind(
            "UPDATE portal_sessions SET expires_at = min(?4, created_at + ?6) WHERE id_hash = ?1 AND developer_id = ?2 \
             AND expires_at > ?3 AND expires_at < min(?5, created_at + ?6)",
        );
        let stored = self.now + idle(&self.app) + idle(&self.app) / RENEWAL_PART;
        renewal.bind(stored).bind(self.now + idle(&self.app)).bind(longest(&self.app))
    }

    fn bind(&self, text: &'static str) -> Statement {
        Statement::new(text).bind(self.id_hash.as_str()).bind(self.developer.as_str()).bind(self.now)
    }
}

/// A new session of an approved developer whose stored password still is this one; else nothing is inserted. A password
/// that was verified may have been replaced since.
pub fn open_session(app: &App, cookie: &Cookie, password: &str, now: i64) -> Statement {
    let insert = Statement::new(
        "INSERT INTO portal_sessions (id_hash, developer_id, created_at, expires_at) \
         SELECT ?1, id, ?4, ?5 FROM portal_developers WHERE id = ?2 AND password = ?3 AND status = 0",
    );
    let end = now + longest(app).min(idle(app) + idle(app) / RENEWAL_PART);
    insert.bind(cookie.id_hash.as_str()).bind(cookie.developer.as_str()).bind(password).bind(now).bind(end)
}

/// Removes some of the sessions that have expired.
pub fn sweep_sessions(now: i64) -> Statement {
    let sweep = Statement::new(
        "DELETE FROM portal_sessions WHERE id_hash IN \
         (SELECT id_hash FROM portal_sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 64)",
    );
    sweep.bind(now)
}

/// How long a session lives without a request, in milliseconds.
fn idle(app: &App) -> i64 {
    1000 * app.portal().session_seconds
}

/// How long a session lives at most, in milliseconds.
fn longest(app: &App) -> i64 {
    1000 * app.portal().session_max_seconds
}
