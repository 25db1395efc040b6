//! Bearer tokens of the Config API. The extractor only reads the header; who holds a token is kept in the instance,
//! since a token is never changed, but whether it still holds is asked in the same round trip as the operation: a read
//! is thrown away, and a change does not happen, when the token has been revoked.

use std::sync::{Arc, LazyLock, PoisonError};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
};
use crypto::{hash, seal::DataKey};
use platform::{Outcome, Row, SqlError, Statement};
use policy::config::Permission;

use crate::{App, Audit, Error, Result, bounded::Bounded, gate::is_granted, trail::Trail};

/// What is known of tokens, by their hash.
pub(crate) type KnownTokens = Bounded<String, Arc<Token>>;

/// A request with a token of the right form.
pub struct Bearer {
    app: App,
    now: i64,
    hash: String,
    /// Method and path.
    asked: String,
    trail: Trail,
}

/// What is stored of a token, without what may change.
pub(crate) struct Token {
    tenant: String,
    project: Option<String>,
    performer: Option<String>,
    standing: String,
    expires_at: Option<i64>,
}

/// The holder of a token, who may do what was asked unless the token has been revoked.
pub struct Holder {
    pub app: App,
    /// Milliseconds since the epoch; one reading per request.
    pub now: i64,
    pub tenant: String,
    pub project: String,
    /// The owner's e-mail address, or else id.
    pub performer: String,
    hash: String,
    needs: Permission,
    asked: String,
    trail: Trail,
}

/// Composes the word of `policy::config::Standing::key`.
const STANDING: &str = "role || '>' || coalesce(user_grant, 'none') || '>' || \
     CASE WHEN scope IS NULL THEN '*' ELSE coalesce(scope ->> '$.config', 'none') END";

/// How much of a path an entry keeps.
const ASKED: usize = 256;

impl FromRequestParts<App> for Bearer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = token(header.unwrap_or_default())?;
        Ok(Self {
            app: app.clone(),
            now: platform::clock::now_ms(),
            hash: hash::hex(&hash::sha256(&[token.as_bytes()])),
            asked: format!("{} {}", parts.method, parts.uri.path()).chars().take(ASKED).collect(),
            trail: parts.extensions.get::<Trail>().cloned().unwrap_or_default(),
        })
    }
}

impl Bearer {
    /// Who holds the token, when it has this permission.
    pub async fn holder(self, needs: Permission) -> Result<Holder> {
        let known = self.app.known_tokens().lock().unwrap_or_else(PoisonError::into_inner).get(&self.hash).cloned();
        let token = match known {
            Some(token) if token.admit(self.now, needs).is_ok() => token,
            // A token that may have been revoked is not refused for what it lacks.
            _ => {
                let rows = self.app.sql().query(select(&self.hash)).await?;
                let token = Arc::new(stored(rows.first())?);
                let mut known = self.app.known_tokens().lock().unwrap_or_else(PoisonError::into_inner);
                known.insert(self.hash.clone(), token.clone());
                token
            }
        };
        let mut holder = Holder {
            tenant: token.tenant.clone(),
            project: String::new(),
            performer: String::new(),
            app: self.app,
            now: self.now,
            hash: self.hash,
            needs,
            asked: self.asked,
            trail: self.trail,
        };
        (holder.project, holder.performer) = holder.admit(&token)?;
        Ok(holder)
    }
}

impl Holder {
    /// An entry about something of the holder's project.
    pub fn audit(&self, action: &'static str, key: &str) -> Audit {
        Audit::new(self.tenant.as_str(), action, format!("{}/{key}", self.project)).by(self.performer.as_str())
    }

