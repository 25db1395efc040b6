//! Copies of configuration.

use std::{sync::Arc, time::Duration};

use platform::runtime::ahead;
use serde_json::{Value, json};

use crate::instances::{Deployment, Instance, Memory, ROOT, signed};

async fn instance(deployment: &Deployment) -> Instance {
    deployment.instance("configuration").await
}

async fn set(one: &Instance, path: &str, value: Value) {
    let body = json!({ "context": { "appId": "a" }, "data": value });
    let answer = one.call(ROOT, "PUT", &format!("/caas/config/{path}"), &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// What it shows, and its age.
async fn fetch(one: &Instance, query: &str) -> (Value, i64) {
    let body = json!({ "context": { "appId": "a" } });
    let answer = one.call(ROOT, "POST", &format!("/caas/config/fetch{query}"), &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    (answer.body, answer.age.unwrap())
}

#[tokio::test]
async fn another_instances_change_is_seen_at_once_when_it_must_be_and_within_the_bound_else() {
    let deployment = Deployment::new("2");
    let (one, two) = (instance(&deployment).await, instance(&deployment).await);
    set(&one, "n", json!(1)).await;
    assert_eq!(fetch(&one, "").await.0, json!({ "n": 1 }));
    set(&two, "n", json!(2)).await;
    assert_eq!(fetch(&two, "").await.0, json!({ "n": 2 }), "its own change");
    assert_eq!(fetch(&one, "").await.0, json!({ "n": 1 }), "a copy");
    assert_eq!(ahead(Duration::from_millis(1100), fetch(&one, "")).await, (json!({ "n": 1 }), 1));
    for query in ["?read_fresh=true", "?read_fresh=True", "?read_fresh=1"] {
        set(&two, "n", json!(query)).await;
        assert_eq!(fetch(&one, query).await, (json!({ "n": query }), 0));
    }
    assert_eq!(fetch(&one, "?read_fresh=false").await.0, json!({ "n": "?read_fresh=1" }), "the fresh answer was kept");

    set(&two, "n", json!(3)).await;
    assert_eq!(ahead(Duration::from_millis(2000), fetch(&one, "")).await, (json!({ "n": 3 }), 0));
}

#[tokio::test]
async fn what_an_instance_changes_it_never_shows_as_it_was() {
    let deployment = Deployment::new("60");
    let one = instance(&deployment).await;
    for n in 0..20 {
        set(&one, "n", json!(n)).await;
        assert_eq!(fetch(&one, "").await.0, json!({ "n": n }));
        assert_eq!(fetch(&one, "").await.0, json!({ "n": n }));
    }
    let body = json!({ "context": { "appId": "a" }, "key_paths": ["n"] });
    assert_eq!(one.call(ROOT, "DELETE", "/caas/config", &body).await.status, 204);
    assert_eq!(fetch(&one, "").await.0, json!({}));
}

#[tokio::test]
async fn a_copy_is_shown_without_asking_storage_and_its_nonce_is_stored_after_the_answer() {
    let deployment = Deployment::new("60");
    let one = instance(&deployment).await;
    set(&one, "a", json!({ "b": [1.50, 2], "c": 3 })).await;
    fetch(&one, "").await;
    let (before, headers_of_one) = (deployment.nonces().await, signed(ROOT));
    deployment.asked();
    let body = json!({ "context": { "appId": "a" }, "key_paths": ["a.c", "x"] });
    let answer = one.send(&headers_of_one, "POST", "/caas/config/fetch", &body).await;
    assert_eq!((answer.status, answer.body, deployment.asked()), (200, json!({ "a.c": 3 }), 0));
    for path in ["/caas/config/fetch", "/caas/config/fetch?read_fresh=true"] {
        assert_eq!(one.send(&headers_of_one, "POST", path, &body).await.status, 401, "sent again: {path}");
    }
    deployment.nonces_are(before + 1).await;
    let two = instance(&deployment).await;
    let change = json!({ "context": { "appId": "a" }, "data": 1 });
    assert_eq!(two.send(&headers_of_one, "PUT", "/caas/config/x", &change).await.status, 401);
    assert_eq!(fetch(&one, "?read_fresh=true").await.0, json!({ "a": { "b": [1.5, 2], "c": 3 } }));
}

#[tokio::test]
async fn without_caches_every_answer_comes_from_storage() {
    let deployment = Deployment::new("0");
    let (one, two) = (instance(&deployment).await, instance(&deployment).await);
    for n in 0..5 {
        set(&one, "n", json!(n)).await;
        deployment.asked();
        assert_eq!(fetch(&two, "").await, (json!({ "n": n }), 0));
        assert!(deployment.asked() > 0);
    }
}

#[tokio::test]
async fn copies_travel_sealed_through_the_key_value_store() {
    let mut deployment = Deployment::new("60");
    let memory = Arc::new(Memory::default());
    deployment.host.kv = Some(memory.clone());
    let (one, two) = (instance(&deployment).await, instance(&deployment).await);
    set(&one, "n", json!("in the clear nowhere")).await;
    // Two knows the caller, who was admitted to this, and has no copy that would still be shown.
    fetch(&two, "").await;
    set(&two, "m", json!(1)).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    let before = memory.0.lock().unwrap().clone();
    fetch(&one, "?read_fresh=true").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(*memory.0.lock().unwrap(), before, "a fresh read was written to the key-value store");
    fetch(&instance(&deployment).await, "").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    {
        let copies = memory.0.lock().unwrap();
        assert_eq!(copies.len(), 1);
        let (name, copy) = copies.iter().next().unwrap();
        assert!(name.starts_with("configuration/"), "{name}");
        assert!(!String::from_utf8_lossy(copy).contains("clear"));
    }
    deployment.asked();
    assert_eq!(fetch(&two, "").await.0, json!({ "n": "in the clear nowhere", "m": 1 }));
    assert_eq!(deployment.asked(), 0, "the copy came from the key-value store");

    // What does not open is no copy.
    set(&two, "m", json!(2)).await;
    memory.0.lock().unwrap().values_mut().for_each(|copy| *copy.last_mut().unwrap() ^= 1);
    assert_eq!(fetch(&two, "").await.0, json!({ "n": "in the clear nowhere", "m": 2 }));
}

#[tokio::test]
async fn a_long_configuration_gives_its_parts_and_no_copy() {
    let deployment = Deployment::new("60");
    let one = instance(&deployment).await;
    set(&one, "a", json!({ "long": "x".repeat(200_000), "b": 1 })).await;
    let body = json!({ "context": { "appId": "a" }, "key_paths": ["a.b", "a.x"] });
    for _ in 0..2 {
        deployment.asked();
        let answer = one.call(ROOT, "POST", "/caas/config/fetch", &body).await;
        assert_eq!((answer.age, answer.body), (Some(0), json!({ "a.b": 1 })));
        assert!(deployment.asked() > 0);
    }
    // Asked for whole, it is kept, and its parts are found in the copy.
    fetch(&one, "").await;
    deployment.asked();
    assert_eq!(one.call(ROOT, "POST", "/caas/config/fetch", &body).await.body, json!({ "a.b": 1 }));
    assert_eq!(deployment.asked(), 0);
}
