//! Tokens of the Config API. Who holds a token is kept in the instance, since a token is never changed; that it has not
//! been revoked is a guard of the batch, so a read is thrown away and a change does not happen when it has been.

use std::{ops::Deref, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
};
use crypto::hash;
use platform::{Row, Statement};
use policy::{Access, config::Permission};

use crate::{Actor, App, Audit, Batch, Call, Error, Guard, Recent, Result};

/// How many tokens an instance knows the holders of.
const KNOWN_TOKENS: usize = 1024;

/// What is known of tokens, by their hash.
type KnownTokens = Recent<String, Arc<Token>, KNOWN_TOKENS>;

/// What is stored of a token, without its revocation.
struct Token {
    tenant: String,
    project: Option<String>,
    performer: Option<String>,
    standing: String,
    expires_at: Option<i64>,
}

/// The holder of a token that has the permission of the operation's row, unless it has been revoked.
#[derive(Clone)]
pub struct Bearer {
    call: Call,
    pub tenant: String,
    pub project: String,
    /// The owner's e-mail address, or else id.
    pub performer: String,
    hash: String,
    /// Method and path.
    asked: String,
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
        let call = Call::of(parts, app);
        let access = call.log.operation().map(|operation| operation.access);
        let mut bearer = Self {
            call,
            tenant: String::new(),
            project: String::new(),
            performer: String::new(),
            hash: hash::hex(&hash::sha256(&[token.as_bytes()])),
            asked: format!("{} {}", parts.method, parts.uri.path()).chars().take(ASKED).collect(),
        };
        if let Some(Access::ConfigToken(needs)) = access {
            bearer.admit(needs).await?;
        }
        Ok(bearer)
    }
}

impl Bearer {
    pub fn batch(&self) -> Batch<Self> {
        Batch::new(self.clone())
    }

    /// An entry about something of the holder's project, under the word of the operation's row.
    pub fn audit(&self, key: &str) -> Audit {
        self.call.audit(self.tenant.as_str(), format!("{}/{key}", self.project))
    }

    /// Fills in who holds the token, if it has the permission. A token that may have been revoked is not refused for what
    /// it lacks, so storage is asked before it is.
    pub(crate) async fn admit(&mut self, needs: Permission) -> Result<()> {
        let known = self.app.lock::<KnownTokens>().get(&self.hash).cloned();
        let token = match known {
            Some(token) if token.admit(self.now, needs).is_ok() => token,
            _ => {
                let token = Arc::new(stored(self.app.sql().query(select(&self.hash)).await?.first())?);
                self.app.lock::<KnownTokens>().put(self.hash.clone(), token.clone());
                token
            }
        };
        self.tenant.clone_from(&token.tenant);
        match token.admit(self.now, needs) {
            Ok((project, performer)) => {
                (self.project, self.performer) = (project.to_owned(), performer.to_owned());
                Ok(())
            }
            Err(refusal) => {
                if refusal.status == StatusCode::FORBIDDEN {
                    let actor = token.performer.clone().unwrap_or_else(|| "a token without an owner".to_owned());
                    self.log.refuse(self.asked().refused_to(actor), None, self.now);
                }
                Err(refusal)
            }
        }
    }
}

impl Deref for Bearer {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

impl Actor for Bearer {
    fn name(&self) -> Option<String> {
        Some(self.performer.clone())
    }

    fn asked(&self) -> Audit {
        self.call.audit(self.tenant.as_str(), self.asked.as_str())
    }

    /// All else that is stored of a token never changes.
    fn guards(&self) -> Vec<Guard> {
        let in_force =
            Guard::new("EXISTS (SELECT 1 FROM config_tokens WHERE token_hash = ?1 AND revoked_at IS NULL)", invalid());
        vec![in_force.bind(self.hash.as_str())]
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
                format!("Forbidden: config requires {} permission", needs.into_str()),
            )),
        }
    }
}

fn select(hash: &str) -> Statement {
    let text = format!(
        "SELECT tenant_id, project_id, CASE WHEN owner_id IS NOT NULL THEN coalesce(owner_email, owner_id) END \
         AS performer, {STANDING} AS standing, expires_at FROM config_tokens \
         WHERE token_hash = ?1 AND revoked_at IS NULL"
    );
    Statement::new(text).bind(hash)
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
