//! Retention of versioned secrets of QNSP: which versions a policy destroys, and when.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::{names, ok},
    case::{Case, case},
    clock,
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, refuses},
    qnsp_vault::{SECRETS, create, events, of, secret, set_state, states},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_policy_is_checked_and_replaced_as_a_whole),
        case(the_newest_versions_are_kept),
        case(old_versions_are_destroyed_and_the_active_one_never),
        case(a_policy_is_enforced_when_asked_and_then_has_nothing_to_do),
        case(a_policy_that_destroys_by_itself_does_so_with_each_new_version),
        case(a_policy_may_come_with_the_first_version),
    ]
}

const DAY: Duration = Duration::from_secs(86_400);

fn set(caller: &Caller, secret: &str, policy: &Value) -> Value {
    ok(&caller.put(&of(secret, "retention-policy"), policy), 200)
}

/// How many versions a call destroyed, and how many are left.
#[track_caller]
fn enforced(caller: &Caller, secret: &str) -> (i64, i64) {
    let done = ok(&caller.post(&of(secret, "enforce-retention"), &json!({})), 200);
    assert_eq!(names(&done), ["secretId", "versionsDeleted", "versionsRetained"]);
    (done["versionsDeleted"].as_i64().unwrap(), done["versionsRetained"].as_i64().unwrap())
}

fn a_policy_is_checked_and_replaced_as_a_whole(t: &Deployment) {
    let Cast { developer, admin, foreign, .. } = &Cast::new(t);
    let id = secret(developer, &["a"]);
    let path = of(&id, "retention-policy");
    let answer = set(admin, &id, &json!({ "maxVersions": 3, "deleteAfter": "P90D", "autoDestroy": true }));
    assert_eq!(names(&answer), ["retentionPolicy", "secretId", "updatedAt"]);
    assert_eq!(answer["retentionPolicy"], json!({ "maxVersions": 3, "deleteAfter": "P90D", "autoDestroy": true }));
    let answer = set(admin, &id, &json!({ "retentionDays": 7 }));
    assert_eq!(answer["retentionPolicy"], json!({ "deleteAfter": "P7D", "autoDestroy": false }));
    for (policy, status, place) in [
        (json!({}), 400, "maxVersions"),
        (json!({ "maxVersions": 0 }), 400, "maxVersions"),
        (json!({ "maxVersions": 1001 }), 400, "maxVersions"),
        (json!({ "maxVersions": 1.5 }), 400, "maxVersions"),
        (json!({ "deleteAfter": "soon" }), 400, "deleteAfter"),
        (json!({ "deleteAfter": "P0D" }), 422, "deleteAfter"),
        (json!({ "autoDestroy": "yes" }), 400, "autoDestroy"),
        (json!({ "deleteAfter": "P1D", "retentionDays": 1 }), 400, "retentionDays"),
    ] {
        refuses(&admin.put(&path, &policy), status, &[place]);
    }
    refuses(&admin.put(&of(&unique("none"), "retention-policy"), &json!({ "maxVersions": 1 })), 404, &[]);
    refuses(&foreign.put(&path, &json!({ "maxVersions": 1 })), 404, &[]);
    refuses(&developer.put(&path, &json!({ "maxVersions": 1 })), 403, &["actual", "required"]);
}

fn the_newest_versions_are_kept(t: &Deployment) {
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let id = secret(developer, &["a", "b", "c", "d", "e"]);
    ok(&set_state(developer, &id, 4, "destroyed"), 200);
    set(admin, &id, &json!({ "maxVersions": 2 }));
    assert_eq!(states(viewer, &id), ["active", "destroyed", "deprecated", "deprecated", "deprecated"], "not by itself");
    assert_eq!(enforced(admin, &id), (2, 2), "destroyed ones take no place");
    assert_eq!(states(viewer, &id), ["active", "destroyed", "deprecated", "destroyed", "destroyed"]);
    let mut last = events(viewer, &id);
    last.drain(..last.len() - 2);
    assert_eq!(last, ["destroyed 1", "destroyed 2"]);
    // Without an active version the newest are kept all the same.
    ok(&set_state(developer, &id, 5, "deprecated"), 200);
    set(admin, &id, &json!({ "maxVersions": 1 }));
    assert_eq!(enforced(admin, &id), (1, 1));
    assert_eq!(states(viewer, &id)[0], "deprecated");
}

