//! Models of the AI orchestrator, and where they are to run.

use serde_json::{Value, json};

use crate::{
    answer::{ok, time},
    case::{Case, case},
    clock,
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, Tenant, refuses},
    qnsp_auth::UNKNOWN,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_model_is_registered_once),
        case(models_that_break_a_rule_are_refused),
        case(a_model_goes_from_status_to_status),
        case(a_replacement_is_another_model_that_is_not_deprecated),
        case(only_active_models_are_deployed),
        case(deployments_that_break_a_rule_are_refused),
        case(a_deployment_runs_once),
        case(deployments_take_room_until_they_end),
        case(both_spellings_are_served),
    ]
}

pub const MODELS: &str = "/ai/v1/registry/models";
pub const DEPLOYMENTS: &str = "/ai/v1/registry/deployments";

/// A model with these members instead of the usual ones.
pub fn model(more: &Value) -> Value {
    let mut model = json!({ "name": unique("model"), "version": "1.0.0", "type": "llm", "provider": "example" });
    model.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    model
}

/// A new model, by its id.
#[track_caller]
pub fn registered(caller: &Caller, more: &Value) -> String {
    ok(&caller.post(MODELS, &model(more)), 201)["modelId"].as_str().unwrap().to_owned()
}

/// A new model that is active, by its id.
#[track_caller]
pub fn active(caller: &Caller, more: &Value) -> String {
    let id = registered(caller, more);
    ok(&caller.post(&format!("{MODELS}/{id}/activate"), &json!({})), 200);
    id
}

/// A new deployment, by its path.
#[track_caller]
pub fn deployed(caller: &Caller, model: &str, config: Value) -> String {
    let made = ok(&caller.post(DEPLOYMENTS, &json!({ "modelId": model, "config": config })), 201);
    assert_eq!((&made["modelId"], &made["status"]), (&json!(model), &json!("deploying")));
    format!("{DEPLOYMENTS}/{}", made["deploymentId"].as_str().unwrap())
}

fn a_model_is_registered_once(t: &Deployment) {
    let cast = Cast::new(t);
    let body = model(&json!({
        "artifacts": { "modelPath": "s3://models/one", "configPath": "s3://models/one.json" },
        "metadata": { "description": "The first", "tags": ["chat", "small"], "license": "Apache-2.0" },
    }));
    let made = ok(&cast.developer.post(MODELS, &body), 201);
    let expected = json!({
        "modelId": made["modelId"], "id": made["modelId"], "name": body["name"], "version": "1.0.0", "provider": "example",
        "modelType": "llm", "status": "registered", "createdAt": made["createdAt"],
    });
    assert_eq!(made, expected);
    time(&made["createdAt"]);
    refuses(&cast.admin.post(MODELS, &body), 409, &[]);
    let mut other = body.clone();
    other["version"] = json!("1.0.1");
    ok(&cast.developer.post(MODELS, &other), 201);
    // The same of another tenant, and in the shape of the SDK.
    let sdk = json!({
        "name": body["name"], "version": "1.0.0", "modelType": "embedding", "provider": "example", "servingConfig": {},
    });
    assert_eq!(ok(&cast.foreign.post(MODELS, &sdk), 201)["modelType"], "embedding");
}

fn models_that_break_a_rule_are_refused(t: &Deployment) {
    let developer = Cast::new(t).developer;
    let refused = |more: Value, status: u16, place: &str| {
        refuses(&developer.post(MODELS, &model(&more)), status, &[place]);
    };
    refuses(&developer.post(MODELS, &json!({})), 400, &["name", "provider", "type", "version"]);
    for version in ["", "-1", "1 0", &"1".repeat(65)] {
        refused(json!({ "version": version }), 400, "version");
    }
    refused(json!({ "type": "vision" }), 400, "type");
    refused(json!({ "name": "x".repeat(129) }), 400, "name");
    refused(json!({ "metadata": { "tags": vec!["t"; 51] } }), 400, "metadata.tags");
    refused(json!({ "type": "custom" }), 422, "artifacts.modelPath");
    refused(json!({ "type": "custom", "artifacts": { "configPath": "c" } }), 422, "artifacts.modelPath");
    registered(&developer, &json!({ "type": "custom", "artifacts": { "modelPath": "p" } }));
    registered(&developer, &json!({ "metadata": { "tags": vec!["t"; 50] }, "version": "1".repeat(64) }));
}

