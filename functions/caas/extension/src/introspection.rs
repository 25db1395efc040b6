//! What an authorization server says about a bearer token (RFC 7662), and whether that is enough. Nothing is cached: a
//! token that was revoked fails at its next use.

use std::time::Duration;

use axum::http::{Request, StatusCode, header};
use crypto::base64;
use platform::{
    Vars,
    fetch::{Limits, fetch},
};
use serde::{Deserialize, de::IgnoredAny};
use service::{Error, Result};
use zeroize::Zeroizing;

/// The server that knows tokens (RFC 7662), and the client that we are there. No `Debug`.
pub(crate) struct Introspection {
    url: String,
    client_id: String,
    client_secret: Zeroizing<String>,
}

impl Introspection {
    /// `None` where no bearer tokens are taken.
    pub(crate) async fn from_vars(vars: &dyn Vars) -> Option<Self> {
        Some(Self {
            url: vars.get("INTROSPECTION_URL").await?,
            client_id: vars.get("INTROSPECTION_CLIENT_ID").await.unwrap_or_default(),
            client_secret: Zeroizing::new(vars.get("INTROSPECTION_CLIENT_SECRET").await.unwrap_or_default()),
        })
    }
}

/// What a token must allow.
const SCOPE: &str = "extension:activate";

const LIMITS: Limits = Limits { time: Duration::from_secs(5), bytes: 64 << 10 };

const MAX_TOKEN: usize = 8 << 10;

/// An answer about a token, as far as it matters. Times are seconds since the epoch.
#[derive(Deserialize)]
struct Facts {
    active: bool,
    scope: Option<String>,
    sub: Option<String>,
    client_id: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
    token_type: Option<String>,
    /// There when the token is bound to a key: then it is none for a mere bearer.
    cnf: Option<IgnoredAny>,
    #[serde(flatten)]
    place: Claims,
}

/// For which tenant and community a token is, where it says so.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Claims {
    pub tenant_dns: Option<String>,
    pub tenant_id: Option<String>,
    pub community_name: Option<String>,
    pub community_id: Option<String>,
}

/// The token in an `Authorization` header.
pub(crate) fn token(header: &str) -> Result<&str> {
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::unauthorized("Authorization must be Bearer, or left out for a license"));
    }
    let token = token.trim();
    let in_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || token.len() > MAX_TOKEN || !token.bytes().all(in_token) {
        return Err(refused());
    }
    Ok(token)
}

/// Whom the token speaks for, and where. 500 when the server gives no answer.
pub(crate) async fn introspect(server: &Introspection, token: &str, now: i64) -> Result<(String, Claims)> {
    let answer = fetch(request(server, token)?, LIMITS).await.map_err(|error| unavailable(&error.to_string()))?;
    if answer.status() != StatusCode::OK {
        return Err(unavailable(&format!("it answers {}", answer.status())));
    }
    let facts: Facts = serde_json::from_slice(answer.body())
        .map_err(|_| unavailable("its answer is not one of RFC 7662; is INTROSPECTION_URL that of the endpoint?"))?;
    facts.judge(now)
}

fn request(server: &Introspection, token: &str) -> Result<Request<Vec<u8>>> {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token)
        .append_pair("token_type_hint", "access_token")
        .finish();
    let mut request = Request::post(&server.url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json");
    if !server.client_id.is_empty() {
        request = request.header(header::AUTHORIZATION, credentials(server).as_str());
    }
    request.body(body.into_bytes()).map_err(|_| unavailable("INTROSPECTION_URL is not an address"))
}

/// Both parts are escaped before they are joined (RFC 6749, 2.3.1).
fn credentials(server: &Introspection) -> Zeroizing<String> {
    let escaped = |text: &str| Zeroizing::new(form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>());
    let pair = Zeroizing::new(format!("{}:{}", *escaped(&server.client_id), *escaped(&server.client_secret)));
    Zeroizing::new(format!("Basic {}", base64::encode(pair.as_bytes())))
}

