//! Versioned secrets of the vault of QNSP: versions, their values and states, rollback, comparison, and what is told of them.

use std::collections::BTreeSet;

use chancery::client::Reply;
use crypto::hash;
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, time},
    case::{Case, case, together},
    database,
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, Tenant, is_in_none, refuses},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(versions_are_numbered_and_the_newest_is_active),
        case(values_and_ids_have_bounds),
        case(metadata_are_kept_and_completed),
        case(history_is_paged_and_filtered_and_shows_no_value),
        case(a_version_goes_from_active_to_destroyed_and_never_back),
        case(a_destroyed_version_is_gone_and_its_value_is_erased),
        case(a_rollback_makes_a_new_version_of_an_old_value),
        case(versions_are_compared_without_being_shown),
        case(events_of_a_secret_say_who_did_what),
        case(parallel_versions_have_different_numbers),
        case(the_answer_of_a_creation_is_replayed),
        case(the_same_id_in_another_tenant_is_another_secret),
        case(a_secret_takes_a_place_in_the_quota_until_its_last_version_is_destroyed),
        case(reads_end_where_the_quota_of_calls_does),
        case(statistics_count_secrets_and_versions),
        case(both_spellings_of_the_paths_are_served),
        case(calls_are_metered_and_recorded_without_values),
        case(a_value_is_nowhere_but_in_its_answer),
    ]
}

pub const SECRETS: &str = "/vault/v1/versioned-secrets";

/// A path below a secret.
pub fn of(secret: &str, part: &str) -> String {
    format!("{SECRETS}/{secret}/{part}")
}

pub fn create(caller: &Caller, secret: &str, value: &str) -> Reply {
    caller.post(SECRETS, &json!({ "secretId": secret, "value": value }))
}

/// A new secret with these values, by its id.
#[track_caller]
pub fn secret(caller: &Caller, values: &[&str]) -> String {
    let id = unique("secret");
    for (number, value) in (1..).zip(values) {
        assert_eq!(ok(&create(caller, &id, value), 201)["version"], number);
    }
    id
}

fn read(caller: &Caller, secret: &str, version: i64) -> Reply {
    caller.get(&of(secret, &format!("versions/{version}")))
}

pub fn set_state(caller: &Caller, secret: &str, version: i64, state: &str) -> Reply {
    caller.patch(&of(secret, &format!("versions/{version}/state")), &json!({ "state": state }))
}

/// The states of the versions, the newest first.
#[track_caller]
pub fn states(caller: &Caller, secret: &str) -> Vec<String> {
    let history = ok(&caller.get(&of(secret, "history?limit=200")), 200);
    let states = history["versions"].as_array().unwrap().iter().map(|version| version["state"].as_str().unwrap());
    states.map(str::to_owned).collect()
}

/// What happened to a secret: the action and the version of each event.
#[track_caller]
pub fn events(caller: &Caller, secret: &str) -> Vec<String> {
    let listed = ok(&caller.get(&of(secret, "audit")), 200);
    let events = listed["events"].as_array().unwrap();
    assert_eq!(listed["total"], events.len());
    events.iter().map(|event| format!("{} {}", event["action"].as_str().unwrap(), event["version"])).collect()
}

fn versions_are_numbered_and_the_newest_is_active(t: &Deployment) {
    let Cast { developer, viewer, .. } = &Cast::new(t);
    let id = unique("db.password_1-x");
    let made = ok(&create(developer, &id, "first"), 201);
    assert_eq!(names(&made), ["createdAt", "secretId", "version"]);
    assert_eq!((&made["secretId"], &made["version"]), (&json!(id), &json!(1)));
    assert_eq!(ok(&create(developer, &id, "second"), 201)["version"], 2);
    assert_eq!(states(viewer, &id), ["active", "deprecated"]);
    let shown = read(developer, &id, 1);
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    let shown = ok(&shown, 200);
    assert_eq!(names(&shown), ["createdAt", "metadata", "secretId", "state", "value", "version"]);
    assert_eq!((&shown["value"], &shown["state"]), (&json!("first"), &json!("deprecated")));
    assert_eq!(shown["createdAt"], made["createdAt"]);
    assert_eq!(ok(&read(developer, &id, 2), 200)["value"], "second");
    refuses(&read(developer, &id, 3), 404, &[]);
    refuses(&read(developer, &unique("none"), 1), 404, &[]);
    for version in ["0", "-1", "x", "1.5", "9007199254740992"] {
        refuses(&developer.get(&of(&id, &format!("versions/{version}"))), 400, &["version"]);
    }
    refuses(&developer.get(&of("a%20b", "versions/1")), 400, &["secretId"]);
}

