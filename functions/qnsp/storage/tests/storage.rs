//! Storage over a database of its own: batches that fail, round trips, indexes, contents that were moved, and many documents.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::Arc;

use platform::Statement;
use serde_json::{Value, json};
use testing::{Batches, Deployment, FULL, Recording, Reply, key};

const DOCUMENTS: &str = "/storage/v1/documents";
const CLASSIFICATION: &str = "/storage/v1/classification";
const RETENTION: &str = "/storage/v1/retention";
const REPLICATION: &str = "/storage/v1/replication";

/// What operations change: it is another number after each.
const STATE: &str = "SELECT (SELECT coalesce(sum(version + 5 * level + 7 * is_archived), 0) FROM qnsp_documents) \
    + (SELECT count(*) FROM qnsp_document_versions) * 3 + (SELECT coalesce(sum(documents), 0) FROM qnsp_buckets) * 5 \
    + (SELECT count(*) FROM qnsp_classification_policies) * 7 + (SELECT count(*) FROM qnsp_classification_scans) * 11 \
    + (SELECT count(*) FROM qnsp_storage_retention) * 13 + (SELECT count(*) FROM qnsp_holds WHERE released_at IS NULL) * 17 \
    + (SELECT count(*) FROM qnsp_held) * 19 + (SELECT coalesce(sum(pending), 0) + count(*) FROM qnsp_replications) * 23 \
    + (SELECT count(*) FROM qnsp_replication_acknowledgements) * 29 \
    + (SELECT coalesce(sum(used), 0) FROM qnsp_quotas) * 31 + (SELECT count(*) FROM qnsp_idempotency) * 37 \
    + (SELECT count(*) FROM audit_entries WHERE outcome = 'done') * 41";

async fn service(name: &str) -> Deployment {
    Deployment::of(&format!("storage-{name}"), &[], storage::app).await
}

async fn call(service: &Deployment, method: &str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    service.call(method, path, &key(FULL, "admin"), &[], &body).await
}

async fn made(service: &Deployment, path: &str, body: &Value) -> Value {
    let reply = call(service, "POST", path, body).await;
    assert!(reply.status.is_success(), "{path}: {}", reply.body);
    reply.body
}

fn document(name: &str, content: &str) -> Value {
    json!({ "bucket": "a", "name": name, "content": content, "region": "eu" })
}

async fn fails_whole(service: &Deployment, method: &str, path: &str, body: &Value) -> Value {
    service.all_or_nothing(STATE, 5, Reply::is_unavailable, async || call(service, method, path, body).await).await
}

fn rule(pattern: &str) -> Value {
    json!([{ "pattern": pattern, "classification": "restricted", "dataTypes": ["pii"] }])
}

#[tokio::test]
async fn an_operation_that_fails_at_any_statement_has_not_happened() {
    let service = service("atomic").await;
    let id = |made: &Value, name: &str| made[name].as_str().unwrap().to_owned();
    let policy = json!({ "name": "p", "rules": rule("x") });
    fails_whole(&service, "POST", &format!("{CLASSIFICATION}/policies"), &policy).await;
    let replication = json!({ "name": "r", "sourceRegion": "eu", "destinationRegions": ["us", "asia"] });
    fails_whole(&service, "POST", &format!("{REPLICATION}/configurations"), &replication).await;
    let first = fails_whole(&service, "POST", DOCUMENTS, &document("n", "Hello")).await;
    fails_whole(&service, "POST", DOCUMENTS, &document("n", "Hello")).await;
    let first = id(&first, "documentId");
    fails_whole(&service, "POST", &format!("{CLASSIFICATION}/scans"), &json!({})).await;
    let retention = json!({ "name": "r", "retentionPeriod": "PT1S", "actions": { "onExpiry": "archive" } });
    fails_whole(&service, "POST", &format!("{RETENTION}/policies"), &retention).await;
    let hold = json!({ "name": "h", "reason": "r", "scope": { "objectIds": [first], "buckets": ["a"] } });
    let hold = fails_whole(&service, "POST", &format!("{RETENTION}/holds"), &hold).await;
    let release = format!("{RETENTION}/holds/{}/release", id(&hold, "holdId"));
    fails_whole(&service, "POST", &release, &json!({})).await;
    let checksum = "185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969";
    let copy = json!({ "objectId": first, "targetRegion": "us", "checksum": checksum, "status": "completed" });
    fails_whole(&service, "POST", &format!("{REPLICATION}/objects"), &copy).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    fails_whole(&service, "DELETE", &format!("{DOCUMENTS}/{first}"), &Value::Null).await;
    assert_eq!(service.number("SELECT used FROM qnsp_quotas WHERE quota_type = 'storageBytes'").await, 0);
    let left = "SELECT (SELECT count(*) FROM qnsp_document_versions) + (SELECT count(*) FROM qnsp_replication_copies) \
                + (SELECT count(*) FROM qnsp_buckets) + (SELECT sum(pending) FROM qnsp_replications)";
    assert_eq!(service.number(left).await, 0);
}

