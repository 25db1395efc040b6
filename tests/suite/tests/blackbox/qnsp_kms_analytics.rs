//! How keys are used, and by whom.

use model::time::to_iso;
use serde_json::{Value, json};

use crate::{
    answer::{ok, time},
    case::{Case, case, together},
    clock,
    deployment::Deployment,
    qnsp::{Caller, Tenant, refuses},
    qnsp_auth::UNKNOWN,
    qnsp_kms_analytics_alerts::raised,
    qnsp_kms_analytics_rules::{condition, rule},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_use_is_recorded_as_it_is_told),
        case(uses_at_once_are_all_counted_and_a_key_of_idempotency_counts_once),
        case(uses_are_shown_by_hour_day_and_week),
        case(a_period_has_two_ends_and_at_most_5000_parts),
        case(applications_are_listed_with_what_they_do),
        case(a_key_has_a_summary),
        case(uses_are_a_series_by_the_hour),
    ]
}

const RECORD: &str = "/kms/v1/analytics/applications/record";
const APPLICATIONS: &str = "/kms/v1/analytics/applications";
const USAGE: &str = "/kms/v1/analytics/usage";
pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The tier that has least is enough.
pub fn tenant(t: &Deployment) -> Tenant<'_> {
    Tenant::new(t, &json!({ "tier": "free" }))
}

pub fn a_use(key: &str, operation: &str) -> Value {
    json!({ "applicationId": "app", "keyId": key, "operation": operation })
}

#[track_caller]
pub fn record(caller: &Caller, body: &Value) {
    ok(&caller.post(RECORD, body), 201);
}

/// A use at a time that has passed.
#[track_caller]
pub fn record_at(caller: &Caller, key: &str, at: i64) {
    let mut body = a_use(key, "sign");
    body["timestamp"] = json!(to_iso(at));
    record(caller, &body);
}

fn a_use_is_recorded_as_it_is_told(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    refuses(&developer.post(RECORD, &json!({})), 400, &["applicationId", "keyId", "operation"]);
    let with = |name: &str, value: Value| {
        let mut body = a_use("k", "sign");
        body[name] = value;
        body
    };
    for (name, value) in [
        ("applicationId", json!("")),
        ("applicationId", json!("x".repeat(129))),
        ("applicationName", json!("x".repeat(129))),
        ("keyId", json!("x".repeat(257))),
        ("operation", json!("wrap")),
        ("bytesProcessed", json!(-1)),
        ("bytesProcessed", json!(1.5)),
        ("success", json!("yes")),
        ("timestamp", json!("2026-01-01T00:00:00")),
        ("algorithm", json!("")),
    ] {
        refuses(&developer.post(RECORD, &with(name, value)), 400, &[name]);
    }
    let now = clock::now();
    for at in [now + HOUR, now - 30 * DAY - MINUTE] {
        refuses(&developer.post(RECORD, &with("timestamp", json!(to_iso(at)))), 422, &["timestamp"]);
    }
    refuses(&viewer.post(RECORD, &a_use("k", "sign")), 403, &["actual", "required"]);
    let recorded = ok(&developer.post(RECORD, &with("bytesProcessed", Value::Null)), 201);
    assert_eq!(recorded["recorded"], true);
    assert!((time(&recorded["timestamp"]) - now).abs() < MINUTE, "{recorded}");
    let earlier = now - 30 * DAY + MINUTE;
    let recorded = ok(&developer.post(RECORD, &with("timestamp", json!(to_iso(earlier)))), 201);
    assert_eq!(recorded["timestamp"], to_iso(earlier));
    // What was refused was not counted.
    let summary = ok(&viewer.get(&format!("{USAGE}?startTime={}", to_iso(now - 40 * DAY))), 200)["summary"].clone();
    assert_eq!(summary, json!({ "totalOperations": 2, "totalBytesProcessed": 0, "uniqueKeys": 1 }));
}

