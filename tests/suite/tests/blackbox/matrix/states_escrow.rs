//! Examples of escrow: a key is split between two agents, who give their shares for its recovery.

use serde_json::{Value, json};

use super::states::Examples;
use crate::{
    answer::ok,
    deployment::{Deployment, unique},
    qnsp::{Caller, Tenant},
};

const HSM: &str = "/kms/v1/byohsm";
const ESCROW: &str = "/kms/v1/escrow";

/// A new key in escrow: its id and the escrow's.
fn escrowed(examples: &mut Examples, admin: &Caller, agents: &[Caller; 2]) -> Value {
    let config = json!({ "endpoint": "sim://a", "credentials": { "type": "api_key", "data": { "apiKey": "k" } } });
    let connection = json!({ "name": unique("hsm"), "provider": "thales", "connectionConfig": config });
    let connection = ok(&admin.post(&format!("{HSM}/connections"), &connection), 201)["connectionId"].clone();
    let validate = format!("{HSM}/connections/{}/validate", connection.as_str().unwrap());
    ok(&admin.post(&validate, &json!({})), 200);
    let key = json!({ "connectionId": connection, "keyType": "aes", "purpose": ["encrypt", "decrypt"] });
    let key = ok(&admin.post(&format!("{HSM}/keys"), &key), 201)["keyId"].clone();
    let [first, second] = agents;
    let policy = json!({
        "name": "Two of two", "keyTypes": ["aes"], "recoveryThreshold": 2, "retentionPeriod": "P1Y",
        "escrowAgents": [{ "agentId": first.user, "role": "primary" }, { "agentId": second.user, "role": "secondary" }],
    });
    let policy = ok(&admin.post(&format!("{ESCROW}/policies"), &policy), 201)["policyId"].clone();
    let body = json!({ "keyId": key, "policyId": policy, "metadata": { "reason": "Before the module is replaced" } });
    let reply = admin.post(&format!("{ESCROW}/keys"), &body);
    examples.add("POST /kms/v1/escrow/keys", body, reply)["escrowId"].clone()
}

pub(super) fn recovery(t: &Deployment, examples: &mut Examples) {
    let tenant = Tenant::new(t, &json!({ "tier": "enterprise-pro", "addOns": ["byohsm", "key-escrow"] }));
    let (admin, approver) = (tenant.key("admin"), tenant.key("admin"));
    let agents = ["developer"; 2].map(|role| tenant.key(role));
    let escrow = escrowed(examples, &admin, &agents);
    let path = format!("{ESCROW}/keys/{}", escrow.as_str().unwrap());
    let shares = agents.each_ref().map(|agent| {
        let body = json!({ "agentId": agent.user });
        let reply = agent.post(&format!("{path}/shares/claim"), &body);
        examples.add("POST /kms/v1/escrow/keys/{escrowId}/shares/claim", body, reply)["share"].clone()
    });
    examples.add("GET /kms/v1/escrow/keys/{escrowId}", Value::Null, admin.get(&path));
    let recovery = |part: &str| format!("{ESCROW}/recovery/{part}");
    let body = json!({ "escrowId": escrow, "reason": "The module is lost", "urgency": "urgent" });
    let reply = admin.post(&recovery("initiate"), &body);
    let request = examples.add("POST /kms/v1/escrow/recovery/initiate", body, reply)["requestId"].clone();
    for (agent, share) in agents.iter().zip(shares) {
        let body = json!({ "requestId": request, "share": share, "agentId": agent.user });
        let reply = agent.post(&recovery("submit-share"), &body);
        examples.add("POST /kms/v1/escrow/recovery/submit-share", body, reply);
    }
    let body = json!({ "requestId": request, "decision": "approve", "reason": "Seen in person" });
    let reply = approver.post(&recovery("approve"), &body);
    examples.add("POST /kms/v1/escrow/recovery/approve", body, reply);
    let shown = admin.get(&recovery(request.as_str().unwrap()));
    examples.add("GET /kms/v1/escrow/recovery/{requestId}", Value::Null, shown);
    let body = json!({ "requestId": request });
    let reply = admin.post(&recovery("execute"), &body);
    examples.add("POST /kms/v1/escrow/recovery/execute", body, reply);
    examples.add("GET /kms/v1/escrow/audit", Value::Null, admin.get(&format!("{ESCROW}/audit")));
}