#[tokio::test]
async fn operations_go_through_no_table() {
    let batches = Batches::default();
    let service = Deployment::of("storage-plans", &[], |mut host| {
        host.sql = Arc::new(Recording { inner: host.sql.clone(), batches: batches.clone() });
        storage::app(host)
    })
    .await;
    let id = made(&service, DOCUMENTS, &document("n", "Hello")).await["documentId"].as_str().unwrap().to_owned();
    let policy = json!({ "name": "p", "rules": rule("x"), "autoApply": true });
    let replication = json!({ "name": "r", "sourceRegion": "eu", "destinationRegions": ["us"] });
    let notify = json!({ "name": "n", "retentionPeriod": "PT1S", "actions": { "onExpiry": "notify" } });
    let hold = json!({ "name": "h", "reason": "r", "scope": { "objectIds": [id], "buckets": ["a"] } });
    let documents = format!("{DOCUMENTS}/{id}");
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    // With how often each asks the database.
    let calls = [
        (2, "POST", DOCUMENTS.to_owned(), document("m", "x")),
        (1, "POST", format!("{CLASSIFICATION}/policies"), policy),
        (1, "GET", format!("{CLASSIFICATION}/policies"), Value::Null),
        (1, "POST", format!("{CLASSIFICATION}/scans"), json!({})),
        (1, "POST", format!("{REPLICATION}/configurations"), replication),
        (1, "GET", format!("{REPLICATION}/status"), Value::Null),
        (1, "GET", format!("{REPLICATION}/health"), Value::Null),
        (1, "POST", format!("{RETENTION}/policies"), notify),
        (4, "GET", DOCUMENTS.to_owned(), Value::Null),
        (2, "GET", DOCUMENTS.to_owned(), Value::Null),
        (2, "GET", format!("{DOCUMENTS}?bucket=a&prefix=n"), Value::Null),
        (2, "GET", format!("{DOCUMENTS}?prefix=n"), Value::Null),
        (1, "GET", documents.clone(), Value::Null),
        (1, "GET", format!("{documents}/versions/1/content"), Value::Null),
        (12, "GET", format!("{CLASSIFICATION}/stats"), Value::Null),
        (2, "GET", format!("{CLASSIFICATION}/stats"), Value::Null),
        (2, "POST", format!("{RETENTION}/holds"), hold),
    ];
    for (trips, method, path, body) in calls {
        batches.lock().unwrap().clear();
        let reply = call(&service, method, &path, &body).await;
        assert!(reply.status.is_success(), "{method} {path}: {}", reply.body);
        let asked = std::mem::take(&mut *batches.lock().unwrap());
        assert_eq!(asked.len(), trips, "{method} {path}");
        for statement in asked.iter().flatten() {
            for step in service.plan(statement).await {
                let is_small = step == "SCAN CONSTANT ROW"
                    || step.starts_with("SCAN (subquery-")
                    || step.contains("VIRTUAL TABLE");
                assert!(!step.starts_with("SCAN ") || is_small, "{method} {path}: {step} in {}", statement.text);
            }
        }
    }
}

#[tokio::test]
async fn a_content_opens_in_its_own_row_only() {
    let service = service("moved").await;
    let id = made(&service, DOCUMENTS, &document("n", "a")).await["documentId"].as_str().unwrap().to_owned();
    made(&service, DOCUMENTS, &document("n", "b")).await;
    let swap = "UPDATE qnsp_document_versions SET sealed_content = \
                (SELECT sealed_content FROM qnsp_document_versions WHERE version = 2) WHERE version = 1";
    service.execute(Statement::new(swap)).await;
    let content = |version: i64| format!("{DOCUMENTS}/{id}/versions/{version}/content");
    assert_eq!(call(&service, "GET", &content(1), &Value::Null).await.status.as_u16(), 500);
    assert_eq!(call(&service, "GET", &content(2), &Value::Null).await.bytes, b"b");
}

#[tokio::test]
async fn a_scan_of_several_steps_looks_at_each_document_once() {
    let service = service("steps").await;
    for number in 0..450 {
        let content = if number % 3 == 0 { "x" } else { "y" };
        made(&service, DOCUMENTS, &document(&format!("{number}"), content)).await;
    }
    made(&service, &format!("{CLASSIFICATION}/policies"), &json!({ "name": "p", "rules": rule("x") })).await;
    let scan = made(&service, &format!("{CLASSIFICATION}/scans"), &json!({})).await;
    let path = format!("{CLASSIFICATION}/scans/{}", scan["scanId"].as_str().unwrap());
    // Two readers at once.
    let (one, two) =
        tokio::join!(call(&service, "GET", &path, &Value::Null), call(&service, "GET", &path, &Value::Null));
    assert!(one.status.is_success() && two.status.is_success());
    let shown = call(&service, "GET", &path, &Value::Null).await.body;
    let counts = (&shown["status"], &shown["objectsScanned"], &shown["objectsClassified"]);
    assert_eq!(counts, (&json!("completed"), &json!(450), &json!(150)));
    let auto = json!({ "name": "q", "rules": rule("y"), "autoApply": true });
    made(&service, &format!("{CLASSIFICATION}/policies"), &auto).await;
    let stats = call(&service, "GET", &format!("{CLASSIFICATION}/stats"), &Value::Null).await.body;
    assert_eq!(stats["byClassification"]["restricted"], 450);
}

#[tokio::test]
async fn many_documents_whose_retention_has_ended_go_in_steps_each_with_an_event() {
    let service = service("expiry").await;
    for number in 0..230 {
        made(&service, DOCUMENTS, &document(&format!("{number}"), "12")).await;
    }
    let retention = json!({ "name": "r", "retentionPeriod": "PT1S", "actions": { "onExpiry": "delete" } });
    made(&service, &format!("{RETENTION}/policies"), &retention).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let path = format!("{DOCUMENTS}?limit=1");
    let (one, two) =
        tokio::join!(call(&service, "GET", &path, &Value::Null), call(&service, "GET", &path, &Value::Null));
    assert!(one.status.is_success() && two.status.is_success());
    assert_eq!(call(&service, "GET", &path, &Value::Null).await.body, json!({ "documents": [], "total": 0 }));
    let events = "SELECT count(*) FROM audit_entries WHERE action = 'storage.object.expired'";
    assert_eq!(service.number(events).await, 230);
    assert_eq!(service.number("SELECT used FROM qnsp_quotas WHERE quota_type = 'storageBytes'").await, 0);
}
