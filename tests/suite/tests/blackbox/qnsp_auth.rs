//! The auth service of QNSP: threat signals.

use serde_json::json;

use crate::{
    answer::ok,
    case::{Case, case},
    deployment::Deployment,
    qnsp::{Cast, Tenant},
};

pub fn cases() -> Vec<Case> {
    vec![case(a_signal_is_listed_for_its_user), case(signals_that_break_a_rule_are_refused)]
}

const SIGNALS: &str = "/auth/risk/signals";
const USER: &str = "7b0e5f4e-9f0a-4c3f-8d53-0f7a3a9f0001";

fn of_user(query: &str) -> String {
    format!("/auth/risk/users/{USER}/signals{query}")
}

fn a_signal_is_listed_for_its_user(t: &Deployment) {
    let cast = Cast::new(t);
    assert_eq!(ok(&cast.viewer.get(&of_user("")), 200), json!({ "signals": [], "total": 0 }));
    let metadata = json!({ "ipAddress": "192.0.2.7", "details": { "n": 1 } });
    let body = json!({ "userId": USER, "signalType": "brute_force", "severity": "high", "metadata": metadata });
    let made = ok(&cast.developer.post(SIGNALS, &body), 201);
    assert_eq!(
        (&made["id"], &made["signalType"], &made["severity"]),
        (&made["signalId"], &json!("brute_force"), &json!("high"))
    );
    let listed = ok(&cast.viewer.get(&of_user("")), 200);
    let expected = json!({
        "signalId": made["signalId"], "signalType": "brute_force", "severity": "high",
        "recordedAt": made["recordedAt"], "metadata": metadata,
    });
    assert_eq!(listed, json!({ "signals": [expected], "total": 1 }));
    // The shape of SDKs: about nobody, or with `context`.
    ok(
        &cast.developer.post(SIGNALS, &json!({ "signalType": "suspicious_ip", "severity": "low", "source": "sdk" })),
        201,
    );
    let context = json!({ "userId": USER, "signalType": "new_device", "severity": "low", "context": { "a": 1 } });
    ok(&cast.developer.post(SIGNALS, &context), 201);
    let page = ok(&cast.viewer.get(&of_user("?limit=1")), 200);
    assert_eq!((page["total"].as_i64(), page["signals"].as_array().unwrap().len()), (Some(2), 1));
    assert_eq!(ok(&cast.viewer.get(&of_user("?since=2999-01-01T00:00:00Z")), 200)["total"], 0);
    assert_eq!(ok(&cast.foreign.get(&of_user("")), 200)["total"], 0);
}

fn signals_that_break_a_rule_are_refused(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "dev-pro" }));
    let developer = tenant.key("developer");
    let refused = developer.post(SIGNALS, &json!({ "signalType": "rain", "metadata": { "ipAddress": "here" } }));
    assert_eq!(refused.status, 400);
    let details = refused.json().unwrap()["details"].clone();
    let names: Vec<_> = details.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["metadata.ipAddress", "severity", "signalType", "userId"], "{details}");
    for path in [of_user("?since=yesterday"), of_user("?limit=x"), "/auth/risk/users/me/signals".to_owned()] {
        assert_eq!(developer.get(&path).status, 400, "{path}");
    }
}
