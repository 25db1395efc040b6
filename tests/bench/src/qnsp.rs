//! QNSP as it is measured: a tenant of the highest tier, with all the events that are filled in.

use crypto::base64;
use serde_json::json;

use crate::{
    caller::Caller,
    config_api::{answered, created, text},
    connection::Connection,
    operation::{Api, signed, with_headers},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// A sign-in of one of a thousand users.
    Evaluate,
    /// The newest fifty events.
    Events,
    Quotas,
    /// Of the current month.
    Revenue,
    /// Whether one of a thousand users has access, by one of all grants.
    Check,
    /// A decision among a policy for every hundred rows.
    Simulate,
    /// Twenty documents of all by two words, of which all others hold one.
    Search,
    /// A prompt of 10 KB without an attack, for the built-in patterns.
    Analyze,
    ReadVersion,
    WriteVersion,
    /// A document of 10 KB.
    ReadDocument,
    WriteDocument,
    /// The first fifty of all.
    Documents,
    /// By a key of the embedded module.
    Sign,
    Wrap,
    /// The first fifty of all.
    Keys,
    /// How ten keys were used in the last day, by the hour.
    Usage,
    /// All uses of one key.
    KeySummary,
    /// A key of this API for a second. Those that have ended count no longer then.
    IssueLease,
    RenewLease,
    /// The newest fifty of all of a configuration.
    Leases,
}

impl Request {
    pub const ALL: [Self; 21] = [
        Self::Evaluate,
        Self::Events,
        Self::Quotas,
        Self::Revenue,
        Self::Check,
        Self::Simulate,
        Self::Search,
        Self::Analyze,
        Self::ReadVersion,
        Self::WriteVersion,
        Self::ReadDocument,
        Self::WriteDocument,
        Self::Documents,
        Self::Sign,
        Self::Wrap,
        Self::Keys,
        Self::Usage,
        Self::KeySummary,
        Self::IssueLease,
        Self::RenewLease,
        Self::Leases,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Evaluate => "qnsp: risk/evaluate",
            Self::Events => "qnsp: events, 50",
            Self::Quotas => "qnsp: quotas/current",
            Self::Revenue => "qnsp: revenue/summary",
            Self::Check => "qnsp: jit/check",
            Self::Simulate => "qnsp: simulate, a policy per 100 rows",
            Self::Search => "qnsp: search, 20 hits",
            Self::Analyze => "qnsp: injection/analyze, 10 KB",
            Self::ReadVersion => "qnsp: secret version, read",
            Self::WriteVersion => "qnsp: secret version, write",
            Self::ReadDocument => "qnsp: document, 10 KB, read",
            Self::WriteDocument => "qnsp: document, 10 KB, write",
            Self::Documents => "qnsp: documents, 50",
            Self::Sign => "qnsp: sign, ECDSA P-256",
            Self::Wrap => "qnsp: wrap, AES-256",
            Self::Keys => "qnsp: keys, 50",
            Self::Usage => "qnsp: usage of keys in a day",
            Self::KeySummary => "qnsp: summary of a key",
            Self::IssueLease => "qnsp: lease, issue and sweep",
            Self::RenewLease => "qnsp: lease, renew",
            Self::Leases => "qnsp: leases, 50",
        }
    }

    /// Whether something is made.
    pub fn creates(self) -> bool {
        matches!(self, Self::WriteVersion | Self::WriteDocument)
    }

    pub fn bytes(self, caller: &Caller) -> Vec<u8> {
        let known = &caller.tokens.qnsp;
        let known_path;
        let (method, path, body) = match self {
            Self::Evaluate => {
                let user = format!("00000000-0000-4000-8000-{:012}", caller.number);
                let body = json!({ "userId": user, "ipAddress": "192.0.2.1", "userAgent": "Mozilla/5.0" });
                ("POST", "/auth/risk/evaluate", body.to_string())
            }
            Self::Events => ("GET", "/audit/v1/events?limit=50", String::new()),
            Self::Quotas => ("GET", "/tenant/v1/quotas/current", String::new()),
            Self::Revenue => ("GET", "/billing/v1/analytics/revenue/summary", String::new()),
            Self::Check => {
                let user = format!("00000000-0000-4000-8000-{:012}", caller.number % 999 + 1);
                let body = json!({
                    "principalId": user, "resourceType": "db", "resourceId": "filler-0", "permission": "read",
                });
                ("POST", "/access/v1/jit/check", body.to_string())
            }
            Self::Simulate => {
                let user = format!("filler-{}", (caller.number % 10 + 1) * 100);
                let resource = json!({ "type": "document", "id": "1" });
                let body =
                    json!({ "principal": { "type": "user", "id": user }, "resource": resource, "action": "read" });
                ("POST", "/access/v1/simulate", body.to_string())
            }
            Self::Search => ("GET", "/search/v1/documents?q=needle+hay", String::new()),
            Self::Analyze => {
                let prompt = "Please tell me how the show of the former system went on. ".repeat(177);
                ("POST", "/ai/v1/security/injection/analyze", json!({ "prompt": prompt }).to_string())
            }
            Self::ReadVersion => ("GET", "/vault/v1/versioned-secrets/bench/versions/1", String::new()),
            // Each caller has a secret of its own.
            Self::WriteVersion => {
                let body = json!({ "secretId": format!("bench-{}", caller.number), "value": "a value of some length" });
                ("POST", SECRETS, body.to_string())
            }
            Self::ReadDocument => {
                known_path = format!("{DOCUMENTS}/{}/versions/1/content", known.document);
                ("GET", known_path.as_str(), String::new())
            }
            Self::WriteDocument => ("POST", DOCUMENTS, document(&format!("bench-{}", caller.number))),
            Self::Documents => ("GET", "/storage/v1/documents?limit=50", String::new()),
            Self::Sign => {
                let body = json!({ "keyId": known.signing_key, "data": base64::encode(&[7; 256]) });
                ("POST", "/kms/v1/byohsm/sign", body.to_string())
            }
            Self::Wrap => {
                let body = json!({ "wrappingKeyId": known.wrapping_key, "keyToWrap": base64::encode(&[7; 32]) });
                ("POST", "/kms/v1/byohsm/wrap", body.to_string())
            }
            Self::Keys => ("GET", "/kms/v1/byohsm/keys?limit=50", String::new()),
            Self::Usage => ("GET", "/kms/v1/analytics/usage", String::new()),
            Self::KeySummary => {
                known_path = format!("/kms/v1/analytics/keys/{}/summary", known.signing_key);
                ("GET", known_path.as_str(), String::new())
            }
            Self::IssueLease => {
                known_path = format!("{CONFIGS}/{}/credentials", known.leasing);
                ("POST", known_path.as_str(), json!({ "ttl": "PT1S" }).to_string())
            }
            Self::RenewLease => {
                known_path = format!("{LEASES}/{}/renew", known.lease);
                ("POST", known_path.as_str(), "{}".to_owned())
            }
            Self::Leases => {
                known_path = format!("{CONFIGS}/{}/leases?limit=50", known.leasing);
                ("GET", known_path.as_str(), String::new())
            }
        };
        with_token(method, path, &known.key, &body)
    }
}

