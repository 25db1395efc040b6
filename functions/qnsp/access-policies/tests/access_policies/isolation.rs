//! An audit of isolation finds rows that no call could have made.

use platform::Statement;
use serde_json::{Value, json};
use testing::{Deployment, FULL, OPERATORS};

use crate::{ok, service};

/// The checks that failed, with what they say.
async fn failed(service: &Deployment) -> Vec<(String, String)> {
    let audit = ok(service, "GET", "/access/v1/cross-tenant/isolation-audit", &json!({})).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let failed = audit["checks"].as_array().unwrap().iter().filter(|check| check["status"] == "failed");
    let failed: Vec<_> = failed.map(|check| (text(&check["checkName"]), text(&check["details"]))).collect();
    assert_eq!(audit["status"], if failed.is_empty() { "passed" } else { "failed" });
    assert_eq!(audit["violations"].as_array().unwrap().len(), failed.len());
    failed
}

#[tokio::test]
async fn grants_without_a_request_and_to_strangers_are_found() {
    let service = service("isolation").await;
    let grant = "INSERT INTO qnsp_jit_grants (tenant_id, id, request_id, grantee_id, resource_type, resource_id, \
         permissions, granted_at, expires_at) VALUES (?1, 'g', 'r', 'stranger', 'db', '*', '[]', 1, 4102444800000)";
    service.execute(Statement::new(grant).bind(FULL)).await;
    let found = |name: &str| (name.to_owned(), "1 found".to_owned());
    assert_eq!(failed(&service).await, [found("tenant_key_scope"), found("active_grants")]);
    let request = "INSERT INTO qnsp_jit_requests (tenant_id, id, requested_at, requester_id, resource_type, resource_id, \
         permissions, justification, duration, max_minutes, approver_roles, status) \
         VALUES (?1, 'r', 1, 'stranger', 'db', '*', '[]', '', 1, 1, '[]', 'approved')";
    // A request of another tenant is none.
    service.execute(Statement::new(request).bind(OPERATORS)).await;
    assert_eq!(failed(&service).await.len(), 2);
    service.execute(Statement::new(request).bind(FULL)).await;
    assert_eq!(failed(&service).await, []);
}