    /// Runs reading statements, and gives their outcomes if the token still holds.
    pub async fn read(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>> {
        let mut batch = vec![select(&self.hash)];
        batch.extend(statements);
        let mut outcomes = self.app.sql().read_batch(batch).await?;
        let found = if outcomes.is_empty() { Outcome::default() } else { outcomes.remove(0) };
        self.admit(&stored(found.rows.first())?)?;
        Ok(outcomes)
    }

    /// Runs a change with its audit entry, all of it or nothing; nothing when the token no longer holds. As with the gate,
    /// a change is told when the last changing statement changed something. A broken uniqueness rule comes back as the
    /// inner error, for the handler to name.
    pub async fn write(&self, statements: Vec<Statement>, audit: Audit) -> Result<Result<Vec<Outcome>, SqlError>> {
        let mut batch = vec![self.admission()];
        batch.extend(statements);
        batch.push(audit.statement(None, None, self.now));
        match self.app.sql().batch(batch).await {
            Ok(mut outcomes) => {
                self.trail.tell(outcomes.pop().and_then(|outcome| audit.place(&outcome)));
                outcomes.remove(0);
                Ok(Ok(outcomes))
            }
            Err(SqlError::NotNull(column)) if column == "request_marks.caller" => {
                self.check().await?;
                Err(invalid())
            }
            Err(error) => Ok(Err(error)),
        }
    }

    /// The tenant's data key, created when it has none.
    pub async fn data_key(&self) -> Result<Arc<DataKey>> {
        let keys = self.app.data_keys();
        if let Some(key) = keys.existing(&self.app, &self.tenant).await? {
            return Ok(key);
        }
        self.check().await?;
        keys.create(&self.app, &self.tenant).await
    }

    /// Writes nothing for who may pass. For who may not, it tries to leave a mark of nobody, and with it the whole
    /// batch fails.
    fn admission(&self) -> Statement {
        static TEXT: LazyLock<String> = LazyLock::new(|| {
            format!(
                "INSERT INTO request_marks (mark, expires_at, caller, level) SELECT ?1, 0, NULL, '' \
                 WHERE NOT EXISTS (SELECT 1 FROM config_tokens WHERE token_hash = ?1 AND revoked_at IS NULL \
                 AND coalesce(expires_at > ?2, 1) AND owner_id IS NOT NULL AND project_id IS NOT NULL \
                 AND {})",
                is_granted("?3", STANDING),
            )
        });
        Statement::new(TEXT.as_str()).bind(self.hash.as_str()).bind(self.now).bind(self.needs.grants())
    }

    /// Looks once more whether the token holds.
    async fn check(&self) -> Result<()> {
        let rows = self.app.sql().query(select(&self.hash)).await?;
        self.admit(&stored(rows.first())?).map(drop)
    }

    /// The project and the performer, or the refusal. That a token which holds may not do this is told.
    fn admit(&self, token: &Token) -> Result<(String, String)> {
        match token.admit(self.now, self.needs) {
            Ok((project, performer)) => Ok((project.to_owned(), performer.to_owned())),
            Err(refusal) => {
                if refusal.status == StatusCode::FORBIDDEN {
                    let audit = Audit::new(self.tenant.as_str(), action(self.needs), self.asked.as_str());
                    let actor = token.performer.clone().unwrap_or_else(|| "a token without an owner".to_owned());
                    self.trail.refuse(audit.refused_to(actor), None, self.now);
                }
                Err(refusal)
            }
        }
    }
}

/// The word for what was refused, in the audit log.
fn action(needs: Permission) -> &'static str {
    match needs {
        Permission::None => "config-api.none",
        Permission::Read => "config-api.read",
        Permission::Write => "config-api.write",
        Permission::Admin => "config-api.admin",
    }
}

impl Token {
    /// The project and the performer of what was asked, or the refusal.
    fn admit(&self, now: i64, needs: Permission) -> Result<(&str, &str)> {
        if self.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(Error::unauthorized("API token has expired"));
        }
        let project = self.project.as_deref().filter(|project| !project.is_empty());
        let project = project.ok_or_else(|| Error::bad_request("Token project context is missing"))?;
        match &self.performer {
            Some(performer) if needs.is_granted_to(&self.standing) => Ok((project, performer)),
            _ => Err(Error::new(
                StatusCode::FORBIDDEN,
                format!("Forbidden: config requires {} permission", needs.as_str()),
            )),
        }
    }
}

fn select(hash: &str) -> Statement {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        format!(
            "SELECT tenant_id, project_id, CASE WHEN owner_id IS NOT NULL THEN coalesce(owner_email, owner_id) END \
             AS performer, {STANDING} AS standing, expires_at FROM config_tokens \
             WHERE token_hash = ?1 AND revoked_at IS NULL"
        )
    });
    Statement::new(TEXT.as_str()).bind(hash)
}

fn stored(row: Option<&Row>) -> Result<Token> {
    let row = row.ok_or_else(invalid)?;
    Ok(Token {
        tenant: row.get("tenant_id")?,
        project: row.get("project_id")?,
        performer: row.get("performer")?,
        standing: row.get("standing")?,
        expires_at: row.get("expires_at")?,
    })
}

fn invalid() -> Error {
    Error::unauthorized("Invalid API token")
}

/// The token in an `Authorization` header: `cpeer_` and 64 hexadecimal digits.
fn token(header: &str) -> Result<&str> {
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::unauthorized("Missing or invalid authorization header"));
    }
    let token = token.trim();
    if token.is_empty() {
        return Err(Error::unauthorized("Missing API token"));
    }
    let digits = token.strip_prefix("cpeer_").filter(|digits| digits.len() == 64);
    if digits.is_none_or(|digits| !digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return Err(invalid());
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_header_is_a_scheme_and_a_token() {
        let good = format!("cpeer_{}", "0f".repeat(32));
        for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
            assert_eq!(token(&format!("{scheme} {good}")).unwrap(), good);
        }
        for (header, message) in [
            ("", "Missing or invalid authorization header"),
            ("Basic YTpi", "Missing or invalid authorization header"),
            (good.as_str(), "Missing or invalid authorization header"),
            ("Bearer", "Missing API token"),
            ("Bearer  ", "Missing API token"),
            ("Bearer cpeer_12", "Invalid API token"),
            ("Bearer x", "Invalid API token"),
        ] {
            assert_eq!(token(header).unwrap_err().message, message, "{header}");
        }
        assert!(token(&format!("Bearer {}", good.replace('0', "g"))).is_err());
    }
}
