//! The auth service of QNSP: threat signals, and what each call leaves in the audit log. Evaluations, policies, events
//! and reports have modules of their own.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::{ok, time},
    case::{Case, case},
    clock, database,
    deployment::Deployment,
    qnsp::{Caller, Cast, Tenant, refuses},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_signal_is_listed_for_its_user),
        case(signals_of_sdks_may_be_about_nobody),
        case(signals_are_listed_newest_first_by_page_and_time),
        case(signals_that_break_a_rule_are_refused),
        case(each_call_is_an_event),
    ]
}

pub const SIGNALS: &str = "/auth/risk/signals";
pub const USER: &str = "7b0e5f4e-9f0a-4c3f-8d53-0f7a3a9f0001";
pub const OTHER_USER: &str = "7b0e5f4e-9f0a-4c3f-8d53-0f7a3a9f0002";
pub const UNKNOWN: &str = "7b0e5f4e-9f0a-4c3f-8d53-0f7a3a9f00ff";

pub const HOUR: Duration = Duration::from_secs(3600);

/// An administrator of a new tenant whose tier is the least that has the service.
pub fn admin(t: &Deployment) -> Caller<'_> {
    Tenant::new(t, &json!({ "tier": "dev-pro" })).key("admin")
}

/// Lets a long time pass, where nobody has to wait for it; says whether it has passed.
pub fn has_passed(t: &Deployment, time: Duration) -> bool {
    let is_movable = t.instance.runtime.has_movable_clock();
    if is_movable {
        t.pass(time);
    }
    is_movable
}

fn of_user(query: &str) -> String {
    format!("/auth/risk/users/{USER}/signals{query}")
}

fn signal(user: &str, signal_type: &str, severity: &str) -> Value {
    json!({ "userId": user, "signalType": signal_type, "severity": severity })
}

fn a_signal_is_listed_for_its_user(t: &Deployment) {
    let cast = Cast::new(t);
    assert_eq!(ok(&cast.viewer.get(&of_user("")), 200), json!({ "signals": [], "total": 0 }));
    let metadata = json!({ "ipAddress": "192.0.2.7", "details": { "n": 1.50 } });
    let mut body = signal(&USER.to_uppercase(), "brute_force", "high");
    body["metadata"] = metadata.clone();
    let made = ok(&cast.developer.post(SIGNALS, &body), 201);
    assert!((time(&made["recordedAt"]) - clock::now()).abs() < 60_000);
    let expected = json!({
        "signalId": made["signalId"], "id": made["signalId"], "signalType": "brute_force", "severity": "high",
        "recordedAt": made["recordedAt"],
    });
    assert_eq!(made, expected);
    let shown = json!({
        "signalId": made["signalId"], "signalType": "brute_force", "severity": "high",
        "recordedAt": made["recordedAt"], "metadata": metadata,
    });
    assert_eq!(ok(&cast.viewer.get(&of_user("")), 200), json!({ "signals": [shown], "total": 1 }));
    assert_eq!(ok(&cast.foreign.get(&of_user("")), 200)["total"], 0);
    assert_eq!(ok(&cast.viewer.get(&format!("/auth/risk/users/{OTHER_USER}/signals")), 200)["total"], 0);
}

fn signals_of_sdks_may_be_about_nobody(t: &Deployment) {
    let admin = admin(t);
    for signal_type in ["suspicious_ip", "compromised_credential", "anomalous_behavior", "impossible_travel"] {
        ok(&admin.post(SIGNALS, &json!({ "signalType": signal_type, "severity": "low", "source": "sdk" })), 201);
    }
    ok(&admin.post(SIGNALS, &json!({ "signalType": "credential_stuffing", "severity": "low", "context": {} })), 201);
    assert_eq!(ok(&admin.get(&of_user("")), 200)["total"], 0);
    let mut body = signal(USER, "new_device", "medium");
    body["context"] = json!({ "ipAddress": "2001:db8::1", "agent": "a" });
    ok(&admin.post(SIGNALS, &body), 201);
    assert_eq!(ok(&admin.get(&of_user("")), 200)["signals"][0]["metadata"], body["context"]);
}

fn signals_are_listed_newest_first_by_page_and_time(t: &Deployment) {
    let admin = admin(t);
    let made: Vec<_> = ["low", "medium", "high", "critical"]
        .iter()
        .map(|severity| {
            t.pass(Duration::from_millis(5));
            ok(&admin.post(SIGNALS, &signal(USER, "brute_force", severity)), 201)
        })
        .collect();
    let severities = |query: &str| -> (Vec<Value>, Value) {
        let list = ok(&admin.get(&of_user(query)), 200);
        let of = |signal: &Value| signal["severity"].clone();
        (list["signals"].as_array().unwrap().iter().map(of).collect(), list["total"].clone())
    };
    let shown = |severities: &[&str], total: i64| (severities.iter().map(|word| json!(word)).collect(), json!(total));
    assert_eq!(severities(""), shown(&["critical", "high", "medium", "low"], 4));
    assert_eq!(severities("?limit=2"), shown(&["critical", "high"], 4));
    assert_eq!(severities("?limit=2&offset=3"), shown(&["low"], 4));
    assert_eq!(severities("?limit=0"), shown(&["critical"], 4));
    assert_eq!(severities("?limit=1000&offset=-1").0.len(), 4);
    // From that time on, it included.
    let since = made[2]["recordedAt"].as_str().unwrap();
    assert_eq!(severities(&format!("?since={since}")), shown(&["critical", "high"], 2));
    assert_eq!(severities("?since=2999-01-01T00:00:00%2B01:00"), shown(&[], 0));
}

