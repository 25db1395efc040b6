//! Examples of the AI orchestrator: a model is deployed.

use serde_json::{Value, json};

use super::states::Examples;
use crate::qnsp::Caller;

pub(super) fn deployment(examples: &mut Examples, developer: &Caller) {
    const MODELS: &str = "/ai/v1/registry/models";
    const DEPLOYMENT: &str = "/ai/v1/registry/deployments/{deploymentId}";
    let body = json!({
        "name": "support-chat", "version": "2.1.0", "type": "llm", "provider": "example",
        "artifacts": { "modelPath": "s3://models/support-chat" },
        "metadata": { "description": "Answers questions of customers", "tags": ["chat"], "license": "Apache-2.0" },
    });
    let reply = developer.post(MODELS, &body);
    let model = examples.add("POST /ai/v1/registry/models", body, reply)["modelId"].as_str().unwrap().to_owned();
    let reply = developer.send("POST", &format!("{MODELS}/{model}/activate"), &[], None);
    examples.add("POST /ai/v1/registry/models/{id}/activate", Value::Null, reply);
    let body = json!({
        "modelId": model,
        "config": {
            "replicas": 2, "resources": { "cpu": "4", "memory": "16Gi", "gpu": "l4" },
            "autoscaling": { "enabled": true, "minReplicas": 1, "maxReplicas": 4 },
        },
    });
    let reply = developer.post("/ai/v1/registry/deployments", &body);
    let made = examples.add("POST /ai/v1/registry/deployments", body, reply);
    let path = format!("/ai/v1/registry/deployments/{}", made["deploymentId"].as_str().unwrap());
    let body = json!({ "status": "running", "endpoint": "https://models.example/support-chat" });
    let reply = developer.patch(&path, &body);
    examples.add(&format!("PATCH {DEPLOYMENT}"), body, reply);
    examples.add(&format!("GET {DEPLOYMENT}"), Value::Null, developer.get(&path));
    let reply = developer.send("POST", &format!("{path}/stop"), &[], None);
    examples.add(&format!("POST {DEPLOYMENT}/stop"), Value::Null, reply);
}