pub const SECRETS: &str = "/vault/v1/versioned-secrets";
const DOCUMENTS: &str = "/storage/v1/documents";
pub const CONFIGS: &str = "/vault/v1/dynamic-secrets/configs";
pub const LEASES: &str = "/vault/v1/dynamic-secrets/leases";
const MODULES: &str = "/kms/v1/byohsm/connections";

/// What a caller knows of the tenant: a key of its owner, and ids of things that there are.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub key: String,
    document: String,
    /// An embedded one that is active.
    pub module: String,
    signing_key: String,
    wrapping_key: String,
    /// A configuration that makes keys of this API, and one of its leases.
    pub leasing: String,
    lease: String,
}

/// A document of 10 KB.
fn document(name: &str) -> String {
    json!({ "bucket": "bench", "name": name, "content": "hay ".repeat(2_560) }).to_string()
}

/// Makes the tenant, with documents to be found, a secret, a document, and keys of the embedded module.
pub fn prepare(connection: &mut Connection, root: &Caller) -> Result<Known, String> {
    let tenant = json!({ "name": "bench", "tier": "enterprise-pro", "addOns": ["byohsm", "key-escrow"] });
    let made = created(connection, &signed(root, Api::Caas, "PUT", "/caas/qnsp/tenants", &tenant.to_string()))?;
    let path = format!("/caas/qnsp/tenants/{}/keys", text(&made, "tenantId")?);
    let issued = created(connection, &signed(root, Api::Caas, "PUT", &path, &json!({ "role": "owner" }).to_string()))?;
    let key = text(&issued, "apiKey")?;
    for number in 0..20 {
        let document = json!({ "documentId": format!("needle-{number}"), "title": "a needle", "body": "in the hay" });
        index(connection, &key, &document.to_string())?;
    }
    // What all the others that are filled in are copies of.
    let pattern = json!({ "documentId": "pattern", "title": "hay", "body": "hay and more hay than anybody needs" });
    index(connection, &key, &pattern.to_string())?;
    let mut make = |path: &str, body: &str| created(connection, &with_token("POST", path, &key, body));
    make(SECRETS, &json!({ "secretId": "bench", "value": "a value of some length" }).to_string())?;
    let document = text(&make(DOCUMENTS, &document("bench"))?, "documentId")?;
    let credentials = json!({ "type": "api_key", "data": { "apiKey": "k" } });
    let config = json!({ "endpoint": "sim://module", "credentials": credentials });
    let module = json!({ "name": "bench", "provider": "thales", "connectionConfig": config });
    let leasing = json!({ "name": "bench keys", "type": "api_key", "ttl": { "default": "PT1H", "max": "P30D" } });
    let leasing = text(&make(CONFIGS, &leasing.to_string())?, "configId")?;
    let module = text(&make(MODULES, &module.to_string())?, "connectionId")?;
    let validate = with_token("POST", &format!("{MODULES}/{module}/validate"), &key, "{}");
    let answer = connection.call(&validate).map_err(|error| format!("while preparing: {error}"))?;
    if answer.status != 200 {
        return Err(format!("while preparing: the module is not valid: {}", answer.status));
    }
    let mut make_key = |key_type: &str, purpose: &[&str]| {
        let new = json!({ "connectionId": module, "keyType": key_type, "purpose": purpose });
        text(&created(connection, &with_token("POST", "/kms/v1/byohsm/keys", &key, &new.to_string()))?, "keyId")
    };
    let signing_key = make_key("ec", &["sign", "verify"])?;
    let wrapping_key = make_key("aes", &["encrypt", "decrypt"])?;
    let issue = with_token("POST", &format!("{CONFIGS}/{leasing}/credentials"), &key, "{}");
    let issued = answered(connection, &issue, 200)?;
    let lease = text(&issued, "leaseId")?;
    Ok(Known { key, document, module, signing_key, wrapping_key, leasing, lease })
}

/// A request with a token.
pub fn with_token(method: &str, path: &str, key: &str, body: &str) -> Vec<u8> {
    with_headers(method, path, &format!("authorization: Bearer {key}\r\n"), body)
}

fn index(connection: &mut Connection, key: &str, document: &str) -> Result<(), String> {
    created(connection, &with_token("POST", "/search/v1/documents/index", key, document)).map(drop)
}
