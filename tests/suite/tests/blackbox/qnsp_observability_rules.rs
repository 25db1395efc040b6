//! Anomalies of QNSP: rules over recorded series, what they find, and who is told.

use std::{thread, time::Duration};

use model::time::to_iso;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case, together},
    clock,
    deployment::{Deployment, unique},
    qnsp::{Caller, Tenant, refuses},
    receiver::{next, nothing, parsed, receiver, signature},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_rule_needs_all_its_parts),
        case(a_tenant_has_at_most_200_rules),
        case(the_last_point_breaches_a_threshold_until_another_does_not),
        case(a_window_deviates_from_the_hours_before_it),
        case(a_series_rises_or_falls_as_steeply_as_a_rule_says),
        case(calls_and_snapshots_are_series_too),
        case(anomalies_are_acknowledged_and_end_with_their_rule),
        case(anomalies_are_listed_by_their_filters),
        case(channels_are_told_signed_and_again_where_that_failed),
    ]
}

const RULES: &str = "/observability/v1/anomaly-detection/rules";
const ANOMALIES: &str = "/observability/v1/anomaly-detection/anomalies";
const UNKNOWN: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";
const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

fn tenant(t: &Deployment) -> Tenant<'_> {
    Tenant::new(t, &json!({ "tier": "dev-starter" }))
}

/// A point of `cost.<type>` at a time that has passed.
#[track_caller]
fn cost(caller: &Caller, resource_type: &str, ago: i64, value: f64) {
    let end = clock::now() - ago;
    let body = json!({
        "resourceId": "r", "resourceType": resource_type, "costCenter": "c", "amount": value, "currency": "USD",
        "period": { "start": to_iso(end - MINUTE), "end": to_iso(end) },
    });
    ok(&caller.post("/observability/v1/costs/allocations", &body), 201);
}

fn rule(metric: &str, kind: &str, parameters: &Value) -> Value {
    json!({ "name": unique("rule"), "metric": metric, "condition": { "type": kind, "parameters": parameters } })
}

#[track_caller]
fn make(caller: &Caller, body: &Value) -> String {
    let made = ok(&caller.post(RULES, body), 201);
    assert!(made["name"] == body["name"] && made["createdAt"].is_string(), "{made}");
    made["ruleId"].as_str().unwrap().to_owned()
}

/// The anomalies of a rule, the latest first.
#[track_caller]
fn found(caller: &Caller, rule: &str) -> Vec<Value> {
    let listed = ok(&caller.get(&format!("{ANOMALIES}?ruleId={rule}")), 200);
    listed["anomalies"].as_array().unwrap().clone()
}

/// Their statuses and severities.
#[track_caller]
fn seen(caller: &Caller, rule: &str) -> Vec<(String, String)> {
    let text = |anomaly: &Value, name: &str| anomaly[name].as_str().unwrap().to_owned();
    found(caller, rule).iter().map(|one| (text(one, "status"), text(one, "severity"))).collect()
}

fn is(status: &str, severity: &str) -> (String, String) {
    (status.to_owned(), severity.to_owned())
}