fn uses_at_once_are_all_counted_and_a_key_of_idempotency_counts_once(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    rule(&developer, "many", &[], &condition("operation_count", "gt", 3.0, "1h"));
    together(8, |_| record(&developer, &a_use("k", "verify")));
    let body = a_use("k", "sign").to_string().into_bytes();
    for _ in 0..2 {
        let reply = developer.send("POST", RECORD, &[("idempotency-key", "one")], Some(&body));
        assert_eq!(reply.status, 201);
    }
    let summary = ok(&developer.get("/kms/v1/analytics/keys/k/summary"), 200);
    assert_eq!(summary["operationBreakdown"], json!({ "encrypt": 0, "decrypt": 0, "sign": 1, "verify": 8 }));
    assert_eq!(raised(&developer).len(), 1, "one alert, however many uses there are at once");
}

fn uses_are_shown_by_hour_day_and_week(t: &Deployment) {
    let (tenant, other) = (tenant(t), tenant(t));
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    // The Monday of the week before last.
    let monday = ((clock::now() / DAY + 3) / 7 * 7 - 3 - 14) * DAY;
    let told = |key: &str, operation: &str, bytes: i64, at: i64| {
        let mut body = a_use(key, operation);
        body["bytesProcessed"] = json!(bytes);
        body["timestamp"] = json!(to_iso(at));
        record(&developer, &body);
    };
    told("b", "sign", 5, monday);
    told("b", "sign", 6, monday + 59 * MINUTE);
    told("a", "sign", 1, monday + 10 * MINUTE);
    told("a", "encrypt", 2, monday + HOUR);
    told("b", "verify", 0, monday + DAY + HOUR);
    told("b", "verify", 0, monday + 7 * DAY);
    told("b", "verify", 9, monday - 1);
    record_at(&other.key("developer"), "b", monday);
    let (start, end) = (to_iso(monday), to_iso(monday + 14 * DAY));
    let shown = |query: &str| ok(&viewer.get(&format!("{USAGE}?startTime={start}&endTime={end}{query}")), 200);
    let row = |at: i64, key: &str, operation: &str, count: i64, bytes: i64| -> Value {
        json!({ "timestamp": to_iso(at), "keyId": key, "operation": operation, "count": count, "bytesProcessed": bytes })
    };
    let by_hour = shown("");
    let rows = [
        row(monday, "a", "sign", 1, 1),
        row(monday, "b", "sign", 2, 11),
        row(monday + HOUR, "a", "encrypt", 1, 2),
        row(monday + DAY + HOUR, "b", "verify", 1, 0),
        row(monday + 7 * DAY, "b", "verify", 1, 0),
    ];
    assert_eq!(by_hour["usage"], json!(rows));
    assert_eq!(by_hour["summary"], json!({ "totalOperations": 6, "totalBytesProcessed": 14, "uniqueKeys": 2 }));
    let by_day = [
        row(monday, "a", "encrypt", 1, 2),
        row(monday, "a", "sign", 1, 1),
        row(monday, "b", "sign", 2, 11),
        row(monday + DAY, "b", "verify", 1, 0),
        row(monday + 7 * DAY, "b", "verify", 1, 0),
    ];
    assert_eq!(shown("&granularity=day")["usage"], json!(by_day));
    let of_b = shown("&granularity=week&keyId=b");
    let by_week =
        [row(monday, "b", "sign", 2, 11), row(monday, "b", "verify", 1, 0), row(monday + 7 * DAY, "b", "verify", 1, 0)];
    assert_eq!(of_b["usage"], json!(by_week));
    assert_eq!(of_b["summary"]["uniqueKeys"], 1);
    let signed = shown("&operation=sign");
    assert_eq!(signed["usage"], json!([rows[0], rows[1]]));
    assert_eq!(signed["summary"]["totalOperations"], 3);
    // A page is one of all; the summary is of all.
    let page = shown("&limit=2&offset=1");
    assert_eq!(page["usage"], json!(rows[1..3]));
    assert_eq!(page["summary"], by_hour["summary"]);
    // Both ends within an hour: by the minute.
    let part = |from: i64, to: i64| {
        let (from, to) = (to_iso(monday + from * MINUTE), to_iso(monday + to * MINUTE));
        ok(&viewer.get(&format!("{USAGE}?startTime={from}&endTime={to}")), 200)["summary"]["totalOperations"].clone()
    };
    assert_eq!([part(0, 10), part(0, 11), part(10, 11), part(1, 59), part(10, 60), part(59, 61)], [1, 2, 1, 1, 2, 2]);
    assert_eq!(shown("&keyId=nobodys")["usage"], json!([]));
}

