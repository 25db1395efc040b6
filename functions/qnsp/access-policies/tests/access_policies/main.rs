//! Access policies over a database of their own: what calls alone do not show. Operations and their rules are cases of the
//! black-box suite.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod atomicity;
mod audit_chain;
mod isolation;
mod reads;

use serde_json::{Value, json};
use testing::{Deployment, FULL, Reply, key};

const POLICIES: &str = "/access/v1/policies";

/// A service with the key by which checkpoints are signed.
async fn service(name: &str) -> Deployment {
    let key = ("CAAS_PRIVATE_KEY", "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=");
    Deployment::of(&format!("access-policies-{name}"), &[key], access_policies::app).await
}

fn policy(name: &str, effect: &str, principal: &str) -> Value {
    let statement = json!({ "effect": effect, "principals": [principal], "resources": ["doc/*"], "actions": ["read"] });
    json!({ "name": name, "statement": statement })
}

fn question(user: &str) -> Value {
    json!({
        "principal": { "type": "user", "id": user }, "resource": { "type": "doc", "id": "1" }, "action": "read",
    })
}

async fn call(service: &Deployment, method: &str, path: &str, body: &Value) -> Reply {
    service.call(method, path, &key(FULL, "owner"), &[], &body.to_string()).await
}

async fn ok(service: &Deployment, method: &str, path: &str, body: &Value) -> Value {
    let reply = call(service, method, path, body).await;
    assert!(reply.status.is_success(), "{} {} {method} {path} {body}", reply.status, reply.body);
    reply.body
}
