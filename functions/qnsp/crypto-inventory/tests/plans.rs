//! Lists and counts are found by indexes, however many policies, devices and keys other tenants have; what is affected is
//! found among the tenant's own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use serde_json::json;
use testing::{Batches, Deployment, FULL, Recording, key};

/// What a statement may go through: what it was given, and what it has itself found by an index.
const SCANNED: [&str; 10] = [
    "SCAN CONSTANT ROW",
    "SCAN (subquery-",
    "SCAN json_each VIRTUAL TABLE",
    "SCAN e VIRTUAL TABLE",
    "SCAN k VIRTUAL TABLE",
    "SCAN u",
    "SCAN n",
    "SCAN c",
    "SCAN affected",
    "SCAN named",
];

#[tokio::test]
async fn no_statement_goes_through_a_table() {
    let batches = Batches::default();
    let deployment = Deployment::of("crypto-inventory-plans", &[], |mut host| {
        host.sql = Arc::new(Recording { inner: host.sql.clone(), batches: batches.clone() });
        crypto_inventory::app(host)
    })
    .await;
    let owner = key(FULL, "owner");
    let policy = json!({
        "name": "p", "algorithms": ["RSA"], "deprecationDate": "2030-01-01T00:00:00Z",
        "enforcementDate": "2031-01-01T00:00:00Z", "migrationTarget": "ML-KEM-768",
    });
    let device =
        json!({ "name": "d", "type": "hsm", "vendor": "v", "serialNumber": "1", "capabilities": ["rsa-2048"] });
    let text = |body: &serde_json::Value| body.to_string();
    for (method, path, body) in [
        ("POST", "/crypto/v1/deprecation/policies", text(&policy)),
        ("GET", "/crypto/v1/deprecation/policies", String::new()),
        ("GET", "/crypto/v1/deprecation/affected-assets", String::new()),
        ("GET", "/crypto/v1/deprecation/affected-assets?algorithm=rsa", String::new()),
        ("GET", "/crypto/v1/deprecation/summary", String::new()),
        ("POST", "/crypto/v1/hardware", text(&device)),
        ("GET", "/crypto/v1/hardware", String::new()),
        ("GET", "/crypto/v1/hardware/summary", String::new()),
        ("GET", "/crypto/v1/pqc-readiness/score", String::new()),
        ("GET", "/crypto/v1/pqc-readiness/recommendations", String::new()),
    ] {
        batches.lock().unwrap().clear();
        let reply = deployment.call(method, path, &owner, &[], &body).await;
        assert!(reply.status.is_success(), "{path}: {}", reply.body);
        let asked = std::mem::take(&mut *batches.lock().unwrap());
        let trips = if path.ends_with("policies") && method == "POST" { 2 } else { 1 };
        assert!(asked.len() <= trips, "{path}: {asked:?}");
        for statement in asked.iter().flatten() {
            assert!(statement.params.len() <= 100 && statement.text.len() <= 100_000, "{path}: the limits of D1");
            for step in deployment.plan(statement).await {
                let is_known = |known: &&str| step.starts_with(*known);
                assert!(
                    !step.starts_with("SCAN ") || SCANNED.iter().any(is_known),
                    "{path}: {step} in {}",
                    statement.text
                );
            }
        }
    }
}
