//! How searches of QNSP go: metrics and quality, the health of indexes, maintenance, isolation.

use std::time::Duration;

use model::time::to_iso;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case, together},
    clock,
    deployment::Deployment,
    qnsp::{Caller, Tenant, refuses},
    qnsp_search::{found, index, search},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(metrics_are_of_the_searches_of_a_period),
        case(quality_is_that_of_clicks_and_ratings),
        case(what_cannot_be_recorded_is_refused),
        case(indexes_have_their_documents_and_sizes),
        case(a_window_needs_all_its_parts_and_its_time_alone),
        case(maintenance_is_carried_out_inside_its_window),
        case(isolation_is_verified),
    ]
}

const QUERIES: &str = "/search/v1/analytics/queries";
const FEEDBACK: &str = "/search/v1/analytics/feedback";
const METRICS: &str = "/search/v1/analytics/metrics";
const QUALITY: &str = "/search/v1/analytics/quality";
const HEALTH: &str = "/search/v1/health/current";
const WINDOWS: &str = "/search/v1/health/maintenance";
const VERIFY: &str = "/search/v1/isolation/verify";
const UNKNOWN: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";
const HOUR: i64 = 3_600_000;

fn tenant(t: &Deployment) -> Tenant<'_> {
    Tenant::new(t, &json!({ "tier": "free" }))
}

/// A search that was made elsewhere.
#[track_caller]
fn query(caller: &Caller, ago: i64, results: i64, latency: f64, clicked: &[&str]) -> String {
    let body = json!({
        "query": "words", "resultCount": results, "latencyMs": latency, "clickedDocumentIds": clicked,
        "occurredAt": to_iso(clock::now() - ago),
    });
    ok(&caller.post(QUERIES, &body), 201)["queryId"].as_str().unwrap().to_owned()
}

fn metrics_are_of_the_searches_of_a_period(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let show = |query: &str| ok(&viewer.get(&format!("{METRICS}{query}")), 200);
    let none = json!({
        "period": "24h", "totalQueries": 0, "averageLatencyMs": 0.0, "p99LatencyMs": 0.0, "zeroResultsRate": 0.0,
    });
    assert_eq!(show(""), none);
    for (ago, results, latency) in [(10, 0, 10.0), (2 * HOUR, 3, 20.005), (20 * HOUR, 5, 1.0), (100 * HOUR, 0, 400.0)] {
        query(&developer, ago, results, latency, &[]);
    }
    assert_eq!(show("?period=1h")["totalQueries"], 1);
    let day = show("");
    assert_eq!((&day["totalQueries"], &day["averageLatencyMs"]), (&json!(3), &json!(10.34)), "{day}");
    assert_eq!(day["zeroResultsRate"], 0.3333);
    let week = show("?period=7d");
    assert_eq!(
        (&week["period"], &week["totalQueries"], &week["p99LatencyMs"]),
        (&json!("7d"), &json!(4), &json!(400.0))
    );
    let of = |ago: i64| to_iso(clock::now() - ago);
    let window = show(&format!("?since={}&until={}&groupBy=day", of(101 * HOUR), of(19 * HOUR)));
    assert_eq!((&window["period"], &window["totalQueries"]), (&json!("24h"), &json!(2)));
    // A hundred and one: the 99th percentile is the hundredth.
    for latency in 0..97 {
        query(&developer, HOUR / 2, 1, 1000.0 + f64::from(latency), &[]);
    }
    let month = show("?period=30d");
    assert_eq!((&month["totalQueries"], &month["p99LatencyMs"]), (&json!(101), &json!(1095.0)));
    // A search is a query, too, with what it has found.
    index(&developer, "a", "1", "needle", "");
    search(&viewer, "needle", "");
    search(&viewer, "haystack", "");
    let day = show("?period=1h");
    assert_eq!(day["totalQueries"], 1 + 97 + 2);
    assert_eq!(day["zeroResultsRate"], 0.02);
    refuses(&viewer.get(&format!("{METRICS}?period=2h")), 400, &["period"]);
    refuses(&viewer.get(&format!("{QUALITY}?period=")), 400, &["period"]);
    for path in [METRICS, QUALITY] {
        let reversed = viewer.get(&format!("{path}?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z"));
        refuses(&reversed, 422, &["since"]);
    }
}

