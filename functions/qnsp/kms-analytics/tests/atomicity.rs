//! A use whose batch fails at any statement counts nothing and raises no alert.

use std::sync::atomic::Ordering;

use serde_json::json;
use testing::{Deployment, FULL, key};

const EFFECTS: &str = "SELECT (SELECT coalesce(sum(uses), 0) FROM qnsp_key_minutes) \
    + (SELECT coalesce(sum(uses), 0) FROM qnsp_key_hours) + (SELECT count(*) FROM qnsp_used_keys) \
    + (SELECT count(*) FROM qnsp_used_algorithms) + (SELECT count(*) FROM qnsp_algorithm_days) \
    + (SELECT count(*) FROM qnsp_key_applications) + (SELECT count(*) FROM qnsp_application_keys) \
    + (SELECT count(*) FROM qnsp_key_alerts) + (SELECT count(*) FROM qnsp_notifications) \
    + (SELECT count(*) FROM qnsp_idempotency)";

#[tokio::test]
async fn a_statement_that_fails_leaves_nothing() {
    let deployment = Deployment::of("kms-analytics-atomicity", &[], kms_analytics::app).await;
    let owner = key(FULL, "owner");
    let condition = json!({ "metric": "operation_count", "operator": "gt", "threshold": 0, "window": "1h" });
    let rule = json!({
        "name": "r", "condition": condition, "severity": "low", "notificationChannels": ["https://hooks.example/"],
    });
    let made = deployment.call("POST", "/kms/v1/analytics/alert-rules", &owner, &[], &rule.to_string()).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    let a_use = json!({ "applicationId": "a", "keyId": "k", "operation": "sign", "algorithm": "md5" }).to_string();
    let mut statements = 0;
    loop {
        deployment.sql.fails_at.store(statements, Ordering::SeqCst);
        let headers = [("idempotency-key", format!("n{statements}"))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let path = "/kms/v1/analytics/applications/record";
        let reply = deployment.call("POST", path, &owner, &headers, &a_use).await;
        if reply.status.as_u16() == 201 {
            break;
        }
        assert_eq!((reply.status.as_u16(), reply.error()), (503, "SERVICE_UNAVAILABLE"), "statement {statements}");
        assert_eq!(deployment.number(EFFECTS).await, 0, "statement {statements}");
        statements += 1;
    }
    assert!(statements >= 11, "{statements} statements");
    // One of the rule and one of the algorithm.
    assert_eq!(deployment.number("SELECT count(*) FROM qnsp_key_alerts").await, 2);
}
