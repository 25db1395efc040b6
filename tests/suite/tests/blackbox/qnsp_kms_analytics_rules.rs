//! Rules that watch how keys are used, and when they fire.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case, together},
    clock,
    deployment::Deployment,
    qnsp::{Caller, refuses},
    qnsp_auth::UNKNOWN,
    qnsp_kms_analytics::{MINUTE, a_use, record, record_at, tenant},
    qnsp_kms_analytics_alerts::{alerts, raised},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_rule_is_made_changed_listed_and_deleted),
        case(a_rule_needs_all_its_parts),
        case(a_rule_fires_once_until_its_condition_no_longer_holds),
        case(a_rule_of_failures_and_a_rule_of_bytes_fire_by_key),
        case(silence_is_noticed_when_alerts_are_listed),
    ]
}

pub const RULES: &str = "/kms/v1/analytics/alert-rules";

pub fn condition(metric: &str, operator: &str, threshold: f64, window: &str) -> Value {
    json!({ "metric": metric, "operator": operator, "threshold": threshold, "window": window })
}

/// The id of a new rule.
#[track_caller]
pub fn rule(caller: &Caller, name: &str, keys: &[&str], condition: &Value) -> String {
    let body = json!({ "name": name, "keyIds": keys, "condition": condition, "severity": "high" });
    let made = ok(&caller.post(RULES, &body), 201);
    assert!(made["name"] == name && made["createdAt"].is_string(), "{made}");
    made["ruleId"].as_str().unwrap().to_owned()
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
