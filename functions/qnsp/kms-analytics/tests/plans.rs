//! No statement goes through a table: whatever is recorded, listed or judged is found by indexes, however many uses, keys,
//! applications and alerts there are.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use serde_json::json;
use testing::{Batches, Deployment, FULL, Recording, key};

/// What a statement may go through: what it was given, and what it has itself found by an index.
const SCANNED: [&str; 12] = [
    "SCAN CONSTANT ROW",
    "SCAN (subquery-",
    "SCAN json_each VIRTUAL TABLE",
    "SCAN k VIRTUAL TABLE",
    "SCAN c VIRTUAL TABLE",
    "SCAN p",
    "SCAN valued",
    "SCAN judged",
    "SCAN b",
    "SCAN n",
    "SCAN c",
    "SCAN k",
];

#[tokio::test]
async fn no_statement_goes_through_a_table() {
    let batches = Batches::default();
    let deployment = Deployment::of("kms-analytics-plans", &[], |mut host| {
        host.sql = Arc::new(Recording { inner: host.sql.clone(), batches: batches.clone() });
        kms_analytics::app(host)
    })
    .await;
    let owner = key(FULL, "owner");
    let rule = |name: &str, operator: &str| {
        let condition = json!({ "metric": "operation_count", "operator": operator, "threshold": 1, "window": "30d" });
        let rule = json!({ "name": name, "condition": condition, "severity": "low", "keyIds": ["k"], "notificationChannels": ["audit"] });
        rule.to_string()
    };
    let a_use = json!({ "applicationId": "a", "keyId": "k", "operation": "sign", "algorithm": "md5" }).to_string();
    const RULES: &str = "/kms/v1/analytics/alert-rules";
    const ALERTS: &str = "/kms/v1/analytics/alerts";
    const USAGE: &str = "/kms/v1/analytics/usage";
    let mut paths = Vec::new();
    for (method, path, body) in [
        ("POST", RULES.to_owned(), rule("one", "gt")),
        ("POST", RULES.to_owned(), rule("two", "lt")),
        ("GET", RULES.to_owned(), String::new()),
        ("POST", "/kms/v1/analytics/applications/record".to_owned(), a_use),
        ("GET", "/kms/v1/analytics/applications".to_owned(), String::new()),
        ("GET", "/kms/v1/analytics/keys/k/summary".to_owned(), String::new()),
        ("GET", USAGE.to_owned(), String::new()),
        ("GET", format!("{USAGE}?keyId=k&granularity=week"), String::new()),
        ("GET", format!("{USAGE}?operation=sign&granularity=day"), String::new()),
        ("GET", ALERTS.to_owned(), String::new()),
        ("GET", format!("{ALERTS}?severity=high"), String::new()),
        ("GET", format!("{ALERTS}?acknowledged=false"), String::new()),
    ] {
        batches.lock().unwrap().clear();
        let reply = deployment.call(method, &path, &owner, &[], &body).await;
        assert!(reply.status.is_success(), "{path}: {}", reply.body);
        // The key of the caller is looked up once; what alerts tell is told after the answer.
        let asked = std::mem::take(&mut *batches.lock().unwrap());
        let of_call: Vec<_> =
            asked.iter().filter(|batch| batch.iter().any(|it| it.text.contains("qnsp_minutes"))).collect();
        assert_eq!(of_call.len(), 1, "{path}: {asked:?}");
        for statement in of_call[0] {
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
        paths.push(path);
    }
    assert_eq!(paths.len(), 12);
}
