//! No statement goes through a table: what is read is found by indexes, however many allocations, minutes, snapshots and
//! anomalies a tenant has.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use serde_json::json;
use testing::{Batches, Deployment, FULL, Recording, key};

/// What a statement may go through: what it was given, and what it has itself found by an index.
const SCANNED: [&str; 9] = [
    "SCAN CONSTANT ROW",
    "SCAN (subquery-",
    "SCAN f VIRTUAL TABLE",
    "SCAN p",
    "SCAN m",
    "SCAN a VIRTUAL TABLE",
    "SCAN c VIRTUAL TABLE",
    "SCAN json_each VIRTUAL TABLE",
    "SCAN l",
];

#[tokio::test]
async fn no_statement_goes_through_a_table() {
    let batches = Batches::default();
    let deployment = Deployment::of("observability-plans", &[], |mut host| {
        host.sql = Arc::new(Recording { inner: host.sql.clone(), batches: batches.clone() });
        observability::app(host)
    })
    .await;
    let owner = key(FULL, "owner");
    let condition =
        |kind: &str| json!({ "type": kind, "parameters": { "operator": "gt", "value": 0, "minSlopePerHour": 0 } });
    for (number, metric) in
        ["cost.total", "cost.vm", "http.latency_ms", "tenant.errorRate", "kms.operations"].into_iter().enumerate()
    {
        for kind in ["threshold", "deviation", "trend"] {
            let rule = json!({ "name": format!("{number}{kind}"), "metric": metric, "condition": condition(kind) });
            let path = "/observability/v1/anomaly-detection/rules";
            assert_eq!(deployment.call("POST", path, &owner, &[], &rule.to_string()).await.status.as_u16(), 201);
        }
    }
    let panel = |x: i64, query: &str| json!({ "type": "chart", "title": "t", "query": query, "position": { "x": x, "y": 0, "w": 1, "h": 1 } });
    let panels = json!([
        panel(0, "cost.total"),
        panel(1, "sum(cost.vm[1h])"),
        panel(2, "avg(http.requests[5m])"),
        panel(3, "max(tenant.activeUsers[1d])"),
        panel(4, "http.errors"),
    ]);
    let dashboard = json!({ "name": "d", "layout": { "columns": 5, "rows": 1 }, "panels": panels }).to_string();
    let made = deployment.call("POST", "/observability/v1/dashboards", &owner, &[], &dashboard).await;
    let dashboard = made.body["dashboardId"].as_str().unwrap().to_owned();
    let allocation = json!({
        "resourceId": "r", "resourceType": "vm", "costCenter": "c", "amount": 1, "currency": "USD",
        "period": { "start": "2026-01-15T00:00:00Z", "end": "2026-03-01T00:00:00Z" },
    });
    let costs = "/observability/v1/costs";
    let anomalies = "/observability/v1/anomaly-detection/anomalies";
    // By method, path, body, and how many round trips that takes once the key is known.
    for (method, path, body, trips) in [
        ("POST", format!("{costs}/allocations"), allocation.to_string(), 1),
        ("GET", format!("{costs}/allocations?startTime=2026-01-01T00:00:00Z&costCenter=c"), String::new(), 1),
        ("GET", format!("{costs}/summary"), String::new(), 1),
        ("GET", anomalies.to_owned(), String::new(), 3),
        ("GET", format!("{anomalies}?status=open"), String::new(), 3),
        ("GET", format!("{anomalies}?severity=low"), String::new(), 3),
        ("GET", format!("{anomalies}?ruleId={dashboard}"), String::new(), 3),
        ("GET", "/observability/v1/dashboards".to_owned(), String::new(), 1),
        ("GET", format!("/observability/v1/dashboards/{dashboard}"), String::new(), 1),
        ("GET", format!("/observability/v1/dashboards/{dashboard}?data=true"), String::new(), 2),
    ] {
        batches.lock().unwrap().clear();
        let reply = deployment.call(method, &path, &owner, &[], &body).await;
        assert!(reply.status.is_success(), "{path}: {}", reply.body);
        let asked = std::mem::take(&mut *batches.lock().unwrap());
        assert_eq!(asked.len(), trips, "{path}: {asked:?}");
        for statement in asked.iter().flatten() {
            for step in deployment.plan(statement).await {
                let is_known = |known: &&str| step.starts_with(*known);
                assert!(
                    !step.starts_with("SCAN ") || SCANNED.iter().any(is_known),
                    "{path}: {step} in {}",
                    statement.text
                );
            }
        }
    }
}
