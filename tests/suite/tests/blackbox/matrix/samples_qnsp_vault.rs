//! Samples of QNSP: the vault.

use serde_json::json;

use super::{
    sample::{Sample, at, of},
    samples_qnsp::made,
    world::World,
};
use crate::deployment::unique;

const SECRETS: &str = "/vault/v1/versioned-secrets";

pub fn samples() -> Vec<Sample> {
    versions().into_iter().chain(secrets()).collect()
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
