//! How keys are used, by whom, and alerts about it.

use std::time::Duration;

use model::time::to_iso;
use serde_json::{Value, json};

use crate::{
    answer::{ok, soon, time},
    case::{Case, case, together},
    clock,
    deployment::Deployment,
    qnsp::{Caller, Tenant, refuses},
    receiver::{next, nothing, parsed, receiver, signature},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_use_is_recorded_as_it_is_told),
        case(uses_at_once_are_all_counted_and_a_key_of_idempotency_counts_once),
        case(uses_are_shown_by_hour_day_and_week),
        case(a_period_has_two_ends_and_at_most_5000_parts),
        case(applications_are_listed_with_what_they_do),
        case(a_key_has_a_summary),
        case(a_rule_is_made_changed_listed_and_deleted),
        case(a_rule_needs_all_its_parts),
        case(a_rule_fires_once_until_its_condition_no_longer_holds),
        case(a_rule_of_failures_and_a_rule_of_bytes_fire_by_key),
        case(silence_is_noticed_when_alerts_are_listed),
        case(what_is_unusual_and_what_is_forbidden_raises_alerts_by_itself),
        case(an_alert_is_acknowledged_once),
        case(channels_and_the_log_are_told_of_an_alert),
        case(uses_are_a_series_by_the_hour),
    ]
}

const RECORD: &str = "/kms/v1/analytics/applications/record";
const APPLICATIONS: &str = "/kms/v1/analytics/applications";
const USAGE: &str = "/kms/v1/analytics/usage";
const ALERTS: &str = "/kms/v1/analytics/alerts";
const RULES: &str = "/kms/v1/analytics/alert-rules";
const UNKNOWN: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The tier that has least is enough.
fn tenant(t: &Deployment) -> Tenant<'_> {
    Tenant::new(t, &json!({ "tier": "free" }))
}

fn a_use(key: &str, operation: &str) -> Value {
    json!({ "applicationId": "app", "keyId": key, "operation": operation })
}

#[track_caller]
fn record(caller: &Caller, body: &Value) {
    ok(&caller.post(RECORD, body), 201);
}

/// A use at a time that has passed.
#[track_caller]
fn record_at(caller: &Caller, key: &str, at: i64) {
    let mut body = a_use(key, "sign");
    body["timestamp"] = json!(to_iso(at));
    record(caller, &body);
}

fn condition(metric: &str, operator: &str, threshold: f64, window: &str) -> Value {
    json!({ "metric": metric, "operator": operator, "threshold": threshold, "window": window })
}

/// The id of a new rule.
#[track_caller]
fn rule(caller: &Caller, name: &str, keys: &[&str], condition: &Value) -> String {
    let body = json!({ "name": name, "keyIds": keys, "condition": condition, "severity": "high" });
    let made = ok(&caller.post(RULES, &body), 201);
    assert!(made["name"] == name && made["createdAt"].is_string(), "{made}");
    made["ruleId"].as_str().unwrap().to_owned()
}

#[track_caller]
fn alerts(caller: &Caller, query: &str) -> Vec<Value> {
    ok(&caller.get(&format!("{ALERTS}{query}")), 200)["alerts"].as_array().unwrap().clone()
}

