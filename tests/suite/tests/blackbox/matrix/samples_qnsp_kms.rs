//! Samples of QNSP: analytics of key management, and the crypto inventory.

use serde_json::json;

use super::{
    sample::{Sample, at, of},
    samples_qnsp::{id, made},
    world::World,
};
use crate::{answer::ok, deployment::unique};

pub fn samples() -> Vec<Sample> {
    analytics()
}

fn analytics() -> Vec<Sample> {
    const RECORD: &str = "/kms/v1/analytics/applications/record";
    const RULES: &str = "/kms/v1/analytics/alert-rules";
    let a_use = |operation: &str| json!({ "applicationId": "app", "keyId": unique("key"), "operation": operation });
    let rule = |operator: &str| {
        let condition = json!({ "metric": "operation_count", "operator": operator, "threshold": 100, "window": "1h" });
        json!({ "name": unique("rule"), "condition": condition, "severity": "low", "notificationChannels": ["audit"] })
    };
    let new_rule = move |w: &World| format!("{RULES}/{}", id(&made(w, RULES, &rule("gt"), 201), "ruleId"));
    vec![
        of("POST /kms/v1/analytics/applications/record", move |_| at(RECORD).body(a_use("sign")))
            .refuses(a_use("wrap")),
        of("GET /kms/v1/analytics/usage", |_| at("/kms/v1/analytics/usage")),
        of("GET /kms/v1/analytics/applications", |_| at("/kms/v1/analytics/applications")),
        of("GET /kms/v1/analytics/keys/{keyId}/summary", move |w| {
            let used = a_use("sign");
            made(w, RECORD, &used, 201);
            at(format!("/kms/v1/analytics/keys/{}/summary", used["keyId"].as_str().unwrap()))
        }),
        of("GET /kms/v1/analytics/alerts", |_| at("/kms/v1/analytics/alerts")),
        of("POST /kms/v1/analytics/alerts/{alertId}/acknowledge", move |w| {
            let mut used = a_use("sign");
            used["algorithm"] = json!("MD5");
            made(w, RECORD, &used, 201);
            let listed = ok(&w.credentials.keys.as_ref().unwrap().admin().get("/kms/v1/analytics/alerts"), 200);
            at(format!("/kms/v1/analytics/alerts/{}/acknowledge", id(&listed["alerts"][0], "alertId")))
        }),
        of("POST /kms/v1/analytics/alert-rules", move |_| at(RULES).body(rule("gt"))).refuses(rule("gte")),
        of("GET /kms/v1/analytics/alert-rules", |_| at(RULES)),
        of("PATCH /kms/v1/analytics/alert-rules/{ruleId}", move |w| at(new_rule(w)).body(json!({ "enabled": false })))
            .refuses(json!({})),
        of("DELETE /kms/v1/analytics/alert-rules/{ruleId}", move |w| at(new_rule(w))),
    ]
}
