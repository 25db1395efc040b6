//! A lease whose batch fails at any statement leaves nothing behind, and no statement about leases goes through all of
//! them, so that they cost the same however many there are.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::{Arc, atomic::Ordering};

use serde_json::json;
use testing::{Batches, Deployment, FULL, Recording, key};

const CONFIGS: &str = "/vault/v1/dynamic-secrets/configs";

const EFFECTS: &str = "SELECT 1000 * (SELECT count(*) FROM qnsp_leases) \
    + 100 * coalesce((SELECT sum(used) FROM qnsp_quotas WHERE quota_type = 'secrets'), 0) \
    + 10 * (SELECT count(*) FROM qnsp_keys WHERE expires_at IS NOT NULL AND revoked_at IS NULL) \
    + (SELECT count(*) FROM qnsp_idempotency) + coalesce((SELECT sum(value) FROM qnsp_dynamic_counts), 0)";

/// What a statement may go through: what it has itself found or was given.
const SCANNED: [&str; 2] = ["SCAN CONSTANT ROW", "SCAN value VIRTUAL TABLE"];

async fn configured(deployment: &Deployment) -> String {
    let body = json!({ "name": "keys", "type": "api_key", "ttl": { "default": "PT15M", "max": "PT1H" } });
    let made = deployment.call("POST", CONFIGS, &key(FULL, "owner"), &[], &body.to_string()).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    format!("{CONFIGS}/{}", made.body["configId"].as_str().unwrap())
}

#[tokio::test]
async fn a_statement_that_fails_leaves_nothing_of_a_lease() {
    let deployment = Deployment::of("vault-dynamic-atomicity", &[], vault_dynamic::app).await;
    let owner = key(FULL, "owner");
    let config = configured(&deployment).await;
    let path = format!("{config}/credentials");
    let ask = async |name: &str| deployment.call("POST", &path, &owner, &[("idempotency-key", name)], "{}").await;
    deployment.sql.longest.store(0, Ordering::SeqCst);
    let first = ask("first").await;
    assert_eq!(first.status.as_u16(), 200, "{}", first.body);
    let statements = deployment.sql.longest.load(Ordering::SeqCst);
    assert!(statements >= 10, "{statements} statements");
    let before = deployment.number(EFFECTS).await;
    for at in 0..statements {
        deployment.sql.fails_at.store(at, Ordering::SeqCst);
        let reply = ask(&format!("n{at}")).await;
        assert_eq!((reply.status.as_u16(), reply.error()), (503, "SERVICE_UNAVAILABLE"), "statement {at}");
        assert_eq!(deployment.number(EFFECTS).await, before, "statement {at}");
    }
    let lease = first.body["leaseId"].as_str().unwrap();
    let revoke = format!("/vault/v1/dynamic-secrets/leases/{lease}/revoke");
    let mut refused = 0;
    loop {
        deployment.sql.fails_at.store(refused, Ordering::SeqCst);
        let reply = deployment.call("POST", &revoke, &owner, &[], "{}").await;
        if reply.status.as_u16() == 200 {
            break;
        }
        assert_eq!((reply.status.as_u16(), reply.error()), (503, "SERVICE_UNAVAILABLE"), "statement {refused}");
        assert_eq!(deployment.number(EFFECTS).await, before, "statement {refused}");
        refused += 1;
    }
    assert!(refused >= 10, "{refused} statements");
    deployment.sql.fails_at.store(usize::MAX, Ordering::SeqCst);
    assert_eq!(ask("second").await.status.as_u16(), 200);
    let all = format!("{config}/revoke");
    let revoke_all = async || deployment.call("POST", &all, &owner, &[], "{}").await;
    let revoked = deployment.all_or_nothing(EFFECTS, 10, testing::Reply::is_unavailable, revoke_all).await;
    assert_eq!(revoked["revokedLeases"], 1, "{revoked}");
}

#[tokio::test]
async fn no_statement_goes_through_all_leases() {
    let batches = Batches::default();
    let deployment = Deployment::of("vault-dynamic-plans", &[], |mut host| {
        host.sql = Arc::new(Recording { inner: host.sql.clone(), batches: batches.clone() });
        vault_dynamic::app(host)
    })
    .await;
    let owner = key(FULL, "owner");
    let config = configured(&deployment).await;
    let credentials = format!("{config}/credentials");
    let lease = deployment.call("POST", &credentials, &owner, &[], "{}").await.body["leaseId"].clone();
    let of_lease = |verb: &str| format!("/vault/v1/dynamic-secrets/leases/{}/{verb}", lease.as_str().unwrap());
    for (method, path) in [
        ("GET", CONFIGS.to_owned()),
        ("GET", "/vault/v1/dynamic-secrets/stats".to_owned()),
        ("GET", format!("{config}/leases")),
        ("POST", credentials.clone()),
        ("POST", of_lease("renew")),
        ("POST", of_lease("revoke")),
        ("POST", format!("{config}/revoke")),
    ] {
        batches.lock().unwrap().clear();
        let body = if method == "POST" { json!({}).to_string() } else { String::new() };
        let reply = deployment.call(method, &path, &owner, &[], &body).await;
        assert_eq!(reply.status.as_u16(), 200, "{path}: {}", reply.body);
        let asked = std::mem::take(&mut *batches.lock().unwrap());
        for statement in asked.iter().flatten().filter(|statement| statement.text.contains("qnsp_leases")) {
            for step in deployment.plan(statement).await {
                let is_fine = !step.starts_with("SCAN ") || SCANNED.iter().any(|known| step.starts_with(known));
                assert!(is_fine, "{path}: {step} in {}", statement.text);
            }
        }
    }
}
