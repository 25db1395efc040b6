//! Security monitoring over a database of its own: what calls alone do not show. Operations and their rules are cases of the
//! black-box suite.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod atomicity;
mod plans;

use platform::Host;
use serde_json::{Value, json};
use testing::{Deployment, FULL, Reply, key};

/// A service with the key by which checkpoints of the audit log are signed.
async fn service<F: Future<Output = axum::Router>>(name: &str, serve: impl FnOnce(Host) -> F) -> Deployment {
    let key = ("CAAS_PRIVATE_KEY", "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=");
    Deployment::of(&format!("security-{name}"), &[key], serve).await
}

/// A call to a path below `/security/v1`.
async fn call(service: &Deployment, role: &str, method: &str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    service.call(method, &format!("/security/v1{path}"), &key(FULL, role), &[], &body).await
}

fn playbook(name: &str) -> Value {
    json!({
        "name": name, "triggerConditions": { "eventTypes": ["nothing.of.this.name"] },
        "actions": [{ "type": "block" }, { "type": "isolate" }, { "type": "notify", "parameters": { "to": "a@b.example" } }],
    })
}

fn execution(playbook: &str) -> Value {
    json!({ "playbookId": playbook, "context": { "targetResources": ["user:a", "doc/1"] } })
}

fn control(name: &str) -> Value {
    json!({ "controlId": name, "framework": "own", "name": name, "automatedChecks": ["quota_headroom"] })
}

fn asset(kind: &str) -> Value {
    json!({ "name": "n", "type": kind, "flags": ["unhealthy"] })
}

/// The text of a member.
fn text(body: &Value, member: &str) -> String {
    body.get(member).and_then(Value::as_str).unwrap().to_owned()
}
