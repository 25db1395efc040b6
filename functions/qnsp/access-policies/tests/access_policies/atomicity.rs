//! A change of which any statement fails leaves nothing behind, and the same change is made once the database works.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use testing::Deployment;

use crate::{POLICIES, call, ok, policy, question, service};

/// Whatever a call of the service writes, as one number.
const LEFT: &str = "SELECT (SELECT coalesce(sum(version * 1000), 0) + count(*) FROM qnsp_access_policies) \
    + (SELECT count(*) FROM qnsp_access_keys) + (SELECT coalesce(sum(enforced), 0) FROM qnsp_access_counts) \
    + (SELECT count(*) FROM qnsp_access_changes) + (SELECT count(*) FROM qnsp_access_anomalies) \
    + (SELECT count(*) FROM qnsp_access_refusals) + (SELECT count(*) FROM qnsp_simulations) \
    + (SELECT coalesce(sum(allowed + denied), 0) FROM qnsp_access_questions) + (SELECT count(*) FROM qnsp_access_audits) \
    + (SELECT count(*) FROM qnsp_audit_verified) + (SELECT coalesce(sum(used), 0) FROM qnsp_quotas) \
    + (SELECT count(*) FROM qnsp_meters) + (SELECT count(*) FROM audit_entries WHERE outcome = 'done')";

/// Makes the call with each of its statements failing in turn, until there is none left to fail.
async fn fails_in_turn(service: &Deployment, method: &str, path: &str, body: &Value, least: usize) {
    let before = service.number(LEFT).await;
    let mut at = 0;
    loop {
        service.sql.fails_at.store(at, Ordering::SeqCst);
        let reply = call(service, method, path, body).await;
        if reply.status.is_success() {
            break;
        }
        let after = service.number(LEFT).await;
        assert_eq!((reply.status.as_u16(), after), (503, before), "statement {at} of {method} {path}");
        at += 1;
    }
    service.sql.fails_at.store(usize::MAX, Ordering::SeqCst);
    assert!(at >= least, "{method} {path}: {at} statements");
    assert_ne!(service.number(LEFT).await, before, "{method} {path}");
}

#[tokio::test]
async fn a_statement_that_fails_leaves_nothing_of_a_change() {
    let service = service("atomicity").await;
    let first = ok(&service, "POST", POLICIES, &policy("first", "allow", "user:a")).await;
    let path = format!("{POLICIES}/{}", first["policyId"].as_str().unwrap());
    fails_in_turn(&service, "POST", POLICIES, &policy("second", "deny", "user:b"), 8).await;
    fails_in_turn(&service, "PUT", &path, &policy("renamed", "allow", "user:c"), 9).await;
    fails_in_turn(&service, "POST", "/access/v1/evaluate", &question("b"), 5).await;
    fails_in_turn(&service, "POST", "/access/v1/simulate", &question("c"), 7).await;
    fails_in_turn(&service, "POST", "/access/v1/simulate/batch", &json!({ "requests": [question("c")] }), 7).await;
    let change = json!({ "policyChange": { "type": "delete", "policyId": first["policyId"] } });
    fails_in_turn(&service, "POST", "/access/v1/simulate/impact", &change, 7).await;
    fails_in_turn(&service, "GET", "/access/v1/cross-tenant/isolation-audit", &json!({}), 5).await;
    fails_in_turn(&service, "DELETE", &path, &json!({}), 8).await;
    assert_eq!(service.number("SELECT used FROM qnsp_quotas WHERE quota_type = 'policies'").await, 1);
    assert_eq!(service.number("SELECT enforced FROM qnsp_access_counts").await, 1);
    assert_eq!(service.number("SELECT count(*) FROM qnsp_access_keys").await, 1);
}

/// Triggers and keys follow whatever is done with policies.
#[tokio::test]
async fn keys_and_counts_are_those_of_the_enforced_policies() {
    let service = service("keys").await;
    let mut paths = Vec::new();
    for (name, level) in [("a", "enforced"), ("b", "template"), ("c", "enforced")] {
        let mut body = policy(name, "allow", "user:*");
        body["enforcementLevel"] = json!(level);
        let made = ok(&service, "POST", POLICIES, &body).await;
        paths.push(format!("{POLICIES}/{}", made["policyId"].as_str().unwrap()));
    }
    let facts = "SELECT 100 * (SELECT enforced FROM qnsp_access_counts) + (SELECT count(*) FROM qnsp_access_keys)";
    assert_eq!(service.number(facts).await, 202);
    for (number, level, expected) in [(0, "template", 101), (1, "enforced", 202), (2, "enforced", 202)] {
        let mut body = policy(&format!("new {number}"), "deny", "user:x");
        body["enforcementLevel"] = json!(level);
        ok(&service, "PUT", &paths[number], &body).await;
        assert_eq!(service.number(facts).await, expected, "{number}");
    }
    for (path, expected) in [(&paths[0], 202), (&paths[1], 101), (&paths[2], 0)] {
        call(&service, "DELETE", path, &json!({})).await;
        assert_eq!(service.number(facts).await, expected);
    }
}
