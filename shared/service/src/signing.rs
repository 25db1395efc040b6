//! The variables that signed requests need: service keys, the first licences, the allowed time span. Only functions whose
//! operations are signed load them.

use std::{
    collections::HashMap,
    sync::{Once, OnceLock},
};

use crypto::{Curve, PrivateKey};
use platform::{Host, Vars};
use zeroize::Zeroizing;

use crate::{Api, App, Error, Result, config};

const CAAS_PRIVATE_KEY: &str = "CAAS_PRIVATE_KEY";
const LICENSES_PRIVATE_KEY: &str = "LICENSES_PRIVATE_KEY";

/// Read once per instance.
pub struct Signing {
    curve: Result<Curve, String>,
    key_pairs: HashMap<Api, Result<KeyPair, String>>,
    root_license: Option<Zeroizing<String>>,
    infra_license: Option<Zeroizing<String>>,
    /// Seconds that the time of a signed request may differ from ours.
    pub allowed_time_span: i64,
    /// Whether a signed request may ask to have its `data` in the clear.
    pub plain_mode: bool,
}

/// A service key. Its public half is computed when it is first asked for, which most functions never do.
struct KeyPair {
    private: PrivateKey,
    public: OnceLock<String>,
}

impl App {
    /// An instance that has the keys of signed requests. A function without them carries no elliptic curve.
    pub async fn signed(host: Host) -> Self {
        let app = Self::new(host).await;
        app.set(Signing::load(app.vars()).await);
        app
    }

    /// The keys of signed requests.
    pub fn signing(&self) -> Result<&Signing> {
        self.get().ok_or_else(|| Error::internal("this function was made without the keys of signed requests"))
    }
}

impl Signing {
    async fn load(vars: &dyn Vars) -> Self {
        let curve = match vars.get("EC_CURVE_NAME").await {
            None => Ok(Curve::default()),
            Some(name) => {
                name.parse().map_err(|_| config::unusable("EC_CURVE_NAME", "it is not prime256v1 or secp256k1"))
            }
        };
        let mut key_pairs = HashMap::new();
        for (api, name) in [(Api::Caas, CAAS_PRIVATE_KEY), (Api::Licenses, LICENSES_PRIVATE_KEY)] {
            let key = match &curve {
                Err(error) => Err(error.clone()),
                Ok(curve) => config::secret(vars, name, |text| PrivateKey::from_base64(*curve, text)).await,
            };
            key_pairs.insert(api, key.map(|private| KeyPair { private, public: OnceLock::new() }));
        }
        Self {
            curve,
            key_pairs,
            root_license: vars.get("ROOT_LICENSE_KEY").await.map(Zeroizing::new),
            infra_license: vars.get("INFRA_LICENSE_KEY").await.map(Zeroizing::new),
            allowed_time_span: config::number(vars, "ALLOWED_TIME_SPAN", 60).await,
            plain_mode: config::text(vars, "PLAIN_MODE", "allowed").await == "allowed",
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

    /// Whether a first system key can be created from the configuration.
    pub fn has_root_license(&self) -> bool {
        self.root_license().is_some()
    }

    /// Asked for where a caller's licence is unknown. Where no system key exists yet, every signed request is a 401, and nothing else
    /// would say why.
    pub(crate) fn root_license(&self) -> Option<&str> {
        static IS_SAID: Once = Once::new();
        if self.root_license.is_none() {
            IS_SAID.call_once(|| {
                platform::log::error("ROOT_LICENSE_KEY is not set: no first system key can be created");
            });
        }
        self.root_license.as_ref().map(|secret| secret.as_str())
    }

    /// The secret that acts as a service-level licence without being stored.
    pub fn infra_license(&self) -> Option<&str> {
        self.infra_license.as_ref().map(|secret| secret.as_str())
    }
}