fn values_and_ids_have_bounds(t: &Deployment) {
    let Cast { developer, .. } = &Cast::new(t);
    for id in ["", "a b", "a/b", "ä", &"x".repeat(129)] {
        refuses(&create(developer, id, "v"), 400, &["secretId"]);
    }
    let id = unique("secret");
    let longest = "ä".repeat(32 << 10);
    for value in ["", &format!("{longest}x")] {
        refuses(&create(developer, &id, value), 400, &["value"]);
    }
    ok(&create(developer, &id, &longest), 201);
    assert_eq!(ok(&read(developer, &id, 1), 200)["value"], longest);
    ok(&create(developer, &"x".repeat(128), "\u{0} \u{10ffff}"), 201);
    assert_eq!(ok(&read(developer, &"x".repeat(128), 1), 200)["value"], "\u{0} \u{10ffff}");
    refuses(&developer.post(SECRETS, &json!({})), 400, &["secretId", "value"]);
    let body = json!({ "secretId": id, "value": "v", "metadata": { "reason": "x".repeat(4 << 10) } });
    refuses(&developer.post(SECRETS, &body), 400, &["metadata"]);
    refuses(&developer.post(SECRETS, &json!({ "secretId": id, "value": 7 })), 400, &["value"]);
}

fn metadata_are_kept_and_completed(t: &Deployment) {
    let Cast { developer, viewer, .. } = &Cast::new(t);
    let id = unique("secret");
    let make = |more: Value| {
        let mut body = json!({ "secretId": id, "value": "v" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ok(&developer.post(SECRETS, &body), 201)["version"].as_i64().unwrap()
    };
    let user = &developer.user;
    for (given, kept) in [
        (json!({}), json!({ "changedBy": user })),
        (json!({ "metadata": { "changedBy": "bot", "n": [1.5] } }), json!({ "changedBy": "bot", "n": [1.5] })),
        (
            json!({ "changeReason": "due", "approvedBy": "grace" }),
            json!({ "changedBy": user, "reason": "due", "approvedBy": "grace" }),
        ),
        (
            json!({ "metadata": { "reason": "leak" }, "changeReason": "due" }),
            json!({ "changedBy": user, "reason": "leak" }),
        ),
    ] {
        let version = make(given);
        assert_eq!(ok(&read(developer, &id, version), 200)["metadata"], kept);
        let history = ok(&viewer.get(&of(&id, "history?limit=1")), 200);
        assert_eq!((&history["versions"][0]["metadata"], &history["versions"][0]["createdBy"]), (&kept, &json!(user)));
    }
}

fn history_is_paged_and_filtered_and_shows_no_value(t: &Deployment) {
    let Cast { developer, viewer, foreign, .. } = &Cast::new(t);
    let id = secret(developer, &["s3cret-a", "s3cret-b", "s3cret-c", "s3cret-d"]);
    ok(&set_state(developer, &id, 1, "destroyed"), 200);
    let page = |query: &str| {
        let history = ok(&viewer.get(&of(&id, &format!("history{query}"))), 200);
        let versions: Vec<_> = history["versions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|version| version["version"].as_i64().unwrap())
            .collect();
        (versions, history["pagination"].clone())
    };
    let pagination = |total: i64, limit: i64, offset: i64, more: bool| json!({ "total": total, "limit": limit, "offset": offset, "hasMore": more });
    assert_eq!(page(""), (vec![4, 3, 2, 1], pagination(4, 50, 0, false)));
    assert_eq!(page("?limit=2&offset=1"), (vec![3, 2], pagination(4, 2, 1, true)));
    assert_eq!(page("?state=deprecated&limit=1"), (vec![3], pagination(2, 1, 0, true)));
    assert_eq!(page("?state=active"), (vec![4], pagination(1, 50, 0, false)));
    assert_eq!(page("?state=destroyed"), (vec![1], pagination(1, 50, 0, false)));
    let whole = ok(&viewer.get(&of(&id, "history")), 200);
    assert_eq!(names(&whole), ["pagination", "secretId", "versions"]);
    assert_eq!(names(&whole["versions"][0]), ["createdAt", "createdBy", "metadata", "state", "version"]);
    assert!(!whole.to_string().contains("s3cret-"));
    for (query, place) in [("state=lost", "state"), ("limit=x", "limit"), ("offset=", "offset")] {
        refuses(&viewer.get(&of(&id, &format!("history?{query}"))), 400, &[place]);
    }
    refuses(&viewer.get(&of(&unique("none"), "history")), 404, &[]);
    refuses(&foreign.get(&of(&id, "history")), 404, &[]);
}

fn a_version_goes_from_active_to_destroyed_and_never_back(t: &Deployment) {
    let Cast { developer, viewer, foreign, .. } = &Cast::new(t);
    let id = secret(developer, &["a", "b", "c"]);
    for state in ["active", "lost"] {
        refuses(&set_state(developer, &id, 1, state), 400, &["state"]);
    }
    refuses(&developer.patch(&of(&id, "versions/1/state"), &json!({})), 400, &["state"]);
    refuses(&set_state(developer, &id, 1, "deprecated"), 409, &[]);
    let changed = ok(&set_state(developer, &id, 3, "deprecated"), 200);
    assert_eq!(names(&changed), ["secretId", "state", "updatedAt", "version"]);
    assert_eq!((&changed["state"], &changed["version"]), (&json!("deprecated"), &json!(3)));
    assert_eq!(states(viewer, &id), ["deprecated"; 3], "no version is active");
    ok(&set_state(developer, &id, 1, "destroyed"), 200);
    for state in ["deprecated", "destroyed"] {
        refuses(&set_state(developer, &id, 1, state), 409, &[]);
    }
    assert_eq!(ok(&create(developer, &id, "d"), 201)["version"], 4);
    ok(&set_state(developer, &id, 4, "destroyed"), 200);
    assert_eq!(states(viewer, &id), ["destroyed", "deprecated", "deprecated", "destroyed"]);
    refuses(&set_state(developer, &id, 9, "destroyed"), 404, &[]);
    refuses(&set_state(foreign, &id, 2, "destroyed"), 404, &[]);
}

fn a_destroyed_version_is_gone_and_its_value_is_erased(t: &Deployment) {
    let Cast { tenant, developer, .. } = &Cast::new(t);
    let id = secret(developer, &["a", "b"]);
    ok(&set_state(developer, &id, 1, "destroyed"), 200);
    let gone = read(developer, &id, 1);
    refuses(&gone, 410, &[]);
    assert_eq!(gone.json().unwrap()["error"], "GONE");
    let sealed = format!(
        "SELECT count(*) FROM qnsp_secret_versions WHERE tenant_id = '{}' AND secret_id = '{id}' \
         AND sealed_value IS NOT NULL",
        tenant.id
    );
    assert_eq!(database::number(&t.instance, &sealed), 1);
    assert_eq!(ok(&read(developer, &id, 2), 200)["value"], "b");
}

fn a_rollback_makes_a_new_version_of_an_old_value(t: &Deployment) {
    let Cast { developer, viewer, foreign, .. } = &Cast::new(t);
    let id = secret(developer, &["a", "b"]);
    let roll_back =
        |to: i64| developer.post(&of(&id, "rollback"), &json!({ "targetVersion": to, "reason": "b is wrong" }));
    let done = ok(&roll_back(1), 200);
    assert_eq!(done, json!({ "secretId": id, "newVersion": 3, "rolledBackFrom": 2, "rolledBackTo": 1 }));
    let shown = ok(&read(developer, &id, 3), 200);
    assert_eq!((&shown["value"], &shown["state"]), (&json!("a"), &json!("active")));
    assert_eq!(shown["metadata"], json!({ "changedBy": developer.user, "reason": "b is wrong" }));
    assert_eq!(states(viewer, &id), ["active", "deprecated", "deprecated"]);
    refuses(&roll_back(3), 409, &[]);
    refuses(&roll_back(7), 404, &[]);
    ok(&set_state(developer, &id, 2, "destroyed"), 200);
    refuses(&roll_back(2), 410, &[]);
    ok(&set_state(developer, &id, 3, "deprecated"), 200);
    assert_eq!(ok(&roll_back(3), 200)["rolledBackFrom"], 0, "none was active");
    for wrong in [json!({}), json!({ "targetVersion": 0 }), json!({ "targetVersion": "1" })] {
        refuses(&developer.post(&of(&id, "rollback"), &wrong), 400, &["targetVersion"]);
    }
    refuses(&foreign.post(&of(&id, "rollback"), &json!({ "targetVersion": 1 })), 404, &[]);
}

fn versions_are_compared_without_being_shown(t: &Deployment) {
    let Cast { developer, viewer, foreign, .. } = &Cast::new(t);
    let id = secret(developer, &["s3cret-a", "s3cret-b", "s3cret-a"]);
    let compare =
        |one: i64, other: i64| viewer.post(&of(&id, "compare"), &json!({ "version1": one, "version2": other }));
    let different = ok(&compare(1, 2), 200);
    assert_eq!(different["different"], true);
    assert_eq!(names(&different), ["different", "secretId", "version1", "version2"]);
    assert_eq!(names(&different["version1"]), ["createdAt", "hash", "version"]);
    let hash = different["version1"]["hash"].as_str().unwrap();
    assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    assert_ne!(hash, hash::hex(&hash::sha256(&[b"s3cret-a"])), "nobody guesses the value by its hash");
    let same = ok(&compare(1, 3), 200);
    assert_eq!((&same["different"], &same["version2"]["hash"]), (&json!(false), &json!(hash)));
    assert_eq!(ok(&compare(2, 2), 200)["different"], false);
    let (other, mine) = (secret(foreign, &["s3cret-a"]), json!({ "version1": 1, "version2": 1 }));
    let others = ok(&foreign.post(&of(&other, "compare"), &mine), 200);
    assert_ne!(others["version1"]["hash"], json!(hash), "the hash is the tenant's");
    refuses(&compare(1, 9), 404, &[]);
    refuses(&compare(9, 1), 404, &[]);
    ok(&set_state(developer, &id, 2, "destroyed"), 200);
    refuses(&compare(2, 1), 410, &[]);
    refuses(&compare(1, 2), 410, &[]);
    refuses(&viewer.post(&of(&id, "compare"), &json!({ "version1": 0 })), 400, &["version1", "version2"]);
    refuses(&foreign.post(&of(&id, "compare"), &mine), 404, &[]);
    assert!(events(viewer, &id).iter().all(|event| !event.starts_with("read")), "no read of the secret");
}

fn events_of_a_secret_say_who_did_what(t: &Deployment) {
    let Cast { developer, admin, viewer, foreign, .. } = &Cast::new(t);
    let id = secret(developer, &["a", "b"]);
    ok(&read(admin, &id, 1), 200);
    ok(&admin.post(&of(&id, "rollback"), &json!({ "targetVersion": 1 })), 200);
    ok(&set_state(developer, &id, 3, "deprecated"), 200);
    ok(&set_state(developer, &id, 2, "destroyed"), 200);
    refuses(&set_state(developer, &id, 2, "destroyed"), 409, &[]);
    refuses(&read(developer, &id, 2), 410, &[]);
    let expected = [
        "created 1",
        "created 2",
        "deprecated 1",
        "read 1",
        "rollback 3",
        "deprecated 2",
        "deprecated 3",
        "destroyed 2",
    ];
    assert_eq!(events(viewer, &id), expected);
    let listed = ok(&viewer.get(&of(&id, "audit?limit=3&offset=2")), 200);
    assert_eq!((&listed["secretId"], &listed["total"]), (&json!(id), &json!(8)));
    let page = listed["events"].as_array().unwrap();
    let actors: Vec<_> = page.iter().map(|event| event["actor"].as_str().unwrap()).collect();
    assert_eq!(actors, [&developer.user, &admin.user, &admin.user]);
    assert!(page.windows(2).all(|two| time(&two[0]["timestamp"]) <= time(&two[1]["timestamp"])));
    let ids: BTreeSet<_> = page.iter().map(|event| event["eventId"].as_str().unwrap()).collect();
    assert!(ids.len() == 3 && ids.iter().all(|id| model::ids::uuid_bytes(id).is_some()));
    refuses(&viewer.get(&of(&id, "audit?limit=x")), 400, &["limit"]);
    refuses(&viewer.get(&of(&unique("none"), "audit")), 404, &[]);
    refuses(&foreign.get(&of(&id, "audit")), 404, &[]);
}

fn parallel_versions_have_different_numbers(t: &Deployment) {
    let Cast { developer, viewer, .. } = &Cast::new(t);
    let id = unique("secret");
    let mut made = together(5, |number| {
        let made = ok(&create(developer, &id, &format!("value {number}")), 201)["version"].as_i64().unwrap();
        (made, number)
    });
    made.sort_unstable();
    assert_eq!(made.iter().map(|(version, _)| *version).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    for (version, number) in made {
        assert_eq!(ok(&read(developer, &id, version), 200)["value"], format!("value {number}"));
    }
    assert_eq!(states(viewer, &id), ["active", "deprecated", "deprecated", "deprecated", "deprecated"]);
}

fn the_answer_of_a_creation_is_replayed(t: &Deployment) {
    let Cast { developer, viewer, .. } = &Cast::new(t);
    let id = unique("secret");
    let body = json!({ "secretId": id, "value": "v" }).to_string();
    let send = |body: &str| developer.send("POST", SECRETS, &[("idempotency-key", "k")], Some(body.as_bytes()));
    let first = ok(&send(&body), 201);
    let again = send(&body);
    assert_eq!(again.header("x-idempotency-replayed"), Some("true"));
    assert_eq!(ok(&again, 201), first);
    assert_eq!(states(viewer, &id), ["active"]);
    assert_eq!(send(&json!({ "secretId": id, "value": "w" }).to_string()).status, 409);
}

fn the_same_id_in_another_tenant_is_another_secret(t: &Deployment) {
    let Cast { developer, foreign, .. } = &Cast::new(t);
    let id = secret(developer, &["mine", "mine too"]);
    assert_eq!(ok(&create(foreign, &id, "theirs"), 201)["version"], 1);
    assert_eq!(ok(&read(foreign, &id, 1), 200)["value"], "theirs");
    assert_eq!(ok(&read(developer, &id, 1), 200)["value"], "mine");
    refuses(&read(foreign, &id, 2), 404, &[]);
}

fn a_secret_takes_a_place_in_the_quota_until_its_last_version_is_destroyed(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "free" }));
    let owner = &tenant.key("owner");
    let used = || {
        let quotas = ok(&owner.get("/tenant/v1/quotas/current"), 200);
        let quota = quotas["quotas"].as_array().unwrap().iter().find(|quota| quota["quotaType"] == "secrets").unwrap();
        quota["used"].as_i64().unwrap()
    };
    let first = secret(owner, &["a", "b"]);
    assert_eq!(used(), 1, "of a secret, not of a version");
    for _ in 1..25 {
        secret(owner, &["a"]);
    }
    assert_eq!(used(), 25);
    let refused = create(owner, &unique("secret"), "one more");
    refuses(&refused, 403, &["limit", "resource", "used"]);
    assert_eq!(refused.json().unwrap()["error"], "QUOTA_EXCEEDED");
    assert_eq!(ok(&create(owner, &first, "c"), 201)["version"], 3, "a secret that has a place may have more versions");
    for version in 1..=3 {
        ok(&set_state(owner, &first, version, "destroyed"), 200);
        assert_eq!(used(), if version < 3 { 25 } else { 24 });
    }
    secret(owner, &["a"]);
    refuses(&create(owner, &first, "again"), 403, &["limit", "resource", "used"]);
    assert_eq!((used(), states(owner, &first).len()), (25, 3));
}

fn reads_end_where_the_quota_of_calls_does(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "free" }));
    let owner = &tenant.key("owner");
    let id = secret(owner, &["a"]);
    let use_up = json!({ "quotaType": "apiCalls", "used": 50_000 });
    assert!(tenant.key("service").post("/tenant/v1/quotas/usage", &use_up).status < 300);
    let refused = read(owner, &id, 1);
    refuses(&refused, 403, &["limit", "resource", "used"]);
    assert_eq!(refused.json().unwrap()["details"]["resource"], "apiCalls");
    refuses(&read(owner, &id, 2), 404, &[]);
    assert_eq!(events(owner, &id), ["created 1"], "what is refused is no event of the secret");
    ok(&create(owner, &id, "b"), 201);
}

