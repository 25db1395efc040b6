//! Samples of QNSP: observability and search.

use serde_json::{Value, json};

use super::{
    sample::{Sample, at, of},
    samples_qnsp::{UNKNOWN, id, made},
};
use crate::deployment::unique;

pub fn samples() -> Vec<Sample> {
    [observability(), search()].into_iter().flatten().collect()
}

fn observability() -> Vec<Sample> {
    const COSTS: &str = "/observability/v1/costs";
    const RULES: &str = "/observability/v1/anomaly-detection/rules";
    const DASHBOARDS: &str = "/observability/v1/dashboards";
    let allocation = |amount: i64| {
        json!({
            "resourceId": "r", "resourceType": "vm", "costCenter": "c", "amount": amount, "currency": "USD",
            "period": { "start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z" },
        })
    };
    let budget =
        |amount: i64| json!({ "name": unique("budget"), "amount": amount, "currency": "USD", "period": "monthly" });
    let rule = |kind: &str| {
        let condition = json!({ "type": kind, "parameters": { "operator": "gt", "value": 1e15 } });
        json!({ "name": unique("rule"), "metric": "cost.none", "condition": condition })
    };
    let dashboard = |columns: i64| json!({ "name": unique("dashboard"), "layout": { "columns": columns, "rows": 1 } });
    let acknowledged = format!("/observability/v1/anomaly-detection/anomalies/{UNKNOWN}/acknowledge");
    vec![
        of("POST /observability/v1/costs/allocations", move |_| at(format!("{COSTS}/allocations")).body(allocation(1)))
            .refuses(allocation(-1)),
        of("GET /observability/v1/costs/allocations", |_| at(format!("{COSTS}/allocations"))),
        of("POST /observability/v1/costs/budgets", move |_| at(format!("{COSTS}/budgets")).body(budget(1)))
            .refuses(budget(0)),
        of("GET /observability/v1/costs/summary", |_| at(format!("{COSTS}/summary"))),
        of("POST /observability/v1/anomaly-detection/rules", move |_| at(RULES).body(rule("threshold")))
            .refuses(rule("hunch")),
        of("DELETE /observability/v1/anomaly-detection/rules/{ruleId}", move |w| {
            at(format!("{RULES}/{}", id(&made(w, RULES, &rule("threshold"), 201), "ruleId")))
        }),
        of("GET /observability/v1/anomaly-detection/anomalies", |_| {
            at("/observability/v1/anomaly-detection/anomalies")
        }),
        of("POST /observability/v1/anomaly-detection/anomalies/{anomalyId}/acknowledge", move |_| {
            at(acknowledged.clone())
        })
        .answers(404),
        of("POST /observability/v1/dashboards", move |_| at(DASHBOARDS).body(dashboard(1))).refuses(dashboard(0)),
        of("GET /observability/v1/dashboards", |_| at(DASHBOARDS)),
        of("GET /observability/v1/dashboards/{dashboardId}", |_| at(format!("{DASHBOARDS}/{UNKNOWN}"))).answers(404),
        of("POST /observability/v1/dashboards/{dashboardId}/star", |_| {
            at(format!("{DASHBOARDS}/{UNKNOWN}/star")).body(json!({ "starred": true }))
        })
        .answers(404)
        .refuses(json!({})),
        of("POST /observability/v1/dashboards/{dashboardId}/shares", |_| {
            at(format!("{DASHBOARDS}/{UNKNOWN}/shares")).body(json!({}))
        })
        .answers(404),
    ]
}

fn search() -> Vec<Sample> {
    let document = |title: &str| json!({ "documentId": unique("document"), "title": title });
    let group = |count: usize| {
        let terms: Vec<_> = (0..count).map(|_| unique("term")).collect();
        json!({ "name": unique("group"), "type": "equivalent", "terms": terms })
    };
    let query = |results: i64| json!({ "query": "q", "resultCount": results, "latencyMs": 1 });
    // Each window is of an index of its own, so that none overlaps another.
    let window = |kind: &str| {
        json!({
            "indexNames": [unique("index")], "maintenanceType": kind, "scheduledAt": "2999-01-01T00:00:00Z",
            "duration": "PT1H",
        })
    };
    let rating = |query: &Value, rating: i64| json!({ "queryId": query, "type": "rating", "rating": rating });
    vec![
        of("GET /search/v1/analytics/metrics", |_| at("/search/v1/analytics/metrics")),
        of("GET /search/v1/analytics/quality", |_| at("/search/v1/analytics/quality")),
        of("POST /search/v1/analytics/queries", move |_| at("/search/v1/analytics/queries").body(query(1)))
            .refuses(query(-1)),
        of("POST /search/v1/analytics/feedback", move |w| {
            let recorded = made(w, "/search/v1/analytics/queries", &query(1), 201);
            at("/search/v1/analytics/feedback").body(rating(&recorded["queryId"], 5))
        })
        .names_thing()
        .refuses(rating(&json!(UNKNOWN), 0)),
        of("POST /search/v1/synonyms", move |_| at("/search/v1/synonyms").body(group(2))).refuses(group(1)),
        of("POST /search/v1/synonyms/expand", |_| at("/search/v1/synonyms/expand").body(json!({ "term": "t" })))
            .refuses(json!({ "term": "" })),
        of("GET /search/v1/synonyms/expand", |_| at("/search/v1/synonyms/expand?term=t")),
        of("GET /search/v1/health/current", |_| at("/search/v1/health/current")),
        of("POST /search/v1/health/maintenance", move |_| at("/search/v1/health/maintenance").body(window("backup")))
            .refuses(window("dance")),
        of("POST /search/v1/isolation/verify", |_| {
            at("/search/v1/isolation/verify").body(json!({ "testType": "full", "sampleSize": 1 }))
        })
        .refuses(json!({ "testType": "none" })),
        of("POST /search/v1/documents/index", move |_| at("/search/v1/documents/index").body(document("title")))
            .refuses(json!({ "title": "t" })),
        of("GET /search/v1/documents", |_| at("/search/v1/documents?q=title")),
    ]
}