fn old_versions_are_destroyed_and_the_active_one_never(t: &Deployment) {
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let id = secret(developer, &["a", "b"]);
    set(admin, &id, &json!({ "deleteAfter": "P2D" }));
    assert_eq!(enforced(admin, &id), (0, 2));
    clock::pass(t.instance.runtime, DAY);
    ok(&create(developer, &id, "c"), 201);
    clock::pass(t.instance.runtime, DAY + Duration::from_secs(1));
    assert_eq!(enforced(admin, &id), (2, 1));
    clock::pass(t.instance.runtime, 10 * DAY);
    assert_eq!(enforced(admin, &id), (0, 1));
    assert_eq!(states(viewer, &id), ["active", "destroyed", "destroyed"]);
}

fn a_policy_is_enforced_when_asked_and_then_has_nothing_to_do(t: &Deployment) {
    let Cast { developer, admin, foreign, .. } = &Cast::new(t);
    let id = secret(developer, &["a", "b", "c"]);
    refuses(&admin.post(&of(&id, "enforce-retention"), &json!({})), 409, &[]);
    set(admin, &id, &json!({ "maxVersions": 1 }));
    assert_eq!(enforced(admin, &id), (2, 1));
    assert_eq!(enforced(admin, &id), (0, 1));
    let empty = admin.send("POST", &of(&id, "enforce-retention"), &[], None);
    assert_eq!(ok(&empty, 200)["versionsDeleted"], 0);
    refuses(&admin.post(&of(&unique("none"), "enforce-retention"), &json!({})), 404, &[]);
    refuses(&admin.post(&of("a%20b", "enforce-retention"), &json!({})), 400, &["secretId"]);
    refuses(&foreign.post(&of(&id, "enforce-retention"), &json!({})), 404, &[]);
}

fn a_policy_that_destroys_by_itself_does_so_with_each_new_version(t: &Deployment) {
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let id = secret(developer, &["a", "b", "c"]);
    set(admin, &id, &json!({ "maxVersions": 2, "autoDestroy": true }));
    assert_eq!(states(viewer, &id).len(), 3);
    ok(&create(developer, &id, "d"), 201);
    assert_eq!(states(viewer, &id), ["active", "deprecated", "destroyed", "destroyed"]);
    ok(&developer.post(&of(&id, "rollback"), &json!({ "targetVersion": 3 })), 200);
    assert_eq!(states(viewer, &id), ["active", "deprecated", "destroyed", "destroyed", "destroyed"]);
    set(admin, &id, &json!({ "maxVersions": 2 }));
    ok(&create(developer, &id, "e"), 201);
    assert_eq!(states(viewer, &id)[..3], ["active", "deprecated", "deprecated"], "no longer");
}

fn a_policy_may_come_with_the_first_version(t: &Deployment) {
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let id = unique("secret");
    let body = |value: &str, policy: Value| json!({ "secretId": id, "value": value, "retentionPolicy": policy });
    refuses(&developer.post(SECRETS, &body("a", json!({ "maxVersions": 0 }))), 400, &["retentionPolicy.maxVersions"]);
    let wrong = developer.post(SECRETS, &body("a", json!({ "deleteAfter": "P0D" })));
    refuses(&wrong, 422, &["retentionPolicy.deleteAfter"]);
    let first = json!({ "maxVersions": 1, "autoDestroy": true });
    ok(&developer.post(SECRETS, &body("a", first.clone())), 201);
    ok(&create(developer, &id, "b"), 201);
    assert_eq!(states(viewer, &id), ["active", "destroyed"]);
    refuses(&developer.post(SECRETS, &body("c", json!({ "maxVersions": 9 }))), 403, &["actual", "required"]);
    ok(&admin.post(SECRETS, &body("c", json!({ "maxVersions": 9 }))), 201);
    assert_eq!(states(viewer, &id), ["active", "deprecated", "destroyed"]);
}