fn quality_is_that_of_clicks_and_ratings(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let show = || ok(&viewer.get(QUALITY), 200);
    let quality = |rank: f64, clicked: f64, satisfied: f64, abandoned: f64| {
        json!({
            "meanReciprocalRank": rank, "clickThroughRate": clicked, "satisfactionScore": satisfied, "abandonmentRate": abandoned,
        })
    };
    assert_eq!(show(), quality(0.0, 0.0, 0.0, 0.0));
    query(&developer, 10, 3, 1.0, &["a", "b"]);
    let second = query(&developer, 10, 3, 1.0, &[]);
    query(&developer, 10, 0, 1.0, &[]);
    assert_eq!(show(), quality(0.3333, 0.3333, 0.0, 0.5));
    let feedback = |body: Value| ok(&viewer.post(FEEDBACK, &body), 201)["feedbackId"].clone();
    let click = |position: i64| json!({ "queryId": second, "type": "click", "documentId": "d", "position": position });
    assert!(feedback(click(4)).is_string());
    assert_eq!(show(), quality(0.4167, 0.6667, 0.0, 0.0));
    std::thread::sleep(Duration::from_millis(5));
    feedback(click(1));
    assert_eq!(show(), quality(0.4167, 0.6667, 0.0, 0.0), "the first click counts");
    for rating in [5, 2] {
        feedback(json!({ "queryId": second, "type": "rating", "rating": rating }));
    }
    assert_eq!(show()["satisfactionScore"], 0.7);
    // Whoever searches may say what was found.
    index(&developer, "a", "1", "needle", "");
    let hits = search(&viewer, "needle", "");
    feedback(json!({ "queryId": hits["queryId"], "type": "click", "documentId": "1", "position": 1 }));
    assert_eq!(show()["clickThroughRate"], 0.75);
}

fn what_cannot_be_recorded_is_refused(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    refuses(&developer.post(QUERIES, &json!({})), 400, &["latencyMs", "query", "resultCount"]);
    let at = |ago: i64| to_iso(clock::now() - ago);
    for (member, value, status) in [
        ("resultCount", json!(-1), 400),
        ("resultCount", json!(1.5), 400),
        ("latencyMs", json!(-0.1), 400),
        ("query", json!(""), 400),
        ("occurredAt", json!("now"), 400),
        ("occurredAt", json!(at(-HOUR)), 422),
        ("occurredAt", json!(at(91 * 24 * HOUR)), 422),
    ] {
        let mut body = json!({ "query": "q", "resultCount": 1, "latencyMs": 0 });
        body[member] = value;
        refuses(&developer.post(QUERIES, &body), status, &[member]);
    }
    assert_eq!(viewer.post(QUERIES, &json!({ "query": "q", "resultCount": 1, "latencyMs": 0 })).status, 403);
    let id = query(&developer, 89 * 24 * HOUR, 1, 0.0, &[]);
    for (body, place) in [
        (json!({ "type": "click", "position": 1 }), "queryId"),
        (json!({ "queryId": "x", "type": "click", "position": 1 }), "queryId"),
        (json!({ "queryId": id, "type": "smile" }), "type"),
        (json!({ "queryId": id, "type": "click" }), "position"),
        (json!({ "queryId": id, "type": "click", "position": 0 }), "position"),
        (json!({ "queryId": id, "type": "rating" }), "rating"),
        (json!({ "queryId": id, "type": "rating", "rating": 6 }), "rating"),
    ] {
        refuses(&viewer.post(FEEDBACK, &body), 400, &[place]);
    }
    let rating = |id: &str| json!({ "queryId": id, "type": "rating", "rating": 1 });
    assert_eq!(viewer.post(FEEDBACK, &rating(UNKNOWN)).status, 404);
    let foreign = Tenant::new(t, &json!({ "tier": "free" })).key("owner");
    assert_eq!(foreign.post(FEEDBACK, &rating(&id)).status, 404);
    ok(&viewer.post(FEEDBACK, &rating(&id)), 201);
}

