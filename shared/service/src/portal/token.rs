//! One-time tokens: a JWT of `{exp, id}` under HS256. Each purpose has a key of its own, so that a token is good for
//! nothing else; only a hash of its id is stored, and a token without its row is worth nothing.

use crypto::{base64, hash};
use serde::{Deserialize, Serialize};

use super::new_id;
use crate::{App, Error, Result};

/// Base64 of `{"typ":"JWT","alg":"HS256"}`: the one header there is.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    VerifyAccount,
    ResetPassword,
}

pub struct OneTimeToken {
    pub text: String,
    /// What is stored.
    pub id_hash: String,
    /// Milliseconds since the epoch.
    pub expires_at: i64,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    exp: i64,
    id: String,
}

impl Purpose {
    /// What stands in the rows of tokens.
    pub fn name(self) -> &'static str {
        match self {
            Self::VerifyAccount => "verify-account",
            Self::ResetPassword => "reset-password",
        }
    }

    fn mac(self, app: &App, signed: &str) -> Result<String> {
        let key = app.config().derived_key(&format!("portal-token {}", self.name()))?;
        Ok(base64::encode_url(&hash::hmac_sha256(&*key, &[signed.as_bytes()])))
    }
}

impl OneTimeToken {
    pub fn mint(app: &App, purpose: Purpose, now: i64) -> Result<Self> {
        let exp = now.div_euclid(1000) + app.portal().mail()?.token_seconds;
        let claims = Claims { exp, id: new_id()? };
        let json = serde_json::to_vec(&claims).map_err(|_| Error::internal("claims that are no JSON"))?;
        let signed = format!("{HEADER}.{}", base64::encode_url(&json));
        let mac = purpose.mac(app, &signed)?;
        Ok(Self { text: format!("{signed}.{mac}"), id_hash: id_hash(purpose, &claims.id), expires_at: 1000 * exp })
    }

    /// The hash of a token's id, if we have made it for this purpose and it has not expired.
    pub fn open(app: &App, purpose: Purpose, text: &str, now: i64) -> Result<Option<String>> {
        let Some((signed, given)) = text.rsplit_once('.') else { return Ok(None) };
        if !hash::equal(purpose.mac(app, signed)?.as_bytes(), given.as_bytes()) {
            return Ok(None);
        }
        let claims = signed.strip_prefix(HEADER).and_then(|rest| rest.strip_prefix('.'));
        let claims = claims.and_then(|claims| base64::decode_any(claims).ok());
        let claims: Option<Claims> = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
        Ok(claims.filter(|claims| claims.exp > now.div_euclid(1000)).map(|claims| id_hash(purpose, &claims.id)))
    }
}

fn id_hash(purpose: Purpose, id: &str) -> String {
    hash::hex(&hash::sha256(&[purpose.name().as_bytes(), b"\0", id.as_bytes()]))
}
