//! Tokens of the header `Kong-Admin-Token`, for tools that speak Kong's Admin API. Operators make and revoke them with a
//! licence; only a hash is stored. Whether a token holds is asked in the batch of the operation.

use axum::{extract::FromRequestParts, http::request::Parts};
use crypto::hash;
use platform::{Outcome, SqlError, Statement, random};

use super::{audit_by, unauthorized};
use crate::{App, Audit, Error, Result};

const HEADER: &str = "kong-admin-token";

/// What every token begins with, so that leaked ones are found by scanners.
const PREFIX: &str = "cpadm_";

/// A request of somebody with a token that was known when it came.
pub struct AdminToken {
    pub app: App,
    /// Milliseconds since the epoch; one reading per request.
    pub now: i64,
    hash: String,
    /// What the audit log calls its holder.
    holder: String,
}

/// A new token.
pub fn new_admin_token() -> Result<String> {
    Ok(format!("{PREFIX}{}", hash::hex(&random::bytes::<32>()?)))
}

/// What is stored of a token.
pub fn admin_token_hash(token: &str) -> String {
    hash::hex(&hash::sha256(&[b"kong-admin-token", b"\0", token.as_bytes()]))
}

impl FromRequestParts<App> for AdminToken {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let mut values = parts.headers.get_all(HEADER).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return Err(unauthorized()) };
        let hash = admin_token_hash(value.to_str().map_err(|_| unauthorized())?);
        let select = Statement::new("SELECT name FROM portal_admin_tokens WHERE token_hash = ?1");
        let rows = app.sql().query(select.bind(hash.as_str())).await?;
        let name: String = rows.first().ok_or_else(unauthorized)?.get("name")?;
        Ok(Self { app: app.clone(), now: platform::clock::now_ms(), hash, holder: format!("admin-token/{name}") })
    }
}

impl AdminToken {
    /// Runs reading statements.
    pub async fn read(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>> {
        let mut batch =
            vec![Statement::new("SELECT 1 FROM portal_admin_tokens WHERE token_hash = ?1").bind(&*self.hash)];
        batch.extend(statements);
        let mut outcomes = self.app.sql().read_batch(batch).await?.into_iter();
        match outcomes.next() {
            Some(found) if !found.rows.is_empty() => Ok(outcomes.collect()),
            _ => Err(unauthorized()),
        }
    }

    /// Runs a change with its entry, all of it or nothing; nothing when the token was revoked meanwhile.
    pub async fn write(&self, statements: Vec<Statement>, audit: Audit) -> Result<Vec<Outcome>> {
        let asked = statements.len();
        let admission = Statement::new(
            "INSERT INTO request_marks (mark, expires_at, caller, level) SELECT ?1, 0, NULL, '' \
             WHERE NOT EXISTS (SELECT 1 FROM portal_admin_tokens WHERE token_hash = ?1)",
        );
        let mut batch = vec![admission.bind(&*self.hash)];
        batch.extend(statements);
        batch.push(audit_by(&self.holder, audit, self.now));
        match self.app.sql().batch(batch).await {
            Ok(outcomes) => Ok(outcomes.into_iter().skip(1).take(asked).collect()),
            Err(SqlError::NotNull(column)) if column == "request_marks.caller" => Err(unauthorized()),
            Err(error) => Err(error.into()),
        }
    }
}
