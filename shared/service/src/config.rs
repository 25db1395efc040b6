//! The variables that most functions need. A missing or wrong one fails the requests that need it, with a log line that
//! says which variable to set; it never keeps an instance from starting. What one API or one function needs alone is
//! loaded there.

use std::{fmt::Display, sync::OnceLock};

use crypto::{base64, hash, seal::RootKeys};
use platform::Vars;
use zeroize::Zeroizing;

use crate::{Error, Result};

/// Read once per instance.
pub struct Config {
    root_key: Option<Zeroizing<String>>,
    /// Read when they are first needed: functions without data keys carry nothing of what opens them.
    root_keys: OnceLock<Result<RootKeys, String>>,
    lookup_key: Result<Zeroizing<Vec<u8>>, String>,
    /// How old a cached answer may be, in seconds; 0 switches caches off.
    pub cache_seconds: i64,
    /// Where the functions are reached from outside.
    pub public_url: String,
}

impl Config {
    pub(crate) async fn load(vars: &dyn Vars) -> Self {
        let lookup_key = secret(vars, "LOOKUP_KEY", |text| match base64::decode_any(text).map(Zeroizing::new) {
            Ok(key) if key.len() == 32 => Ok(key),
            Ok(_) | Err(_) => Err("it is not base64 of 32 bytes"),
        });
        Self {
            root_key: vars.get("ROOT_KEY").await.map(Zeroizing::new),
            root_keys: OnceLock::new(),
            lookup_key: lookup_key.await,
            cache_seconds: number(vars, "CACHE_SECONDS", 5).await,
            public_url: text(vars, "PUBLIC_URL", "http://127.0.0.1:8787").await,
        }
    }

    /// Each required variable that is missing or unusable, by its name, and what is wrong with it. No values.
    pub fn faults(&self) -> Vec<(&'static str, &str)> {
        let checked =
            [("ROOT_KEY", self.parsed_root_keys().as_ref().err()), ("LOOKUP_KEY", self.lookup_key.as_ref().err())];
        checked.into_iter().filter_map(|(name, error)| Some((name, error?.as_str()))).collect()
    }

    pub(crate) fn root_keys(&self) -> Result<&RootKeys> {
        self.parsed_root_keys().as_ref().map_err(Error::internal)
    }

    fn parsed_root_keys(&self) -> &Result<RootKeys, String> {
        self.root_keys.get_or_init(|| parsed("ROOT_KEY", self.root_key.as_ref(), RootKeys::parse))
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
}

/// A variable, or its default.
pub async fn text(vars: &dyn Vars, name: &'static str, default: &str) -> String {
    vars.get(name).await.unwrap_or_else(|| default.to_owned())
}

/// A variable that is a number and not negative, or its default.
pub async fn number(vars: &dyn Vars, name: &'static str, default: i64) -> i64 {
    let value = vars.get(name).await.and_then(|value| value.parse().ok());
    value.filter(|value| *value >= 0).unwrap_or(default)
}

/// A required variable. A function is given the secrets that it works with and no others, so a missing one is a fault
/// only of the requests that need it, while an unusable one is logged at once.
pub(crate) async fn secret<T, E: Display>(
    vars: &dyn Vars,
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, String> {
    parsed(name, vars.get(name).await.map(Zeroizing::new).as_ref(), parse)
}

fn parsed<T, E: Display>(
    name: &'static str,
    text: Option<&Zeroizing<String>>,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, String> {
    parse(text.ok_or_else(|| format!("{name} is not set"))?).map_err(|error| unusable(name, error))
}

pub(crate) fn unusable(name: &str, error: impl Display) -> String {
    let fault = format!("{name} is unusable: {error}");
    platform::log::error(&fault);
    fault
}
