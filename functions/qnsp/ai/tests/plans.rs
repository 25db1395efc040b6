//! No statement goes through a table: whatever is written or shown is found by indexes, however many models, deployments and
//! records there are. Sums over time are the same by counters as by records.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use serde_json::{Value, json};
use testing::{Batches, Deployment, FULL, Recording, key};

/// What a statement may go through: what it was given, and what it has itself found by an index.
const SCANNED: [&str; 6] = [
    "SCAN CONSTANT ROW",
    "SCAN (subquery-",
    "SCAN json_each VIRTUAL TABLE",
    "SCAN d VIRTUAL TABLE",
    "SCAN h",
    "SCAN n",
];

#[tokio::test]
async fn no_statement_goes_through_a_table() {
    let batches = Batches::default();
    let deployment = Deployment::of("ai-plans", &[], |mut host| {
        host.sql = Arc::new(Recording { inner: host.sql.clone(), batches: batches.clone() });
        ai::app(host)
    })
    .await;
    let owner = key(FULL, "owner");
    let registry = "/ai/v1/registry";
    let model = json!({ "name": "m", "version": "1", "type": "llm", "provider": "p" }).to_string();
    let made = deployment.call("POST", &format!("{registry}/models"), &owner, &[], &model).await;
    let model = made.body["modelId"].as_str().unwrap().to_owned();
    deployment.call("POST", &format!("{registry}/models/{model}/activate"), &owner, &[], "").await;
    let deploy = json!({ "modelId": model }).to_string();
    let made = deployment.call("POST", &format!("{registry}/deployments"), &owner, &[], &deploy).await;
    let one = format!("{registry}/deployments/{}", made.body["deploymentId"].as_str().unwrap());
    let cost = json!({
        "modelId": model, "provider": "p", "inputTokens": 1, "outputTokens": 1, "costUsd": 1, "promptHash": "h",
        "requestCount": 101,
    });
    let costs = "/ai/v1/costs";
    let found = model::ids::derived_uuid(&[FULL, "batch_optimization", "m"]);
    // By method, path, body, and how many round trips that takes once the key is known.
    for (method, path, body, trips) in [
        ("POST", format!("{registry}/deployments"), deploy, 1),
        ("PATCH", one.clone(), json!({ "status": "running" }).to_string(), 1),
        ("GET", one.clone(), String::new(), 1),
        ("POST", format!("{costs}/record"), cost.to_string(), 1),
        ("GET", format!("{costs}/analytics"), String::new(), 1),
        ("GET", format!("{costs}/analytics?groupBy=user&period=90d"), String::new(), 1),
        ("GET", format!("{costs}/analytics?groupBy=provider"), String::new(), 1),
        ("GET", format!("{costs}/analytics?groupBy=hour"), String::new(), 1),
        ("GET", format!("{costs}/analytics?groupBy=week&startDate=2026-01-01"), String::new(), 1),
        ("GET", format!("{costs}/recommendations"), String::new(), 1),
        ("POST", format!("{costs}/recommendations/{found}/accept"), String::new(), 2),
        ("POST", format!("{one}/stop"), String::new(), 1),
        ("POST", format!("{registry}/models/{model}/deprecate"), String::new(), 1),
    ] {
        batches.lock().unwrap().clear();
        let reply = deployment.call(method, &path, &owner, &[], &body).await;
        assert!(reply.status.is_success(), "{path}: {}", reply.body);
        let asked = std::mem::take(&mut *batches.lock().unwrap());
        assert_eq!(asked.len(), trips, "{path}: {asked:?}");
        for statement in asked.iter().flatten() {
            assert!(statement.params.len() <= 100 && statement.text.len() <= 100_000, "{path}: the limits of D1");
            for step in deployment.plan(statement).await {
                let is_known = |known: &&str| step.starts_with(*known);
                assert!(
                    !step.starts_with("SCAN ") || SCANNED.iter().any(is_known),
                    "{path}: {step} in {}",
                    statement.text
                );
                // All records since a time, which may be long ago.
                assert!(!step.ends_with("PRIMARY KEY (tenant_id=? AND at>?)"), "{path}: {step} in {}", statement.text);
            }
        }
    }
}

