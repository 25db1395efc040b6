//! Plans come to their end by what is found when they are read.

use serde_json::{Value, json};
use testing::Deployment;

use crate::{AGILITY, PLANS, call, forbid, get, id, key_of, ok, replace, service};

fn plan(name: &str, scope: &Value) -> Value {
    json!({ "name": name, "targetAlgorithms": { "signing": "ML-DSA-65" }, "scope": scope })
}

async fn created(service: &Deployment, body: &Value) -> String {
    let created = ok(service, "POST", PLANS, body).await;
    assert_eq!(created["status"], "draft");
    format!("{PLANS}/{}", created["planId"].as_str().unwrap())
}

async fn set(service: &Deployment, path: &str, status: &str) -> u16 {
    call(service, "PATCH", path, &json!({ "status": status })).await.status.as_u16()
}

#[tokio::test]
async fn a_plan_is_completed_by_the_read_that_finds_its_keys_migrated() {
    let service = service("completed").await;
    key_of(&service, 1, "rsa", "RSA-2048", &["sign"]).await;
    key_of(&service, 2, "ec", "ECDSA-P256", &["sign"]).await;
    key_of(&service, 3, "pqc", "ML-DSA-65", &["sign"]).await;
    let path = created(&service, &plan("a", &json!({ "keyIds": [id(1)], "keyTypes": ["ec", "pqc"] }))).await;
    let progress = async || get(&service, &path).await["progress"].clone();
    assert_eq!(progress().await, json!({ "keysTotal": 3, "keysMigrated": 1, "currentPhase": null }));
    replace(&service, 1, 3).await;
    replace(&service, 2, 3).await;
    assert_eq!(progress().await["keysMigrated"], 3);
    assert_eq!(get(&service, &path).await["status"], "draft", "only an active plan is completed");
    assert_eq!(set(&service, &path, "active").await, 200);
    let listed = get(&service, PLANS).await;
    assert_eq!((&listed["plans"][0]["status"], &listed["plans"][0]["progress"]), (&json!("completed"), &json!(100)));
    assert_eq!(get(&service, &path).await["status"], "completed");
    for status in ["active", "paused", "cancelled"] {
        assert_eq!(set(&service, &path, status).await, 409, "{status}");
    }
    assert_eq!(call(&service, "PATCH", &path, &json!({ "name": "b" })).await.status.as_u16(), 409);
    // What is completed stays so.
    key_of(&service, 4, "ec", "ECDSA-P384", &["sign"]).await;
    let later = get(&service, &path).await;
    let progress = json!({ "keysTotal": 4, "keysMigrated": 3, "currentPhase": null });
    assert_eq!((&later["status"], &later["progress"]), (&json!("completed"), &progress));
}

#[tokio::test]
async fn neither_a_plan_without_keys_nor_one_with_a_forbidden_successor_is_completed() {
    let service = service("open").await;
    let empty = created(&service, &plan("empty", &json!({ "keyTypes": ["aes"] }))).await;
    assert_eq!(set(&service, &empty, "active").await, 200);
    let shown = get(&service, &empty).await;
    assert_eq!((&shown["status"], &shown["progress"]["keysTotal"]), (&json!("active"), &json!(0)));
    key_of(&service, 1, "ec", "ECDSA-P256", &["sign"]).await;
    key_of(&service, 2, "pqc", "ML-DSA-44", &["sign"]).await;
    replace(&service, 1, 2).await;
    forbid(&service, "ML-DSA", 0).await;
    // The name of a key that is in the scope by its type as well counts once.
    let path = created(&service, &json!({
        "name": "b", "targetAlgorithms": { "encryption": "AES-256" }, "scope": { "keyIds": [id(1)], "keyTypes": ["ec"] },
    })).await;
    assert_eq!(set(&service, &path, "active").await, 200);
    let shown = get(&service, &path).await;
    let progress = json!({ "keysTotal": 1, "keysMigrated": 0, "currentPhase": null });
    assert_eq!((&shown["status"], &shown["progress"]), (&json!("active"), &progress));
}

#[tokio::test]
async fn a_target_that_a_policy_forbids_is_refused() {
    let service = service("targets").await;
    forbid(&service, "AES-256", 0).await;
    let body = json!({
        "name": "a", "targetAlgorithms": { "encryption": "aes_256", "signing": "ML-DSA-65" },
        "scope": { "keyTypes": ["aes"] },
    });
    let refused = call(&service, "POST", PLANS, &body).await;
    assert_eq!(refused.status.as_u16(), 422);
    let fields: Vec<_> = refused.body["details"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["targetAlgorithms.encryption"]);
}

#[tokio::test]
async fn only_an_active_plan_over_every_legacy_key_makes_policies_ready() {
    let service = service("covering").await;
    key_of(&service, 1, "rsa", "RSA-2048", &["sign"]).await;
    key_of(&service, 2, "ec", "ECDSA-P256", &["sign"]).await;
    key_of(&service, 3, "aes", "AES-128", &["encrypt"]).await;
    let policies = async || {
        let readiness = get(&service, &format!("{AGILITY}/migration-readiness")).await;
        readiness["categories"][3]["score"].clone()
    };
    assert_eq!(policies().await, 0.0);
    let part = created(&service, &plan("part", &json!({ "keyIds": [id(1)] }))).await;
    assert_eq!(policies().await, 50.0);
    assert_eq!(set(&service, &part, "active").await, 200);
    assert_eq!(policies().await, 50.0);
    let whole = created(&service, &plan("whole", &json!({ "keyIds": [id(1)], "keyTypes": ["ec"] }))).await;
    assert_eq!(policies().await, 50.0);
    assert_eq!(set(&service, &whole, "active").await, 200);
    assert_eq!(policies().await, 100.0);
    forbid(&service, "AES-128", 0).await;
    assert_eq!(policies().await, 50.0, "one more key should be replaced");
    for path in [&whole, &part] {
        assert_eq!(set(&service, path, "cancelled").await, 200);
    }
    assert_eq!(policies().await, 0.0);
}

#[tokio::test]
async fn the_phase_is_the_one_that_runs_now() {
    let service = service("phases").await;
    let schedule = json!({
        "startDate": "2020-01-01T00:00:00+02:00",
        "phases": [{ "name": "first", "duration": "P1D" }, { "name": "second", "duration": "P400Y", "actions": ["a"] }],
    });
    let mut body = plan("a", &json!({ "keyTypes": ["rsa"] }));
    body["schedule"] = schedule.clone();
    let path = created(&service, &body).await;
    let shown = get(&service, &path).await;
    assert_eq!(shown["progress"]["currentPhase"], "second");
    assert_eq!(shown["schedule"]["startDate"], "2019-12-31T22:00:00.000Z");
    assert_eq!(shown["schedule"]["phases"], schedule["phases"]);
    let change = json!({ "schedule": { "phases": [{ "name": "only" }] } });
    ok(&service, "PATCH", &path, &change).await;
    let shown = get(&service, &path).await;
    assert_eq!((&shown["schedule"], &shown["progress"]["currentPhase"]), (&change["schedule"], &json!("only")));
}
