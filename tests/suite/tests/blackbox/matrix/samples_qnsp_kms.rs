//! Samples of QNSP: analytics of key management, and the crypto inventory.

use serde_json::{Value, json};

use super::{
    sample::{Sample, at, of},
    samples_qnsp::{id, made},
    world::World,
};
use crate::{answer::ok, deployment::unique};

pub fn samples() -> Vec<Sample> {
    [analytics(), inventory()].into_iter().flatten().collect()
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

fn inventory() -> Vec<Sample> {
    const POLICIES: &str = "/crypto/v1/deprecation/policies";
    const HARDWARE: &str = "/crypto/v1/hardware";
    let policy = |algorithms: Value| {
        json!({
            "name": unique("policy"), "algorithms": algorithms, "deprecationDate": "2030-01-01T00:00:00Z",
            "enforcementDate": "2035-01-01T00:00:00Z", "migrationTarget": "ML-KEM-768",
        })
    };
    let device = || {
        json!({
            "name": "Signing module", "type": "hsm", "vendor": "Vendor", "serialNumber": unique("serial"),
            "capabilities": ["RSA-3072", "pqc"],
        })
    };
    let new_policy =
        move |w: &World| format!("{POLICIES}/{}", id(&made(w, POLICIES, &policy(json!(["RSA"])), 201), "policyId"));
    let new_device = move |w: &World| format!("{HARDWARE}/{}", id(&made(w, HARDWARE, &device(), 201), "hardwareId"));
    // What is affected needs both.
    let affected = move |w: &World, path: &str| {
        new_policy(w);
        new_device(w);
        at(path)
    };
    vec![
        of("POST /crypto/v1/deprecation/policies", move |_| at(POLICIES).body(policy(json!(["RSA", "ECDSA-P256"]))))
            .refuses(policy(json!([]))),
        of("GET /crypto/v1/deprecation/policies", |_| at(POLICIES)),
        of("GET /crypto/v1/deprecation/policies/{policyId}", move |w| at(new_policy(w))),
        of("PATCH /crypto/v1/deprecation/policies/{policyId}", move |w| {
            at(new_policy(w)).body(json!({ "notificationSchedule": ["P90D"] }))
        })
        .refuses(json!({})),
        of("DELETE /crypto/v1/deprecation/policies/{policyId}", move |w| at(new_policy(w))),
        of("GET /crypto/v1/deprecation/affected-assets", move |w| {
            affected(w, "/crypto/v1/deprecation/affected-assets")
        }),
        of("GET /crypto/v1/deprecation/summary", move |w| affected(w, "/crypto/v1/deprecation/summary")),
        of("POST /crypto/v1/hardware", move |_| at(HARDWARE).body(device()))
            .refuses(json!({ "name": "n", "type": "enclave" })),
        of("GET /crypto/v1/hardware", |_| at(HARDWARE)),
        of("GET /crypto/v1/hardware/summary", |_| at("/crypto/v1/hardware/summary")),
        of("GET /crypto/v1/hardware/{hardwareId}", move |w| at(new_device(w))),
        of("PATCH /crypto/v1/hardware/{hardwareId}", move |w| at(new_device(w)).body(json!({ "location": "Berlin" })))
            .refuses(json!({ "location": 7 })),
        of("DELETE /crypto/v1/hardware/{hardwareId}", move |w| at(new_device(w))),
        of("POST /crypto/v1/hardware/{hardwareId}/health", move |w| {
            at(format!("{}/health", new_device(w)))
                .body(json!({ "status": "degraded", "metrics": { "temperature": 71.5 } }))
        })
        .refuses(json!({ "status": "unwell" })),
        of("GET /crypto/v1/pqc-readiness/score", |_| at("/crypto/v1/pqc-readiness/score")),
        of("GET /crypto/v1/pqc-readiness/recommendations", |_| at("/crypto/v1/pqc-readiness/recommendations")),
    ]
}