fn a_rule_needs_all_its_parts(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    refuses(&developer.post(RULES, &json!({})), 400, &["condition", "metric", "name"]);
    let threshold = json!({ "operator": "gt", "value": 1 });
    for (body, status, place) in [
        (rule("cost", "threshold", &threshold), 422, "metric"),
        (rule("http.speed", "threshold", &threshold), 422, "metric"),
        (rule(&format!("cost.{}", "x".repeat(124)), "threshold", &threshold), 400, "metric"),
        (rule("cost.vm", "feeling", &threshold), 400, "condition.type"),
        (rule("cost.vm", "threshold", &json!({ "value": 1 })), 422, "condition.parameters.operator"),
        (rule("cost.vm", "threshold", &json!({ "operator": "gt" })), 422, "condition.parameters.value"),
        (rule("cost.vm", "threshold", &json!({ "operator": "eq", "value": 1 })), 400, "condition.parameters.operator"),
        (rule("cost.vm", "threshold", &json!({ "operator": "gt", "value": "1" })), 400, "condition.parameters.value"),
        (rule("cost.vm", "trend", &json!({ "windowHours": 1 })), 422, "condition.parameters.minSlopePerHour"),
        (rule("cost.vm", "trend", &json!({ "minSlopePerHour": [] })), 400, "condition.parameters.minSlopePerHour"),
        (rule("cost.vm", "trend", &json!({ "windowHours": 0 })), 400, "condition.parameters.windowHours"),
        (rule("cost.vm", "deviation", &json!({ "windowMinutes": 1.5 })), 400, "condition.parameters.windowMinutes"),
        (rule("cost.vm", "deviation", &json!({ "baselineHours": 721 })), 400, "condition.parameters.baselineHours"),
        (rule("cost.vm", "deviation", &json!([])), 400, "condition.parameters"),
    ] {
        refuses(&developer.post(RULES, &body), status, &[place]);
    }
    let mut body = rule("cost.vm", "deviation", &Value::Null);
    body["sensitivity"] = json!("extreme");
    refuses(&developer.post(RULES, &body), 400, &["sensitivity"]);
    body["sensitivity"] = Value::Null;
    body["notificationChannels"] = json!(["mailto:ops", "https://192.168.0.1/hook"]);
    refuses(&developer.post(RULES, &body), 422, &["notificationChannels[1]"]);
    body["notificationChannels"] = json!(["mailto:ops", "http://hooks.example/"]);
    make(&developer, &body);
    assert_eq!(developer.post(RULES, &body).status, 409, "the name is taken");
    assert_eq!(tenant.key("viewer").post(RULES, &rule("cost.vm", "threshold", &threshold)).status, 403);
    // No key was used yet: a series without points.
    let id = make(&developer, &rule("kms.operations", "threshold", &json!({ "operator": "gte", "value": 0 })));
    assert_eq!(seen(&developer, &id), []);
}

fn a_tenant_has_at_most_200_rules(t: &Deployment) {
    let developer = tenant(t).key("developer");
    let body = || rule("cost.vm", "threshold", &json!({ "operator": "gt", "value": 0 }));
    let ids: Vec<_> = (0..199).map(|_| make(&developer, &body())).collect();
    let last = together(4, |_| developer.post(RULES, &body()).status);
    assert_eq!(last.iter().filter(|status| **status == 201).count(), 1, "{last:?}");
    assert_eq!(last.iter().filter(|status| **status == 409).count(), 3, "{last:?}");
    // All of them are looked at in one call.
    cost(&developer, "vm", 0, 1.0);
    let listed = ok(&developer.get(&format!("{ANOMALIES}?status=open&limit=200")), 200);
    assert_eq!(listed["anomalies"].as_array().unwrap().len(), 200);
    assert_eq!(developer.delete(&format!("{RULES}/{}", ids[0])).status, 204);
    make(&developer, &body());
}

fn the_last_point_breaches_a_threshold_until_another_does_not(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let id = make(&developer, &rule("cost.vm", "threshold", &json!({ "operator": "gt", "value": 10 })));
    let total = make(&developer, &rule("cost.total", "threshold", &json!({ "operator": "lte", "value": 4 })));
    assert_eq!(seen(&viewer, &id), [], "no point is no anomaly");
    cost(&developer, "vm", 31 * 24 * HOUR, 99.0);
    assert_eq!(seen(&viewer, &id), [], "a point of more than 30 days ago is not seen");
    cost(&developer, "vm", 5 * HOUR, 25.0);
    assert_eq!(seen(&viewer, &id), [is("open", "high")], "25 is 2.5 times the limit");
    // It is open once, however many look at once, and keeps its severity.
    cost(&developer, "vm", 4 * HOUR, 99.0);
    together(6, |_| seen(&viewer, &id));
    let first = found(&viewer, &id);
    assert_eq!(first.len(), 1);
    assert!(first[0]["severity"] == "high" && first[0]["metric"] == "cost.vm" && first[0]["ruleId"] == id.as_str());
    // An older point is not the last one; one that lies ahead is none yet.
    cost(&developer, "vm", 6 * HOUR, 1.0);
    cost(&developer, "vm", -HOUR, 1.0);
    cost(&developer, "disk", HOUR, 2.0);
    assert_eq!(seen(&viewer, &id), [is("open", "high")]);
    assert_eq!(seen(&viewer, &total), [is("open", "high")], "of all types together the disk is the last");
    cost(&developer, "vm", 3 * HOUR, 10.0);
    assert_eq!(seen(&viewer, &id), [is("resolved", "high")], "10 is not more than 10");
    cost(&developer, "vm", 2 * HOUR, 11.0);
    assert_eq!(seen(&viewer, &id), [is("open", "low"), is("resolved", "high")]);
    let foreign = Tenant::new(t, &json!({ "tier": "dev-starter" })).key("owner");
    assert_eq!(seen(&foreign, &id), []);
}

