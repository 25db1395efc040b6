//! What models cost, and what could be saved.

use std::time::Duration;

use model::ids::derived_uuid;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    clock,
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, refuses},
    qnsp_ai_registry::{active, deployed, registered},
    qnsp_auth::UNKNOWN,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_tenant_without_costs_has_none),
        case(costs_are_grouped),
        case(costs_are_those_of_a_span),
        case(records_that_break_a_rule_are_refused),
        case(replicas_cost_while_they_run),
        case(analyses_cost_by_the_token),
        case(a_dear_model_may_be_switched),
        case(many_requests_may_be_sent_together),
        case(prompts_that_come_again_may_be_kept),
        case(a_recommendation_is_decided_once),
        case(a_replayed_record_counts_once),
    ]
}

pub const COSTS: &str = "/ai/v1/costs";

/// What requests cost, with these members instead of the usual ones.
fn cost(more: &Value) -> Value {
    let mut cost = json!({
        "modelName": "m", "provider": "p", "inputTokens": 10, "outputTokens": 5, "costUsd": 1,
    });
    cost.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    cost
}

#[track_caller]
fn record(caller: &Caller, more: &Value) {
    let recorded = ok(&caller.post(&format!("{COSTS}/record"), &cost(more)), 201);
    assert_eq!(recorded["recordId"].as_str().unwrap().len(), 36);
}

#[track_caller]
fn analytics(caller: &Caller, query: &str) -> Value {
    ok(&caller.get(&format!("{COSTS}/analytics{query}")), 200)
}

/// Each category with its cost and tokens.
#[track_caller]
fn breakdown(caller: &Caller, query: &str) -> Value {
    let shown = analytics(caller, query);
    let rows = shown["breakdown"].as_array().unwrap().iter();
    Value::from_iter(rows.map(|row| json!([row["category"], row["cost"], row["tokenCount"]])))
}

fn a_tenant_without_costs_has_none(t: &Deployment) {
    let viewer = Cast::new(t).viewer;
    let nothing = json!({
        "totalCost": 0.0, "currency": "USD", "breakdown": [],
        "trend": { "previousCost": 0.0, "change": 0.0, "direction": "stable" },
    });
    assert_eq!(analytics(&viewer, ""), nothing);
    for query in ["?period=24h", "?period=90d&groupBy=user", "?groupBy=day", "?startDate=2020-01-01&groupBy=hour"] {
        assert_eq!(analytics(&viewer, query), nothing, "{query}");
    }
    assert_eq!(ok(&viewer.get(&format!("{COSTS}/recommendations")), 200), json!({ "recommendations": [] }));
    for (query, place) in
        [("period=1h", "period"), ("groupBy=team", "groupBy"), ("startDate=soon", "startDate"), ("period=", "period")]
    {
        refuses(&viewer.get(&format!("{COSTS}/analytics?{query}")), 400, &[place]);
    }
    let reversed = "startDate=2026-02-01&endDate=2026-01-01";
    refuses(&viewer.get(&format!("{COSTS}/analytics?{reversed}")), 422, &["startDate"]);
    refuses(&viewer.get(&format!("{COSTS}/recommendations?limit=x")), 400, &["limit"]);
}

fn costs_are_grouped(t: &Deployment) {
    let cast = Cast::new(t);
    let id = registered(&cast.developer, &json!({ "name": "registered", "provider": "other" }));
    record(&cast.developer, &json!({ "costUsd": 0.0000014, "userId": "ada" }));
    record(
        &cast.developer,
        &json!({ "costUsd": 2.5, "modelName": "n", "provider": "q", "userId": "ada", "inputTokens": 0 }),
    );
    record(&cast.service, &json!({ "costUsd": 0.25, "modelId": id, "modelName": "ignored" }));
    let viewer = &cast.viewer;
    assert_eq!(breakdown(viewer, ""), json!([["n", 2.5, 5], ["registered", 0.25, 15], ["m", 0.000001, 15]]));
    assert_eq!(breakdown(viewer, "?groupBy=provider"), json!([["q", 2.5, 5], ["p", 0.250001, 30]]));
    assert_eq!(breakdown(viewer, "?groupBy=user"), json!([["ada", 2.500001, 20], ["unknown", 0.25, 15]]));
    let shown = analytics(viewer, "");
    assert_eq!(shown["totalCost"], 2.750001);
    assert_eq!(shown["trend"], json!({ "previousCost": 0.0, "change": 100.0, "direction": "up" }));
    for (group, length) in [("hour", 13), ("day", 10), ("week", 8), ("month", 7)] {
        let rows = breakdown(viewer, &format!("?groupBy={group}"));
        // An hour may begin between two records.
        let names: Vec<_> = rows.as_array().unwrap().iter().map(|row| row[0].as_str().unwrap().len()).collect();
        assert!(!names.is_empty() && names.len() <= 2 && names.iter().all(|name| *name == length), "{rows}");
    }
    // What is of another tenant is not seen.
    assert_eq!(breakdown(&cast.foreign, ""), json!([]));
}

