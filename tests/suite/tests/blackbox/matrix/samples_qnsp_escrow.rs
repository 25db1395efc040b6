//! Samples of QNSP: crypto agility.

use serde_json::{Value, json};

use super::{
    sample::{Sample, at, of},
    samples_qnsp::{id, made},
    world::World,
};
use crate::deployment::unique;

const AGILITY: &str = "/kms/v1/crypto-agility";
const PLANS: &str = "/kms/v1/crypto-agility/migration-plans";

pub fn samples() -> Vec<Sample> {
    agility()
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
