//! Signed requests: the headers `publickey`, `licensekey` and `requestid`, encrypted under the secret that the
//! caller's key and the service's key agree on. Everything up to the storage round trip happens here; whether the
//! licence may do what it asks is for [`crate::Authorization`].

use std::{ops::Deref, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use crypto::{PublicKey, SharedKey, base64, hash};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{
    Api, App, Call, Error, Recent, Result, Signing,
    nonces::{self, Nonce},
    replay_cache::{ReplayCache, RequestId, Use},
};

/// How many callers' derived keys an instance keeps; those that were used least recently are dropped and wiped.
const DERIVED_KEYS: usize = 1024;

/// Derived keys of callers whose licence has been accepted.
type DerivedKeys = Recent<(Api, PublicKey), Arc<SharedKey>, DERIVED_KEYS>;

/// A request whose headers opened and whose time is right.
pub struct Signed {
    pub(crate) call: Call,
    pub api: Api,
    /// The licence key that the caller presented.
    pub license: Zeroizing<String>,
    pub(crate) public_key: PublicKey,
    pub(crate) shared_key: Arc<SharedKey>,
    pub(crate) secret_hash: String,
    /// The caller, where a token authenticates instead of a licence.
    pub(crate) token_subject: Option<String>,
    pub(crate) request_id: String,
    /// When the caller says that it signed, in whole epoch seconds.
    pub(crate) ts: i64,
    pub(crate) nonce: String,
    /// This instance has not seen the request id before, and will know it again.
    pub(crate) is_first: bool,
}

impl Deref for Signed {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

/// What the header `requestid` holds.
#[derive(Deserialize)]
struct RequestIdHeader {
    ts: f64,
    uuid: String,
    appid: String,
}

impl Signed {
    /// The hash under which the caller's own licence is stored.
    pub fn secret_hash(&self) -> &str {
        &self.secret_hash
    }

    /// The key of this request's row in `request_nonces`, where statements of its batch find `caller` and `level`.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// When the caller is the infra licence, which is configured and never stored.
    pub fn is_infra(&self) -> bool {
        let infra = self.app.signing().ok().and_then(Signing::infra_license);
        infra.is_some_and(|infra| hash::equal(infra.as_bytes(), self.license.as_bytes()))
    }

    /// Keeps the derived key for the caller's next request, and the request id, whose nonce is stored now.
    pub(crate) fn remember(&self) {
        if let Some(nonce) = self.log.take_nonce() {
            self.app.lock::<ReplayCache>().claim(&nonce.id, self.now);
        }
        let mut keys = self.app.lock::<DerivedKeys>();
        let name = (self.api, self.public_key.clone());
        if keys.get(&name).is_none() {
            keys.put(name, self.shared_key.clone());
        }
    }
}

/// A request that a token authenticates: `publickey` and `requestid` are as in every signed request, `licensekey` is not
/// read.
pub struct Unlicensed(Signed);

impl Unlicensed {
    pub fn open(parts: &mut Parts, app: &App) -> Result<Self> {
        Signed::open(parts, app, false).map(Self)
    }

    /// Milliseconds since the epoch.
    pub fn now(&self) -> i64 {
        self.0.now
    }

    /// The request of the subject that the token names. No permission table is asked for it: the caller of this function
    /// has checked what the token allows.
    pub fn with_token_subject(self, subject: &str) -> Signed {
        // No tag of a licence has a slash, so the name of a token's subject is never that of a licence.
        let signed = Signed { token_subject: Some(format!("bearer/{subject}")), ..self.0 };
        // The caller is known, as the infra licence is without being stored: the nonce is stored whatever the answer is.
        if let Some(nonce) = signed.log.take_nonce() {
            signed.log.hold_nonce(Nonce { is_known: true, ..nonce });
        }
        signed
    }
}

impl FromRequestParts<App> for Signed {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        Self::open(parts, app, true)
    }
}

impl Signed {
    /// Opens the headers and looks at the time.
    fn open(parts: &mut Parts, app: &App, licensed: bool) -> Result<Self> {
        let api = Api::of(parts.uri.path());
        let call = Call::of(parts, app);
        let now = call.now;
        let span = app.signing()?.allowed_time_span;
        let public_key = public_key(app, &parts.headers)?;
        let known = known_key(app, api, &public_key);
        let is_known = known.is_some();
        let shared_key = known.map_or_else(|| shared_key(app, api, &public_key), Ok)?;
        // For the `data` of the body and of the answer.
        parts.extensions.insert(shared_key.clone());

        let license = match licensed {
            true => open(&shared_key, &parts.headers, "licensekey")?.1,
            false => Zeroizing::default(),
        };
        let (ciphertext, request_id) = open(&shared_key, &parts.headers, "requestid")?;
        let request_id: RequestIdHeader = serde_json::from_str(&request_id)
            .map_err(|_| Error::unauthorized("requestid must hold JSON with a number ts and texts uuid and appid"))?;
        if request_id.uuid.is_empty() || request_id.appid.is_empty() {
            return Err(Error::unauthorized("uuid and appid of the requestid must not be empty"));
        }
        let ts = check_time(request_id.ts, now, span)?;

        let digest = hash::sha256(&[api.name().as_bytes(), b"\0", &ciphertext]);
        let id = RequestId::new(&digest, 1000 * (ts + span + 1));
        // Only for callers that were accepted before: others must not fill the memory.
        let usage = if is_known { app.lock::<ReplayCache>().claim(&id, now) } else { Use::Unknown };
        if usage == Use::Repeated {
            return Err(Error::replayed());
        }
        let signed = Self {
            call,
            api,
            // Without a licence there is none to be found.
            secret_hash: if licensed { app.config().secret_hash(&license)? } else { String::new() },
            license,
            token_subject: None,
            public_key,
            shared_key,
            request_id: request_id.uuid.chars().take(128).collect(),
            ts,
            nonce: nonces::name(ts, &digest),
            is_first: usage == Use::First,
        };
        signed.log.hold_nonce(Nonce {
            nonce: signed.nonce.clone(),
            id,
            secret_hash: signed.secret_hash.clone(),
            is_known: signed.is_infra(),
        });
        Ok(signed)
    }
}

/// The caller's public key.
pub(crate) fn public_key(app: &App, headers: &HeaderMap) -> Result<PublicKey> {
    PublicKey::from_base64(app.signing()?.curve()?, header(headers, "publickey")?)
        .map_err(|_| Error::unauthorized("publickey must be base64 of a 64-byte point X‖Y on the service's curve"))
}

/// Of a caller that was accepted before.
fn known_key(app: &App, api: Api, public_key: &PublicKey) -> Option<Arc<SharedKey>> {
    let name = (api, public_key.clone());
    app.lock::<DerivedKeys>().get(&name).cloned()
}

pub(crate) fn shared_key(app: &App, api: Api, public_key: &PublicKey) -> Result<Arc<SharedKey>> {
    if let Some(key) = known_key(app, api, public_key) {
        return Ok(key);
    }
    let key = SharedKey::agree(app.signing()?.private_key(api)?, public_key)
        .map_err(|_| Error::unauthorized("publickey does not agree with the service's key"))?;
    Ok(Arc::new(key))
}

fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.ok_or_else(|| Error::unauthorized(format!("The header {name} is missing")))
}