fn signals_that_break_a_rule_are_refused(t: &Deployment) {
    let admin = admin(t);
    let bad = json!({ "signalType": "rain", "metadata": { "ipAddress": "here" } });
    refuses(&admin.post(SIGNALS, &bad), 400, &["metadata.ipAddress", "severity", "signalType", "userId"]);
    let mut long = signal(USER, "brute_force", "low");
    long["metadata"] = json!({ "a": "a".repeat(8 << 10) });
    refuses(&admin.post(SIGNALS, &long), 400, &["metadata"]);
    refuses(&admin.post(SIGNALS, &signal("me", "brute_force", "dreadful")), 400, &["severity", "userId"]);
    refuses(&admin.post(SIGNALS, &json!([])), 400, &[""]);
    refuses(&admin.get(&of_user("?since=yesterday&limit=x")), 400, &["limit", "since"]);
    refuses(&admin.get("/auth/risk/users/me/signals"), 400, &["userId"]);
    assert_eq!(ok(&admin.get(&of_user("")), 200)["total"], 0);
}

/// An event says what was done, and to what; a refusal is one, too.
fn each_call_is_an_event(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "dev-pro" }));
    let (admin, viewer) = (tenant.key("admin"), tenant.key("viewer"));
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let signal_id = text(&ok(&admin.post(SIGNALS, &signal(USER, "brute_force", "low")), 201), "signalId");
    admin.get(&of_user(""));
    let sign_in = json!({ "userId": USER, "ipAddress": "192.0.2.1", "userAgent": "a" });
    ok(&admin.post("/auth/risk/evaluate", &sign_in), 200);
    let policy_id = text(&ok(&admin.post("/auth/risk/policies", &json!({ "name": "Night" })), 201), "policyId");
    ok(&admin.patch(&format!("/auth/risk/policies/{policy_id}"), &json!({ "enabled": false })), 200);
    admin.get("/auth/risk/policies");
    admin.get("/auth/risk/stats");
    let event = json!({ "eventType": "login", "provider": "p", "userId": "u", "outcome": "success" });
    let event_id = text(&ok(&admin.post("/auth/federation/audit/events", &event), 201), "eventId");
    admin.post("/auth/federation/audit/query", &json!({}));
    let asked =
        json!({ "reportType": "activity", "startDate": "2026-01-01", "endDate": "2026-01-02", "format": "csv" });
    let report_id = text(&ok(&admin.post("/auth/federation/audit/reports", &asked), 202), "reportId");
    admin.get("/auth/federation/audit/reports");
    let report = ok(&admin.get(&format!("/auth/federation/audit/reports/{report_id}")), 200);
    assert_eq!(viewer.get(report["downloadUrl"].as_str().unwrap()).status, 200);
    admin.get("/auth/federation/audit/cross-tenant");
    assert_eq!(viewer.post("/auth/risk/evaluate", &sign_in).status, 403);
    let entries = database::audit(&t.instance);
    let of_tenant = entries.iter().filter(|entry| entry.tenant == tenant.id);
    let events: Vec<_> =
        of_tenant.map(|entry| format!("{} {} {}", entry.action, entry.subject, entry.outcome)).collect();
    let operator = events.iter().filter(|event| event.starts_with("qnsp-")).count();
    let expected = [
        format!("auth.signal.create signal/{signal_id} done"),
        "auth.signal.list signal done".to_owned(),
        format!("auth.risk.evaluate risk/{USER} done"),
        format!("auth.risk_policy.create risk_policy/{policy_id} done"),
        format!("auth.risk_policy.update risk_policy/{policy_id} done"),
        "auth.risk_policy.list risk_policy done".to_owned(),
        "auth.risk_stats.get risk_stats done".to_owned(),
        format!("auth.federation_event.create federation_event/{event_id} done"),
        "auth.federation_event.query federation_event done".to_owned(),
        format!("auth.federation_report.create federation_report/{report_id} done"),
        "auth.federation_report.list federation_report done".to_owned(),
        format!("auth.federation_report.get federation_report/{report_id} done"),
        "auth.federation_activity.list federation_activity done".to_owned(),
        "auth.risk.evaluate risk refused".to_owned(),
    ];
    assert_eq!(events[operator..], expected);
}