fn a_window_deviates_from_the_hours_before_it(t: &Deployment) {
    let developer = tenant(t).key("developer");
    let of = |sensitivity: &str| {
        let mut body = rule("cost.vm", "deviation", &json!({ "windowMinutes": 60, "baselineHours": 24 }));
        body["sensitivity"] = json!(sensitivity);
        make(&developer, &body)
    };
    let (low, medium, high) = (of("low"), of("medium"), of("high"));
    // Seven points before the window are too few; with eight, mean and sigma are 10 and 1.
    cost(&developer, "vm", 10 * MINUTE, 12.6);
    for hour in 0..7 {
        cost(&developer, "vm", (2 + hour) * HOUR, if hour % 2 == 0 { 9.0 } else { 11.0 });
    }
    assert_eq!(seen(&developer, &high), []);
    cost(&developer, "vm", 10 * HOUR, 11.0);
    cost(&developer, "vm", 26 * HOUR, 1000.0);
    assert_eq!([&low, &medium, &high].map(|id| seen(&developer, id).len()), [0, 1, 1]);
    assert_eq!(seen(&developer, &high), [is("open", "low")], "2.6 sigmas are 1.3 times the limit of 2");
    // The mean of the window counts: with another point it is near enough.
    cost(&developer, "vm", 5 * MINUTE, 9.0);
    assert_eq!(seen(&developer, &high), [is("resolved", "low")]);
    // Without any spread each other mean is critical, and an equal one is none.
    for hour in 0..8 {
        cost(&developer, "flat", (2 + hour) * HOUR, 0.1);
    }
    cost(&developer, "flat", 30 * MINUTE, 0.1);
    let flat = make(&developer, &rule("cost.flat", "deviation", &Value::Null));
    assert_eq!(seen(&developer, &flat), []);
    cost(&developer, "flat", 20 * MINUTE, 0.2);
    assert_eq!(seen(&developer, &flat), [is("open", "critical")]);
}

fn a_series_rises_or_falls_as_steeply_as_a_rule_says(t: &Deployment) {
    let developer = tenant(t).key("developer");
    let of = |metric: &str, slope: f64, sensitivity: &str| {
        let mut body = rule(metric, "trend", &json!({ "windowHours": 12, "minSlopePerHour": slope }));
        body["sensitivity"] = json!(sensitivity);
        make(&developer, &body)
    };
    // Rises by 2 an hour, falls by 3 an hour.
    cost(&developer, "up", 13 * HOUR, 500.0);
    for hour in 0..2 {
        cost(&developer, "up", (5 - hour) * HOUR, 10.0 + 2.0 * hour as f64);
        cost(&developer, "down", (5 - hour) * HOUR, 100.0 - 3.0 * hour as f64);
    }
    let two = of("cost.up", 0.1, "high");
    assert_eq!(seen(&developer, &two), [], "two points are no trend");
    cost(&developer, "up", 3 * HOUR, 14.0);
    cost(&developer, "down", 3 * HOUR, 94.0);
    for (metric, slope, sensitivity, expected) in [
        ("cost.up", 2.5, "medium", None),
        ("cost.up", 2.5, "high", Some("low")),
        ("cost.up", 1.9, "medium", Some("low")),
        ("cost.up", 1.9, "low", None),
        ("cost.up", 0.9, "medium", Some("high")),
        ("cost.up", 0.1, "low", Some("critical")),
        ("cost.up", -1.0, "medium", None),
        ("cost.down", -2.9, "medium", Some("low")),
        ("cost.down", -3.1, "medium", None),
        ("cost.down", -1.9, "medium", Some("medium")),
    ] {
        let id = of(metric, slope, sensitivity);
        let expected: Vec<_> = expected.into_iter().map(|severity| is("open", severity)).collect();
        assert_eq!(seen(&developer, &id), expected, "{metric} {slope} {sensitivity}");
    }
}

