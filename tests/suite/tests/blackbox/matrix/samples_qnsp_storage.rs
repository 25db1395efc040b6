//! Samples of QNSP: storage.

use serde_json::{Value, json};

use super::{
    sample::{Sample, at, of},
    samples_qnsp::{id, made},
    world::World,
};
use crate::deployment::unique;

const DOCUMENTS: &str = "/storage/v1/documents";
const CLASSIFICATION: &str = "/storage/v1/classification";
const RETENTION: &str = "/storage/v1/retention";
const REPLICATION: &str = "/storage/v1/replication";

/// The SHA-256 of `Hello`.
const HELLO: &str = "185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969";

pub fn samples() -> Vec<Sample> {
    [documents(), classification(), retention(), replication()].into_iter().flatten().collect()
}

fn document() -> Value {
    json!({
        "bucket": "contracts", "name": unique("2026/offer"), "content": "Hello", "metadata": { "author": "ada" },
    })
}

/// A new document, by its id.
fn new_document(w: &World, document: &Value) -> String {
    id(&made(w, DOCUMENTS, document, 201), "documentId")
}

fn path(w: &World) -> String {
    format!("{DOCUMENTS}/{}", new_document(w, &document()))
}

fn documents() -> Vec<Sample> {
    vec![
        of("POST /storage/v1/documents", |_| at(DOCUMENTS).body(document())).refuses(json!({ "bucket": "A" })),
        of("GET /storage/v1/documents", |w| {
            let document = document();
            new_document(w, &document);
            at(format!("{DOCUMENTS}?bucket=contracts&prefix={}", document["name"].as_str().unwrap()))
        }),
        of("GET /storage/v1/documents/{documentId}", |w| at(path(w))),
        of("GET /storage/v1/documents/{documentId}/versions/{version}/content", |w| {
            at(format!("{}/versions/1/content", path(w)))
        }),
        of("DELETE /storage/v1/documents/{documentId}", |w| at(path(w))),
    ]
}

fn policy() -> Value {
    let rule = json!({ "pattern": r"\b\d{3}-\d{2}-\d{4}\b", "classification": "confidential", "dataTypes": ["pii"] });
    json!({ "name": unique("policy"), "description": "Social security numbers", "rules": [rule] })
}

/// A scan of nothing, whose policy names what is found elsewhere.
fn scan(w: &World) -> Value {
    let policy = id(&made(w, &format!("{CLASSIFICATION}/policies"), &policy(), 201), "policyId");
    json!({ "scope": { "buckets": ["contracts"], "prefixes": ["2026/"] }, "policyIds": [policy] })
}

fn classification() -> Vec<Sample> {
    vec![
        of("POST /storage/v1/classification/policies", |_| at(format!("{CLASSIFICATION}/policies")).body(policy()))
            .refuses(json!({ "name": "", "rules": [] })),
        of("GET /storage/v1/classification/policies", |w| {
            made(w, &format!("{CLASSIFICATION}/policies"), &policy(), 201);
            at(format!("{CLASSIFICATION}/policies?limit=2"))
        }),
        of("POST /storage/v1/classification/scans", |w| at(format!("{CLASSIFICATION}/scans")).body(scan(w)))
            .names_thing()
            .refuses(json!({ "policyIds": ["x"] })),
        of("GET /storage/v1/classification/scans/{scanId}", |w| {
            let scan = id(&made(w, &format!("{CLASSIFICATION}/scans"), &scan(w), 202), "scanId");
            at(format!("{CLASSIFICATION}/scans/{scan}"))
        }),
        of("GET /storage/v1/classification/stats", |_| at(format!("{CLASSIFICATION}/stats"))),
    ]
}

fn hold(w: &World) -> Value {
    json!({ "name": unique("hold"), "reason": "Case 17", "scope": { "objectIds": [new_document(w, &document())] } })
}

fn retention() -> Vec<Sample> {
    vec![
        of("POST /storage/v1/retention/policies", |_| {
            let scope = json!({ "buckets": ["archive"], "classifications": ["restricted"] });
            at(format!("{RETENTION}/policies")).body(json!({
                "name": unique("policy"), "retentionPeriod": "P7Y", "scope": scope, "actions": { "onExpiry": "archive" },
            }))
        })
        .refuses(json!({ "name": "p", "retentionPeriod": "7 years" })),
        of("POST /storage/v1/retention/holds", |w| at(format!("{RETENTION}/holds")).body(hold(w)))
            .names_thing()
            .refuses(json!({ "name": "h", "reason": "r" })),
        of("POST /storage/v1/retention/holds/{holdId}/release", |w| {
            let hold = id(&made(w, &format!("{RETENTION}/holds"), &hold(w), 201), "holdId");
            at(format!("{RETENTION}/holds/{hold}/release")).body(json!({ "releaseReason": "The case is closed" }))
        })
        .refuses(json!({ "releaseReason": 7 })),
    ]
}

fn configuration(bucket: &str) -> Value {
    json!({
        "name": unique("replication"), "sourceRegion": "eu-central-1", "destinationRegions": ["eu-west-1", "us-east-1"],
        "scope": { "buckets": [bucket] }, "replicationMode": "async",
    })
}

fn configured(w: &World) -> String {
    let bucket = unique("bucket").to_lowercase().replace(|it: char| !it.is_ascii_alphanumeric(), "-");
    made(w, &format!("{REPLICATION}/configurations"), &configuration(&bucket), 201);
    bucket
}

fn replication() -> Vec<Sample> {
    vec![
        of("POST /storage/v1/replication/configurations", |_| {
            at(format!("{REPLICATION}/configurations")).body(configuration("contracts-eu"))
        })
        .refuses(json!({ "name": "r", "sourceRegion": "EU" })),
        of("GET /storage/v1/replication/status", |w| {
            configured(w);
            at(format!("{REPLICATION}/status?limit=2"))
        }),
        of("GET /storage/v1/replication/health", |w| {
            configured(w);
            at(format!("{REPLICATION}/health"))
        }),
        of("POST /storage/v1/replication/objects", |w| {
            let document = json!({
                "bucket": configured(w), "name": "offer", "content": "Hello", "region": "eu-central-1",
            });
            let body = json!({ "objectId": new_document(w, &document), "targetRegion": "eu-west-1", "checksum": HELLO,
                "status": "completed" });
            at(format!("{REPLICATION}/objects")).body(body)
        })
        .names_thing()
        .refuses(json!({ "objectId": "x", "checksum": "00" })),
    ]
}
