//! What a signed request is made of: API, request id, headers, key pairs and randomness.

use std::time::{SystemTime, UNIX_EPOCH};

use crypto::{Curve, PrivateKey, Zeroizing};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{Error, Result};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An API with a service key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Api {
    Caas,
    Licenses,
}

impl Api {
    /// The API that a path belongs to.
    pub fn of(path: &str) -> Result<Self> {
        match path.strip_prefix('/').unwrap_or(path).split(['/', '?']).next() {
            Some("caas" | "portal") => Ok(Self::Caas),
            Some("licenses") => Ok(Self::Licenses),
            _ => Err(Error::usage(format!("{path}: a signed path starts with /caas, /licenses or /portal"))),
        }
    }

    pub fn segment(self) -> &'static str {
        match self {
            Self::Caas => "caas",
            Self::Licenses => "licenses",
        }
    }
}

/// The content of the header `requestid`. The parts are JSON values so that a test can send wrong ones.
#[derive(Clone, Debug, Serialize)]
pub struct RequestId {
    pub ts: Value,
    pub uuid: Value,
    pub appid: Value,
}

impl RequestId {
    /// Now, under a new uuid.
    pub fn fresh() -> Result<Self> {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let uuid = uuid::Builder::from_random_bytes(random()?).into_uuid();
        Ok(Self { ts: json!(seconds), uuid: json!(uuid), appid: json!("chancery") })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeaders {
    pub licensekey: String,
    pub requestid: String,
    pub publickey: String,
}

impl SignedHeaders {
    pub fn pairs(&self) -> [(&'static str, &str); 3] {
        [("licensekey", &self.licensekey), ("requestid", &self.requestid), ("publickey", &self.publickey)]
    }
}

/// Bytes of the operating system's generator.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::usage(format!("no randomness on this machine: {error}")))?;
    Ok(bytes)
}

/// A new private key. A number outside the curve's range comes up about never; then another is drawn.
pub fn generate_key(curve: Curve) -> Result<PrivateKey> {
    loop {
        let bytes = Zeroizing::new(random::<32>()?);
        if let Ok(key) = PrivateKey::from_bytes(curve, bytes.as_slice()) {
            return Ok(key);
        }
    }
}

/// One segment of a path, escaped.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

pub(super) fn with_query(mut url: String, query: &[(&str, &str)]) -> String {
    for (name, value) in query {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(&segment(name));
        url.push('=');
        url.push_str(&segment(value));
    }
    url
}

pub(super) fn to_json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| Error::usage(format!("the request id is no JSON: {error}")))
}

pub(super) fn local(error: crypto::Error) -> Error {
    Error::usage(error.to_string())
}
