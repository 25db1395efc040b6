//! An audit of isolation finds a deployment whose model is another tenant's.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use platform::Statement;
use serde_json::{Value, json};
use testing::{Deployment, FREE, FULL, key};

const AUDITS: &str = "/tenant/v1/isolation/audits";

#[tokio::test]
async fn a_deployment_of_another_tenants_model_is_found() {
    let deployment = Deployment::of("tenants-isolation", &[], tenants::app).await;
    let owner = key(FULL, "owner");
    let findings = async |depth: &str| -> Value {
        let body = json!({ "scope": ["data", "compute"], "depth": depth }).to_string();
        let started = deployment.call("POST", AUDITS, &owner, &[], &body).await;
        let path = format!("{AUDITS}/{}", started.body["auditId"].as_str().unwrap());
        deployment.call("GET", &path, &owner, &[], "").await.body["findings"].clone()
    };
    let run = async |id: &str, model: &str, owner_of_model: &str| {
        let model_row = "INSERT INTO qnsp_models (tenant_id, id, created_at, name, version, type, provider, tags, status) \
                         VALUES (?1, ?2, 0, ?2, '1', 'llm', 'p', '[]', 'active')";
        deployment.execute(Statement::new(model_row).bind(owner_of_model).bind(model)).await;
        let row = "INSERT INTO qnsp_deployments (tenant_id, id, created_at, updated_at, created_by, model_id, config, replicas, \
                   has_gpu, status) VALUES (?1, ?2, 0, 0, 'u', ?3, '{}', 1, 0, 'deploying')";
        deployment.execute(Statement::new(row).bind(FULL).bind(id).bind(model)).await;
    };
    run("own", "m1", FULL).await;
    assert_eq!(findings("standard").await, json!([]));
    run("stray", "m2", FREE).await;
    for depth in ["quick", "standard", "comprehensive"] {
        let found = findings(depth).await;
        let of =
            |index: usize| (found[index]["category"].as_str().unwrap(), found[index]["objectId"].as_str().unwrap());
        assert_eq!(found.as_array().unwrap().len(), 2, "{found}");
        assert_eq!([of(0), of(1)], [("data", "stray"), ("compute", "stray")]);
    }
}