fn statistics_count_secrets_and_versions(t: &Deployment) {
    let Cast { developer, viewer, .. } = &Cast::new(t);
    let path = format!("{SECRETS}/stats");
    let empty = json!({
        "totalSecrets": 0, "totalVersions": 0, "averageVersionsPerSecret": 0.0,
        "byState": { "active": 0, "deprecated": 0, "destroyed": 0 },
    });
    assert_eq!(ok(&viewer.get(&path), 200), empty);
    let first = secret(developer, &["a", "b", "c", "d", "e"]);
    secret(developer, &["a"]);
    secret(developer, &["a"]);
    ok(&set_state(developer, &first, 1, "destroyed"), 200);
    ok(&set_state(developer, &first, 5, "destroyed"), 200);
    let counted = json!({
        "totalSecrets": 3, "totalVersions": 7, "averageVersionsPerSecret": 2.33,
        "byState": { "active": 2, "deprecated": 3, "destroyed": 2 },
    });
    assert_eq!(ok(&viewer.get(&path), 200), counted);
}

fn both_spellings_of_the_paths_are_served(t: &Deployment) {
    let Cast { developer, viewer, .. } = &Cast::new(t);
    let id = secret(developer, &["a"]);
    let bare = of(&id, "versions/1").replace("/vault", "");
    assert_eq!(ok(&developer.get(&bare), 200)["value"], "a");
    let body = json!({ "secretId": id, "value": "b" });
    assert_eq!(ok(&developer.post("/v1/versioned-secrets", &body), 201)["version"], 2);
    assert_eq!(ok(&viewer.get("/v1/versioned-secrets/stats"), 200)["totalVersions"], 2);
}