fn a_model_goes_from_status_to_status(t: &Deployment) {
    let cast = Cast::new(t);
    let id = registered(&cast.developer, &json!({}));
    let activate = || cast.developer.send("POST", &format!("{MODELS}/{id}/activate"), &[], None);
    let first = ok(&activate(), 200);
    assert_eq!((&first["modelId"], &first["status"]), (&json!(id), &json!("active")));
    clock::pass(t.instance.runtime, std::time::Duration::from_secs(1));
    assert_eq!(ok(&activate(), 200), first, "the first time stays");
    let deprecate = || cast.developer.send("POST", &format!("{MODELS}/{id}/deprecate"), &[], None);
    let deprecated = ok(&deprecate(), 200);
    assert_eq!((&deprecated["modelId"], &deprecated["status"]), (&json!(id), &json!("deprecated")));
    assert!(time(&deprecated["deprecatedAt"]) > time(&first["activatedAt"]));
    refuses(&deprecate(), 409, &[]);
    refuses(&activate(), 409, &[]);
    // One that was never active may be deprecated as well.
    let other = registered(&cast.developer, &json!({}));
    let reason = json!({ "reason": "It is wrong too often" });
    ok(&cast.developer.post(&format!("{MODELS}/{other}/deprecate"), &reason), 200);
    for part in ["activate", "deprecate"] {
        refuses(&cast.developer.post(&format!("{MODELS}/{UNKNOWN}/{part}"), &json!({})), 404, &[]);
        refuses(&cast.foreign.post(&format!("{MODELS}/{id}/{part}"), &json!({})), 404, &[]);
        refuses(&cast.developer.post(&format!("{MODELS}/x/{part}"), &json!({})), 400, &["id"]);
    }
}

fn a_replacement_is_another_model_that_is_not_deprecated(t: &Deployment) {
    let cast = Cast::new(t);
    let [old, new, newest] = [(); 3].map(|()| registered(&cast.developer, &json!({})));
    let by = |of: &str, replacement: &str| {
        cast.developer.post(&format!("{MODELS}/{of}/deprecate"), &json!({ "replacementModelId": replacement }))
    };
    refuses(&by(&old, &old), 422, &["replacementModelId"]);
    refuses(&by(&old, "x"), 400, &["replacementModelId"]);
    refuses(&by(&old, UNKNOWN), 404, &[]);
    refuses(&by(&old, &registered(&cast.foreign, &json!({}))), 404, &[]);
    ok(&by(&new, &newest), 200);
    refuses(&by(&old, &new), 422, &["replacementModelId"]);
    ok(&by(&old, &newest), 200);
    refuses(&by(&old, &new), 409, &[]);
    let empty = json!({ "reason": "" });
    refuses(&cast.developer.post(&format!("{MODELS}/{newest}/deprecate"), &empty), 400, &["reason"]);
}

