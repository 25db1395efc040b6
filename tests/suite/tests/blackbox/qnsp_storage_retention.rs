//! How long documents of the storage service of QNSP are kept: policies of retention, and legal holds.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::{names, ok, time},
    case::{Case, case},
    clock,
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, refuses},
    qnsp_storage::{DOCUMENTS, document, path, policy as classify},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_policy_of_retention_has_a_period_and_an_action),
        case(a_retained_document_cannot_be_deleted),
        case(the_longest_policy_that_matches_keeps_a_document),
        case(what_retention_deletes_is_gone_and_gives_its_bytes_back),
        case(what_retention_archives_stays_and_has_no_new_version),
        case(the_end_of_a_retention_is_told_once),
        case(a_hold_holds_documents_and_buckets),
        case(a_held_document_outlives_its_retention),
        case(a_hold_that_ends_by_itself_is_over),
        case(a_hold_of_the_sdk_is_accepted),
        case(a_hold_is_released_once),
        case(holds_have_bounds),
    ]
}

const POLICIES: &str = "/storage/v1/retention/policies";
const HOLDS: &str = "/storage/v1/retention/holds";

/// A policy of this period and action, for buckets and classifications.
#[track_caller]
fn retain(caller: &Caller, period: &str, action: &str, buckets: &[&str], classifications: &[&str]) -> String {
    let scope = json!({ "buckets": buckets, "classifications": classifications });
    let body = json!({
        "name": unique("policy"), "retentionPeriod": period, "scope": scope, "actions": { "onExpiry": action },
    });
    let made = ok(&caller.post(POLICIES, &body), 201);
    assert_eq!(names(&made), ["createdAt", "name", "policyId"]);
    made["policyId"].as_str().unwrap().to_owned()
}

#[track_caller]
fn hold(caller: &Caller, objects: &[&str], buckets: &[&str]) -> Value {
    let scope = json!({ "objectIds": objects, "buckets": buckets });
    ok(&caller.post(HOLDS, &json!({ "name": unique("hold"), "reason": "Case 17", "scope": scope })), 201)
}

#[track_caller]
fn released(caller: &Caller, hold: &Value) -> i64 {
    let path = format!("{HOLDS}/{}/release", hold["holdId"].as_str().unwrap());
    let released = ok(&caller.post(&path, &json!({ "releaseReason": "Closed" })), 200);
    assert_eq!(names(&released), ["holdId", "objectsReleased", "releasedAt"]);
    released["objectsReleased"].as_i64().unwrap()
}

/// The details of a refusal to delete.
#[track_caller]
fn kept(caller: &Caller, id: &str) -> Value {
    let reply = caller.delete(&path(id));
    assert_eq!(reply.status, 409, "{}", String::from_utf8_lossy(&reply.body));
    reply.json().unwrap()["details"].take()
}

fn a_policy_of_retention_has_a_period_and_an_action(t: &Deployment) {
    let Cast { admin, .. } = &Cast::new(t);
    let policy = |period: &str| json!({ "name": "p", "retentionPeriod": period, "actions": { "onExpiry": "notify" } });
    ok(&admin.post(POLICIES, &policy("P1Y2M3DT4H")), 201);
    refuses(&admin.post(POLICIES, &policy("P1Y")), 409, &[]);
    refuses(&admin.post(POLICIES, &policy("7 years")), 400, &["retentionPeriod"]);
    refuses(&admin.post(POLICIES, &policy("PT0S")), 422, &["retentionPeriod"]);
    let days = json!({ "name": "q", "retentionDays": 30, "retentionType": "x", "actions": { "onExpiry": "delete" } });
    ok(&admin.post(POLICIES, &days), 201);
    let wrong = json!({ "scope": { "buckets": ["A"], "classifications": ["secret"] }, "actions": {} });
    let places = ["actions.onExpiry", "name", "retentionPeriod", "scope.buckets[0]", "scope.classifications[0]"];
    refuses(&admin.post(POLICIES, &wrong), 400, &places);
}

