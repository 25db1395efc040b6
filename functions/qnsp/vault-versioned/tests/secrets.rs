//! Versioned secrets over a database of their own: batches that fail, round trips, indexes, and values that were moved.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::Arc;

use platform::Statement;
use serde_json::{Value, json};
use testing::{Batches, Deployment, FULL, Recording, Reply, key};

const SECRETS: &str = "/vault/v1/versioned-secrets";

/// What operations change: it is another number after each.
const STATE: &str = "SELECT (SELECT count(*) FROM qnsp_secret_versions) + (SELECT count(*) FROM qnsp_secret_events) * 3 \
    + (SELECT coalesce(sum(active + 5 * deprecated + 7 * destroyed), 0) FROM qnsp_secret_totals) * 11 \
    + (SELECT coalesce(sum(last_version + 5 * deprecated + 7 * destroyed), 0) FROM qnsp_secrets) * 13 \
    + (SELECT coalesce(sum(used), 0) FROM qnsp_quotas) * 17 + (SELECT count(*) FROM qnsp_meters) * 19 \
    + (SELECT count(*) FROM qnsp_secret_versions WHERE sealed_value IS NULL) * 23 \
    + (SELECT count(*) FROM qnsp_idempotency) * 29 + (SELECT count(*) FROM audit_entries WHERE outcome = 'done') * 31";

async fn service(name: &str) -> Deployment {
    Deployment::of(&format!("vault-versioned-{name}"), &[], vault_versioned::app).await
}

async fn call(service: &Deployment, method: &str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    service.call(method, &format!("{SECRETS}{path}"), &key(FULL, "admin"), &[], &body).await
}

fn version(value: &str) -> Value {
    json!({ "secretId": "s", "value": value })
}

/// Each operation that changes a secret, in an order in which each succeeds.
fn steps() -> [(&'static str, &'static str, Value); 7] {
    let policy = json!({ "maxVersions": 2, "autoDestroy": true });
    [
        ("POST", "", version("a")),
        ("POST", "", version("b")),
        ("GET", "/s/versions/1", Value::Null),
        ("POST", "/s/rollback", json!({ "targetVersion": 1 })),
        ("POST", "", json!({ "secretId": "s", "value": "d", "retentionPolicy": policy })),
        ("PATCH", "/s/versions/4/state", json!({ "state": "destroyed" })),
        ("PATCH", "/s/versions/3/state", json!({ "state": "destroyed" })),
    ]
}

#[tokio::test]
async fn an_operation_that_fails_at_any_statement_has_not_happened() {
    let service = service("atomic").await;
    for (method, path, body) in steps() {
        let step = async || call(&service, method, path, &body).await;
        service.all_or_nothing(STATE, 5, Reply::is_unavailable, step).await;
    }
    assert_eq!(service.number("SELECT used FROM qnsp_quotas WHERE quota_type = 'secrets'").await, 0);
}

#[tokio::test]
async fn operations_take_one_round_trip_and_go_through_no_table() {
    let batches = Batches::default();
    let service = Deployment::of("vault-versioned-plans", &[], |mut host| {
        host.sql = Arc::new(Recording { inner: host.sql.clone(), batches: batches.clone() });
        vault_versioned::app(host)
    })
    .await;
    // The first call looks the token up and makes the data key.
    assert!(call(&service, "POST", "", &version("a")).await.status.is_success());
    let reads = [
        ("POST", "/s/compare", json!({ "version1": 4, "version2": 5 })),
        ("GET", "/s/history", Value::Null),
        ("GET", "/s/history?state=deprecated", Value::Null),
        ("GET", "/s/audit", Value::Null),
        ("PUT", "/s/retention-policy", json!({ "maxVersions": 1, "deleteAfter": "P1D" })),
        ("POST", "/s/enforce-retention", Value::Null),
        ("GET", "/stats", Value::Null),
    ];
    for (method, path, body) in steps().into_iter().take(5).chain(reads) {
        batches.lock().unwrap().clear();
        let reply = call(&service, method, path, &body).await;
        assert!(reply.status.is_success(), "{method} {path}: {}", reply.body);
        let asked = std::mem::take(&mut *batches.lock().unwrap());
        // What a rollback seals again is read first.
        let trips = if path.ends_with("rollback") { 2 } else { 1 };
        assert_eq!(asked.len(), trips, "{method} {path}");
        for statement in asked.iter().flatten() {
            for step in service.plan(statement).await {
                let is_small = ["SCAN CONSTANT ROW", "SCAN (subquery-", "SCAN json_each VIRTUAL TABLE"]
                    .iter()
                    .any(|small| step.starts_with(small));
                assert!(!step.starts_with("SCAN ") || is_small, "{method} {path}: {step} in {}", statement.text);
                assert!(!step.contains("TEMP B-TREE"), "{method} {path}: {step} in {}", statement.text);
            }
        }
    }
}

#[tokio::test]
async fn a_value_opens_in_its_own_row_only() {
    let service = service("moved").await;
    for value in ["a", "b"] {
        assert_eq!(call(&service, "POST", "", &version(value)).await.status.as_u16(), 201);
    }
    let swap = "UPDATE qnsp_secret_versions SET sealed_value = \
                (SELECT sealed_value FROM qnsp_secret_versions WHERE version = 2) WHERE version = 1";
    service.execute(Statement::new(swap)).await;
    assert_eq!(call(&service, "GET", "/s/versions/1", &Value::Null).await.status.as_u16(), 500);
    assert_eq!(call(&service, "GET", "/s/versions/2", &Value::Null).await.body["value"], "b");
}

#[tokio::test]
async fn of_versions_at_once_each_has_a_number_of_its_own() {
    let service = service("at-once").await;
    assert!(call(&service, "POST", "", &version("first")).await.status.is_success());
    let bodies = ["a", "b", "c", "d"].map(version);
    let [a, b, c, d] = bodies.each_ref().map(|body| call(&service, "POST", "", body));
    let all = tokio::join!(a, b, c, d);
    let mut numbers: Vec<_> =
        [all.0, all.1, all.2, all.3].iter().map(|reply| reply.body["version"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3, 4, 5]);
    let active = "SELECT sum(state = 'active') * 10 + sum(version * (state = 'active')) FROM qnsp_secret_versions";
    assert_eq!(service.number(active).await, 15, "the newest alone");
    assert_eq!(service.number("SELECT active_version * 10 + deprecated FROM qnsp_secrets").await, 54);
}
