//! Copies of documents of the storage service of QNSP in other regions.

use std::time::Duration;

use crypto::hash;
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, time},
    case::{Case, case},
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, refuses},
    qnsp_storage::{path, policy as classify, stored},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_configuration_names_regions),
        case(what_is_restricted_is_replicated_encrypted),
        case(a_written_document_is_pending_until_it_is_acknowledged),
        case(a_scope_chooses_what_is_copied),
        case(a_copy_is_acknowledged_with_its_checksum),
        case(a_deleted_document_is_not_pending),
        case(copies_that_wait_too_long_are_degraded_and_then_in_error),
        case(regions_have_the_worst_of_their_configurations),
    ]
}

const CONFIGURATIONS: &str = "/storage/v1/replication/configurations";
const STATUS: &str = "/storage/v1/replication/status";
const HEALTH: &str = "/storage/v1/replication/health";
const OBJECTS: &str = "/storage/v1/replication/objects";

fn configuration(source: &str, destinations: &[&str]) -> Value {
    json!({ "name": unique("replication"), "sourceRegion": source, "destinationRegions": destinations })
}

#[track_caller]
fn configure(caller: &Caller, body: &Value) -> String {
    let made = ok(&caller.post(CONFIGURATIONS, body), 201);
    assert_eq!((names(&made), &made["status"]), (vec!["configId", "createdAt", "name", "status"], &json!("active")));
    made["configId"].as_str().unwrap().to_owned()
}

/// A document of the region `eu`, by its id.
#[track_caller]
fn write(caller: &Caller, bucket: &str, name: &str, content: &str) -> String {
    let made = stored(caller, &json!({ "bucket": bucket, "name": name, "content": content, "region": "eu" }));
    made["documentId"].as_str().unwrap().to_owned()
}

/// Status, lag and pending copies of each configuration.
#[track_caller]
fn status(caller: &Caller) -> Vec<(String, i64, i64)> {
    let shown = ok(&caller.get(STATUS), 200);
    let read = |it: &Value| {
        assert_eq!(names(it), ["configId", "lagSeconds", "name", "pendingObjects", "status"]);
        (
            it["status"].as_str().unwrap().to_owned(),
            it["lagSeconds"].as_i64().unwrap(),
            it["pendingObjects"].as_i64().unwrap(),
        )
    };
    shown["configurations"].as_array().unwrap().iter().map(read).collect()
}

fn report(caller: &Caller, id: &str, region: &str, content: &str, status: &str) -> chancery::client::Reply {
    let checksum = hash::hex(&hash::sha256(&[content.as_bytes()]));
    let body = json!({ "objectId": id, "targetRegion": region, "checksum": checksum, "status": status });
    caller.post(OBJECTS, &body)
}

fn a_configuration_names_regions(t: &Deployment) {
    let Cast { admin, viewer, .. } = &Cast::new(t);
    assert_eq!(ok(&viewer.get(HEALTH), 200), json!({ "overallHealth": "healthy", "regions": [] }));
    let mut body = configuration("eu", &["us", "asia"]);
    configure(admin, &body);
    refuses(&admin.post(CONFIGURATIONS, &body), 409, &[]);
    configure(admin, &json!({ "name": "s", "sourceRegion": "us", "targetRegions": ["eu"], "mode": "near_sync" }));
    let regions = ok(&viewer.get(HEALTH), 200);
    let region = |name: &str| json!({ "region": name, "status": "healthy", "latencyMs": 0, "lastSyncAt": null });
    assert_eq!(regions["regions"], json!([region("asia"), region("eu"), region("us")]));
    for destinations in [json!(["us", "us"]), json!(["us", "eu"])] {
        body["destinationRegions"] = destinations;
        refuses(&admin.post(CONFIGURATIONS, &body), 422, &["destinationRegions"]);
    }
    let wrong = json!({ "sourceRegion": "EU", "destinationRegions": [], "replicationMode": "fast" });
    let places = ["destinationRegions", "name", "replicationMode", "sourceRegion"];
    refuses(&admin.post(CONFIGURATIONS, &wrong), 400, &places);
    assert_eq!(status(viewer), [("healthy".to_owned(), 0, 0), ("healthy".to_owned(), 0, 0)]);
    assert_eq!(ok(&viewer.get(&format!("{STATUS}?offset=1")), 200)["configurations"][0]["name"], "s");
    refuses(&viewer.get(&format!("{STATUS}?limit=x")), 400, &["limit"]);
}

fn what_is_restricted_is_replicated_encrypted(t: &Deployment) {
    let Cast { admin, developer, .. } = &Cast::new(t);
    classify(admin, true, &[("secret", "restricted", &[])]);
    write(developer, "a", "x/1", "secret");
    write(developer, "b", "y/1", "open");
    let body = |buckets: &[&str], prefixes: &[&str], encrypted: bool| {
        let mut body = configuration("us", &["asia"]);
        body["scope"] = json!({ "buckets": buckets, "prefixes": prefixes });
        body["encryptionAtRest"] = json!(encrypted);
        body
    };
    for scope in [body(&[], &[], false), body(&["a"], &[], false), body(&[], &["x"], false)] {
        refuses(&admin.post(CONFIGURATIONS, &scope), 422, &["encryptionAtRest"]);
    }
    for scope in [body(&["b"], &[], false), body(&["a"], &["y"], false), body(&[], &[], true)] {
        configure(admin, &scope);
    }
}