/// The ciphertext of a header, and the text in it.
fn open(key: &SharedKey, headers: &HeaderMap, name: &'static str) -> Result<(Vec<u8>, Zeroizing<String>)> {
    let refused =
        || Error::unauthorized(format!("{name} does not open; encrypt it with the key in force at /publickeys"));
    let ciphertext = base64::decode_any(header(headers, name)?).map_err(|_| refused())?;
    let plain = key.decrypt_bytes(&ciphertext).map_err(|_| refused())?;
    let text = std::str::from_utf8(&plain).map_err(|_| refused())?;
    Ok((ciphertext, Zeroizing::new(text.to_owned())))
}

/// `ts` in whole epoch seconds, at most `span` away from `now`, both ends included.
fn check_time(ts: f64, now: i64, span: i64) -> Result<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "saturates; NaN becomes 0, which is far from now")]
    let seconds = ts.floor() as i64;
    if seconds.abs_diff(now.div_euclid(1000)) > span.unsigned_abs() {
        return Err(Error::unauthorized(format!(
            "ts of the requestid must lie within {span} seconds of the service's clock, in epoch seconds"
        )));
    }
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_span_is_inclusive_at_both_ends() {
        let now = 1_800_000_000_999;
        let seconds = 1_800_000_000.0;
        for good in [seconds, seconds - 60.0, seconds + 60.0, seconds + 60.9] {
            assert!(check_time(good, now, 60).is_ok(), "{good}");
        }
        for bad in [seconds - 61.0, seconds + 61.0, seconds * 1000.0, f64::NAN, f64::INFINITY, 0.0] {
            assert!(check_time(bad, now, 60).is_err(), "{bad}");
        }
    }
}
