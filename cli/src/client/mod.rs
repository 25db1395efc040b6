//! The signing client: one caller (a licence key and a key pair) of one deployment. It signs every call afresh. What a
//! call means, and how its answer is shown, is for the commands.

mod bearer;
mod connection;
mod profiles;
mod reply;
mod signature;

use std::{
    collections::HashMap,
    fmt::Display,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crypto::{Curve, PrivateKey, PublicKey, SharedKey, Zeroizing};
use serde::Serialize;
use serde_json::Value;
use ureq::{Agent, SendBody, http};

pub use bearer::Bearer;
pub use connection::{Connection, Given, is_loopback};
pub use profiles::{Profile, Profiles};
pub use reply::Reply;
pub use signature::{Api, RequestId, SignedHeaders, generate_key, random, segment};

use crate::{Error, Result, json};

/// How long a connection may have rested that is used again: workerd closes one after five seconds, and a request that was
/// on its way then must not be sent once more.
const REST: Duration = Duration::from_secs(3);

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE_CALL: Duration = Duration::from_secs(60);
/// A page of 25 keys or all secrets of a community may be large, but not endless.
const LARGEST_ANSWER: u64 = 64 * 1024 * 1024;

/// How calls are made.
#[derive(Clone, Copy)]
pub struct Manner {
    /// Within which each must be answered.
    pub time: Duration,
    /// Whether each is told on standard error; neither what was sent nor what was answered.
    pub verbose: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self { time: WHOLE_CALL, verbose: false }
    }
}

/// Shared between threads by reference.
pub struct Client {
    agent: Agent,
    base_url: String,
    key: PrivateKey,
    license: Zeroizing<String>,
    verbose: bool,
    envelopes: Mutex<HashMap<Api, Arc<SharedKey>>>,
}

impl Client {
    /// A caller with a key pair of its own, made for this value.
    pub fn new(base_url: &str, curve: Curve, license: &str) -> Result<Self> {
        Ok(Self::with_key(base_url, generate_key(curve)?, license))
    }

    /// A caller with a given key pair; its curve must be the deployment's.
    pub fn with_key(base_url: &str, key: PrivateKey, license: &str) -> Self {
        Self::with(Manner::default(), base_url, key, license)
    }

