//! A policy whose batch fails at any statement leaves nothing behind, neither new nor changed.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::Ordering;

use serde_json::json;
use testing::{Deployment, FULL, key};

const POLICIES: &str = "/crypto/v1/deprecation/policies";

const EFFECTS: &str = "SELECT (SELECT count(*) FROM qnsp_deprecation_policies) + (SELECT count(*) FROM qnsp_deprecated_algorithms) \
    + (SELECT count(*) FROM qnsp_deprecated_algorithms WHERE algorithm = 'MD5') + (SELECT count(*) FROM qnsp_idempotency) \
    + (SELECT count(*) FROM qnsp_deprecation_policies WHERE name = 'changed')";

#[tokio::test]
async fn a_statement_that_fails_leaves_nothing() {
    let deployment = Deployment::of("crypto-inventory-atomicity", &[], crypto_inventory::app).await;
    let owner = key(FULL, "owner");
    let made = json!({
        "name": "p", "algorithms": ["RSA", "ECDSA"], "deprecationDate": "2030-01-01T00:00:00Z",
        "enforcementDate": "2031-01-01T00:00:00Z", "migrationTarget": "ML-KEM-768",
    });
    let mut id = String::new();
    let before = deployment.number(EFFECTS).await;
    let mut statements = 0;
    loop {
        deployment.sql.fails_at.store(statements, Ordering::SeqCst);
        let reply = deployment.call("POST", POLICIES, &owner, &[], &made.to_string()).await;
        if reply.status.as_u16() == 201 {
            id.push_str(reply.body["policyId"].as_str().unwrap());
            break;
        }
        assert_eq!((reply.status.as_u16(), reply.error()), (503, "SERVICE_UNAVAILABLE"), "statement {statements}");
        assert_eq!(deployment.number(EFFECTS).await, before, "statement {statements}");
        statements += 1;
    }
    assert!(statements >= 7, "{statements} statements");
    let before = deployment.number(EFFECTS).await;
    let change = json!({ "name": "changed", "algorithms": ["MD5"] }).to_string();
    let mut statements = 0;
    loop {
        deployment.sql.fails_at.store(statements, Ordering::SeqCst);
        let reply = deployment.call("PATCH", &format!("{POLICIES}/{id}"), &owner, &[], &change).await;
        if reply.status.as_u16() == 200 {
            break;
        }
        assert_eq!(reply.status.as_u16(), 503, "statement {statements}");
        assert_eq!(deployment.number(EFFECTS).await, before, "statement {statements}");
        statements += 1;
    }
    assert!(statements >= 7, "{statements} statements");
}
