//! The variables of a deployment under test: random secrets, the documented defaults for the rest.

use std::{collections::BTreeMap, fmt, fs, io, path::Path};

use crypto::base64;

/// Names as the Workers spell them. Spin's are the same in lower case.
#[derive(Clone)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// A new deployment: every secret is random.
    pub fn random() -> Self {
        Self(BTreeMap::new())
            .with("EC_CURVE_NAME", "prime256v1")
            .with("CAAS_PRIVATE_KEY", &random_base64())
            .with("LICENSES_PRIVATE_KEY", &random_base64())
            .with("ROOT_KEY", &format!("first:{}", random_base64()))
            .with("LOOKUP_KEY", &random_base64())
            .with("ROOT_LICENSE_KEY", &random_uuid())
            .with("INFRA_LICENSE_KEY", &random_uuid())
            .with("ALLOWED_TIME_SPAN", "60")
            .with("CACHE_SECONDS", "1")
            .with("VERSION", "0.0.0.test.0")
            .with("ENVIRONMENT_NAME", "test")
            .with("PUBLIC_URL", "http://public.test:8787")
            .with("INTERNAL_URL_TEMPLATE", "http://{name}:8888")
            .with("INTERNAL_SD", "true")
            .with("METRICS_TOKEN", &random_base64())
            // Cheap hashes: the suite logs in hundreds of times.
            .with("PORTAL_ARGON2", "64,1,1")
            // All cases come from one address, and some guess.
            .with("PORTAL_LOGIN_GUESSES", "10000")
            .with("PORTAL_ADMINS", "operators@portal.test")
            .with("PORTAL_ORIGINS", "https://gui.portal.test")
            .with("QNSP_JWT_HS256_SECRET", &random_base64())
            // All cases ask within the same minute.
            .with("QNSP_RATE_LIMIT", "100000")
            .with("PAYMENT_ADAPTER", "sim")
            // Webhooks of tests.
            .with("QNSP_OUTBOUND_HOSTS", "127.0.0.1:*")
            .with("QNSP_OUTBOUND_HOST", "*://*:*")
            .with("DUE_TOKEN", &random_base64())
    }

    /// Those of a process: its environment, or a file of `NAME=value` lines as wrangler reads it.
    pub fn from_dev_vars(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let pairs = lines.filter_map(|line| line.split_once('='));
        let unquote = |value: &str| value.trim().trim_matches('"').to_owned();
        Ok(Self(pairs.map(|(name, value)| (name.trim().to_owned(), unquote(value))).collect()))
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Empty when it is not set.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Names only: the values are secrets, even if only of a test.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// 32 random bytes in base64: good as a private key but for a chance of 2⁻³².
pub fn random_base64() -> String {
    base64::encode(&random_bytes::<32>())
}

pub fn random_uuid() -> String {
    uuid::Builder::from_random_bytes(random_bytes()).into_uuid().to_string()
}

pub fn random_bytes<const N: usize>() -> [u8; N] {
    // Without randomness there is no test; zeros would only make it fail later.
    platform::random::bytes().unwrap_or([0; N])
}