    pub fn with(manner: Manner, base_url: &str, key: PrivateKey, license: &str) -> Self {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_age(REST)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(manner.time))
            .user_agent(concat!("chancery/", env!("CARGO_PKG_VERSION")));
        if is_loopback(base_url) {
            // A new connection costs next to nothing here. One that is used again may be closed by a workerd that computed
            // for five seconds, although the request has reached it.
            config = config.proxy(None).max_idle_connections(0);
        }
        Self {
            agent: config.build().new_agent(),
            base_url: base_url.trim_end_matches('/').to_owned(),
            key,
            license: Zeroizing::new(license.to_owned()),
            verbose: manner.verbose,
            envelopes: Mutex::default(),
        }
    }

    /// Signs and sends. `path` starts with `/caas` or `/licenses`, is sent as it stands, and may carry its own query.
    pub fn call(&self, method: &str, path: &str, query: &[(&str, &str)], body: Option<&Value>) -> Result<Reply> {
        self.call_with(method, path, query, &[], body.map(|body| body.to_string().into_bytes()))
    }

    /// As `call`, with more headers and any body.
    pub fn call_with(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Result<Reply> {
        let signed = self.headers(Api::of(path)?)?;
        let headers: Vec<_> = signed.pairs().into_iter().chain(headers.iter().copied()).collect();
        self.send(method, path, query, &headers, body)
    }

    /// The address of the deployment.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Sends without a signature.
    pub fn call_anonymously(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Reply> {
        self.send(method, path, query, &[], body.map(|body| body.to_string().into_bytes()))
    }

    /// Sends exactly this. An answer of any status is a reply.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Result<Reply> {
        let started = Instant::now();
        let url = signature::with_query(format!("{}{path}", self.base_url), query);
        let mut request = http::Request::builder().method(method).uri(&url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request = request.header("content-type", "application/json");
        }
        let invalid = |error: http::Error| Error::usage(format!("cannot ask {method} {url}: {error}"));
        let answer = match body {
            Some(body) => self.agent.run(request.body(body).map_err(invalid)?),
            // Without this it would be sent as a chunked body without chunks.
            None if matches!(method, "POST" | "PUT" | "PATCH") => {
                self.agent.run(request.body(Vec::new()).map_err(invalid)?)
            }
            None => self.agent.run(request.body(SendBody::none()).map_err(invalid)?),
        };
        let unreachable = |error: ureq::Error| match error {
            ureq::Error::BadUri(reason) => Error::usage(format!("{url} is no address: {reason}")),
            other => Error::Unreachable { url: self.base_url.clone(), cause: other.to_string() },
        };
        let (parts, mut body) = answer.map_err(unreachable)?.into_parts();
        let body = body.with_config().limit(LARGEST_ANSWER).read_to_vec().map_err(unreachable)?;
        let reply = Reply { status: parts.status.as_u16(), headers: parts.headers, body };
        if self.verbose {
            reply.report(method, path, started.elapsed());
        }
        Ok(reply)
    }

    /// Headers of a fresh, right signature.
    pub fn headers(&self, api: Api) -> Result<SignedHeaders> {
        self.headers_with(api, &RequestId::fresh()?, &self.license)
    }

    /// Headers around any request id and any licence key, right or wrong.
    pub fn headers_with(&self, api: Api, request_id: &impl Serialize, license: &str) -> Result<SignedHeaders> {
        let envelope = self.envelope(api)?;
        Ok(SignedHeaders {
            licensekey: envelope.encrypt(random()?, license.as_bytes()),
            requestid: envelope.encrypt(random()?, &signature::to_json(request_id)?),
            publickey: self.key.public_key().to_base64(),
        })
    }

    /// Encrypts the `data` of a body, JSON.
    pub fn encrypt_data(&self, api: Api, data: impl Display) -> Result<String> {
        Ok(self.envelope(api)?.encrypt(random()?, data.to_string().as_bytes()))
    }

    /// Decrypts the `data` of an answer.
    pub fn decrypt_data(&self, api: Api, data: &str) -> Result<Value> {
        let plain = self.decrypt_text(api, data)?;
        serde_json::from_str(&plain).map_err(|_| unreadable())
    }

    /// The same as JSON text, digit by digit.
    pub fn decrypt_text(&self, api: Api, data: &str) -> Result<String> {
        let plain = self.envelope(api)?.decrypt(data).map_err(|_| unreadable())?;
        let plain = String::from_utf8(plain.to_vec()).map_err(|_| unreadable())?;
        json::check(&plain).map_err(|_| unreadable())?;
        Ok(plain)
    }

    /// The secret shared with the service of an API; its public key is asked for once.
    pub fn envelope(&self, api: Api) -> Result<Arc<SharedKey>> {
        if let Some(known) = self.envelopes.lock().unwrap_or_else(PoisonError::into_inner).get(&api) {
            return Ok(known.clone());
        }
        let envelope = Arc::new(SharedKey::agree(&self.key, &self.service_key(api)?).map_err(signature::local)?);
        self.envelopes.lock().unwrap_or_else(PoisonError::into_inner).insert(api, envelope.clone());
        Ok(envelope)
    }

    /// The public key of this caller.
    pub fn public_key(&self) -> PublicKey {
        self.key.public_key()
    }

    fn service_key(&self, api: Api) -> Result<PublicKey> {
        let path = format!("/{}/publickeys", api.segment());
        let reply = self.send("GET", &path, &[], &[], None)?.accepted()?;
        let key = reply.json()?.get("publicKey").and_then(Value::as_str).map(str::to_owned);
        let curve = self.key.curve();
        key.and_then(|key| PublicKey::from_base64(curve, &key).ok()).ok_or_else(|| {
            Error::usage(format!(
                "{}{path} gave no key on the curve {curve}: name the deployment's curve (EC_CURVE_NAME at /caas/environment) in CHANCERY_CURVE",
                self.base_url
            ))
        })
    }
}

fn unreadable() -> Error {
    Error::Fault("data in the answer does not open".to_owned())
}