fn a_retained_document_cannot_be_deleted(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let id = document(developer, "a", "n", "x");
    let policy = retain(admin, "P7D", "notify", &[], &[]);
    let shown = ok(&viewer.get(&path(&id)), 200);
    assert_eq!(time(&shown["retainUntil"]), time(&shown["createdAt"]) + 7 * 86_400_000);
    assert_eq!(kept(developer, &id), json!({ "retainUntil": shown["retainUntil"], "policyId": policy }));
    // A new version is kept as long as the first.
    document(developer, "a", "n", "y");
    assert_eq!(ok(&viewer.get(&path(&id)), 200)["retainUntil"], shown["retainUntil"]);
    t.pass(Duration::from_secs(8 * 86_400));
    assert_eq!(developer.delete(&path(&id)).status, 204);
}

fn the_longest_policy_that_matches_keeps_a_document(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    classify(admin, true, &[("secret", "restricted", &[])]);
    retain(admin, "P1D", "notify", &[], &[]);
    retain(admin, "P2D", "notify", &["b"], &[]);
    retain(admin, "P3D", "notify", &[], &["restricted", "internal"]);
    retain(admin, "P9D", "notify", &["c"], &["restricted"]);
    let days = |id: &str| {
        let shown = ok(&viewer.get(&path(id)), 200);
        (time(&shown["retainUntil"]) - time(&shown["createdAt"])) / 86_400_000
    };
    for (bucket, content, expected) in
        [("a", "x", 1), ("b", "x", 2), ("a", "secret", 3), ("b", "secret", 3), ("c", "x", 1), ("c", "secret", 9)]
    {
        assert_eq!(days(&document(developer, bucket, &unique("n"), content)), expected, "{bucket} {content}");
    }
    // A version that is no longer restricted is kept for less.
    let id = document(developer, "c", "n", "secret");
    document(developer, "c", "n", "x");
    assert_eq!(days(&id), 1);
}

/// How many documents a list and the statistics count, and how many events told of an end.
#[track_caller]
fn counted(cast: &Cast) -> (i64, i64, usize) {
    let listed = ok(&cast.viewer.get(DOCUMENTS), 200);
    assert_eq!(listed["documents"].as_array().unwrap().len() as i64, listed["total"].as_i64().unwrap());
    let stats = ok(&cast.viewer.get("/storage/v1/classification/stats"), 200);
    let events = ok(&cast.owner.get("/audit/v1/events?limit=200"), 200);
    let events = events["items"].as_array().unwrap().iter();
    let events = events.filter(|event| event["eventType"] == "storage.object.expired").count();
    (listed["total"].as_i64().unwrap(), stats["totalObjects"].as_i64().unwrap(), events)
}

fn what_retention_deletes_is_gone_and_gives_its_bytes_back(t: &Deployment) {
    let cast = Cast::new(t);
    let Cast { admin, developer, viewer, owner, .. } = &cast;
    let one = document(developer, "a", "one", "12345");
    let two = document(developer, "a", "two", "12345");
    let other = document(developer, "b", "other", "1");
    retain(admin, "PT2S", "delete", &["a"], &[]);
    ok(&viewer.get(&path(&one)), 200);
    t.pass(Duration::from_millis(2_100));
    refuses(&viewer.get(&path(&one)), 404, &[]);
    refuses(&developer.delete(&path(&two)), 404, &[]);
    refuses(&developer.get(&format!("{}/versions/1/content", path(&two))), 404, &[]);
    assert_eq!(counted(&cast), (1, 1, 2));
    ok(&viewer.get(&path(&other)), 200);
    let quotas = ok(&owner.get("/tenant/v1/quotas/current"), 200);
    let quota = quotas["quotas"].as_array().unwrap().iter().find(|quota| quota["quotaType"] == "storageBytes");
    assert_eq!(quota.unwrap()["used"], 1);
    // The name is free again.
    let again = document(developer, "a", "one", "1");
    assert_ne!(again, one);
    t.pass(Duration::from_millis(2_100));
    assert_ne!(document(developer, "a", "one", "2"), again, "also where nobody had looked");
}

