//! Bearer tokens: API keys, which are found by their SHA-256, and JSON web tokens of configured issuers.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use crypto::{hash, jwt};
use model::ids::Uuid;
use platform::Statement;
use policy::qnsp::Role;
use serde::Deserialize;
use service::{App, Guard, Recent, Result};

use crate::{
    refusal::{expired_token, invalid_token},
    settings::Settings,
};

/// What an API key begins with; 40 hexadecimal digits follow.
pub const KEY_PREFIX: &str = "qnsp_pqc_";
pub const PERSONAL_KEY_PREFIX: &str = "qnsp_pqc_pat_";

/// Who may read a token of ours.
const AUDIENCES: [&str; 3] = ["platform", "internal-service", "external-api"];

/// Whom a token speaks for.
#[derive(Clone)]
pub(crate) struct Identity {
    pub tenant: String,
    pub user: String,
    /// The highest of its roles that has a rank.
    pub role: Option<Role>,
    /// The names of all its roles: some have no rank.
    pub roles: Arc<[String]>,
    /// The hash of an API key; a JSON web token is not stored.
    key: Option<String>,
}

/// How many API keys an instance knows the holders of.
const KNOWN_KEYS: usize = 1024;

/// What is known of API keys, by their hash.
type KnownKeys = Recent<String, Arc<KnownKey>, KNOWN_KEYS>;

/// What is stored of an API key and never changes.
struct KnownKey {
    tenant: String,
    user: String,
    role: Option<Role>,
    roles: Arc<[String]>,
    expires_at: Option<i64>,
}

impl Identity {
    /// Verifies the token of a request. An API key that this instance does not know costs one query.
    pub(crate) async fn of(app: &App, headers: &HeaderMap, now: i64) -> Result<Self> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
        let token = token.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return Err(invalid_token());
        }
        if token.starts_with(KEY_PREFIX) { Self::of_key(app, token, now).await } else { Self::of_jwt(app, token, now) }
    }

    /// Of no token: its guard never holds.
    pub(crate) fn nobody(tenant: String) -> Self {
        Self { tenant, user: "system".to_owned(), role: None, roles: Arc::new([]), key: Some(String::new()) }
    }

    async fn of_key(app: &App, token: &str, now: i64) -> Result<Self> {
        let digits = token.strip_prefix(PERSONAL_KEY_PREFIX).or_else(|| token.strip_prefix(KEY_PREFIX));
        if !digits.is_some_and(|digits| digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            return Err(invalid_token());
        }
        let hash = key_hash(token);
        let known = app.lock::<KnownKeys>().get(&hash).cloned();
        // A lease of a key may have been renewed elsewhere.
        let known = known.filter(|key| key.expires_at.is_none_or(|expires_at| expires_at > now));
        let key = match known {
            Some(key) => key,
            None => {
                let key = Arc::new(stored(app, &hash).await?);
                app.lock::<KnownKeys>().put(hash.clone(), key.clone());
                key
            }
        };
        if key.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(expired_token());
        }
        Ok(Self {
            tenant: key.tenant.clone(),
            user: key.user.clone(),
            role: key.role,
            roles: key.roles.clone(),
            key: Some(hash),
        })
    }

    fn of_jwt(app: &App, token: &str, now: i64) -> Result<Self> {
        let now = now / 1000;
        let token = jwt::Token::parse(token).map_err(|_| invalid_token())?;
        let issuer = Settings::of(app)?.issuer(token.algorithm_name()).ok_or_else(invalid_token)?;
        let has_expired = token.expires().is_some_and(|end| end.saturating_add(jwt::LEEWAY) <= now);
        // An expired token is only called so when its signature is good.
        match token.verify(issuer, token.expires().unwrap_or(now).min(now)) {
            Ok(()) if has_expired => return Err(expired_token()),
            Ok(()) => {}
            Err(_) => return Err(invalid_token()),
        }
        let claims: Claims = token.claims().map_err(|_| invalid_token())?;
        #[expect(clippy::cast_precision_loss, reason = "a time in seconds")]
        let is_early = claims.iat > (now + jwt::LEEWAY) as f64;
        let is_for_us = match &claims.aud {
            Audience::One(one) => AUDIENCES.contains(&one.as_str()),
            Audience::Many(many) => many.iter().any(|one| AUDIENCES.contains(&one.as_str())),
        };
        if is_early || !is_for_us || token.expires().is_none() {
            return Err(invalid_token());
        }
        Ok(Self {
            tenant: claims.tenant_id.into(),
            user: claims.user_id.unwrap_or(claims.sub),
            role: Role::highest(claims.roles.iter().map(String::as_str)),
            roles: claims.roles.into(),
            key: None,
        })
    }

    /// What must still hold of the token when the call has its effect.
    pub(crate) fn guard(&self, now: i64) -> Guard {
        match &self.key {
            Some(hash) => Guard::new(
                "EXISTS (SELECT 1 FROM qnsp_keys WHERE key_hash = ?1 AND revoked_at IS NULL \
                 AND (expires_at IS NULL OR expires_at > ?2))",
                invalid_token(),
            )
            .bind(hash.as_str())
            .bind(now),
            None => Guard::new("EXISTS (SELECT 1 FROM qnsp_tenants WHERE id = ?1)", invalid_token())
                .bind(self.tenant.as_str()),
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    user_id: Option<String>,
    tenant_id: Uuid,
    roles: Vec<String>,
    iat: f64,
    aud: Audience,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Under what an API key is stored.
pub fn key_hash(token: &str) -> String {
    hash::hex(&hash::sha256(&[token.as_bytes()]))
}

async fn stored(app: &App, hash: &str) -> Result<KnownKey> {
    let select =
        "SELECT tenant_id, user_id, roles, expires_at FROM qnsp_keys WHERE key_hash = ?1 AND revoked_at IS NULL";
    let rows = app.query(Statement::new(select).bind(hash)).await?;
    let row = rows.first().ok_or_else(invalid_token)?;
    let roles: Vec<String> = serde_json::from_str(&row.get::<String>("roles")?).unwrap_or_default();
    Ok(KnownKey {
        tenant: row.get("tenant_id")?,
        user: row.get("user_id")?,
        role: Role::highest(roles.iter().map(String::as_str)),
        roles: roles.into(),
        expires_at: row.get("expires_at")?,
    })
}