fn calls_are_metered_and_recorded_without_values(t: &Deployment) {
    let Cast { tenant, developer, viewer, owner, .. } = &Cast::new(t);
    let id = secret(developer, &["s3cret-metered", "s3cret-metered-too"]);
    ok(&read(developer, &id, 1), 200);
    refuses(&read(developer, &id, 9), 404, &[]);
    ok(&viewer.get(&of(&id, "history")), 200);
    ok(&viewer.post(&of(&id, "compare"), &json!({ "version1": 1, "version2": 2 })), 200);
    ok(&viewer.get(&format!("{SECRETS}/stats")), 200);
    let metered = |operation: &str| {
        let tenant = &tenant.id;
        let count =
            format!("SELECT count(*) FROM qnsp_meters WHERE tenant_id = '{tenant}' AND operation = '{operation}'");
        database::number(&t.instance, &count)
    };
    assert_eq!(["vault.secret_version_create", "vault.secret_version_read"].map(metered), [2, 1]);
    let listed = ok(&owner.get("/audit/v1/events?limit=200"), 200);
    let mut recorded: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["eventType"].as_str().unwrap().starts_with("vault."))
        .map(|event| {
            assert_eq!(event["resource"]["id"], json!(id));
            format!("{} {}", event["eventType"].as_str().unwrap(), event["result"].as_str().unwrap())
        })
        .collect();
    recorded.sort_unstable();
    let expected = [
        "vault.secret_version.create success",
        "vault.secret_version.create success",
        "vault.secret_version.get failure",
        "vault.secret_version.get success",
        "vault.secret_version.list success",
    ];
    assert_eq!(recorded, expected);
    assert!(!listed.to_string().contains("s3cret-"));
}

