//! The session's cookie: `<id>|<unix ts>|<mac>`. The id holds random bytes and the developer's id, and the MAC vouches for
//! both, so that whose session it claims to be is known before storage is asked; whether it lives, only storage knows.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use crypto::{base64, hash};
use model::ids;
use platform::random;

use crate::{App, Error, Result};

const NAME: &str = "portal_session";

/// A cookie of ours.
pub struct Cookie {
    pub developer: String,
    /// Under which the session is stored.
    pub id_hash: String,
}

/// How the request reached us: over https the cookie must not travel otherwise.
pub struct Transport {
    secure: bool,
}

impl Cookie {
    /// A new session of a developer, and the text of its cookie.
    pub fn mint(app: &App, developer: &str, now: i64) -> Result<(Self, String)> {
        let owner = ids::uuid_bytes(developer).ok_or_else(|| Error::internal("a developer's id is no UUID"))?;
        let secret: [u8; 16] = random::bytes()?;
        let id = base64::encode_url(&[secret, owner].concat());
        let issued = now.div_euclid(1000).to_string();
        let text = format!("{id}|{issued}|{}", mac(app, &id, &issued)?);
        Ok((Self { developer: developer.to_owned(), id_hash: id_hash(&id) }, text))
    }

    /// The first cookie of these headers that we have made.
    pub fn of(app: &App, headers: &HeaderMap) -> Result<Option<Self>> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        for (name, value) in pairs {
            if name == NAME
                && let Some(cookie) = Self::parse(app, value)?
            {
                return Ok(Some(cookie));
            }
        }
        Ok(None)
    }

    fn parse(app: &App, text: &str) -> Result<Option<Self>> {
        let mut parts = text.splitn(3, '|');
        let (Some(id), Some(issued), Some(given)) = (parts.next(), parts.next(), parts.next()) else { return Ok(None) };
        if !hash::equal(mac(app, id, issued)?.as_bytes(), given.as_bytes()) {
            return Ok(None);
        }
        let bytes = base64::decode_any(id).unwrap_or_default();
        let owner = bytes.get(16..).and_then(|owner| <[u8; 16]>::try_from(owner).ok());
        Ok(owner.map(|owner| Self { developer: ids::uuid_text(owner), id_hash: id_hash(id) }))
    }
}

fn mac(app: &App, id: &str, issued: &str) -> Result<String> {
    let key = app.config().derived_key("portal-session")?;
    let mac = hash::hmac_sha256(&*key, &[id.as_bytes(), b"|", issued.as_bytes()]);
    Ok(base64::encode_url(&mac))
}

fn id_hash(id: &str) -> String {
    hash::hex(&hash::sha256(&[id.as_bytes()]))
}

impl Transport {
    /// The header that gives a cookie to the client.
    pub fn set(&self, text: &str) -> Result<HeaderValue> {
        self.header(&format!("{NAME}={text}; Path=/; SameSite=Strict; HttpOnly"))
    }

    /// The header that takes it away.
    pub fn expire(&self) -> Result<HeaderValue> {
        self.header(&format!(
            "{NAME}=; Path=/; SameSite=Strict; HttpOnly; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        ))
    }

    fn header(&self, cookie: &str) -> Result<HeaderValue> {
        let cookie = format!("{cookie}{}", if self.secure { "; Secure" } else { "" });
        HeaderValue::try_from(cookie).map_err(|_| Error::internal("a cookie that is no header"))
    }
}

impl FromRequestParts<App> for Transport {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let forwarded = parts.headers.get("x-forwarded-proto").is_some_and(|scheme| scheme.as_bytes() == b"https");
        let is_https = parts.uri.scheme_str() == Some("https") || app.config().public_url.starts_with("https://");
        Ok(Self { secure: forwarded || is_https })
    }
}