fn only_active_models_are_deployed(t: &Deployment) {
    let cast = Cast::new(t);
    let id = registered(&cast.developer, &json!({ "version": "7" }));
    let deploy = |more: Value| {
        let mut body = json!({ "modelId": id });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        cast.developer.post(DEPLOYMENTS, &body)
    };
    refuses(&deploy(json!({})), 409, &[]);
    ok(&cast.developer.post(&format!("{MODELS}/{id}/activate"), &json!({})), 200);
    refuses(&deploy(json!({ "versionId": "8" })), 422, &["versionId"]);
    let made = ok(&deploy(json!({ "versionId": "7" })), 201);
    let path = format!("{DEPLOYMENTS}/{}", made["deploymentId"].as_str().unwrap());
    let shown = ok(&cast.viewer.get(&path), 200);
    let config = json!({ "replicas": 1, "resources": { "gpu": null }, "autoscaling": { "enabled": false } });
    let expected = json!({
        "deploymentId": made["deploymentId"], "modelId": id, "versionId": "7", "config": config, "status": "deploying",
        "endpoint": null, "reason": null, "createdAt": made["createdAt"], "updatedAt": made["createdAt"],
        "runningSince": null,
    });
    assert_eq!(shown, expected);
    ok(&cast.developer.post(&format!("{MODELS}/{id}/deprecate"), &json!({})), 200);
    refuses(&deploy(json!({})), 409, &[]);
    assert_eq!(ok(&cast.viewer.get(&path), 200)["status"], "deploying");
    refuses(&cast.developer.post(DEPLOYMENTS, &json!({ "modelId": UNKNOWN })), 404, &[]);
    refuses(&cast.foreign.post(DEPLOYMENTS, &json!({ "modelId": id })), 404, &[]);
    refuses(&cast.foreign.get(&path), 404, &[]);
    refuses(&cast.viewer.get(&format!("{DEPLOYMENTS}/{UNKNOWN}")), 404, &[]);
    refuses(&cast.viewer.get(&format!("{DEPLOYMENTS}/x")), 400, &["deploymentId"]);
}

fn deployments_that_break_a_rule_are_refused(t: &Deployment) {
    let developer = Cast::new(t).developer;
    let id = active(&developer, &json!({}));
    let refused = |config: Value, status: u16, place: &str| {
        refuses(&developer.post(DEPLOYMENTS, &json!({ "modelId": id, "config": config })), status, &[place]);
    };
    refuses(&developer.post(DEPLOYMENTS, &json!({})), 400, &["modelId"]);
    for replicas in [json!(0), json!(101), json!(1.5), json!("1")] {
        refused(json!({ "replicas": replicas }), 400, "config.replicas");
    }
    for cpu in ["", "1.", "1k", "500 m"] {
        refused(json!({ "resources": { "cpu": cpu } }), 400, "config.resources.cpu");
    }
    for memory in ["512", "512MB", "1.5Gi"] {
        refused(json!({ "resources": { "memory": memory } }), 400, "config.resources.memory");
    }
    refused(json!({ "resources": { "gpu": 1 } }), 400, "config.resources.gpu");
    for (least, most) in [(0, 4), (3, 4), (1, 1)] {
        let autoscaling = json!({ "enabled": true, "minReplicas": least, "maxReplicas": most });
        refused(json!({ "replicas": 2, "autoscaling": autoscaling }), 422, "config.autoscaling");
    }
    refused(json!({ "autoscaling": { "enabled": true } }), 422, "config.autoscaling");
    let config = json!({
        "replicas": 2, "resources": { "cpu": "500m", "memory": "16Gi", "gpu": "a100" },
        "autoscaling": { "enabled": true, "minReplicas": 1, "maxReplicas": 4 },
    });
    let path = deployed(&developer, &id, config.clone());
    assert_eq!(ok(&developer.get(&path), 200)["config"], config);
}

