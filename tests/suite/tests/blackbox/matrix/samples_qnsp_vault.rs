//! Samples of QNSP: the vault.

use serde_json::{Value, json};

use super::{
    sample::{Sample, at, of},
    samples_qnsp::{id, made},
    world::World,
};
use crate::deployment::unique;

const SECRETS: &str = "/vault/v1/versioned-secrets";

pub fn samples() -> Vec<Sample> {
    [versions(), secrets(), leakage(), scans()].into_iter().flatten().collect()
}

/// A new secret with two versions and a retention policy, by its path.
fn secret(w: &World) -> String {
    let id = unique("secret");
    let policy = json!({ "maxVersions": 10, "deleteAfter": "P90D" });
    made(w, SECRETS, &json!({ "secretId": id, "value": "first", "retentionPolicy": policy }), 201);
    made(w, SECRETS, &json!({ "secretId": id, "value": "second", "metadata": { "reason": "Rotation" } }), 201);
    format!("{SECRETS}/{id}")
}

fn versions() -> Vec<Sample> {
    vec![
        of("POST /vault/v1/versioned-secrets", |_| {
            let metadata = json!({ "reason": "First setup" });
            at(SECRETS).body(json!({ "secretId": unique("secret"), "value": "a value", "metadata": metadata }))
        })
        .refuses(json!({ "secretId": "a b", "value": "" })),
        of("GET /vault/v1/versioned-secrets/{secretId}/versions/{version}", |w| {
            at(format!("{}/versions/1", secret(w)))
        }),
        of("PATCH /vault/v1/versioned-secrets/{secretId}/versions/{version}/state", |w| {
            let body = json!({ "state": "destroyed", "reason": "No longer used" });
            at(format!("{}/versions/1/state", secret(w))).body(body)
        })
        .refuses(json!({ "state": "active" })),
        of("GET /vault/v1/versioned-secrets/{secretId}/history", |w| at(format!("{}/history", secret(w)))),
        of("POST /vault/v1/versioned-secrets/{secretId}/compare", |w| {
            at(format!("{}/compare", secret(w))).body(json!({ "version1": 1, "version2": 2 }))
        })
        .refuses(json!({ "version1": 0 })),
    ]
}

fn secrets() -> Vec<Sample> {
    vec![
        of("POST /vault/v1/versioned-secrets/{secretId}/rollback", |w| {
            at(format!("{}/rollback", secret(w))).body(json!({ "targetVersion": 1, "reason": "The new one is wrong" }))
        })
        .refuses(json!({ "targetVersion": 0 })),
        of("PUT /vault/v1/versioned-secrets/{secretId}/retention-policy", |w| {
            at(format!("{}/retention-policy", secret(w))).body(json!({ "maxVersions": 5, "autoDestroy": true }))
        })
        .refuses(json!({ "maxVersions": 0 })),
        of("POST /vault/v1/versioned-secrets/{secretId}/enforce-retention", |w| {
            at(format!("{}/enforce-retention", secret(w)))
        }),
        of("GET /vault/v1/versioned-secrets/{secretId}/audit", |w| at(format!("{}/audit", secret(w)))),
        of("GET /vault/v1/versioned-secrets/stats", |_| at(format!("{SECRETS}/stats"))),
    ]
}

const POLICIES: &str = "/vault/v1/leakage-detection/policies";
const INCIDENTS: &str = "/vault/v1/leakage-detection/incidents";

fn policy() -> Value {
    json!({
        "name": unique("policy"), "secretPatterns": [{ "type": "regex", "pattern": "AKIA[0-9A-Z]{16}", "severity": "high" }],
        "scanTargets": ["github", "gitlab"], "actions": { "onDetection": "rotate", "notificationChannels": ["security"] },
    })
}

/// A new policy, by its path.
fn new_policy(w: &World) -> String {
    format!("{POLICIES}/{}", id(&made(w, POLICIES, &policy(), 201), "policyId"))
}

fn incident(severity: &str) -> Value {
    json!({ "secretId": unique("secret"), "source": "github", "severity": severity, "location": "a/b/blob/main/.env#L3" })
}

/// A new incident, by its path.
fn new_incident(w: &World) -> String {
    format!("{INCIDENTS}/{}", id(&made(w, INCIDENTS, &incident("high"), 201), "incidentId"))
}

fn leakage() -> Vec<Sample> {
    vec![
        of("POST /vault/v1/leakage-detection/policies", |_| at(POLICIES).body(policy()))
            .refuses(json!({ "name": unique("policy") })),
        of("GET /vault/v1/leakage-detection/policies", |_| at(POLICIES)),
        of("GET /vault/v1/leakage-detection/policies/{policyId}", |w| at(new_policy(w))),
        of("DELETE /vault/v1/leakage-detection/policies/{policyId}", |w| at(new_policy(w))),
        of("POST /vault/v1/leakage-detection/incidents", |_| at(INCIDENTS).body(incident("high")))
            .refuses(incident("dreadful")),
        of("GET /vault/v1/leakage-detection/incidents", |_| at(INCIDENTS)),
        of("GET /vault/v1/leakage-detection/incidents/{incidentId}", |w| at(new_incident(w))),
        of("PATCH /vault/v1/leakage-detection/incidents/{incidentId}", |w| {
            at(new_incident(w)).body(json!({ "status": "resolved", "resolution": "The key is new" }))
        })
        .refuses(json!({ "status": "open" })),
        of("GET /vault/v1/leakage-detection/stats", |_| at("/vault/v1/leakage-detection/stats")),
        of("POST /vault/v1/leakage-detection/secrets/{secretId}/check", |w| {
            let reported = incident("critical");
            made(w, INCIDENTS, &reported, 201);
            at(format!("/vault/v1/leakage-detection/secrets/{}/check", reported["secretId"].as_str().unwrap()))
        }),
    ]
}

/// Of a policy whose source is no server, so that the scan ends at once.
fn scan(w: &World) -> Value {
    let mut policy = policy();
    policy["sources"] = json!([{ "target": "github", "baseUrl": "http://127.0.0.1:1" }]);
    let policy = id(&made(w, POLICIES, &policy, 201), "policyId");
    json!({ "targets": ["github"], "scope": { "repositories": ["example/app"] }, "policyIds": [policy] })
}

fn scans() -> Vec<Sample> {
    const SCAN: &str = "/vault/v1/leakage-detection/scan";
    vec![
        of("POST /vault/v1/leakage-detection/scan", |w| at(SCAN).body(scan(w)))
            .names_thing()
            .refuses(json!({ "targets": ["dropbox"] })),
        of("GET /vault/v1/leakage-detection/scans/{scanId}", |w| {
            let queued = made(w, SCAN, &scan(w), 202);
            at(format!("/vault/v1/leakage-detection/scans/{}", id(&queued, "scanId")))
        }),
    ]
}
