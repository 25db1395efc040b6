//! Leakage detection over a database of its own: batches that fail, indexes, and steps of scans that several calls want.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::Arc;

use platform::Statement;
use serde_json::{Value, json};
use testing::{Batches, Deployment, FULL, Recording, Reply, key};

const LEAKAGE: &str = "/vault/v1/leakage-detection";

/// Nobody listens there.
const VARIABLES: [(&str, &str); 1] = [("QNSP_OUTBOUND_HOSTS", "127.0.0.1:*")];

const STATE: &str = "SELECT (SELECT count(*) FROM qnsp_leakage_policies) + (SELECT count(*) FROM qnsp_leakage_incidents) * 3 \
    + (SELECT count(*) FROM qnsp_leakage_steps) * 5 + (SELECT count(*) FROM qnsp_leakage_scans) * 7 \
    + (SELECT coalesce(sum(incidents), 0) FROM qnsp_leakage_counts WHERE name <> 'open') * 11 \
    + (SELECT count(*) FROM qnsp_meters) * 13 + (SELECT count(*) FROM audit_entries WHERE outcome = 'done') * 17 \
    + (SELECT coalesce(sum(value), 0) FROM qnsp_quota_days WHERE quota_type = 'scans') * 19";

async fn service(name: &str) -> Deployment {
    Deployment::of(&format!("vault-leakage-{name}"), &VARIABLES, vault_leakage::app).await
}

async fn call(service: &Deployment, method: &str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    service.call(method, &format!("{LEAKAGE}{path}"), &key(FULL, "admin"), &[], &body).await
}

fn policy(name: &str) -> Value {
    json!({
        "name": name, "secretPatterns": [{ "type": "keyword", "pattern": "k" }], "scanTargets": ["github"],
        "sources": [{ "target": "github", "baseUrl": "http://127.0.0.1:1" }],
    })
}

fn incident() -> Value {
    json!({ "secretId": "s", "source": "github", "severity": "high" })
}

fn scan() -> Value {
    json!({ "scope": { "repositories": ["o/r"], "organizations": ["o"] } })
}

async fn all_or_nothing(service: &Deployment, method: &str, path: &str, body: &Value) -> Value {
    service.all_or_nothing(STATE, 4, Reply::is_unavailable, async || call(service, method, path, body).await).await
}

#[tokio::test]
async fn an_operation_that_fails_at_any_statement_has_not_happened() {
    let service = service("atomic").await;
    let made = all_or_nothing(&service, "POST", "/policies", &policy("p")).await;
    let reported = all_or_nothing(&service, "POST", "/incidents", &incident()).await;
    let change = json!({ "status": "resolved", "resolution": "done" });
    let path = format!("/incidents/{}", reported["incidentId"].as_str().unwrap());
    all_or_nothing(&service, "PATCH", &path, &change).await;
    all_or_nothing(&service, "POST", "/scan", &scan()).await;
    all_or_nothing(&service, "DELETE", &format!("/policies/{}", made["policyId"].as_str().unwrap()), &Value::Null)
        .await;
}

