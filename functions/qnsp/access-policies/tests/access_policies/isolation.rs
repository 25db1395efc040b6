//! An audit of isolation finds rows that no call could have made.

use platform::Statement;
use qnsp::isolation;
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

/// Rows of a tenant, with the statement that gives it what they reference.
const REFERENCES: [[&str; 2]; 4] = [
    [
        "INSERT INTO qnsp_hsm_keys (tenant_id, id, created_at, connection_id, key_type, algorithm, mechanism, purposes, status) \
         VALUES (?1, 'k', 1, 'c', 'aes', 'AES-256', 'AES-KWP', '[]', 'active')",
        "INSERT INTO qnsp_hsm_connections (tenant_id, id, created_at, updated_at, name, provider, endpoint, port, \
         credentials_type, metadata, status, unanswered, revision) VALUES (?1, 'c', 1, 1, 'c', 'thales', 'sim://c', 0, \
         'api_key', '{}', 'active', 0, 0)",
    ],
    [
        "INSERT INTO qnsp_escrows (tenant_id, id, created_at, created_by, key_id, policy_id, expires_at, threshold, key_hash) \
         VALUES (?1, 'e', 1, 'u', 'k2', 'p', 4102444800000, 2, x'')",
        "INSERT INTO qnsp_hsm_keys (tenant_id, id, created_at, connection_id, key_type, algorithm, mechanism, purposes, status) \
         VALUES (?1, 'k2', 1, 'c', 'aes', 'AES-256', 'AES-KWP', '[]', 'active')",
    ],
    [
        "INSERT INTO qnsp_escrow_agents (tenant_id, escrow_id, agent_id, position, role) VALUES (?1, 'e2', 'a', 0, 'primary')",
        "INSERT INTO qnsp_escrows (tenant_id, id, created_at, created_by, key_id, policy_id, expires_at, threshold, key_hash) \
         VALUES (?1, 'e2', 1, 'u', 'k', 'p', 1, 2, x'')",
    ],
    [
        "INSERT INTO qnsp_escrow_shares (tenant_id, recovery_id, agent_id, submitted_at, sealed_share) \
         VALUES (?1, 'r', 'a', 1, x'')",
        "INSERT INTO qnsp_escrow_recoveries (tenant_id, id, created_at, initiated_by, escrow_id, reason, urgency, required, \
         submitted, status) VALUES (?1, 'r', 1, 'u', 'e', '', 'normal', 2, 1, 'pending_shares')",
    ],
];

#[tokio::test]
async fn keys_escrows_and_shares_that_belong_to_nothing_of_the_tenant_are_found() {
    let service = service("references").await;
    let fault = ("tenant_key_scope".to_owned(), "1 found".to_owned());
    for [row, referenced] in REFERENCES {
        service.execute(Statement::new(row).bind(FULL)).await;
        assert_eq!(failed(&service).await, std::slice::from_ref(&fault), "{row}");
        // What another tenant has is none of this one.
        service.execute(Statement::new(referenced).bind(OPERATORS)).await;
        assert_eq!(failed(&service).await, std::slice::from_ref(&fault), "{row}");
        service.execute(Statement::new(referenced).bind(FULL)).await;
        assert_eq!(failed(&service).await, [], "{row}");
    }
    // The key of an escrow that has ended may be gone.
    let ended = "UPDATE qnsp_escrows SET expires_at = 1, key_id = 'gone' WHERE tenant_id = ?1 AND id = 'e'";
    service.execute(Statement::new(ended).bind(FULL)).await;
    assert_eq!(failed(&service).await, []);
}

#[tokio::test]
async fn plans_that_name_keys_of_another_tenant_are_found() {
    let service = service("plans").await;
    let named =
        "INSERT INTO qnsp_migration_plan_keys (tenant_id, plan_id, key_id, position) VALUES (?1, 'p', 'theirs', 0)";
    service.execute(Statement::new(named).bind(FULL)).await;
    assert_eq!(failed(&service).await, [], "nobody has it: it was deleted");
    let key = "INSERT INTO qnsp_hsm_keys (tenant_id, id, created_at, connection_id, key_type, algorithm, mechanism, purposes, \
               status) VALUES (?1, 'theirs', 1, 'c', 'aes', 'AES-256', 'AES-KWP', '[]', 'active')";
    service.execute(Statement::new(key).bind(OPERATORS)).await;
    assert_eq!(failed(&service).await, [("tenant_key_scope".to_owned(), "1 found".to_owned())]);
}

#[tokio::test]
async fn no_audit_goes_through_a_table() {
    let service = service("isolation-plans").await;
    for select in [
        isolation::stray_grants("9"),
        isolation::stray_keys("9"),
        isolation::stray_escrows("9", "2"),
        isolation::stray_shares("9"),
        isolation::stray_plan_keys("9"),
        isolation::stray_leases("9"),
        isolation::stray_deployments("9"),
        isolation::policies_about_others("9"),
        isolation::grants_to_strangers("9", "2"),
    ] {
        for step in service.plan(&Statement::new(select.clone()).bind(FULL)).await {
            // What was found before, and the members of a list.
            let is_small = ["SCAN o", "SCAN p VIRTUAL TABLE"].iter().any(|small| step.starts_with(small));
            assert!(!step.starts_with("SCAN ") || is_small, "{step} in {select}");
        }
    }
}
