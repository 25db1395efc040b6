//! Compliance finds what is not as it should be, and names it.

use platform::Statement;
use serde_json::{Value, json};
use testing::{Deployment, FULL};

use crate::{AGILITY, get, id, key_of, service};

async fn compliance(service: &Deployment, framework: &str) -> Value {
    get(service, &format!("{AGILITY}/compliance?framework={framework}")).await
}

/// The status and the findings of a control.
fn control(compliance: &Value, id: &str) -> Value {
    let controls = compliance["controls"].as_array().unwrap();
    let control = controls.iter().find(|control| control["controlId"] == id).unwrap();
    json!([control["status"], control["findings"]])
}

#[tokio::test]
async fn nist_looks_at_keys_plans_and_the_audit_log() {
    let service = service("nist").await;
    let compliant = get(&service, &format!("{AGILITY}/compliance")).await;
    let words = (&compliant["framework"], &compliant["complianceStatus"], &compliant["score"]);
    assert_eq!(words, (&json!("NIST"), &json!("compliant"), &json!(100.0)));
    key_of(&service, 1, "rsa", "RSA-2048", &["sign", "decrypt"]).await;
    let found = compliance(&service, "nist").await;
    let finding = format!("key {} (RSA-2048)", id(1));
    assert_eq!(control(&found, "no-rsa-below-3072"), json!(["failed", [finding]]));
    assert_eq!(control(&found, "key-purpose-separation"), json!(["failed", [finding]]));
    assert_eq!(control(&found, "rotation-plan"), json!(["failed", [finding]]));
    assert_eq!(control(&found, "audit-chain"), json!(["passed", []]));
    assert_eq!((&found["complianceStatus"], &found["score"]), (&json!("non_compliant"), &json!(33.33)));
    service.execute(Statement::new("DELETE FROM audit_entries WHERE leaf_index = 0")).await;
    let found = compliance(&service, "NIST").await;
    assert_eq!(control(&found, "audit-chain"), json!(["failed", ["An entry is missing"]]));
}

#[tokio::test]
async fn fips_looks_at_connections() {
    let service = service("fips").await;
    key_of(&service, 1, "aes", "AES-128", &["encrypt"]).await;
    assert_eq!(compliance(&service, "FIPS").await["score"], 100.0);
    service.execute(Statement::new("UPDATE qnsp_hsm_connections SET status = 'error' WHERE id = 'thales'")).await;
    let found = compliance(&service, "Fips").await;
    assert_eq!(control(&found, "hsm-backed-keys"), json!(["failed", [format!("key {} (AES-128)", id(1))]]));
    assert_eq!(control(&found, "validated-connections"), json!(["failed", ["connection thales"]]));
    assert_eq!(control(&found, "approved-algorithms-only"), json!(["passed", []]));
}

#[tokio::test]
async fn pci_looks_at_escrows_and_recoveries() {
    let service = service("pci").await;
    for (id, threshold, recovered) in [("good", 2, None), ("alone", 1, None), ("over", 1, Some(1_i64))] {
        let insert = Statement::new(
            "INSERT INTO qnsp_escrows (tenant_id, id, created_at, created_by, key_id, policy_id, expires_at, threshold, \
             key_hash, recovered_at) VALUES (?1, ?2, 0, 'u', ?2, 'p', ?3, ?4, x'', ?5)",
        );
        let future = platform::clock::now_ms() + 3_600_000;
        service.execute(insert.bind(FULL).bind(id).bind(future).bind(i64::from(threshold)).bind(recovered)).await;
        for (position, agent) in ["a", "b"].into_iter().enumerate() {
            let insert = Statement::new(
                "INSERT INTO qnsp_escrow_agents (tenant_id, escrow_id, agent_id, position, role, share_hash) \
                 VALUES (?1, ?2, ?3, ?4, 'primary', x'00')",
            );
            let position = i64::try_from(position).unwrap();
            service.execute(insert.bind(FULL).bind(id).bind(agent).bind(position)).await;
        }
    }
    for (id, initiator, approver) in [("two", "a", "b"), ("one", "User", "user")] {
        let insert = Statement::new(
            "INSERT INTO qnsp_escrow_recoveries (tenant_id, id, created_at, initiated_by, escrow_id, reason, urgency, \
             required, submitted, status, decided_by) VALUES (?1, ?2, 0, ?3, ?2, '', 'normal', 2, 2, 'executed', ?4)",
        );
        service.execute(insert.bind(FULL).bind(id).bind(initiator).bind(approver)).await;
    }
    let found = compliance(&service, "PCI").await;
    assert_eq!(control(&found, "key-custodians"), json!(["failed", ["escrow alone"]]));
    assert_eq!(control(&found, "dual-control"), json!(["failed", ["recovery one"]]));
    assert_eq!(control(&found, "usage-logging"), json!(["passed", []]));
}
