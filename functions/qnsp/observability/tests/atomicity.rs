//! An allocation whose batch fails at any statement counts nothing, alerts nobody and leaves nothing behind; and so does a
//! list of anomalies.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::Ordering;

use serde_json::json;
use testing::{Deployment, FULL, key};

const ALLOCATIONS: &str = "/observability/v1/costs/allocations";
const ANOMALIES: &str = "/observability/v1/anomaly-detection/anomalies";

const EFFECTS: &str = "SELECT (SELECT count(*) FROM qnsp_allocations) + (SELECT count(*) FROM qnsp_cost_months) \
    + (SELECT count(*) FROM qnsp_anomalies) + (SELECT count(*) FROM qnsp_notifications) \
    + (SELECT count(*) FROM qnsp_idempotency) + (SELECT coalesce(sum(amount), 0) FROM qnsp_cost_months)";

fn allocation() -> String {
    let period = json!({ "start": "2020-01-15T00:00:00Z", "end": "2120-01-01T00:00:00Z" });
    json!({
        "resourceId": "r", "resourceType": "vm", "costCenter": "c", "amount": 1_000_000_000, "currency": "USD",
        "period": period,
    })
    .to_string()
}

#[tokio::test]
async fn a_statement_that_fails_leaves_nothing() {
    let deployment = Deployment::of("observability-atomicity", &[], observability::app).await;
    let owner = key(FULL, "owner");
    let alerts = json!([{ "threshold": 1, "notificationChannels": ["https://hooks.example/"] }]);
    let budget = json!({ "name": "b", "amount": 1, "currency": "USD", "period": "monthly", "alerts": alerts });
    let made = deployment.call("POST", "/observability/v1/costs/budgets", &owner, &[], &budget.to_string()).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    let record = async |name: &str| {
        deployment.call("POST", ALLOCATIONS, &owner, &[("idempotency-key", name)], &allocation()).await
    };
    let before = deployment.number(EFFECTS).await;
    let mut statements = 0;
    loop {
        deployment.sql.fails_at.store(statements, Ordering::SeqCst);
        let reply = record(&format!("n{statements}")).await;
        if reply.status.as_u16() == 201 {
            break;
        }
        assert_eq!((reply.status.as_u16(), reply.error()), (503, "SERVICE_UNAVAILABLE"), "statement {statements}");
        assert_eq!(deployment.number(EFFECTS).await, before, "statement {statements}");
        statements += 1;
    }
    assert!(statements >= 9, "{statements} statements");
    assert_eq!(deployment.number("SELECT count(*) FROM qnsp_anomalies").await, 1);
    // The whole amount is in the months, to the millionth.
    assert_eq!(deployment.number("SELECT sum(amount) FROM qnsp_cost_months").await, 1_000_000_000_000_000);
    assert_eq!(deployment.number("SELECT count(*) FROM qnsp_cost_months").await, 1201);

    let condition = json!({ "type": "threshold", "parameters": { "operator": "gt", "value": 0 } });
    let rule = json!({ "name": "r", "metric": "http.requests", "condition": condition }).to_string();
    let made = deployment.call("POST", "/observability/v1/anomaly-detection/rules", &owner, &[], &rule).await;
    assert_eq!(made.status.as_u16(), 201);
    let mut statements = 0;
    let reply = loop {
        deployment.sql.fails_at.store(statements, Ordering::SeqCst);
        let reply = deployment.call("GET", ANOMALIES, &owner, &[], "").await;
        if reply.status.as_u16() == 200 {
            break reply;
        }
        assert_eq!(reply.status.as_u16(), 503, "statement {statements}");
        assert_eq!(deployment.number("SELECT count(*) FROM qnsp_anomalies").await, 1, "statement {statements}");
        statements += 1;
    };
    assert!(statements >= 7, "{statements} statements");
    assert_eq!(reply.body["anomalies"].as_array().unwrap().len(), 2, "{}", reply.body);
}