fn a_written_document_is_pending_until_it_is_acknowledged(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    write(developer, "a", "before", "x");
    configure(admin, &configuration("eu", &["us", "asia"]));
    assert_eq!(status(viewer), [("healthy".to_owned(), 0, 0)], "what was written before is not copied");
    let id = write(developer, "a", "n", "one");
    assert_eq!(status(viewer)[0].2, 2);
    write(developer, "a", "n", "two");
    assert_eq!(status(viewer)[0].2, 2, "a newer version replaces it");
    let done = ok(&report(developer, &id, "us", "two", "completed"), 200);
    assert_eq!(names(&done), ["latencyMs", "objectId", "status", "targetRegion"]);
    assert!((0..60_000).contains(&done["latencyMs"].as_i64().unwrap()), "{done}");
    assert_eq!(status(viewer)[0].2, 1);
    let shown = ok(&viewer.get(HEALTH), 200);
    let us = shown["regions"].as_array().unwrap().iter().find(|region| region["region"] == "us").unwrap();
    assert_eq!(us["latencyMs"], done["latencyMs"]);
    time(&us["lastSyncAt"]);
    // A new version is pending again.
    write(developer, "a", "n", "three");
    assert_eq!(status(viewer)[0].2, 2);
}

fn a_scope_chooses_what_is_copied(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let mut body = configuration("eu", &["us"]);
    body["scope"] = json!({ "buckets": ["a", "b"], "prefixes": ["x_", "y"] });
    configure(admin, &body);
    for (bucket, name) in [("a", "x_1"), ("b", "y"), ("c", "x_1"), ("a", "xx1"), ("a", "z")] {
        write(developer, bucket, name, "x");
    }
    stored(developer, &json!({ "bucket": "a", "name": "y", "content": "x", "region": "us" }));
    assert_eq!(status(viewer)[0].2, 2);
}

fn a_copy_is_acknowledged_with_its_checksum(t: &Deployment) {
    let Cast { admin, developer, viewer, foreign, .. } = &Cast::new(t);
    configure(admin, &configuration("eu", &["us"]));
    let id = write(developer, "a", "n", "one");
    refuses(&report(developer, &id, "us", "other", "completed"), 422, &["checksum"]);
    refuses(&report(developer, &id, "asia", "one", "completed"), 404, &[]);
    refuses(&report(foreign, &id, "us", "one", "completed"), 404, &[]);
    let failed = ok(&report(developer, &id, "us", "one", "failed"), 200);
    assert_eq!((&failed["status"], &failed["latencyMs"]), (&json!("failed"), &json!(null)));
    assert_eq!(status(viewer)[0].2, 1, "it stays pending");
    ok(&report(developer, &id, "us", "one", "completed"), 200);
    refuses(&report(developer, &id, "us", "one", "completed"), 404, &[]);
    let wrong = json!({ "objectId": "x", "targetRegion": "US", "checksum": "zz", "status": "done" });
    refuses(&developer.post(OBJECTS, &wrong), 400, &["checksum", "objectId", "status", "targetRegion"]);
}

fn a_deleted_document_is_not_pending(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    configure(admin, &configuration("eu", &["us", "asia"]));
    let id = write(developer, "a", "n", "one");
    assert_eq!(developer.delete(&path(&id)).status, 204);
    assert_eq!(status(viewer)[0].2, 0);
    refuses(&report(developer, &id, "us", "one", "completed"), 404, &[]);
}

fn copies_that_wait_too_long_are_degraded_and_then_in_error(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    configure(admin, &configuration("eu", &["us"]));
    let mut sync = configuration("eu", &["asia"]);
    sync["replicationMode"] = json!("sync");
    configure(admin, &sync);
    let words = || status(viewer).into_iter().map(|(status, ..)| status).collect::<Vec<_>>();
    assert_eq!(words(), ["healthy", "healthy"]);
    let id = write(developer, "a", "n", "one");
    assert_eq!(words(), ["healthy", "degraded"]);
    t.pass(Duration::from_secs(62));
    assert_eq!(words(), ["degraded", "error"]);
    assert!(status(viewer)[0].1 >= 61);
    t.pass(Duration::from_secs(850));
    assert_eq!(words(), ["error", "error"]);
    ok(&report(developer, &id, "us", "one", "completed"), 200);
    assert_eq!(status(viewer)[0], ("healthy".to_owned(), 0, 0));
}

fn regions_have_the_worst_of_their_configurations(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    configure(admin, &configuration("eu", &["us"]));
    let mut sync = configuration("eu", &["asia", "us"]);
    sync["replicationMode"] = json!("sync");
    configure(admin, &sync);
    configure(admin, &configuration("africa", &["oceania"]));
    let id = write(developer, "a", "n", "one");
    ok(&report(developer, &id, "us", "one", "completed"), 200);
    let shown = ok(&viewer.get(HEALTH), 200);
    assert_eq!(shown["overallHealth"], "degraded");
    let regions = shown["regions"].as_array().unwrap().iter();
    let words: Vec<_> = regions.map(|it| (it["region"].as_str().unwrap(), it["status"].as_str().unwrap())).collect();
    let expected =
        [("africa", "healthy"), ("asia", "degraded"), ("eu", "degraded"), ("oceania", "healthy"), ("us", "degraded")];
    assert_eq!(words, expected);
    ok(&report(developer, &id, "asia", "one", "completed"), 200);
    assert_eq!(ok(&viewer.get(HEALTH), 200)["overallHealth"], "healthy");
}