fn what_retention_archives_stays_and_has_no_new_version(t: &Deployment) {
    let cast = Cast::new(t);
    let Cast { admin, developer, viewer, .. } = &cast;
    let id = document(developer, "a", "n", "x");
    retain(admin, "PT2S", "archive", &[], &[]);
    assert_eq!(ok(&viewer.get(&path(&id)), 200)["status"], "active");
    t.pass(Duration::from_millis(2_100));
    let next = json!({ "bucket": "a", "name": "n", "content": "y" });
    refuses(&developer.post(DOCUMENTS, &next), 409, &[]);
    assert_eq!(ok(&viewer.get(&path(&id)), 200)["status"], "archived");
    assert_eq!(counted(&cast), (1, 1, 1));
    let content = developer.get(&format!("{}/versions/1/content", path(&id)));
    assert_eq!((content.status, &content.body[..]), (200, &b"x"[..]));
    assert_eq!(developer.delete(&path(&id)).status, 204);
}

fn the_end_of_a_retention_is_told_once(t: &Deployment) {
    let cast = Cast::new(t);
    let Cast { admin, developer, viewer, .. } = &cast;
    let id = document(developer, "a", "n", "x");
    retain(admin, "PT2S", "notify", &[], &[]);
    assert_eq!(counted(&cast), (1, 1, 0));
    t.pass(Duration::from_millis(2_100));
    assert_eq!(ok(&viewer.get(&path(&id)), 200)["status"], "active");
    assert_eq!(counted(&cast), (1, 1, 1));
    document(developer, "a", "n", "y");
    assert_eq!(counted(&cast), (1, 1, 1));
    assert_eq!(developer.delete(&path(&id)).status, 204);
}

fn a_hold_holds_documents_and_buckets(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let one = document(developer, "a", "one", "x");
    let two = document(developer, "a", "two", "x");
    let three = document(developer, "b", "three", "x");
    let first = hold(admin, &[&one, &three, &one], &["a", "none"]);
    assert_eq!(names(&first), ["createdAt", "holdId", "name", "objectsHeld"]);
    assert_eq!(first["objectsHeld"], 3);
    let second = hold(admin, &[&two], &[]);
    assert_eq!(second["objectsHeld"], 1);
    assert_eq!(kept(developer, &one), json!({ "holds": [first["holdId"]] }));
    let mut both = [first["holdId"].clone(), second["holdId"].clone()];
    both.sort_by_key(|id| id.as_str().unwrap().to_owned());
    assert_eq!(kept(developer, &two), json!({ "holds": both }));
    assert_eq!(ok(&viewer.get(&path(&two)), 200)["holds"], json!(both));
    // What comes into a bucket is held.
    let four = document(developer, "a", "four", "x");
    assert_eq!(kept(developer, &four), json!({ "holds": [first["holdId"]] }));
    assert_eq!(released(admin, &first), 3, "one, three and four, but not two");
    for id in [&one, &three, &four] {
        assert_eq!(developer.delete(&path(id)).status, 204);
    }
    assert_eq!(kept(developer, &two), json!({ "holds": [second["holdId"]] }));
    assert_eq!(released(admin, &second), 1);
    assert_eq!(developer.delete(&path(&two)).status, 204);
}

fn a_held_document_outlives_its_retention(t: &Deployment) {
    let cast = Cast::new(t);
    let Cast { admin, developer, viewer, .. } = &cast;
    let id = document(developer, "a", "n", "x");
    retain(admin, "PT2S", "delete", &[], &[]);
    let held = hold(admin, &[&id], &[]);
    t.pass(Duration::from_millis(2_100));
    assert_eq!(counted(&cast), (1, 1, 0));
    ok(&viewer.get(&path(&id)), 200);
    assert_eq!(kept(developer, &id), json!({ "holds": [held["holdId"]] }));
    assert_eq!(released(admin, &held), 1);
    assert_eq!(counted(&cast), (0, 0, 1), "it went with the hold");
    refuses(&viewer.get(&path(&id)), 404, &[]);
}

