//! Alerts about how keys are used: what raises them, who acknowledges them, and where they are told.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::{ok, soon, time},
    case::{Case, case},
    clock,
    deployment::Deployment,
    qnsp::{Caller, Tenant, refuses},
    qnsp_auth::UNKNOWN,
    qnsp_kms_analytics::{HOUR, a_use, record, record_at, tenant},
    qnsp_kms_analytics_rules::{RULES, condition},
    receiver::{next, nothing, parsed, receiver, signature},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(what_is_unusual_and_what_is_forbidden_raises_alerts_by_itself),
        case(an_alert_is_acknowledged_once),
        case(channels_and_the_log_are_told_of_an_alert),
    ]
}

const ALERTS: &str = "/kms/v1/analytics/alerts";

#[track_caller]
pub fn alerts(caller: &Caller, query: &str) -> Vec<Value> {
    ok(&caller.get(&format!("{ALERTS}{query}")), 200)["alerts"].as_array().unwrap().clone()
}

/// Rule and key of each alert, the latest first.
#[track_caller]
pub fn raised(caller: &Caller) -> Vec<(String, String)> {
    let text = |alert: &Value, name: &str| alert[name].as_str().unwrap().to_owned();
    alerts(caller, "").iter().map(|alert| (text(alert, "ruleId"), text(alert, "keyId"))).collect()
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