fn a_deployment_runs_once(t: &Deployment) {
    let cast = Cast::new(t);
    let id = active(&cast.developer, &json!({}));
    let report = |path: &str, body: Value| cast.service.patch(path, &body);
    let path = deployed(&cast.developer, &id, json!({}));
    refuses(&report(&path, json!({ "status": "stopped" })), 400, &["status"]);
    for endpoint in ["http://models.example", "https://", "models.example"] {
        refuses(&report(&path, json!({ "status": "running", "endpoint": endpoint })), 400, &["endpoint"]);
    }
    let running = json!({ "status": "running", "endpoint": "https://models.example/one", "reason": "ready" });
    let shown = ok(&report(&path, running), 200);
    assert_eq!(shown["runningSince"], shown["updatedAt"]);
    assert_eq!((&shown["endpoint"], &shown["reason"]), (&json!("https://models.example/one"), &json!("ready")));
    refuses(&report(&path, json!({ "status": "running" })), 409, &[]);
    let shown = ok(&report(&path, json!({ "status": "failed", "reason": "no memory" })), 200);
    assert_eq!(
        (&shown["status"], &shown["reason"], &shown["runningSince"]),
        (&json!("failed"), &json!("no memory"), &json!(null))
    );
    assert_eq!(shown["endpoint"], "https://models.example/one", "what is not told stays");
    for status in ["running", "failed"] {
        refuses(&report(&path, json!({ "status": status })), 409, &[]);
    }
    let stop = |path: &str| cast.developer.send("POST", &format!("{path}/stop"), &[], None);
    assert_eq!(ok(&stop(&path), 200)["status"], "stopped");
    refuses(&stop(&path), 409, &[]);
    refuses(&report(&path, json!({ "status": "running" })), 409, &[]);
    let other = deployed(&cast.developer, &id, json!({}));
    assert_eq!(ok(&report(&other, json!({ "status": "failed" })), 200)["status"], "failed");
    refuses(&report(&other, json!({ "status": "running" })), 409, &[]);
    for path in
        [format!("{DEPLOYMENTS}/{UNKNOWN}"), deployed(&cast.foreign, &active(&cast.foreign, &json!({})), json!({}))]
    {
        refuses(&report(&path, json!({ "status": "running" })), 404, &[]);
        refuses(&stop(&path), 404, &[]);
    }
    refuses(&stop(&format!("{DEPLOYMENTS}/x")), 400, &["deploymentId"]);
}

fn deployments_take_room_until_they_end(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "dev-pro" }));
    let developer = tenant.key("developer");
    let viewer = tenant.key("viewer");
    let used = || {
        let quotas = ok(&viewer.get("/tenant/v1/quotas/current"), 200);
        let quotas = quotas["quotas"].as_array().unwrap().clone();
        quotas.iter().find(|quota| quota["quotaType"] == "deployments").unwrap()["used"].clone()
    };
    let id = active(&developer, &json!({}));
    let paths: Vec<_> = (0..20).map(|_| deployed(&developer, &id, json!({}))).collect();
    assert_eq!(used(), 20);
    let one_more = || developer.post(DEPLOYMENTS, &json!({ "modelId": id }));
    refuses(&one_more(), 403, &["limit", "resource", "used"]);
    assert_eq!(one_more().json().unwrap()["error"], "QUOTA_EXCEEDED");
    // A failed one takes no room, and gives none back when it is stopped.
    ok(&developer.patch(&paths[0], &json!({ "status": "failed" })), 200);
    assert_eq!(used(), 19);
    ok(&developer.post(&format!("{}/stop", paths[0]), &json!({})), 200);
    assert_eq!(used(), 19);
    ok(&developer.post(&format!("{}/stop", paths[1]), &json!({})), 200);
    assert_eq!(used(), 18);
    ok(&one_more(), 201);
    assert_eq!(used(), 19);
}

fn both_spellings_are_served(t: &Deployment) {
    let cast = Cast::new(t);
    let made = ok(&cast.developer.post("/v1/registry/models", &model(&json!({}))), 201);
    let id = made["modelId"].as_str().unwrap();
    ok(&cast.developer.post(&format!("/v1/registry/models/{id}/activate"), &json!({})), 200);
    ok(&cast.developer.post("/v1/registry/deployments", &json!({ "modelId": id })), 201);
    ok(&cast.viewer.get("/v1/costs/analytics"), 200);
    ok(&cast.viewer.get("/v1/costs/recommendations"), 200);
    ok(&cast.viewer.get("/v1/bias/summary"), 200);
    ok(&cast.viewer.post("/v1/security/injection/analyze", &json!({ "prompt": "hello" })), 200);
    ok(&cast.viewer.get("/v1/security/injection/stats"), 200);
    // Feeders have one.
    assert_eq!(cast.developer.post("/v1/costs/record", &json!({})).status, 404);
}
