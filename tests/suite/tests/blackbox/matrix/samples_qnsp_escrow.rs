//! Samples of QNSP: escrow of keys, and crypto agility.

use serde_json::{Value, json};

use super::{
    sample::{Sample, at, of},
    samples_qnsp::{UNKNOWN, id, made},
    world::World,
};
use crate::deployment::unique;

const AGILITY: &str = "/kms/v1/crypto-agility";
const PLANS: &str = "/kms/v1/crypto-agility/migration-plans";

const HSM: &str = "/kms/v1/byohsm";
const ESCROW: &str = "/kms/v1/escrow";

pub fn samples() -> Vec<Sample> {
    [escrow(), recovery(), agility()].into_iter().flatten().collect()
}

fn policy() -> Value {
    let agents = json!([{ "agentId": "ada", "role": "primary" }, { "agentId": "grace", "role": "secondary" }]);
    json!({
        "name": unique("policy"), "keyTypes": ["aes"], "escrowAgents": agents, "recoveryThreshold": 2,
        "retentionPeriod": "P1Y",
    })
}

/// A new policy, by its id.
fn new_policy(w: &World) -> String {
    id(&made(w, &format!("{ESCROW}/policies"), &policy(), 201), "policyId")
}

/// A new key, and a policy by which it may be escrowed.
fn key(w: &World) -> Value {
    let config = json!({ "endpoint": "sim://a", "credentials": { "type": "api_key", "data": { "apiKey": "k" } } });
    let connection = json!({ "name": unique("hsm"), "provider": "thales", "connectionConfig": config });
    let connection = id(&made(w, &format!("{HSM}/connections"), &connection, 201), "connectionId");
    made(w, &format!("{HSM}/connections/{connection}/validate"), &json!({}), 200);
    let key = json!({ "connectionId": connection, "keyType": "aes", "purpose": ["encrypt", "decrypt"] });
    json!({ "keyId": id(&made(w, &format!("{HSM}/keys"), &key, 201), "keyId"), "policyId": new_policy(w) })
}

/// A new escrow, by its id.
fn new_escrow(w: &World) -> String {
    id(&made(w, &format!("{ESCROW}/keys"), &key(w), 201), "escrowId")
}

fn escrow() -> Vec<Sample> {
    let path = |part: &str| format!("{ESCROW}/{part}");
    vec![
        of("POST /kms/v1/escrow/policies", move |_| at(path("policies")).body(policy()))
            .refuses(json!({ "name": unique("policy") })),
        of("GET /kms/v1/escrow/policies", move |_| at(path("policies"))),
        of("GET /kms/v1/escrow/policies/{policyId}", move |w| at(format!("{}/{}", path("policies"), new_policy(w)))),
        of("PATCH /kms/v1/escrow/policies/{policyId}", move |w| {
            at(format!("{}/{}", path("policies"), new_policy(w))).body(json!({ "name": unique("policy") }))
        })
        .refuses(json!({ "name": "" })),
        of("POST /kms/v1/escrow/keys", move |w| at(path("keys")).body(key(w)))
            .names_thing()
            .refuses(json!({ "keyId": "x" })),
        of("GET /kms/v1/escrow/keys", move |_| at(path("keys"))),
        of("GET /kms/v1/escrow/keys/{escrowId}", move |w| at(format!("{}/{}", path("keys"), new_escrow(w)))),
        // Only the agent itself may, who is another for each caller.
        of("POST /kms/v1/escrow/keys/{escrowId}/shares/claim", move |_| {
            at(format!("{}/{UNKNOWN}/shares/claim", path("keys"))).body(json!({ "agentId": "ada" }))
        })
        .answers(404)
        .refuses(json!({})),
        of("GET /kms/v1/escrow/audit", move |_| at(path("audit"))),
    ]
}

fn recovery() -> Vec<Sample> {
    let path = |part: &str| format!("{ESCROW}/recovery/{part}");
    let initiate = |w: &World| json!({ "escrowId": new_escrow(w), "reason": "The key is lost" });
    vec![
        of("POST /kms/v1/escrow/recovery/initiate", move |w| at(path("initiate")).body(initiate(w)))
            .names_thing()
            .refuses(json!({ "escrowId": UNKNOWN })),
        // The steps that follow are of somebody else each.
        of("POST /kms/v1/escrow/recovery/submit-share", move |_| {
            let body = json!({ "requestId": UNKNOWN, "agentId": "ada", "share": "AQI=" });
            at(path("submit-share")).body(body)
        })
        .answers(404)
        .refuses(json!({ "requestId": UNKNOWN, "agentId": "ada", "share": "?" })),
        of("POST /kms/v1/escrow/recovery/approve", move |_| {
            at(path("approve")).body(json!({ "requestId": UNKNOWN, "decision": "approve", "reason": "seen" }))
        })
        .answers(404)
        .refuses(json!({ "requestId": UNKNOWN, "decision": "perhaps" })),
        of("POST /kms/v1/escrow/recovery/execute", move |_| at(path("execute")).body(json!({ "requestId": UNKNOWN })))
            .answers(404)
            .refuses(json!({ "requestId": "x" })),
        of("GET /kms/v1/escrow/recovery/{requestId}", move |w| {
            at(path(&id(&made(w, &path("initiate"), &initiate(w), 201), "requestId")))
        }),
    ]
}

fn agility() -> Vec<Sample> {
    vec![
        of("GET /kms/v1/crypto-agility/algorithm-usage", |_| at(format!("{AGILITY}/algorithm-usage"))),
        of("GET /kms/v1/crypto-agility/migration-readiness", |_| at(format!("{AGILITY}/migration-readiness"))),
        of("GET /kms/v1/crypto-agility/pqc-adoption", |_| at(format!("{AGILITY}/pqc-adoption"))),
        of("GET /kms/v1/crypto-agility/compliance", |_| at(format!("{AGILITY}/compliance"))),
        of("GET /kms/v1/crypto-agility/risk-assessment", |_| at(format!("{AGILITY}/risk-assessment"))),
        of("POST /kms/v1/crypto-agility/migration-plans", |_| at(PLANS).body(plan()))
            .refuses(json!({ "name": unique("plan") })),
        of("GET /kms/v1/crypto-agility/migration-plans", |_| at(PLANS)),
        of("GET /kms/v1/crypto-agility/migration-plans/{planId}", |w| at(new_plan(w))),
        of("PATCH /kms/v1/crypto-agility/migration-plans/{planId}", |w| {
            at(new_plan(w)).body(json!({ "status": "active" }))
        })
        .refuses(json!({ "status": "completed" })),
    ]
}

fn plan() -> Value {
    json!({
        "name": unique("plan"), "targetAlgorithms": { "signing": "ML-DSA-65" }, "scope": { "keyTypes": ["rsa", "ec"] },
        "schedule": { "startDate": "2026-01-01T00:00:00Z", "phases": [{ "name": "inventory", "duration": "P30D" }] },
    })
}

/// A new plan, by its path.
fn new_plan(w: &World) -> String {
    format!("{PLANS}/{}", id(&made(w, PLANS, &plan(), 201), "planId"))
}
