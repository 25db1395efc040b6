//! What a model cost, or that it is deployed, is written with all that counts it, or not at all.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use testing::{Deployment, FULL, key};

const EFFECTS: &str = "SELECT (SELECT count(*) FROM qnsp_ai_costs) + (SELECT coalesce(sum(cost + repeated), 0) FROM qnsp_ai_cost_hours) \
    + (SELECT coalesce(sum(is_repeat), 0) FROM qnsp_ai_costs) + (SELECT count(*) FROM qnsp_deployments) \
    + (SELECT coalesce(sum(used), 0) FROM qnsp_quotas) + (SELECT count(*) FROM qnsp_meters) \
    + (SELECT count(*) FROM qnsp_idempotency)";

/// Lets each statement of a call fail once, and gives how many there were.
async fn fails_whole(deployment: &Deployment, path: &str, body: &Value) -> usize {
    let owner = key(FULL, "owner");
    let before = deployment.number(EFFECTS).await;
    let mut statements = 0;
    loop {
        deployment.sql.fails_at.store(statements, Ordering::SeqCst);
        let once = format!("{path}{statements}");
        let reply = deployment.call("POST", path, &owner, &[("idempotency-key", &once)], &body.to_string()).await;
        if reply.status.as_u16() == 201 {
            deployment.sql.fails_at.store(usize::MAX, Ordering::SeqCst);
            return statements;
        }
        assert_eq!(
            (reply.status.as_u16(), reply.error()),
            (503, "SERVICE_UNAVAILABLE"),
            "{path}, statement {statements}"
        );
        assert_eq!(deployment.number(EFFECTS).await, before, "{path}, statement {statements}");
        statements += 1;
    }
}

#[tokio::test]
async fn a_statement_that_fails_leaves_nothing() {
    let deployment = Deployment::of("ai-atomicity", &[], ai::app).await;
    let owner = key(FULL, "owner");
    let record = "/ai/v1/costs/record";
    let cost = |at: &str| {
        json!({
            "modelName": "m", "provider": "p", "inputTokens": 1, "outputTokens": 1, "costUsd": 1, "promptHash": "h",
            "occurredAt": at,
        })
    };
    let now = model::time::to_iso(platform::clock::now_ms());
    let earlier = model::time::to_iso(platform::clock::now_ms() - 60_000);
    let made = deployment.call("POST", record, &owner, &[], &cost(&now).to_string()).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    // This one makes the first one repeat it.
    assert!(fails_whole(&deployment, record, &cost(&earlier)).await >= 8);
    assert_eq!(deployment.number("SELECT sum(repeated) FROM qnsp_ai_cost_hours").await, 1);
    assert_eq!(deployment.number("SELECT sum(cost) FROM qnsp_ai_cost_hours").await, 6_000_000);

    let registry = "/ai/v1/registry";
    let model = json!({ "name": "m", "version": "1", "type": "llm", "provider": "p" }).to_string();
    let made = deployment.call("POST", &format!("{registry}/models"), &owner, &[], &model).await;
    let id = made.body["modelId"].as_str().unwrap();
    let path = format!("{registry}/models/{id}/activate");
    assert_eq!(deployment.call("POST", &path, &owner, &[], "").await.status.as_u16(), 200);
    let path = format!("{registry}/deployments");
    assert!(fails_whole(&deployment, &path, &json!({ "modelId": id })).await >= 9);
    assert_eq!(deployment.number("SELECT sum(used) FROM qnsp_quotas").await, 1);
    assert_eq!(deployment.number("SELECT count(*) FROM qnsp_meters WHERE operation = 'ai.model_deploy'").await, 1);
}