impl Facts {
    fn judge(self, now: i64) -> Result<(String, Claims)> {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds, far below 2^53")]
        let seconds = now as f64 / 1000.0;
        let in_force = self.active
            && self.exp.is_none_or(|exp| exp > seconds)
            && self.nbf.is_none_or(|nbf| nbf <= seconds)
            && self.cnf.is_none()
            && self.token_type.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
        if !in_force {
            return Err(refused());
        }
        if !self.scope.unwrap_or_default().split(' ').any(|scope| scope == SCOPE) {
            return Err(Error::unauthorized("The token must have the scope extension:activate"));
        }
        // A token that no person stands behind speaks for its client.
        let subject = self.sub.or(self.client_id).filter(|subject| (1..=256).contains(&subject.chars().count()));
        let subject = subject.ok_or_else(|| Error::unauthorized("The token names nobody it was given to"))?;
        Ok((subject, self.place))
    }
}

fn refused() -> Error {
    Error::unauthorized("The token is not active; get a new one")
}

fn unavailable(reason: &str) -> Error {
    let mut error = Error::internal(format!("introspection of a token: {reason}"));
    error.message = "Tokens cannot be checked at the moment; try again in a while".into();
    error
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000_500;

    fn judge(more: Value) -> Result<(String, Claims)> {
        let mut facts = json!({ "active": true, "scope": "openid extension:activate", "sub": "ada" });
        facts.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value::<Facts>(facts).unwrap().judge(NOW)
    }

    #[test]
    fn a_token_in_force_with_the_scope_speaks_for_its_subject() {
        for good in [
            json!({}),
            json!({ "exp": 1_800_000_001, "nbf": 1_800_000_000, "token_type": "bearer" }),
            json!({ "scope": "extension:activate", "aud": ["x"], "custom": 1 }),
        ] {
            assert_eq!(judge(good.clone()).unwrap().0, "ada", "{good}");
        }
        assert_eq!(judge(json!({ "sub": null, "client_id": "app" })).unwrap().0, "app");
        let (_, place) = judge(json!({ "tenantDns": "a.example", "communityId": "1" })).unwrap();
        assert_eq!((place.tenant_dns.as_deref(), place.community_id.as_deref()), (Some("a.example"), Some("1")));
        assert!(place.tenant_id.is_none() && place.community_name.is_none());
    }

    #[test]
    fn what_is_not_in_force_or_not_enough_is_refused() {
        for bad in [
            json!({ "active": false }),
            json!({ "exp": 1_800_000_000 }),
            json!({ "nbf": 1_800_000_001 }),
            json!({ "token_type": "DPoP" }),
            json!({ "cnf": { "jkt": "x" } }),
            json!({ "scope": null }),
            json!({ "scope": "extension:activated extension" }),
            json!({ "sub": null }),
            json!({ "sub": "" }),
            json!({ "sub": "x".repeat(257) }),
        ] {
            assert_eq!(judge(bad.clone()).err().unwrap().status, StatusCode::UNAUTHORIZED, "{bad}");
        }
    }

    #[test]
    fn only_what_can_be_a_token_is_asked_about() {
        for good in ["Bearer a.b-c_d~e+f/g=", "bearer  x"] {
            assert!(token(good).is_ok(), "{good}");
        }
        let long = format!("Bearer {}", "x".repeat(MAX_TOKEN + 1));
        for bad in ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "Bearer ä", "Bearer x\"", &long] {
            assert!(token(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_client_shows_its_credentials_escaped() {
        let server = |client_id: &str| Introspection {
            url: "https://id.example/introspect".to_owned(),
            client_id: client_id.to_owned(),
            client_secret: "a b:c+".to_owned().into(),
        };
        let request = request(&server("it:me"), "t/+=").unwrap();
        assert_eq!(request.body(), b"token=t%2F%2B%3D&token_type_hint=access_token");
        let authorization = request.headers().get("authorization").unwrap().to_str().unwrap();
        let pair = base64::decode_any(authorization.strip_prefix("Basic ").unwrap()).unwrap();
        assert_eq!(pair, b"it%3Ame:a+b%3Ac%2B");
        assert!(super::request(&server(""), "t").unwrap().headers().get("authorization").is_none());
    }
}
