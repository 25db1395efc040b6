//! The variables of a deployment. A missing or wrong one fails the requests that need it, with a log line that
//! says which variable to set; it never keeps an instance from starting.

use std::{collections::HashMap, fmt::Display, sync::OnceLock};

use crypto::{Curve, PrivateKey, base64, hash, seal::RootKeys};
use platform::Vars;
use zeroize::Zeroizing;

use crate::{Api, Error, Result};

const CAAS_PRIVATE_KEY: &str = "CAAS_PRIVATE_KEY";
const LICENSES_PRIVATE_KEY: &str = "LICENSES_PRIVATE_KEY";

/// Read once per instance.
pub struct Config {
    curve: Result<Curve, String>,
    key_pairs: HashMap<Api, Result<KeyPair, String>>,
    root_keys: Result<RootKeys, String>,
    lookup_key: Result<Zeroizing<Vec<u8>>, String>,
    root_license: Option<Zeroizing<String>>,
    infra_license: Option<Zeroizing<String>>,
    /// Absent where no bearer tokens are taken.
    pub introspection: Option<Introspection>,
    /// Seconds that the time of a signed request may differ from ours.
    pub allowed_time_span: i64,
    /// How old a cached answer may be, in seconds; 0 switches caches off.
    pub cache_seconds: i64,
    pub version: String,
    pub environment_name: String,
    /// Where the functions are reached from outside; the built-in directory entries start with it.
    pub public_url: String,
    /// `{name}` is replaced by the name of a service.
    pub internal_url_template: String,
    /// Whether anonymous callers may ask for internal URLs.
    pub internal_sd: bool,
    /// Whether a signed request may ask to have its `data` in the clear.
    pub plain_mode: bool,
}

/// Where bearer tokens are looked up (RFC 7662), and as whom. No `Debug`.
pub struct Introspection {
    pub url: String,
    pub client_id: String,
    pub client_secret: Zeroizing<String>,
}

/// A service key. Its public half is worked out when it is first asked for, which most functions never do.
struct KeyPair {
    private: PrivateKey,
    public: OnceLock<String>,
}

impl Config {
    pub(crate) async fn load(vars: &dyn Vars) -> Self {
        let curve = match vars.get("EC_CURVE_NAME").await {
            None => Ok(Curve::default()),
            Some(name) => name.parse().map_err(|_| unusable("EC_CURVE_NAME", "it is not prime256v1 or secp256k1")),
        };
        let mut key_pairs = HashMap::new();
        for (api, name) in [(Api::Caas, CAAS_PRIVATE_KEY), (Api::Licenses, LICENSES_PRIVATE_KEY)] {
            let key = match &curve {
                Err(error) => Err(error.clone()),
                Ok(curve) => secret(vars, name, |text| PrivateKey::from_base64(*curve, text)).await,
            };
            key_pairs.insert(api, key.map(|private| KeyPair { private, public: OnceLock::new() }));
        }
        let root_keys = secret(vars, "ROOT_KEY", RootKeys::parse).await;
        let lookup_key = secret(vars, "LOOKUP_KEY", |text| match base64::decode_any(text).map(Zeroizing::new) {
            Ok(key) if key.len() == 32 => Ok(key),
            Ok(_) | Err(_) => Err("it is not base64 of 32 bytes"),
        })
        .await;
        let text = async |name, default: &str| vars.get(name).await.unwrap_or_else(|| default.to_owned());
        let number = async |name, default: i64| {
            let value = vars.get(name).await.and_then(|value| value.parse().ok());
            value.filter(|value| *value >= 0).unwrap_or(default)
        };
        let introspection = match vars.get("INTROSPECTION_URL").await {
            None => None,
            Some(url) => Some(Introspection {
                url,
                client_id: text("INTROSPECTION_CLIENT_ID", "").await,
                client_secret: Zeroizing::new(text("INTROSPECTION_CLIENT_SECRET", "").await),
            }),
        };
        Self {
            introspection,
            curve,
            key_pairs,
            root_keys,
            lookup_key,
            root_license: vars.get("ROOT_LICENSE_KEY").await.map(Zeroizing::new),
            infra_license: vars.get("INFRA_LICENSE_KEY").await.map(Zeroizing::new),
            allowed_time_span: number("ALLOWED_TIME_SPAN", 60).await,
            cache_seconds: number("CACHE_SECONDS", 5).await,
            version: text("VERSION", concat!(env!("CARGO_PKG_VERSION"), ".unversioned.0")).await,
            environment_name: text("ENVIRONMENT_NAME", "dev").await,
            public_url: text("PUBLIC_URL", "http://127.0.0.1:8787").await,
            internal_url_template: text("INTERNAL_URL_TEMPLATE", "http://{name}:8888").await,
            internal_sd: text("INTERNAL_SD", "true").await == "true",
            plain_mode: text("PLAIN_MODE", "allowed").await == "allowed",
        }
    }