fn calls_and_snapshots_are_series_too(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    let above = |metric: &str, value: f64| {
        make(&developer, &rule(metric, "threshold", &json!({ "operator": "gt", "value": value })))
    };
    // The calls of this minute, also of other services, those that were refused, and how long they took.
    let (requests, many) = (above("http.requests", 3.0), above("http.requests", 100_000.0));
    let (errors, latency) = (above("http.errors", 2.0), above("http.latency_ms", -1.0));
    let minute = || clock::now() / MINUTE;
    loop {
        let begun = minute();
        for _ in 0..3 {
            assert_eq!(developer.get("/tenant/v1/health/trends?period=1y").status, 400);
        }
        let seen = [&requests, &errors, &latency].map(|id| seen(&developer, id).first().map(|one| one.0.clone()));
        // A minute that ended meanwhile begins anew.
        if begun == minute() {
            assert_eq!(seen, [(); 3].map(|()| Some("open".to_owned())));
            break;
        }
    }
    assert_eq!(seen(&developer, &many), []);
    let snapshot = |latency: f64, errors: f64, users: i64, bytes: i64| {
        let metrics =
            json!({ "apiLatencyP99": latency, "errorRate": errors, "activeUsers": users, "storageUsage": bytes });
        ok(&developer.post("/tenant/v1/health/snapshots", &json!({ "metrics": metrics })), 201);
    };
    let rules = [
        above("tenant.apiLatencyP99", 250.0),
        above("tenant.errorRate", 0.5),
        above("tenant.activeUsers", 5.0),
        above("tenant.storageUsage", 1e9),
    ];
    snapshot(250.0, 0.5, 5, 1_000_000_000);
    assert_eq!(rules.each_ref().map(|id| seen(&developer, id).len()), [0; 4]);
    snapshot(500.0, 0.8, 6, 4_000_000_000);
    let severities = rules.each_ref().map(|id| seen(&developer, id)[0].1.clone());
    assert_eq!(severities, ["high", "medium", "low", "critical"]);
}

fn anomalies_are_acknowledged_and_end_with_their_rule(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let body = rule("cost.vm", "threshold", &json!({ "operator": "gt", "value": 10 }));
    let id = make(&developer, &body);
    cost(&developer, "vm", 3 * HOUR, 20.0);
    let anomaly = found(&viewer, &id)[0]["anomalyId"].as_str().unwrap().to_owned();
    let acknowledge = format!("{ANOMALIES}/{anomaly}/acknowledge");
    assert_eq!(viewer.post(&acknowledge, &json!({})).status, 403);
    assert_eq!(developer.post(&format!("{ANOMALIES}/{UNKNOWN}/acknowledge"), &json!({})).status, 404);
    assert_eq!(developer.post(&format!("{ANOMALIES}/x/acknowledge"), &json!({})).status, 400);
    let foreign = Tenant::new(t, &json!({ "tier": "dev-starter" })).key("owner");
    assert_eq!(foreign.post(&acknowledge, &json!({})).status, 404);
    let first = ok(&developer.post(&acknowledge, &json!({})), 200);
    assert!(first["anomalyId"] == anomaly.as_str() && first["acknowledgedAt"].is_string(), "{first}");
    thread::sleep(Duration::from_millis(5));
    assert_eq!(ok(&developer.post(&acknowledge, &json!({})), 200), first);
    // While the condition holds it stays, and no other is opened.
    assert_eq!(seen(&viewer, &id), [is("acknowledged", "high")]);
    cost(&developer, "vm", 2 * HOUR, 1.0);
    assert_eq!(seen(&viewer, &id), [is("resolved", "high")]);
    assert_eq!(developer.post(&acknowledge, &json!({})).status, 409);
    cost(&developer, "vm", HOUR, 30.0);
    assert_eq!(seen(&viewer, &id), [is("open", "critical"), is("resolved", "high")]);

    let path = format!("{RULES}/{id}");
    assert_eq!(viewer.delete(&path).status, 403);
    assert_eq!(foreign.delete(&path).status, 404);
    assert_eq!(developer.delete(&format!("{RULES}/x")).status, 400);
    assert_eq!(developer.delete(&path).status, 204);
    assert_eq!(developer.delete(&path).status, 404);
    assert_eq!(seen(&viewer, &id), [is("resolved", "critical"), is("resolved", "high")]);
    let again = make(&developer, &body);
    assert_eq!(seen(&viewer, &again), [is("open", "critical")], "points from before the rule count");
}