fn costs_are_those_of_a_span(t: &Deployment) {
    let cast = Cast::new(t);
    let now = clock::now();
    const HOUR: i64 = 3_600_000;
    let at = |milliseconds: i64| model::time::to_iso(now - milliseconds);
    // Around the beginning of an hour ten days ago, and long before that.
    let hour = (now - 240 * HOUR) / HOUR * HOUR;
    let exact = |ms: i64| model::time::to_iso(hour + ms);
    for (cost, ms) in [(1, -1), (2, 0), (4, 1), (8, HOUR - 1), (16, HOUR), (32, 3 * HOUR), (64, 3 * HOUR + 5)] {
        record(&cast.developer, &json!({ "costUsd": cost, "occurredAt": exact(ms) }));
    }
    let total = |from: i64, until: i64| {
        let query = format!("?startDate={}&endDate={}", exact(from), exact(until));
        analytics(&cast.viewer, &query)["totalCost"].as_f64().unwrap()
    };
    for (from, until, expected) in [
        (-1, 3 * HOUR + 5, 127.0),
        (0, 3 * HOUR + 5, 126.0),
        (1, 3 * HOUR + 4, 60.0),
        (0, 0, 2.0),
        (0, HOUR - 1, 14.0),
        (1, HOUR, 28.0),
        (2, HOUR - 2, 0.0),
        (HOUR, 3 * HOUR - 1, 16.0),
        (-HOUR, 4 * HOUR, 127.0),
    ] {
        assert_eq!(total(from, until), expected, "{from} {until}");
    }
    // The equal span before: from a millisecond up to the next one.
    let query = format!("?startDate={}&endDate={}", exact(HOUR), exact(2 * HOUR - 1));
    let shown = analytics(&cast.viewer, &query);
    assert_eq!(shown["trend"], json!({ "previousCost": 14.0, "change": 14.29, "direction": "up" }));
    record(&cast.developer, &json!({ "costUsd": 128, "occurredAt": at(25 * HOUR) }));
    record(&cast.developer, &json!({ "costUsd": 256, "occurredAt": at(60_000) }));
    let shown = |period: &str| analytics(&cast.viewer, &format!("?period={period}"));
    assert_eq!(
        [shown("24h"), shown("7d"), shown("30d")].map(|shown| shown["totalCost"].as_f64().unwrap()),
        [256.0, 384.0, 511.0]
    );
    assert_eq!(shown("24h")["trend"], json!({ "previousCost": 128.0, "change": 100.0, "direction": "up" }));
    assert_eq!(shown("7d")["trend"]["previousCost"], 127.0);
    let days = breakdown(&cast.viewer, &format!("?groupBy=hour&startDate={}&endDate={}", exact(0), exact(2 * HOUR)));
    let name = |ms: i64| exact(ms)[..13].to_owned();
    assert_eq!(days, json!([[name(HOUR), 16.0, 15], [name(0), 14.0, 45]]));
}

fn records_that_break_a_rule_are_refused(t: &Deployment) {
    let cast = Cast::new(t);
    let refused = |more: Value, status: u16, places: &[&str]| {
        refuses(&cast.developer.post(&format!("{COSTS}/record"), &cost(&more)), status, places);
    };
    let empty = cast.developer.post(&format!("{COSTS}/record"), &json!({}));
    refuses(&empty, 400, &["costUsd", "inputTokens", "modelId", "outputTokens", "provider"]);
    refused(json!({ "inputTokens": -1 }), 400, &["inputTokens"]);
    refused(json!({ "outputTokens": 0.5 }), 400, &["outputTokens"]);
    refused(json!({ "costUsd": -0.1 }), 400, &["costUsd"]);
    refused(json!({ "requestCount": 0 }), 400, &["requestCount"]);
    refused(json!({ "modelId": "x" }), 400, &["modelId"]);
    refused(json!({ "modelId": UNKNOWN }), 404, &[]);
    refused(json!({ "modelId": registered(&cast.foreign, &json!({})) }), 404, &[]);
    refused(json!({ "occurredAt": clock::in_seconds(3_600) }), 422, &["occurredAt"]);
    refused(json!({ "occurredAt": clock::in_seconds(-91 * 86_400) }), 422, &["occurredAt"]);
    record(
        &cast.developer,
        &json!({ "occurredAt": clock::in_seconds(-89 * 86_400), "userId": "u", "requestCount": 3.0 }),
    );
}