    /// Each required variable that is missing or unusable, by its name, and what is wrong with it. No values.
    pub fn faults(&self) -> Vec<(&'static str, &str)> {
        let curve = self.curve.as_ref().err();
        let key_of = |api| self.key_pairs.get(&api)?.as_ref().err().filter(|_| curve.is_none());
        let checked = [
            ("EC_CURVE_NAME", curve),
            (CAAS_PRIVATE_KEY, key_of(Api::Caas)),
            (LICENSES_PRIVATE_KEY, key_of(Api::Licenses)),
            ("ROOT_KEY", self.root_keys.as_ref().err()),
            ("LOOKUP_KEY", self.lookup_key.as_ref().err()),
        ];
        checked.into_iter().filter_map(|(name, error)| Some((name, error?.as_str()))).collect()
    }

    pub fn curve(&self) -> Result<Curve> {
        self.curve.clone().map_err(Error::internal)
    }

    /// The service key of an API.
    pub fn private_key(&self, api: Api) -> Result<&PrivateKey> {
        self.key_pair(api).map(|pair| &pair.private)
    }

    /// The public half of an API's service key, in base64.
    pub fn public_key(&self, api: Api) -> Result<&str> {
        self.key_pair(api).map(|pair| pair.public.get_or_init(|| pair.private.public_key().to_base64()).as_str())
    }

    fn key_pair(&self, api: Api) -> Result<&KeyPair> {
        match self.key_pairs.get(&api) {
            Some(Ok(key)) => Ok(key),
            Some(Err(error)) => Err(Error::internal(error)),
            None => Err(Error::internal("no service key for this API")),
        }
    }

    pub(crate) fn root_keys(&self) -> Result<&RootKeys> {
        self.root_keys.as_ref().map_err(Error::internal)
    }

    /// The keyed hash under which a licence secret is found.
    pub fn secret_hash(&self, secret: &str) -> Result<String> {
        let key = self.lookup_key.as_ref().map_err(Error::internal)?;
        Ok(hash::hex(&hash::hmac_sha256(key, &[b"license-secret", secret.as_bytes()])))
    }

    /// A key for one purpose of ours, derived from the lookup key, so that it stays the same when root keys rotate.
    pub fn derived_key(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>> {
        let key = self.lookup_key.as_ref().map_err(Error::internal)?;
        Ok(Zeroizing::new(hash::hmac_sha256(key, &[b"derived-key", b"\0", purpose.as_bytes()])))
    }

    /// Whether a first system key can be created from the configuration.
    pub fn has_root_license(&self) -> bool {
        self.root_license.is_some()
    }

    pub(crate) fn root_license(&self) -> Option<&str> {
        self.root_license.as_ref().map(|secret| secret.as_str())
    }

    /// The secret that acts as a service-level licence without being stored.
    pub fn infra_license(&self) -> Option<&str> {
        self.infra_license.as_ref().map(|secret| secret.as_str())
    }
}

/// A required variable. A function is given the secrets that it works with and no others, so a missing one is a fault
/// only of the requests that need it, while an unusable one is logged at once.
async fn secret<T, E: Display>(
    vars: &dyn Vars,
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, String> {
    let text = vars.get(name).await.map(Zeroizing::new).ok_or_else(|| format!("{name} is not set"))?;
    parse(&text).map_err(|error| unusable(name, error))
}

fn unusable(name: &str, error: impl Display) -> String {
    let fault = format!("{name} is unusable: {error}");
    platform::log::error(&fault);
    fault
}