fn indexes_have_their_documents_and_sizes(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let show = |query: &str| ok(&viewer.get(&format!("{HEALTH}{query}")), 200);
    assert_eq!(show(""), json!({ "overallHealth": "green", "indices": [] }));
    index(&developer, "b", "1", "über", "1234");
    index(&developer, "a", "1", "x", "");
    let tagged = json!({ "documentId": "2", "indexName": "a", "body": "12", "tags": ["abc", "de"] });
    ok(&developer.post("/search/v1/documents/index", &tagged), 201);
    let of = |name: &str, documents: i64, bytes: i64| {
        json!({
            "indexName": name, "status": "green", "documentCount": documents, "sizeBytes": bytes,
            "shards": { "total": 1, "successful": 1 },
        })
    };
    assert_eq!(show(""), json!({ "overallHealth": "green", "indices": [of("a", 2, 8), of("b", 1, 9)] }));
    assert_eq!(show("?limit=1&offset=1")["indices"], json!([of("b", 1, 9)]));
    refuses(&viewer.get(&format!("{HEALTH}?offset=far")), 400, &["offset"]);
    index(&developer, "b", "1", "u", "");
    assert_eq!(show("")["indices"][1], of("b", 1, 1));
}

fn window(names: &[&str], kind: &str, starts_in: i64, duration: &str) -> Value {
    json!({
        "indexNames": names, "maintenanceType": kind, "scheduledAt": to_iso(clock::now() + starts_in), "duration": duration,
    })
}

fn a_window_needs_all_its_parts_and_its_time_alone(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    refuses(&developer.post(WINDOWS, &json!({})), 400, &["duration", "indexNames", "maintenanceType", "scheduledAt"]);
    let many: Vec<_> = (0..21).map(|n| n.to_string()).collect();
    for (member, value, status, place) in [
        ("indexNames", json!([]), 400, "indexNames"),
        ("indexNames", json!(many), 400, "indexNames"),
        ("indexNames", json!(["a", "b", "a"]), 400, "indexNames[2]"),
        ("indexNames", json!(["a/b"]), 400, "indexNames[0]"),
        ("maintenanceType", json!("dance"), 400, "maintenanceType"),
        ("duration", json!("an hour"), 400, "duration"),
        ("duration", json!("PT59S"), 422, "duration"),
        ("duration", json!("PT24H1S"), 422, "duration"),
        ("scheduledAt", json!(to_iso(clock::now() - 1)), 422, "scheduledAt"),
    ] {
        let mut body = window(&["a"], "optimize", HOUR, "PT1H");
        body[member] = value;
        refuses(&developer.post(WINDOWS, &body), status, &[place]);
    }
    let mut body = window(&["a", "b"], "optimize", HOUR, "PT1H");
    let starts = clock::now() + 10 * HOUR;
    body["scheduledAt"] = json!(to_iso(starts));
    let scheduled = ok(&developer.post(WINDOWS, &body), 201);
    assert_eq!((&scheduled["status"], &scheduled["scheduledAt"]), (&json!("scheduled"), &json!(to_iso(starts))));
    assert!(scheduled["windowId"].is_string());
    // Windows of an index may touch, but not overlap.
    for (name, at, duration, status) in [
        ("a", starts, "PT1M", 409),
        ("b", starts + HOUR - 1, "PT1H", 409),
        ("a", starts - HOUR, "PT1H0M1S", 409),
        ("b", starts - HOUR, "PT24H", 409),
        ("c", starts, "PT1H", 201),
        ("a", starts + HOUR, "PT24H", 201),
        ("a", starts - HOUR, "PT1H", 201),
    ] {
        let mut body = window(&[name, "other"], "backup", 0, duration);
        body["indexNames"] = json!([name]);
        body["scheduledAt"] = json!(to_iso(at));
        assert_eq!(developer.post(WINDOWS, &body).status, status, "{name} {duration}");
    }
    let at_once = together(4, |_| developer.post(WINDOWS, &window(&["d"], "reindex", HOUR, "PT1H")).status);
    assert_eq!(at_once.iter().filter(|status| **status == 201).count(), 1, "{at_once:?}");
    let health = ok(&developer.get(HEALTH), 200);
    let names: Vec<_> = health["indices"].as_array().unwrap().iter().map(|one| one["indexName"].clone()).collect();
    assert_eq!(names, ["a", "b", "c", "d"], "an unknown index exists from then on");
    assert_eq!(tenant.key("viewer").post(WINDOWS, &window(&["a"], "backup", 90 * HOUR, "PT1H")).status, 403);
}