fn replicas_cost_while_they_run(t: &Deployment) {
    let cast = Cast::new(t);
    let name = unique("model");
    let id = active(&cast.developer, &json!({ "name": name, "provider": "house" }));
    let config = json!({ "replicas": 4, "resources": { "gpu": "h100" } });
    let gpu = deployed(&cast.developer, &id, config);
    let plain = deployed(&cast.developer, &id, json!({ "replicas": 2 }));
    assert_eq!(breakdown(&cast.viewer, ""), json!([]), "it does not run yet");
    for path in [&gpu, &plain] {
        ok(&cast.developer.patch(path, &json!({ "status": "running" })), 200);
    }
    clock::pass(t.instance.runtime, Duration::from_secs(3_600));
    ok(&cast.developer.post(&format!("{gpu}/stop"), &json!({})), 200);
    clock::pass(t.instance.runtime, Duration::from_secs(3_600));
    // An hour of 4 at 2.50, and two of 2 at 0.10; the calls took a moment.
    let is_near = |cost: &Value| (10.4..10.5).contains(&cost.as_f64().unwrap());
    for (group, category) in [("model", name.as_str()), ("provider", "house"), ("user", "unknown")] {
        let rows = breakdown(&cast.viewer, &format!("?groupBy={group}"));
        assert!(rows.as_array().unwrap().len() == 1 && rows[0][0] == category && is_near(&rows[0][1]), "{rows}");
        assert_eq!(rows[0][2], 0);
    }
    for group in ["hour", "day", "week", "month"] {
        let shown = analytics(&cast.viewer, &format!("?period=24h&groupBy={group}"));
        assert!(is_near(&shown["totalCost"]), "{shown}");
    }
    let shown = analytics(&cast.viewer, &format!("?startDate={}", clock::in_seconds(-3_600)));
    assert!((0.19..0.3).contains(&shown["totalCost"].as_f64().unwrap()), "{shown}");
    assert!((10.1..10.3).contains(&shown["trend"]["previousCost"].as_f64().unwrap()), "{shown}");
    assert_eq!(shown["trend"]["direction"], "down");
}

fn analyses_cost_by_the_token(t: &Deployment) {
    let cast = Cast::new(t);
    let analyze = |body: &Value| ok(&cast.viewer.post("/ai/v1/security/injection/analyze", body), 200);
    // 9 characters are 3 tokens, and 4,000 with a context of 5 are 1,002.
    analyze(&json!({ "prompt": "ü".repeat(9) }));
    analyze(&json!({ "prompt": "x".repeat(4_000), "context": "hello" }));
    let rows = |group: &str| breakdown(&cast.viewer, &format!("?groupBy={group}"));
    assert_eq!(rows("model"), json!([["injection-analyzer", 0.001005, 1005]]));
    assert_eq!(rows("provider"), json!([["qnsp", 0.001005, 1005]]));
    assert_eq!(rows("user"), json!([[cast.viewer.user, 0.001005, 1005]]));
}

/// Each recommendation with its type, title, saving and status.
#[track_caller]
fn recommendations(caller: &Caller, query: &str) -> Value {
    let shown = ok(&caller.get(&format!("{COSTS}/recommendations{query}")), 200);
    let rows = shown["recommendations"].as_array().unwrap().iter();
    Value::from_iter(rows.map(|row| json!([row["type"], row["title"], row["estimatedSavings"], row["status"]])))
}

fn a_dear_model_may_be_switched(t: &Deployment) {
    let cast = Cast::new(t);
    let dear = active(&cast.developer, &json!({ "name": "dear" }));
    let cheap = registered(&cast.developer, &json!({ "name": "cheap" }));
    record(&cast.developer, &json!({ "modelId": dear, "costUsd": 10, "inputTokens": 1000 }));
    record(&cast.developer, &json!({ "modelId": cheap, "costUsd": 1, "inputTokens": 1000 }));
    assert_eq!(recommendations(&cast.viewer, ""), json!([]), "it is not active");
    ok(&cast.developer.post(&format!("/ai/v1/registry/models/{cheap}/activate"), &json!({})), 200);
    let switch = json!([["model_switch", "Use cheap instead of dear", 3.0, "pending"]]);
    assert_eq!(recommendations(&cast.viewer, ""), switch);
    // Of the last 30 days alone.
    record(
        &cast.developer,
        &json!({ "modelName": "old", "costUsd": 900, "occurredAt": clock::in_seconds(-31 * 86_400) }),
    );
    assert_eq!(recommendations(&cast.viewer, ""), switch);
    record(&cast.developer, &json!({ "modelName": "unknown", "costUsd": 9 }));
    assert_eq!(recommendations(&cast.viewer, ""), json!([]), "it is half of the cost");
}