#[tokio::test]
async fn counters_and_records_give_the_same_sums() {
    let deployment = Deployment::of("ai-sums", &[], ai::app).await;
    let owner = key(FULL, "owner");
    const HOUR: i64 = 3_600_000;
    let now = platform::clock::now_ms();
    // Pseudo-random times of the last three days, around the beginnings of hours among them.
    let mut state = 7_u64;
    let mut next = |most: i64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(state >> 33).unwrap() % most
    };
    for index in 0..120 {
        let at = now - next(72 * HOUR);
        let at = if index % 3 == 0 { at / HOUR * HOUR - next(3) + 1 } else { at };
        let body = json!({
            "modelName": format!("m{}", next(3)), "provider": format!("p{}", next(2)), "inputTokens": next(100), "outputTokens": 1,
            "costUsd": 0.5, "userId": format!("u{}", next(4)), "promptHash": format!("h{}", next(20)), "requestCount": 1 + next(9),
            "occurredAt": model::time::to_iso(at),
        });
        let reply = deployment.call("POST", "/ai/v1/costs/record", &owner, &[], &body.to_string()).await;
        assert_eq!(reply.status.as_u16(), 201, "{}", reply.body);
    }
    for column in ["cost", "tokens", "requests", "prompt_hash IS NOT NULL", "is_repeat", "cost * is_repeat"] {
        let hours = match column {
            "prompt_hash IS NOT NULL" => "hashed",
            "is_repeat" => "repeated",
            "cost * is_repeat" => "repeated_cost",
            same => same,
        };
        let records = deployment.number(&format!("SELECT sum({column}) FROM qnsp_ai_costs")).await;
        let counted = format!("SELECT sum({hours}) FROM qnsp_ai_cost_hours WHERE dimension = 'model'");
        assert_eq!(deployment.number(&counted).await, records, "{column}");
    }
    // In whatever order they came: all but the first of each model and hash repeat one.
    let repeats = "SELECT count(*) - count(DISTINCT model || prompt_hash) FROM qnsp_ai_costs";
    let counted = "SELECT sum(is_repeat) FROM qnsp_ai_costs";
    assert_eq!(deployment.number(counted).await, deployment.number(repeats).await);
    let firsts = "SELECT count(*) FROM qnsp_ai_costs c WHERE is_repeat = 0 AND EXISTS (SELECT 1 FROM qnsp_ai_costs e \
                  WHERE e.model = c.model AND e.prompt_hash = c.prompt_hash AND e.at < c.at)";
    assert_eq!(deployment.number(firsts).await, 0);
    for _ in 0..30 {
        let (start, length) = (now - next(80 * HOUR), next(30 * HOUR));
        let [from, until] = [start, start + length].map(model::time::to_iso);
        for group in ["model", "provider", "user", "hour", "day"] {
            let path = format!("/ai/v1/costs/analytics?startDate={from}&endDate={until}&groupBy={group}");
            let shown = deployment.call("GET", &path, &owner, &[], "").await.body;
            let expected = deployment
                .number(&format!(
                    "SELECT coalesce(sum(cost), 0) FROM qnsp_ai_costs WHERE at >= {start} AND at <= {}",
                    start + length
                ))
                .await;
            let dollars = |value: &Value| (value.as_f64().unwrap() * 1e6).round() as i64;
            assert_eq!(dollars(&shown["totalCost"]), expected, "{path}");
            let rows = shown["breakdown"].as_array().unwrap();
            assert_eq!(rows.iter().map(|row| dollars(&row["cost"])).sum::<i64>(), expected, "{path}");
        }
    }
}