fn anomalies_are_listed_by_their_filters(t: &Deployment) {
    let developer = tenant(t).key("developer");
    assert_eq!(ok(&developer.get(ANOMALIES), 200), json!({ "anomalies": [] }));
    let of = |limit: f64| make(&developer, &rule("cost.vm", "threshold", &json!({ "operator": "gt", "value": limit })));
    cost(&developer, "vm", HOUR, 100.0);
    let (low, medium, critical) = (of(90.0), of(60.0), of(10.0));
    let rules = |query: &str| -> Vec<String> {
        let listed = ok(&developer.get(&format!("{ANOMALIES}{query}")), 200);
        let anomalies = listed["anomalies"].as_array().unwrap();
        let times: Vec<_> = anomalies.iter().map(|one| one["detectedAt"].as_str().unwrap()).collect();
        assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
        anomalies.iter().map(|one| one["ruleId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(rules("").len(), 3);
    assert_eq!(rules("?severity=low"), std::slice::from_ref(&low));
    assert_eq!(rules("?severity=critical&status=open"), std::slice::from_ref(&critical));
    assert_eq!(rules(&format!("?ruleId={medium}&severity=medium&status=open")), std::slice::from_ref(&medium));
    assert!(rules(&format!("?ruleId={medium}&severity=low")).is_empty());
    assert!(rules("?status=resolved").is_empty());
    assert_eq!(developer.delete(&format!("{RULES}/{low}")).status, 204);
    assert_eq!(rules("?status=resolved"), [low]);
    assert_eq!((rules("?limit=2").len(), rules("?limit=2&offset=2").len(), rules("?offset=3").len()), (2, 1, 0));
    for (query, place) in [("status=closed", "status"), ("severity=info", "severity"), ("ruleId=x", "ruleId")] {
        refuses(&developer.get(&format!("{ANOMALIES}?{query}")), 400, &[place]);
    }
}

fn channels_are_told_signed_and_again_where_that_failed(t: &Deployment) {
    let tenant = tenant(t);
    let (admin, developer) = (tenant.key("admin"), tenant.key("developer"));
    let secret = ok(&t.service.get(&tenant.path("/webhook-secret")), 200)["webhookSecret"].as_str().unwrap().to_owned();
    // The first delivery fails.
    let (url, taken) = receiver(&[500, 200]);
    let mut body = rule("cost.vm", "threshold", &json!({ "operator": "gt", "value": 10 }));
    body["notificationChannels"] = json!(["#ops", url]);
    let id = make(&developer, &body);
    cost(&developer, "vm", HOUR, 20.0);
    let anomaly = found(&developer, &id)[0].clone();
    let first = next(&taken);
    let told = json!({
        "event": "anomaly.open", "anomalyId": anomaly["anomalyId"], "ruleId": id, "metric": "cost.vm", "severity": "high",
    });
    assert_eq!(parsed(&first), told);
    assert_eq!(first.0, signature(&secret, &first.1));
    found(&developer, &id);
    nothing(&taken);
    // Any call of the tenant that comes after a second has it sent again, as it was.
    t.pass(Duration::from_millis(1100));
    developer.get("/tenant/v1/health/current");
    assert_eq!(next(&taken), first);

    let now = clock::now();
    let alerts = json!([{ "threshold": 100, "notificationChannels": [url] }, { "threshold": 50 }]);
    let budget = json!({ "name": "b", "amount": 5, "currency": "USD", "period": "yearly", "alerts": alerts });
    let budget = ok(&admin.post("/observability/v1/costs/budgets", &budget), 201)["budgetId"].clone();
    let spent = json!({
        "resourceId": "r", "resourceType": "disk", "costCenter": "c", "amount": 5, "currency": "USD",
        "period": { "start": to_iso(now), "end": to_iso(now + 1) },
    });
    ok(&developer.post("/observability/v1/costs/allocations", &spent), 201);
    let told = parsed(&next(&taken));
    let listed = ok(&developer.get(&format!("{ANOMALIES}?ruleId={}&severity=critical", budget.as_str().unwrap())), 200);
    assert_eq!(
        told,
        json!({
            "event": "budget.alert", "anomalyId": listed["anomalies"][0]["anomalyId"], "ruleId": budget,
            "metric": format!("budget:{}", budget.as_str().unwrap()), "severity": "critical",
        })
    );
    nothing(&taken);
}