fn many_requests_may_be_sent_together(t: &Deployment) {
    let cast = Cast::new(t);
    let [hour, earlier, day] = [-7_200, -10_800, -86_400].map(clock::in_seconds);
    let of = |model: &str, count: i64, cost: f64, occurred_at: &str| {
        record(
            &cast.developer,
            &json!({ "modelName": model, "requestCount": count, "costUsd": cost, "occurredAt": occurred_at }),
        );
    };
    // Of one hour, however many records that is; of two hours it would be fewer.
    of("a", 60, 1.0, &hour);
    of("a", 60, 1.0, &earlier);
    assert_eq!(recommendations(&cast.viewer, ""), json!([]));
    of("a", 60, 1.0, &hour);
    of("b", 101, 7.0, &day);
    let of_a = json!(["batch_optimization", "Send requests to a in batches", 0.3, "pending"]);
    let of_b = json!(["batch_optimization", "Send requests to b in batches", 0.7, "pending"]);
    assert_eq!(recommendations(&cast.viewer, ""), json!([of_b, of_a]));
    assert_eq!(recommendations(&cast.viewer, "?limit=1"), json!([of_b]));
    assert_eq!(recommendations(&cast.viewer, "?limit=1&offset=1"), json!([of_a]));
    assert_eq!(recommendations(&cast.viewer, "?offset=2"), json!([]));
}

fn prompts_that_come_again_may_be_kept(t: &Deployment) {
    let cast = Cast::new(t);
    let of = |hash: &str, cost: f64, seconds: i64| {
        let occurred_at = clock::in_seconds(seconds);
        record(&cast.developer, &json!({ "promptHash": hash, "costUsd": cost, "occurredAt": occurred_at }));
    };
    for (hash, seconds) in [("a", -50), ("b", -40), ("c", -30), ("d", -20)] {
        of(hash, 1.0, seconds);
    }
    // The same prompt of another model does not repeat it.
    record(&cast.developer, &json!({ "modelName": "n", "promptHash": "a" }));
    assert_eq!(recommendations(&cast.viewer, ""), json!([]));
    let caching =
        |saving: f64| json!([["caching", "Keep answers of m for prompts that come again", saving, "pending"]]);
    of("a", 0.5, -10);
    assert_eq!(recommendations(&cast.viewer, ""), caching(0.5));
    // One that came before all of them makes the first of these repeat it, whenever it is recorded.
    of("a", 7.0, -7_200);
    assert_eq!(recommendations(&cast.viewer, ""), caching(1.5));
}

fn a_recommendation_is_decided_once(t: &Deployment) {
    let cast = Cast::new(t);
    for model in ["a", "b"] {
        record(&cast.developer, &json!({ "modelName": model, "requestCount": 101 }));
    }
    let id = |model: &str| derived_uuid(&[&cast.tenant.id, "batch_optimization", model]);
    let listed = ok(&cast.viewer.get(&format!("{COSTS}/recommendations")), 200);
    let ids: Vec<_> =
        listed["recommendations"].as_array().unwrap().iter().map(|row| row["recommendationId"].clone()).collect();
    let mut expected = [id("a"), id("b")];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    let decide = |caller: &Caller, id: &str, word: &str| {
        caller.send("POST", &format!("{COSTS}/recommendations/{id}/{word}"), &[], None)
    };
    for (model, word, opposite, status) in
        [("a", "accept", "reject", "accepted"), ("b", "reject", "accept", "rejected")]
    {
        let id = id(model);
        for _ in 0..2 {
            let decided = ok(&decide(&cast.developer, &id, word), 200);
            assert_eq!(decided, json!({ "recommendationId": id, "status": status }));
        }
        refuses(&decide(&cast.developer, &id, opposite), 409, &[]);
        refuses(&decide(&cast.foreign, &id, word), 404, &[]);
        refuses(&decide(&cast.developer, UNKNOWN, word), 404, &[]);
        refuses(&decide(&cast.developer, "x", word), 400, &["recommendationId"]);
    }
    let listed = recommendations(&cast.viewer, "");
    let mut statuses: Vec<_> = listed.as_array().unwrap().iter().map(|row| row[3].as_str().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["accepted", "rejected"]);
}

fn a_replayed_record_counts_once(t: &Deployment) {
    let cast = Cast::new(t);
    let body = cost(&json!({ "costUsd": 3 })).to_string();
    let send = || {
        cast.developer.send("POST", &format!("{COSTS}/record"), &[("idempotency-key", "once")], Some(body.as_bytes()))
    };
    let first = ok(&send(), 201);
    assert_eq!(ok(&send(), 201), first);
    assert_eq!(analytics(&cast.viewer, "")["totalCost"], 3.0);
}