#[tokio::test]
async fn no_statement_goes_through_a_table() {
    let batches = Batches::default();
    let service = Deployment::of("vault-leakage-plans", &VARIABLES, |mut host| {
        host.sql = Arc::new(Recording { inner: host.sql.clone(), batches: batches.clone() });
        vault_leakage::app(host)
    })
    .await;
    let made = call(&service, "POST", "/policies", &policy("p")).await;
    let of_policy = format!("/policies/{}", made.body["policyId"].as_str().unwrap());
    let reported = call(&service, "POST", "/incidents", &incident()).await;
    let of_incident = format!("/incidents/{}", reported.body["incidentId"].as_str().unwrap());
    let queued = call(&service, "POST", "/scan", &scan()).await;
    let of_scan = format!("/scans/{}", queued.body["scanId"].as_str().unwrap());
    for (method, path, body) in [
        ("POST", "/policies", policy("q")),
        ("GET", "/policies", Value::Null),
        ("GET", of_policy.as_str(), Value::Null),
        ("POST", "/incidents", incident()),
        ("GET", "/incidents", Value::Null),
        ("GET", "/incidents?status=open", Value::Null),
        ("GET", "/incidents?severity=high", Value::Null),
        ("GET", "/incidents?secretId=s&since=2026-01-01T00:00:00Z", Value::Null),
        ("GET", of_incident.as_str(), Value::Null),
        ("PATCH", of_incident.as_str(), json!({ "notes": "n" })),
        ("POST", "/scan", scan()),
        ("GET", of_scan.as_str(), Value::Null),
        ("GET", "/stats", Value::Null),
        ("POST", "/secrets/s/check", Value::Null),
        ("DELETE", of_policy.as_str(), Value::Null),
    ] {
        batches.lock().unwrap().clear();
        let reply = call(&service, method, path, &body).await;
        assert!(reply.status.is_success(), "{method} {path}: {}", reply.body);
        let asked = std::mem::take(&mut *batches.lock().unwrap());
        assert!(asked.len() == 1 || path == of_scan, "{method} {path}: {} trips", asked.len());
        for statement in asked.iter().flatten() {
            for step in service.plan(statement).await {
                let is_small = ["SCAN CONSTANT ROW", "SCAN (subquery-", "VIRTUAL TABLE"];
                let is_small = is_small.iter().any(|small| step.contains(small));
                assert!(!step.starts_with("SCAN ") || is_small, "{method} {path}: {step} in {}", statement.text);
            }
        }
    }
}

#[tokio::test]
async fn of_looks_at_once_one_carries_the_scan_on() {
    let service = service("at-once").await;
    assert!(call(&service, "POST", "/policies", &policy("p")).await.status.is_success());
    let queued = call(&service, "POST", "/scan", &scan()).await;
    let path = format!("/scans/{}", queued.body["scanId"].as_str().unwrap());
    let look = || call(&service, "GET", &path, &Value::Null);
    let looks = tokio::join!(look(), look(), look());
    for reply in [&looks.0, &looks.1, &looks.2] {
        assert!(matches!(reply.body["status"].as_str(), Some("running" | "failed")), "{}", reply.body);
    }
    let ended = look().await;
    assert_eq!(ended.body["status"], "failed");
    let skipped = ended.body["skipped"].as_array().unwrap();
    assert_eq!(skipped.len(), 2, "each once: {skipped:?}");
    assert!(skipped.iter().all(|it| it["reason"] == "unreachable"));
}

#[tokio::test]
async fn what_no_step_ends_is_left_out() {
    let service = service("tries").await;
    assert!(call(&service, "POST", "/policies", &policy("p")).await.status.is_success());
    let listing = json!({
        "target": "github", "repository": "o/r", "link": "l", "branch": "b", "page": "http://127.0.0.1:1/p", "file": 0,
        "is_first": true, "is_counted": false,
    });
    let waiting = json!([{ "Repository": { "target": "github", "path": "o/q" } }]);
    for (current, queue, repository) in [(listing, json!([]), "o/r"), (Value::Null, waiting, "o/q")] {
        let queued = call(&service, "POST", "/scan", &scan()).await;
        let id = queued.body["scanId"].as_str().unwrap();
        let work = json!({
            "targets": null, "repositories": [], "organizations": [], "is_planned": true, "queue": queue,
            "current": current,
        });
        let update = Statement::new("UPDATE qnsp_leakage_scans SET tries = 6, work = ?1 WHERE id = ?2");
        service.execute(update.bind(work.to_string()).bind(id)).await;
        let ended = call(&service, "GET", &format!("/scans/{id}"), &Value::Null).await;
        assert_eq!(ended.body["status"], "failed", "{}", ended.body);
        let expected = json!([{ "target": "github", "repository": repository, "reason": "could not be looked at" }]);
        assert_eq!(ended.body["skipped"], expected);
    }
}
