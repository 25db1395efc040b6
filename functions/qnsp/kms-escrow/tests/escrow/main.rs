//! Escrow over a database of its own: what is stored, what is erased, and what a batch that fails leaves. Operations and
//! their rules are cases of the black-box suite.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod atomicity;
mod erasure;
mod quota;

use crypto::base64;
use platform::{Host, Statement};
use qnsp::hsm::seal_material;
use serde_json::{Value, json};
use service::Anonymous;
use testing::{Deployment, FULL, Reply, key};

const ESCROW: &str = "/kms/v1/escrow";

/// The key that is escrowed.
const KEY: &str = "00000000-0000-4000-8000-0000000000aa";
const MATERIAL: [u8; 32] = [0x5a; 32];

/// Two users who hold shares, a witness, and who asks and who approves; each has a key of the API of that name.
const AGENTS: [&str; 2] = ["developer", "owner"];
const INITIATOR: &str = "admin";
const APPROVER: &str = "owner";

/// A service with a connection and an AES key on it.
async fn service(name: &str) -> Deployment {
    let mut kept: Option<Host> = None;
    let keep = |host: Host| {
        kept = Some(host.clone());
        kms_escrow::app(host)
    };
    let service = Deployment::of(&format!("kms-escrow-{name}"), &[], keep).await;
    let connection = Statement::new(
        "INSERT INTO qnsp_hsm_connections (tenant_id, id, created_at, updated_at, name, provider, endpoint, port, \
         credentials_type, metadata, status, unanswered, revision) \
         VALUES (?1, 'c', 0, 0, 'c', 'thales', 'sim://a', 443, 'api_key', '{}', 'active', 0, 0)",
    );
    service.execute(connection.bind(FULL)).await;
    let app = qnsp::app(kept.unwrap()).await;
    let data_key = Anonymous::background(&app).batch().data_key(FULL).await.unwrap();
    let insert = Statement::new(
        "INSERT INTO qnsp_hsm_keys (tenant_id, id, created_at, connection_id, key_type, key_size, algorithm, mechanism, \
         purposes, sealed_material, status) VALUES (?1, ?2, 0, 'c', 'aes', 256, 'AES-256', 'AES-KWP', '[\"encrypt\"]', ?3, \
         'active')",
    );
    let sealed = seal_material(&data_key, FULL, KEY, &MATERIAL).unwrap();
    service.execute(insert.bind(FULL).bind(KEY).bind(sealed)).await;
    service
}

async fn post(service: &Deployment, role: &str, path: &str, body: &Value) -> Reply {
    service.call("POST", &format!("{ESCROW}/{path}"), &key(FULL, role), &[], &body.to_string()).await
}

async fn ok(service: &Deployment, role: &str, path: &str, body: &Value) -> Value {
    let reply = post(service, role, path, body).await;
    assert!(reply.status.is_success(), "{} {} {path} {body}", reply.status, reply.body);
    reply.body
}

/// A new policy by which the key may be escrowed.
async fn policy(service: &Deployment) -> Value {
    let agents = json!([
        { "agentId": AGENTS[0], "role": "primary" }, { "agentId": "viewer", "role": "witness" },
        { "agentId": AGENTS[1], "role": "secondary" },
    ]);
    let policy = json!({
        "name": "p", "keyTypes": ["aes"], "escrowAgents": agents, "recoveryThreshold": 2, "retentionPeriod": "P1Y",
    });
    let policy = ok(service, INITIATOR, "policies", &policy).await;
    json!({ "keyId": KEY, "policyId": policy["policyId"] })
}

/// The key in escrow, by the escrow's id.
async fn escrowed(service: &Deployment) -> String {
    let body = policy(service).await;
    ok(service, INITIATOR, "keys", &body).await["escrowId"].as_str().unwrap().to_owned()
}

async fn claimed(service: &Deployment, escrow: &str, agent: &str) -> String {
    let claim = format!("keys/{escrow}/shares/claim");
    ok(service, agent, &claim, &json!({ "agentId": agent })).await["share"].as_str().unwrap().to_owned()
}

async fn initiated(service: &Deployment, escrow: &str) -> Value {
    let initiated = json!({ "escrowId": escrow, "reason": "lost" });
    json!({ "requestId": ok(service, INITIATOR, "recovery/initiate", &initiated).await["requestId"] })
}

fn share_of(request: &Value, agent: &str, share: &str) -> Value {
    json!({ "requestId": request["requestId"], "agentId": agent, "share": share })
}

fn decision(request: &Value, decision: &str) -> Value {
    json!({ "requestId": request["requestId"], "decision": decision, "reason": "seen" })
}

/// A recovery that is approved, as its execution is asked for.
async fn approved(service: &Deployment, escrow: &str) -> Value {
    let request = initiated(service, escrow).await;
    for agent in AGENTS {
        let share = claimed(service, escrow, agent).await;
        ok(service, agent, "recovery/submit-share", &share_of(&request, agent, &share)).await;
    }
    ok(service, APPROVER, "recovery/approve", &decision(&request, "approve")).await;
    request
}

fn is_the_key(executed: &Value) -> bool {
    executed["recoveredKey"] == base64::encode(&MATERIAL)
}