fn a_value_is_nowhere_but_in_its_answer(t: &Deployment) {
    let Cast { tenant, developer, admin, viewer, owner, .. } = &Cast::new(t);
    let canary = unique("canary-0f3b");
    let id = unique("secret");
    let body = json!({ "secretId": id, "value": canary }).to_string();
    let made = developer.send("POST", SECRETS, &[("idempotency-key", "canary")], Some(body.as_bytes()));
    ok(&made, 201);
    ok(&create(developer, &id, "another"), 201);
    ok(&read(developer, &id, 1), 200);
    let rolled_back = developer.post(&of(&id, "rollback"), &json!({ "targetVersion": 1 }));
    let too_much = developer.post(SECRETS, &json!({ "secretId": id, "value": canary, "metadata": 7 }));
    refuses(&too_much, 400, &["metadata"]);
    let compared = viewer.post(&of(&id, "compare"), &json!({ "version1": 1, "version2": 3 }));
    let kept = admin.put(&of(&id, "retention-policy"), &json!({ "maxVersions": 1 }));
    let enforced = admin.post(&of(&id, "enforce-retention"), &json!({}));
    let lists = ["history", "audit"].map(|part| viewer.get(&of(&id, part)));
    let recorded = owner.get("/audit/v1/events?limit=200");
    assert_eq!(recorded.status, 200);
    let answers = [&made, &rolled_back, &too_much, &compared, &kept, &enforced, &lists[0], &lists[1], &recorded];
    is_in_none(t, tenant, &canary, &answers);
}