fn a_period_has_two_ends_and_at_most_5000_parts(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    record_at(&developer, "k", clock::now() - 23 * HOUR);
    record_at(&developer, "k", clock::now() - 25 * HOUR);
    record(&developer, &a_use("k", "sign"));
    // Without ends it is the last day, with what has just happened.
    assert_eq!(ok(&viewer.get(USAGE), 200)["summary"]["totalOperations"], 2);
    let asked = |start: i64, end: i64, granularity: &str| {
        viewer.get(&format!("{USAGE}?startTime={}&endTime={}&granularity={granularity}", to_iso(start), to_iso(end)))
    };
    refuses(&asked(2 * DAY, DAY, "hour"), 422, &["startTime"]);
    assert_eq!(ok(&asked(DAY, DAY, "hour"), 200)["usage"], json!([]));
    ok(&asked(DAY, DAY + 5_000 * HOUR, "hour"), 200);
    refuses(&asked(DAY, DAY + 5_000 * HOUR + 1, "hour"), 422, &["granularity"]);
    ok(&asked(DAY, DAY + 5_000 * HOUR + 1, "day"), 200);
    for (query, place) in [
        ("operation=wrap", "operation"),
        ("granularity=minute", "granularity"),
        ("startTime=yesterday", "startTime"),
        ("endTime=", "endTime"),
        ("limit=x", "limit"),
    ] {
        refuses(&viewer.get(&format!("{USAGE}?{query}")), 400, &[place]);
    }
}

fn applications_are_listed_with_what_they_do(t: &Deployment) {
    let (tenant, other) = (tenant(t), tenant(t));
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let now = clock::now();
    let told = |application: &str, name: Value, key: &str, operation: &str, ago: i64| {
        let body = json!({
            "applicationId": application, "applicationName": name, "keyId": key, "operation": operation,
            "timestamp": to_iso(now - ago),
        });
        record(&developer, &body);
    };
    told("old", json!("First"), "k", "sign", 3 * HOUR);
    told("old", Value::Null, "l", "sign", 2 * HOUR);
    told("new", json!("One"), "k", "encrypt", MINUTE);
    told("new", json!("Two"), "k", "decrypt", HOUR);
    record(&other.key("developer"), &a_use("k", "sign"));
    let listed = ok(&viewer.get(APPLICATIONS), 200);
    let counts = |encrypt: i64, decrypt: i64, sign: i64| json!({ "encrypt": encrypt, "decrypt": decrypt, "sign": sign, "verify": 0 });
    let expected = json!([
        {
            "applicationId": "new", "applicationName": "Two", "keysUsed": 1, "lastAccessAt": to_iso(now - MINUTE),
            "operationCounts": counts(1, 1, 0),
        },
        {
            "applicationId": "old", "applicationName": "First", "keysUsed": 2, "lastAccessAt": to_iso(now - 2 * HOUR),
            "operationCounts": counts(0, 0, 2),
        },
    ]);
    assert_eq!(listed["applications"], expected);
    told("nameless", Value::Null, "k", "verify", 4 * HOUR);
    let last = ok(&viewer.get(&format!("{APPLICATIONS}?offset=2")), 200);
    assert_eq!(last["applications"][0]["applicationName"], "nameless");
    assert_eq!(ok(&viewer.get(&format!("{APPLICATIONS}?limit=1")), 200)["applications"], json!([expected[0]]));
    refuses(&viewer.get(&format!("{APPLICATIONS}?limit=one")), 400, &["limit"]);
}

