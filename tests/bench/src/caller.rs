//! A caller: a licence and a key pair whose shared secrets are agreed once. Every request is signed afresh, which
//! costs the caller AES only, as it costs a service that knows the caller.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chancery_tests::variables::{Variables, random_bytes, random_uuid};
use crypto::{Curve, PrivateKey, SharedKey};

use crate::{config_api::Tokens, operation::Api};

#[derive(Clone)]
pub struct Caller {
    license: String,
    public_key: String,
    caas: SharedKey,
    licenses: SharedKey,
    /// For the Config API, which knows no signatures.
    pub tokens: Tokens,
    /// What distinguishes it from the others of a run.
    pub number: usize,
}

impl Caller {
    /// A new key pair that presents `license` to the deployment with these variables.
    pub fn new(variables: &Variables, license: &str) -> Result<Self, crypto::Error> {
        let curve: Curve = variables.get("EC_CURVE_NAME").parse()?;
        let own = PrivateKey::from_bytes(curve, &random_bytes::<32>())?;
        let agree = |name| {
            let service = PrivateKey::from_base64(curve, variables.get(name))?;
            SharedKey::agree(&own, &service.public_key())
        };
        Ok(Self {
            license: license.to_owned(),
            public_key: own.public_key().to_base64(),
            caas: agree("CAAS_PRIVATE_KEY")?,
            licenses: agree("LICENSES_PRIVATE_KEY")?,
            tokens: Tokens::default(),
            number: 0,
        })
    }

    /// The same with what the Config API asks of it.
    #[must_use]
    pub fn with_tokens(self, tokens: &Tokens, number: usize) -> Self {
        Self { tokens: tokens.clone(), number, ..self }
    }

    /// The three headers of now, each line ended.
    pub fn headers(&self, api: Api) -> String {
        self.headers_of(api, SystemTime::now())
    }

    /// Headers that are signed rightly and refused: an hour old.
    pub fn stale_headers(&self, api: Api) -> String {
        self.headers_of(api, SystemTime::now() - Duration::from_secs(3600))
    }

    fn headers_of(&self, api: Api, time: SystemTime) -> String {
        let key = match api {
            Api::Caas => &self.caas,
            Api::Licenses => &self.licenses,
        };
        let ts = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let request_id = format!(r#"{{"ts":{ts},"uuid":"{}","appid":"bench"}}"#, random_uuid());
        format!(
            "publickey: {}\r\nlicensekey: {}\r\nrequestid: {}\r\n",
            self.public_key,
            key.encrypt(random_bytes(), self.license.as_bytes()),
            key.encrypt(random_bytes(), request_id.as_bytes()),
        )
    }
}