/// Rule and key of each alert, the latest first.
#[track_caller]
fn raised(caller: &Caller) -> Vec<(String, String)> {
    let text = |alert: &Value, name: &str| alert[name].as_str().unwrap().to_owned();
    alerts(caller, "").iter().map(|alert| (text(alert, "ruleId"), text(alert, "keyId"))).collect()
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

fn a_rule_is_made_changed_listed_and_deleted(t: &Deployment) {
    let (tenant, other) = (tenant(t), tenant(t));
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let one = condition("operation_count", "gt", 10.0, "24h");
    let first = rule(&developer, "first", &[], &one);
    let second = rule(&developer, "second", &["k"], &condition("error_rate", "eq", 0.5, "30d"));
    let body = json!({ "name": "first", "condition": one, "severity": "low" });
    refuses(&developer.post(RULES, &body), 409, &[]);
    rule(&other.key("developer"), "first", &[], &one);
    let listed = || ok(&viewer.get(RULES), 200)["rules"].clone();
    let row = |id: &str, name: &str, condition: Value, severity: &str, enabled: bool| -> Value {
        json!({ "ruleId": id, "name": name, "condition": condition, "severity": severity, "enabled": enabled })
    };
    let unchanged = row(&second, "second", condition("error_rate", "eq", 0.5, "30d"), "high", true);
    assert_eq!(listed(), json!([row(&first, "first", one.clone(), "high", true), unchanged]));
    let path = format!("{RULES}/{first}");
    let other_condition = condition("bytes_processed", "lt", 1.5, "90m");
    for (change, expected) in [
        (json!({ "enabled": false, "severity": null }), row(&first, "first", one.clone(), "high", false)),
        (json!({ "name": "renamed", "severity": "critical" }), row(&first, "renamed", one, "critical", false)),
        (
            json!({ "condition": other_condition, "enabled": true }),
            row(&first, "renamed", other_condition.clone(), "critical", true),
        ),
    ] {
        let changed = ok(&developer.patch(&path, &change), 200);
        assert!(changed["ruleId"] == first.as_str() && changed["updatedAt"].is_string(), "{changed}");
        assert_eq!(listed()[0], expected);
    }
    assert_eq!(listed()[1], unchanged);
    refuses(&developer.patch(&path, &json!({ "name": "second" })), 409, &[]);
    assert_eq!(ok(&viewer.get(&format!("{RULES}?limit=1&offset=1")), 200)["rules"], json!([unchanged]));
    for (change, place) in [
        (json!({}), ""),
        (json!({ "name": null }), ""),
        (json!({ "condition": { "metric": "error_rate", "operator": "gt", "window": "1h" } }), "condition.threshold"),
        (json!({ "condition": condition("error_rate", "gt", 1.5, "1h") }), "condition.threshold"),
        (json!({ "severity": "info" }), "severity"),
        (json!({ "enabled": "no" }), "enabled"),
    ] {
        refuses(&developer.patch(&path, &change), 400, &[place]);
    }
    let foreign = other.key("owner");
    for (caller, id) in [(&developer, UNKNOWN), (&foreign, first.as_str())] {
        refuses(&caller.patch(&format!("{RULES}/{id}"), &json!({ "enabled": false })), 404, &[]);
        refuses(&caller.delete(&format!("{RULES}/{id}")), 404, &[]);
    }
    refuses(&developer.patch(&format!("{RULES}/x"), &json!({ "enabled": false })), 400, &["ruleId"]);
    refuses(&developer.delete(&format!("{RULES}/x")), 400, &["ruleId"]);
    for caller in [viewer.post(RULES, &body), viewer.patch(&path, &json!({ "enabled": true })), viewer.delete(&path)] {
        assert_eq!(caller.status, 403);
    }
    assert_eq!(developer.delete(&path).status, 204);
    refuses(&developer.delete(&path), 404, &[]);
    assert_eq!(listed(), json!([unchanged]));
    refuses(&viewer.get(&format!("{RULES}?offset=x")), 400, &["offset"]);
}

fn a_rule_needs_all_its_parts(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    refuses(&developer.post(RULES, &json!({})), 400, &["condition", "name", "severity"]);
    let body = |condition: Value| json!({ "name": "n", "condition": condition, "severity": "low" });
    for (wrong, place) in [
        (json!({ "operator": "gt", "threshold": 1, "window": "1h" }), "condition.metric"),
        (condition("latency", "gt", 1.0, "1h"), "condition.metric"),
        (condition("operation_count", "gte", 1.0, "1h"), "condition.operator"),
        (condition("operation_count", "gt", -1.0, "1h"), "condition.threshold"),
        (condition("error_rate", "gt", 1.01, "1h"), "condition.threshold"),
        (condition("operation_count", "gt", 1.0, "0m"), "condition.window"),
        (condition("operation_count", "gt", 1.0, "31d"), "condition.window"),
        (condition("operation_count", "gt", 1.0, "721h"), "condition.window"),
        (condition("operation_count", "gt", 1.0, "1w"), "condition.window"),
        (condition("operation_count", "gt", 1.0, "5"), "condition.window"),
    ] {
        refuses(&developer.post(RULES, &body(wrong)), 400, &[place]);
    }
    let good = || body(condition("operation_count", "gt", 1.0, "720h"));
    for (channels, status, place) in [
        (json!(["audit", "ops@example.com"]), 400, "notificationChannels[1]"),
        (json!(["http://hooks.example/"]), 400, "notificationChannels[0]"),
        (json!(["Audit"]), 400, "notificationChannels[0]"),
        (json!([7]), 400, "notificationChannels[0]"),
        (json!(["https://192.168.0.1/hook"]), 422, "notificationChannels[0]"),
    ] {
        let mut body = good();
        body["notificationChannels"] = channels;
        refuses(&developer.post(RULES, &body), status, &[place]);
    }
    let mut wrong = good();
    wrong["keyIds"] = json!(["k", ""]);
    refuses(&developer.post(RULES, &wrong), 400, &["keyIds[1]"]);
    ok(&developer.post(RULES, &good()), 201);
}

fn a_rule_fires_once_until_its_condition_no_longer_holds(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    let id = rule(&developer, "more than two", &[], &condition("operation_count", "gt", 2.0, "5m"));
    let of = |key: &str| (id.clone(), key.to_owned());
    // What was used before the last minute counts and is not looked at.
    record_at(&developer, "k", clock::now() - 2 * MINUTE);
    record_at(&developer, "k", clock::now() - 2 * MINUTE);
    record_at(&developer, "k", clock::now() - 2 * MINUTE);
    assert_eq!(raised(&developer), []);
    record(&developer, &a_use("k", "sign"));
    assert_eq!(raised(&developer), [of("k")]);
    for _ in 0..3 {
        record(&developer, &a_use("k", "sign"));
    }
    for _ in 0..3 {
        record(&developer, &a_use("l", "sign"));
    }
    assert_eq!(raised(&developer), [of("l"), of("k")], "each key is by itself");
    let alert = &alerts(&developer, "")[1];
    let expected = json!({
        "alertId": alert["alertId"], "ruleId": id, "keyId": "k", "alertType": "threshold_exceeded", "severity": "high",
        "message": "operation_count was 4 within 5m: more than 2", "triggeredAt": alert["triggeredAt"], "acknowledged": false,
    });
    assert_eq!(*alert, expected);
    // Another condition may be met anew, and a rule that was disabled may fire again.
    ok(
        &developer
            .patch(&format!("{RULES}/{id}"), &json!({ "condition": condition("operation_count", "gt", 1.0, "5m") })),
        200,
    );
    record(&developer, &a_use("k", "sign"));
    assert_eq!(raised(&developer).len(), 3);
    let enable = |enabled: bool| ok(&developer.patch(&format!("{RULES}/{id}"), &json!({ "enabled": enabled })), 200);
    enable(false);
    record(&developer, &a_use("k", "sign"));
    assert_eq!(raised(&developer).len(), 3, "a disabled rule never fires");
    enable(true);
    record(&developer, &a_use("k", "sign"));
    assert_eq!(raised(&developer).len(), 4);
    // What a rule has raised stays.
    assert_eq!(developer.delete(&format!("{RULES}/{id}")).status, 204);
    record(&developer, &a_use("k", "sign"));
    assert_eq!(raised(&developer).len(), 4);
    // The window passes, and there is another occasion.
    rule(&developer, "again", &["m"], &condition("operation_count", "eq", 2.0, "5m"));
    for _ in 0..4 {
        record(&developer, &a_use("m", "sign"));
    }
    assert_eq!(raised(&developer).len(), 5);
    t.pass(Duration::from_secs(600));
    for _ in 0..2 {
        record(&developer, &a_use("m", "sign"));
    }
    assert_eq!(raised(&developer).len(), 6);
}

fn a_rule_of_failures_and_a_rule_of_bytes_fire_by_key(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    let failures = rule(&developer, "failures", &["k", "l"], &condition("error_rate", "gt", 0.5, "1d"));
    let bytes = rule(&developer, "bytes", &["k"], &condition("bytes_processed", "gt", 100.0, "1d"));
    let told = |key: &str, success: bool, bytes: i64| {
        let mut body = a_use(key, "encrypt");
        (body["success"], body["bytesProcessed"]) = (json!(success), json!(bytes));
        record(&developer, &body);
    };
    told("k", true, 60);
    told("k", false, 40);
    told("m", false, 1_000);
    assert_eq!(raised(&developer), [], "half is not more than half, a hundred not more than a hundred");
    told("k", false, 0);
    assert_eq!(raised(&developer), [(failures.clone(), "k".to_owned())]);
    told("k", true, 1);
    assert_eq!(raised(&developer).len(), 2);
    assert_eq!(raised(&developer)[0], (bytes, "k".to_owned()));
    told("k", false, 0);
    assert_eq!(raised(&developer)[0], (failures, "k".to_owned()), "it held, did not hold, and holds again");
}

fn silence_is_noticed_when_alerts_are_listed(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let id = rule(&developer, "silent", &["k", "l"], &condition("operation_count", "lt", 1.0, "2m"));
    rule(&developer, "all", &[], &condition("operation_count", "lt", 1.0, "2m"));
    record(&developer, &a_use("k", "sign"));
    assert_eq!(raised(&viewer), [(id.clone(), "l".to_owned())], "a rule of all keys knows none that is silent");
    assert_eq!(together(4, |_| raised(&viewer).len()), [1; 4]);
    t.pass(Duration::from_secs(180));
    assert_eq!(raised(&viewer), [(id.clone(), "k".to_owned()), (id.clone(), "l".to_owned())]);
    record(&developer, &a_use("k", "sign"));
    t.pass(Duration::from_secs(180));
    assert_eq!(raised(&viewer).len(), 3, "it has fallen silent again");
}

fn what_is_unusual_and_what_is_forbidden_raises_alerts_by_itself(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    let now = clock::now();
    for hour in 1..=25 {
        record_at(&developer, "steady", now - hour * HOUR);
    }
    for _ in 0..3 {
        record(&developer, &a_use("steady", "sign"));
        record(&developer, &a_use("new", "sign"));
    }
    let listed = alerts(&developer, "");
    assert_eq!(listed.len(), 1, "{listed:?}");
    let unusual = json!({
        "alertId": listed[0]["alertId"], "ruleId": "baseline", "keyId": "steady", "alertType": "unusual_pattern",
        "severity": "medium", "message": "2 operations in this hour; the 24 hours before had 1.00 on average",
        "triggeredAt": listed[0]["triggeredAt"], "acknowledged": false,
    });
    assert_eq!(listed[0], unusual);
    let with = |key: &str, algorithm: &str| {
        let mut body = a_use(key, "sign");
        body["algorithm"] = json!(algorithm);
        record(&developer, &body);
    };
    with("fine", "rsa-2048");
    for _ in 0..2 {
        with("broken", "rsa_1024");
        with("broken too", "sha1");
    }
    // Without a word about its algorithm it is the same key.
    record(&developer, &a_use("broken", "sign"));
    let found = raised(&developer);
    let expected = ["broken too", "broken"].map(|key| ("compliance".to_owned(), key.to_owned()));
    assert_eq!(found[..2], expected);
    assert_eq!(found.len(), 3);
    let violation = &alerts(&developer, "?severity=high")[1];
    assert_eq!(violation["message"], "The algorithm of the key is forbidden: RSA-1024");
    assert_eq!(violation["alertType"], "compliance_violation");
}

fn an_alert_is_acknowledged_once(t: &Deployment) {
    let (tenant, other) = (tenant(t), tenant(t));
    let (developer, second, viewer) = (tenant.key("developer"), tenant.key("admin"), tenant.key("viewer"));
    for key in ["k", "l"] {
        let mut body = a_use(key, "sign");
        body["algorithm"] = json!("md5");
        record(&developer, &body);
    }
    let all = alerts(&viewer, "");
    assert!(time(&all[0]["triggeredAt"]) >= time(&all[1]["triggeredAt"]));
    let id = all[0]["alertId"].as_str().unwrap();
    let path = format!("{ALERTS}/{id}/acknowledge");
    let acknowledge = |caller: &Caller| caller.send("POST", &path, &[], None);
    assert_eq!(acknowledge(&viewer).status, 403);
    refuses(&acknowledge(&other.key("owner")), 404, &[]);
    let first = ok(&acknowledge(&developer), 200);
    let expected =
        json!({ "alertId": id, "acknowledgedAt": first["acknowledgedAt"], "acknowledgedBy": developer.user });
    assert_eq!(first, expected);
    assert_eq!(ok(&acknowledge(&second), 200), first);
    let ids =
        |query: &str| -> Vec<Value> { alerts(&viewer, query).iter().map(|alert| alert["alertId"].clone()).collect() };
    assert_eq!(ids("?acknowledged=true"), [json!(id)]);
    assert_eq!(ids("?acknowledged=false&severity=high"), [all[1]["alertId"].clone()]);
    assert_eq!(ids("?severity=low"), Vec::<Value>::new());
    assert_eq!(ids("?limit=1&offset=1"), [all[1]["alertId"].clone()]);
    for (query, place) in [("acknowledged=maybe", "acknowledged"), ("severity=info", "severity"), ("limit=x", "limit")]
    {
        refuses(&viewer.get(&format!("{ALERTS}?{query}")), 400, &[place]);
    }
    refuses(&developer.send("POST", &format!("{ALERTS}/{UNKNOWN}/acknowledge"), &[], None), 404, &[]);
    refuses(&developer.send("POST", &format!("{ALERTS}/x/acknowledge"), &[], None), 400, &["alertId"]);
}

fn channels_and_the_log_are_told_of_an_alert(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "dev-pro" }));
    let developer = tenant.key("developer");
    let secret = ok(&t.service.get(&tenant.path("/webhook-secret")), 200)["webhookSecret"].as_str().unwrap().to_owned();
    let (url, taken) = receiver(&[500, 200]);
    let body = json!({
        "name": "told", "condition": condition("operation_count", "gt", 0.0, "1h"), "severity": "critical",
        "notificationChannels": [url, "audit"],
    });
    let id = ok(&developer.post(RULES, &body), 201)["ruleId"].clone();
    record(&developer, &a_use("k", "sign"));
    let alert = alerts(&developer, "")[0].clone();
    let told = json!({
        "event": "kms.alert", "alertId": alert["alertId"], "ruleId": id, "keyId": "k", "alertType": "threshold_exceeded",
        "severity": "critical", "message": alert["message"], "triggeredAt": alert["triggeredAt"],
    });
    let first = next(&taken);
    assert_eq!(parsed(&first), told);
    assert_eq!(first.0, signature(&secret, &first.1));
    record(&developer, &a_use("k", "sign"));
    nothing(&taken);
    // What failed comes again, after any call; what is in the log stands there once.
    t.pass(Duration::from_millis(1100));
    record(&developer, &a_use("k", "sign"));
    assert_eq!(next(&taken), first);
    let admin = tenant.key("admin");
    let events = || ok(&admin.get("/audit/v1/events?eventType=kms.alert.triggered"), 200)["items"].clone();
    soon(|| events().as_array().map(Vec::len), &Some(1));
    let event = &events()[0];
    assert_eq!(event["resource"]["id"], alert["alertId"]);
    assert_eq!([&event["actor"]["type"], &event["severity"]], ["system", "critical"]);
    assert_eq!(event["payload"], told);
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