fn a_key_has_a_summary(t: &Deployment) {
    let (tenant, other) = (tenant(t), tenant(t));
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let now = clock::now();
    for (application, uses) in [("a", 1), ("b", 2), ("c", 1), ("d", 1), ("e", 1), ("f", 3)] {
        for _ in 0..uses {
            let body = json!({
                "applicationId": application, "keyId": "their key/1", "operation": "decrypt", "timestamp": to_iso(now - HOUR),
            });
            record(&developer, &body);
        }
    }
    let path = "/kms/v1/analytics/keys/their%20key%2F1/summary";
    let mut expected = json!({
        "keyId": "their key/1", "keyName": "their key/1", "algorithm": "unknown", "totalOperations": 9,
        "operationBreakdown": { "encrypt": 0, "decrypt": 9, "sign": 0, "verify": 0 },
        "topApplications": [
            { "applicationId": "f", "count": 3 }, { "applicationId": "b", "count": 2 }, { "applicationId": "a", "count": 1 },
            { "applicationId": "c", "count": 1 }, { "applicationId": "d", "count": 1 },
        ],
        "lastUsedAt": to_iso(now - HOUR),
    });
    assert_eq!(ok(&viewer.get(path), 200), expected);
    // The algorithm that was named last is that of the key; a use that failed is one, too.
    let mut body = a_use("their key/1", "sign");
    body.as_object_mut().unwrap().extend([
        ("algorithm".to_owned(), json!("rsa_2048")),
        ("success".to_owned(), json!(false)),
        ("applicationId".to_owned(), json!("f")),
    ]);
    let at = ok(&developer.post(RECORD, &body), 201)["timestamp"].clone();
    record_at(&developer, "their key/1", now - 2 * HOUR);
    expected["algorithm"] = json!("RSA-2048");
    (expected["totalOperations"], expected["lastUsedAt"]) = (json!(11), at);
    expected["operationBreakdown"]["sign"] = json!(2);
    expected["topApplications"][0]["count"] = json!(4);
    // `app` has a single use and comes after `a`.
    expected["topApplications"][3]["applicationId"] = json!("app");
    expected["topApplications"][4]["applicationId"] = json!("c");
    assert_eq!(ok(&viewer.get(path), 200), expected);
    // Unknown, and another tenant's.
    for (caller, key) in [(&viewer, "nobodys"), (&other.key("owner"), "their%20key%2F1"), (&viewer, UNKNOWN)] {
        refuses(&caller.get(&format!("/kms/v1/analytics/keys/{key}/summary")), 404, &[]);
    }
}

fn uses_are_a_series_by_the_hour(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "dev-starter" }));
    let developer = tenant.key("developer");
    let rule = |name: &str, operator: &str| {
        let condition = json!({ "type": "threshold", "parameters": { "operator": operator, "value": 3 } });
        let body = json!({ "name": name, "metric": "kms.operations", "condition": condition });
        ok(&developer.post("/observability/v1/anomaly-detection/rules", &body), 201)["ruleId"].clone()
    };
    let (few, _many) = (rule("few", "lt"), rule("many", "gt"));
    let last = clock::now() / HOUR * HOUR - 1;
    for (key, at) in [("k", last), ("l", last - HOUR / 2), ("k", last - HOUR), ("k", last - HOUR), ("k", last - HOUR)] {
        record_at(&developer, key, at);
    }
    let found = ok(&developer.get("/observability/v1/anomaly-detection/anomalies"), 200)["anomalies"].clone();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found[0]["ruleId"], few, "the last hour with uses has two");
}
