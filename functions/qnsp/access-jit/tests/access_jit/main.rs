//! Just-in-time access over a database of its own: what calls alone do not show. Its operations and their rules are cases
//! of the black-box suite.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod meddling;

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use testing::{Deployment, FULL, Reply, key};

const REQUESTS: &str = "/access/v1/jit/requests";
const CHECK: &str = "/access/v1/jit/check";

fn request(resource: &str) -> Value {
    json!({
        "resourceType": "db", "resourceId": resource, "permissions": ["read"], "justification": "j", "duration": 30,
    })
}

async fn service(name: &str) -> Deployment {
    Deployment::of(&format!("access-jit-{name}"), &[], access_jit::app).await
}

async fn post(service: &Deployment, role: &str, path: &str, body: &Value) -> Reply {
    service.call("POST", path, &key(FULL, role), &[], &body.to_string()).await
}

async fn created(service: &Deployment, role: &str, path: &str, body: &Value) -> Value {
    let reply = post(service, role, path, body).await;
    assert!(reply.status.is_success(), "{} {} {body}", reply.status, reply.body);
    reply.body
}

#[tokio::test]
async fn a_check_is_one_round_trip_and_a_request_is_two() {
    let service = service("trips").await;
    let question = json!({ "principalId": "u", "resourceType": "db", "resourceId": "r", "permission": "read" });
    created(&service, "viewer", CHECK, &question).await;
    created(&service, "developer", REQUESTS, &request("a")).await;
    let asked = |service: &Deployment| service.sql.asked.swap(0, Ordering::SeqCst);
    asked(&service);
    created(&service, "viewer", CHECK, &question).await;
    assert_eq!(asked(&service), 1);
    created(&service, "developer", REQUESTS, &request("b")).await;
    assert_eq!(asked(&service), 2, "one query of the terms, one batch");
}

#[tokio::test]
async fn an_approval_that_fails_at_any_statement_leaves_nothing() {
    let service = service("failing").await;
    let asked = created(&service, "developer", REQUESTS, &request("a")).await;
    let path = format!("{REQUESTS}/{}/process", asked["requestId"].as_str().unwrap());
    let approve = json!({ "decision": "approve" });
    let other = created(&service, "developer", REQUESTS, &request("b")).await;
    let other = format!("{REQUESTS}/{}/process", other["requestId"].as_str().unwrap());
    service.sql.longest.store(0, Ordering::SeqCst);
    created(&service, "admin", &other, &approve).await;
    let left = "SELECT (SELECT count(*) FROM qnsp_jit_grants) + (SELECT count(*) FROM qnsp_jit_requests WHERE \
                status <> 'pending') + (SELECT count(*) FROM audit_entries WHERE outcome = 'done')";
    let before = service.number(left).await;
    for at in 0..service.sql.longest.load(Ordering::SeqCst) {
        service.sql.fails_at.store(at, Ordering::SeqCst);
        let status = post(&service, "admin", &path, &approve).await.status.as_u16();
        assert_eq!((status, service.number(left).await), (503, before), "statement {at}");
    }
    service.sql.fails_at.store(usize::MAX, Ordering::SeqCst);
    created(&service, "admin", &path, &approve).await;
    assert_eq!(service.number("SELECT count(*) FROM qnsp_jit_grants").await, 2);
}
