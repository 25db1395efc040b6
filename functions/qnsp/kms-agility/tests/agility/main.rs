//! Crypto agility over a database of its own, with keys that no call made: what is assessed of each, and how plans come to
//! their end. Operations and their rules are cases of the black-box suite.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod compliance;
mod lists;
mod plans;
mod reports;

use platform::Statement;
use serde_json::{Value, json};
use testing::{Deployment, FULL, Reply, key};

const AGILITY: &str = "/kms/v1/crypto-agility";
const PLANS: &str = "/kms/v1/crypto-agility/migration-plans";

/// A service with the key by which checkpoints are signed, and two connections: `thales` has post-quantum keys, `azure` has
/// none.
async fn service(name: &str) -> Deployment {
    let key = ("CAAS_PRIVATE_KEY", "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=");
    let service = Deployment::of(&format!("kms-agility-{name}"), &[key], kms_agility::app).await;
    for (id, provider) in [("thales", "thales"), ("azure", "azure_managed_hsm")] {
        let insert = Statement::new(
            "INSERT INTO qnsp_hsm_connections (tenant_id, id, created_at, updated_at, name, provider, endpoint, port, \
             credentials_type, metadata, status, unanswered, revision) \
             VALUES (?1, ?2, 0, 0, ?2, ?3, 'sim://a', 443, 'api_key', '{}', 'active', 0, 0)",
        );
        service.execute(insert.bind(FULL).bind(id).bind(provider)).await;
    }
    service
}

/// The id of a key that is known by a number.
fn id(number: u8) -> String {
    format!("00000000-0000-4000-8000-0000000000{number:02x}")
}

/// Makes an active key on `thales`.
async fn key_of(service: &Deployment, number: u8, key_type: &str, algorithm: &str, purposes: &[&str]) {
    let insert = Statement::new(
        "INSERT INTO qnsp_hsm_keys (tenant_id, id, created_at, connection_id, key_type, algorithm, mechanism, purposes, \
         status) VALUES (?1, ?2, ?3, 'thales', ?4, ?5, ?5, ?6, 'active')",
    );
    let insert = insert.bind(FULL).bind(id(number)).bind(i64::from(number)).bind(key_type).bind(algorithm);
    service.execute(insert.bind(json!(purposes).to_string())).await;
}

/// Replaces a key by another.
async fn replace(service: &Deployment, old: u8, new: u8) {
    let update = "UPDATE qnsp_hsm_keys SET status = 'retired', replaced_by = ?3 WHERE tenant_id = ?1 AND id = ?2";
    service.execute(Statement::new(update).bind(FULL).bind(id(old)).bind(id(new))).await;
}

/// Forbids an algorithm, or a family, from a time on.
async fn forbid(service: &Deployment, algorithm: &str, from: i64) {
    let policy = Statement::new(
        "INSERT INTO qnsp_deprecation_policies (tenant_id, id, created_at, updated_at, name, deprecation_date, \
         enforcement_date, notification_schedule, extra) VALUES (?1, ?2, 0, 0, ?2, 0, ?3, '[]', '{}')",
    );
    service.execute(policy.bind(FULL).bind(algorithm).bind(from)).await;
    let named = Statement::new(
        "INSERT INTO qnsp_deprecated_algorithms (tenant_id, algorithm, policy_id, position) VALUES (?1, ?2, ?2, 0)",
    );
    service.execute(named.bind(FULL).bind(algorithm)).await;
}

async fn call(service: &Deployment, method: &str, path: &str, body: &Value) -> Reply {
    service.call(method, path, &key(FULL, "developer"), &[], &body.to_string()).await
}

async fn ok(service: &Deployment, method: &str, path: &str, body: &Value) -> Value {
    let reply = call(service, method, path, body).await;
    assert!(reply.status.is_success(), "{} {} {method} {path} {body}", reply.status, reply.body);
    reply.body
}

async fn get(service: &Deployment, path: &str) -> Value {
    ok(service, "GET", path, &json!({})).await
}
