//! An audit of isolation finds rows that no call could have made.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

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

#[tokio::test]
async fn what_references_nothing_of_the_tenant_is_found() {
    let deployment = Deployment::of("tenants-references", &[], tenants::app).await;
    let owner = key(FULL, "owner");
    for (category, check, severity, object, row) in [
        (
            "data",
            "lease_of_known_configuration",
            "high",
            "l",
            "INSERT INTO qnsp_leases (tenant_id, id, config_id, created_at, is_pending, username, password_hash, expires_at, \
             max_expires_at, ends_at, is_counted, has_user) VALUES (?1, 'l', 'c', 1, 0, 'u', '', 2, 2, 2, 0, 0)",
        ),
        (
            "data",
            "share_of_known_escrow",
            "high",
            "e",
            "INSERT INTO qnsp_escrow_agents (tenant_id, escrow_id, agent_id, position, role) VALUES (?1, 'e', 'a', 0, 'primary')",
        ),
        (
            "identity",
            "policy_of_own_principals",
            "high",
            "p",
            "INSERT INTO qnsp_access_policies (tenant_id, id, created_at, updated_at, name, description, category, \
             enforcement_level, version, statement, statement_hash, content_hash) VALUES (?1, 'p', 1, 1, 'n', '', '', \
             'enforced', 1, '{\"principals\": [\"tenant:other\"]}', '', '')",
        ),
        (
            "identity",
            "grants_of_known_users",
            "medium",
            "g",
            "INSERT INTO qnsp_jit_grants (tenant_id, id, request_id, grantee_id, resource_type, resource_id, permissions, \
             granted_at, expires_at) VALUES (?1, 'g', 'r', 'stranger', 'db', '*', '[]', 1, 4102444800000)",
        ),
    ] {
        let body = json!({ "scope": [category], "depth": "quick" }).to_string();
        let audit = async || {
            let started = deployment.call("POST", AUDITS, &owner, &[], &body).await;
            let path = format!("{AUDITS}/{}", started.body["auditId"].as_str().unwrap());
            deployment.call("GET", &path, &owner, &[], "").await.body["findings"].as_array().unwrap().clone()
        };
        let before = audit().await;
        deployment.execute(Statement::new(row).bind(FULL)).await;
        let found: Vec<_> = audit().await.into_iter().filter(|finding| !before.contains(finding)).collect();
        let [finding] = &found[..] else { panic!("{check}: {found:?}") };
        let members = ["category", "check", "severity", "objectId"].map(|member| finding[member].as_str().unwrap());
        assert_eq!(members, [category, check, severity, object]);
    }
}

#[tokio::test]
async fn stored_addresses_are_held_against_the_rule_of_now() {
    let variables = [("QNSP_OUTBOUND_HOSTS", "10.0.0.1:*")];
    let deployment = Deployment::of("tenants-addresses", &variables, tenants::app).await;
    let owner = key(FULL, "owner");
    let audit = async || -> Value {
        let body = json!({ "scope": ["network"] }).to_string();
        let started = deployment.call("POST", AUDITS, &owner, &[], &body).await;
        assert_eq!(started.status.as_u16(), 201, "{}", started.body);
        let path = format!("{AUDITS}/{}", started.body["auditId"].as_str().unwrap());
        deployment.call("GET", &path, &owner, &[], "").await.body["findings"].clone()
    };
    let status = async || {
        let status = deployment.call("GET", "/tenant/v1/isolation/current-status", &owner, &[], "").await;
        assert_eq!(status.status.as_u16(), 200, "{}", status.body);
        status.body["byCategory"]["network"].as_str().unwrap().to_owned()
    };
    let leakage = "INSERT INTO qnsp_leakage_policies (tenant_id, id, created_at, name, description, enabled, patterns, pattern_count, targets, \
                   on_detection, channels, sources) VALUES (?1, ?2, 1, ?2, '', 1, '[]', 0, '[]', 'alert', json_array('ops', ?3), \
                   json_array(json_object('target', 'github', 'baseUrl', ?4)))";
    let policy = async |id: &str, channel: &str, source: &str| {
        deployment.execute(Statement::new(leakage).bind(FULL).bind(id).bind(channel).bind(source)).await;
    };
    policy("public", "https://hooks.example.com", "https://git.example.com").await;
    assert_eq!((audit().await, status().await), (json!([]), "isolated".to_owned()));
    policy("by-operator", "https://10.0.0.1", "http://10.0.0.1:81").await;
    let found = audit().await;
    let [finding] = &found.as_array().unwrap()[..] else { panic!("one finding") };
    assert_eq!((&finding["severity"], &finding["objectId"]), (&json!("low"), &json!("by-operator")));
    assert_eq!(status().await, "warning");
    let connection = "INSERT INTO qnsp_hsm_connections (tenant_id, id, created_at, updated_at, name, provider, endpoint, port, \
                      credentials_type, metadata, status, unanswered, revision) VALUES (?1, ?2, 1, 1, ?2, 'thales', ?3, 443, \
                      'api_key', '{}', 'active', 0, 0)";
    for (id, endpoint) in [("embedded", "sim://c"), ("inner", "https://192.168.0.1")] {
        deployment.execute(Statement::new(connection).bind(FULL).bind(id).bind(endpoint)).await;
    }
    let found = audit().await;
    let high: Vec<_> = found.as_array().unwrap().iter().filter(|it| it["severity"] == "high").collect();
    assert_eq!((high.len(), &high[0]["objectId"]), (1, &json!("inner")), "{found}");
    assert_eq!(status().await, "breach");
}