fn maintenance_is_carried_out_inside_its_window(t: &Deployment) {
    if !t.instance.runtime.has_movable_clock() {
        return;
    }
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    for id in 0..250 {
        index(&developer, "a", &format!("{id}"), &format!("needle{id} hay"), "a body");
    }
    index(&developer, "b", "1", "needle0", "");
    ok(&developer.post(WINDOWS, &window(&["a"], "reindex", HOUR, "PT1H")), 201);
    ok(&developer.post(WINDOWS, &window(&["b"], "optimize", HOUR, "PT1H")), 201);
    ok(&developer.post(WINDOWS, &window(&["a"], "backup", 3 * HOUR, "PT1H")), 201);
    let status = || {
        let health = ok(&developer.get(HEALTH), 200);
        let of =
            |one: &Value| (one["status"].as_str().unwrap().to_owned(), one["shards"]["successful"].as_i64().unwrap());
        let all: Vec<_> = health["indices"].as_array().unwrap().iter().map(of).collect();
        (health["overallHealth"].as_str().unwrap().to_owned(), all)
    };
    let green = || ("green".to_owned(), 1);
    assert_eq!(status(), ("green".to_owned(), vec![green(), green()]));
    t.pass(Duration::from_secs(3601));
    // Whoever comes first in the window carries it out; the others see the same.
    let seen = together(3, |_| found(&developer, "needle0"));
    assert!(seen.iter().all(|found| found.len() == 2), "{seen:?}");
    assert_eq!(status(), ("yellow".to_owned(), vec![("yellow".to_owned(), 0), ("yellow".to_owned(), 1)]));
    assert_eq!(search(&developer, "hay", "")["total"], 250);
    t.pass(Duration::from_secs(3600));
    assert_eq!(status(), ("green".to_owned(), vec![green(), green()]), "the window is over");
    t.pass(Duration::from_secs(3600));
    assert_eq!(status().0, "yellow");
    t.pass(Duration::from_secs(3600));
    assert_eq!(status().0, "green", "the backup was done");
}

fn isolation_is_verified(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    let verify = |body: &Value| ok(&developer.post(VERIFY, body), 200);
    let details = |verification: &Value| -> Vec<String> {
        let tests = verification["tests"].as_array().unwrap().iter();
        tests
            .map(|test| format!("{} {}", test["testName"].as_str().unwrap(), test["details"].as_str().unwrap()))
            .collect()
    };
    let empty = verify(&json!({ "testType": "full" }));
    assert_eq!(empty["passed"], true);
    assert_eq!(details(&empty).len(), 3);
    for id in ["1", "2", "3"] {
        index(&developer, "a", id, "some title", "a body");
    }
    let group = json!({ "name": "g", "type": "equivalent", "terms": ["some", "any"] });
    ok(&developer.post("/search/v1/synonyms", &group), 201);
    let full = verify(&json!({ "testType": "full", "sampleSize": 2 }));
    assert!(full["passed"] == true && full["verificationId"].is_string(), "{full}");
    assert_eq!(
        details(&full),
        [
            "index_isolation 2 checked, 0 foreign",
            "query_isolation 2 checked, 0 foreign",
            "synonym_isolation 1 checked, 0 foreign",
        ]
    );
    assert_eq!(details(&verify(&json!({ "testType": "index_isolation" }))), ["index_isolation 3 checked, 0 foreign"]);
    assert_eq!(details(&verify(&json!({ "testType": "query_isolation" }))), ["query_isolation 3 checked, 0 foreign"]);
    for (body, place) in [
        (json!({}), "testType"),
        (json!({ "testType": "none" }), "testType"),
        (json!({ "testType": "full", "sampleSize": 0 }), "sampleSize"),
        (json!({ "testType": "full", "sampleSize": 1001 }), "sampleSize"),
    ] {
        refuses(&developer.post(VERIFY, &body), 400, &[place]);
    }
    assert_eq!(tenant.key("viewer").post(VERIFY, &json!({ "testType": "full" })).status, 403);
}
