//! QNSP as it is measured: a tenant of the highest tier, with all the events that are filled in.

use serde_json::json;

use crate::{
    caller::Caller,
    config_api::{created, text},
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
}

impl Request {
    pub const ALL: [Self; 8] = [
        Self::Evaluate,
        Self::Events,
        Self::Quotas,
        Self::Revenue,
        Self::Check,
        Self::Simulate,
        Self::Search,
        Self::Analyze,
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
        }
    }

    pub fn bytes(self, caller: &Caller) -> Vec<u8> {
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
        };
        with_headers(method, path, &format!("authorization: Bearer {}\r\n", caller.tokens.qnsp), &body)
    }
}

/// Makes the tenant, with documents to be found, and gives a key of its owner.
pub fn prepare(connection: &mut Connection, root: &Caller) -> Result<String, String> {
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
    Ok(key)
}

fn index(connection: &mut Connection, key: &str, document: &str) -> Result<(), String> {
    let headers = format!("authorization: Bearer {key}\r\n");
    created(connection, &with_headers("POST", "/search/v1/documents/index", &headers, document)).map(drop)
}
