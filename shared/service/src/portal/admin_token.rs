//! Tokens of the header `Kong-Admin-Token`, for tools that speak Kong's Admin API. Operators make and revoke them with a
//! licence; only a hash is stored. Whether a token holds is asked in the batch of the operation.

use std::ops::Deref;

use axum::{extract::FromRequestParts, http::request::Parts};
use crypto::hash;
use platform::{Statement, random};

use super::{PORTAL_TENANT, unauthorized};
use crate::{Actor, App, Audit, Batch, Call, Error, Guard, Result};

const HEADER: &str = "kong-admin-token";

/// What every token begins with, so that leaked ones are found by scanners.
const PREFIX: &str = "cpadm_";

/// A request of somebody with a token that was known when it came.
#[derive(Clone)]
pub struct AdminToken {
    call: Call,
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
        Ok(Self { call: Call::of(parts, app), hash, holder: format!("admin-token/{name}") })
    }
}

impl AdminToken {
    pub fn batch(&self) -> Batch<Self> {
        Batch::new(self.clone())
    }
}

impl Deref for AdminToken {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

impl Actor for AdminToken {
    fn name(&self) -> Option<String> {
        Some(self.holder.clone())
    }

    fn asked(&self) -> Audit {
        self.audit(PORTAL_TENANT, "")
    }

    /// A token that was revoked since it was looked up is refused.
    fn guards(&self) -> Vec<Guard> {
        let stored = Guard::new("EXISTS (SELECT 1 FROM portal_admin_tokens WHERE token_hash = ?1)", unauthorized());
        vec![stored.bind(self.hash.as_str()).recorded()]
    }
}
