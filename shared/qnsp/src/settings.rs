//! The variables of the API. One that is unusable is logged once, and what needs it is refused.

use crypto::jwt::{IssuerKey, Verify as _};
use platform::Vars;
use policy::qnsp::OutboundHosts;
use service::{App, Error, Result, config};

type Parse = fn(&str) -> crypto::Result<IssuerKey>;

/// The variables with the keys of who issues tokens, one for each algorithm.
const ISSUERS: [(&str, Parse); 3] = [
    ("QNSP_JWT_HS256_SECRET", |secret| IssuerKey::hs256(secret.as_bytes())),
    ("QNSP_JWT_ES256_KEY", IssuerKey::es256),
    ("QNSP_JWT_EDDSA_KEY", IssuerKey::eddsa),
];

/// Read once per instance.
pub struct Settings {
    /// Calls a minute of a tenant that has no limit of its own.
    pub rate_limit: i64,
    /// Hosts that are called though they are not everybody's.
    pub outbound_hosts: OutboundHosts,
    /// The header in which a trusted proxy passes on the client's address; without it, the runtime's own word.
    pub(crate) client_address_header: Option<String>,
    issuers: Vec<IssuerKey>,
}

impl Settings {
    pub(crate) async fn load(vars: &dyn Vars) -> Self {
        let mut issuers = Vec::new();
        for (name, parse) in ISSUERS {
            match vars.get(name).await.map(|text| parse(&text)) {
                None => {}
                Some(Ok(key)) => issuers.push(key),
                Some(Err(error)) => platform::log::error(&format!("{name} is unusable: {error}")),
            }
        }
        Self {
            rate_limit: config::number(vars, "QNSP_RATE_LIMIT", 1000).await.max(1),
            outbound_hosts: OutboundHosts::parse(&vars.get("QNSP_OUTBOUND_HOSTS").await.unwrap_or_default()),
            client_address_header: vars.get("CLIENT_ADDRESS_HEADER").await,
            issuers,
        }
    }

    pub fn of(app: &App) -> Result<&Self> {
        app.get().ok_or_else(|| Error::internal("this function was made without the settings of QNSP"))
    }

    /// The key of this algorithm, if one is configured.
    pub(crate) fn issuer(&self, algorithm: &str) -> Option<&IssuerKey> {
        self.issuers.iter().find(|key| key.algorithm_name() == algorithm)
    }
}