fn a_hold_that_ends_by_itself_is_over(t: &Deployment) {
    let cast = Cast::new(t);
    let Cast { admin, developer, .. } = &cast;
    let id = document(developer, "a", "n", "x");
    retain(admin, "PT1S", "delete", &[], &[]);
    let body = |at: String| json!({ "name": "h", "reason": "r", "scope": { "buckets": ["a"] }, "expiresAt": at });
    let held = ok(&admin.post(HOLDS, &body(clock::in_seconds(3))), 201);
    t.pass(Duration::from_millis(1_200));
    assert_eq!(counted(&cast), (1, 1, 0));
    refuses(&admin.post(HOLDS, &body(clock::in_seconds(9))), 409, &[]);
    t.pass(Duration::from_millis(2_200));
    assert_eq!(counted(&cast), (0, 0, 1));
    refuses(&admin.post(&format!("{HOLDS}/{}/release", held["holdId"].as_str().unwrap()), &json!({})), 409, &[]);
    refuses(&developer.get(&path(&id)), 404, &[]);
    ok(&admin.post(HOLDS, &body(clock::in_seconds(9))), 201);
}

fn a_hold_of_the_sdk_is_accepted(t: &Deployment) {
    let Cast { admin, developer, .. } = &Cast::new(t);
    let id = document(developer, "a", "n", "x");
    let body = json!({ "objectId": id, "holdType": "litigation", "holdReason": "Case 17" });
    let made = ok(&admin.post(HOLDS, &body), 201);
    assert_eq!(made["name"], format!("litigation {}", made["holdId"].as_str().unwrap()));
    assert_eq!((&made["objectsHeld"], kept(developer, &id)), (&json!(1), json!({ "holds": [made["holdId"]] })));
}

fn a_hold_is_released_once(t: &Deployment) {
    let Cast { admin, developer, foreign, .. } = &Cast::new(t);
    let id = document(developer, "a", "n", "x");
    let held = hold(admin, &[&id], &[]);
    let path = format!("{HOLDS}/{}/release", held["holdId"].as_str().unwrap());
    refuses(&foreign.post(&path, &json!({})), 404, &[]);
    refuses(&admin.post(&path, &json!({ "releaseReason": 7 })), 400, &["releaseReason"]);
    refuses(&admin.post(&format!("{HOLDS}/x/release"), &json!({})), 400, &["holdId"]);
    assert_eq!(admin.send("POST", &path, &[], None).status, 200, "without a body");
    refuses(&admin.post(&path, &json!({})), 409, &[]);
}

fn holds_have_bounds(t: &Deployment) {
    let Cast { admin, .. } = &Cast::new(t);
    refuses(&admin.post(HOLDS, &json!({})), 400, &["name", "reason", "scope"]);
    let body = |scope: Value| json!({ "name": "h", "reason": "r", "scope": scope });
    refuses(&admin.post(HOLDS, &body(json!({ "objectIds": [], "buckets": [] }))), 400, &["scope"]);
    let unknown = json!({ "objectIds": ["3f2504e0-4f89-41d3-9a0c-0305e82c3301"] });
    refuses(&admin.post(HOLDS, &body(unknown)), 404, &[]);
    let mut past = body(json!({ "buckets": ["a"] }));
    past["expiresAt"] = json!(clock::in_seconds(-5));
    refuses(&admin.post(HOLDS, &past), 422, &["expiresAt"]);
    assert_eq!(ok(&admin.post(HOLDS, &body(json!({ "buckets": ["a"] }))), 201)["objectsHeld"], 0);
    refuses(&admin.post(HOLDS, &body(json!({ "buckets": ["a"] }))), 409, &[]);
}
