//! An audit of isolation finds what somebody did to the audit log in the database.

use crypto::{Curve, PrivateKey, hash, merkle, sign::SigningKey};
use model::audit::Checkpoint;
use platform::{Row, Sql as _, Statement};
use serde_json::{Value, json};
use testing::{Deployment, FULL};

use crate::{POLICIES, ok, service};

/// What an audit says of the log.
async fn chain(service: &Deployment) -> (Value, String) {
    let audit = ok(service, "GET", "/access/v1/cross-tenant/isolation-audit", &json!({})).await;
    let check = audit["checks"].as_array().unwrap().iter().find(|check| check["checkName"] == "audit_chain").unwrap();
    (audit["status"].clone(), check["details"].as_str().unwrap().to_owned())
}

async fn entries(service: &Deployment, count: usize) {
    for _ in 0..count {
        ok(service, "GET", &format!("/access/v1/tenants/{FULL}/policies"), &json!({})).await;
    }
}

async fn execute(service: &Deployment, text: &'static str) {
    service.execute(Statement::new(text).bind(FULL)).await;
}

#[tokio::test]
async fn a_missing_entry_is_found() {
    let service = service("missing").await;
    entries(&service, 4).await;
    execute(&service, "DELETE FROM audit_entries WHERE tenant_id = ?1 AND leaf_index = 2").await;
    assert_eq!(chain(&service).await, (json!("failed"), "entries 0–3 of 4: An entry is missing".to_owned()));
    // What was not found to be right is read again.
    assert_eq!(chain(&service).await.1, "entries 0–4 of 5: An entry is missing");
}

#[tokio::test]
async fn a_log_that_became_shorter_is_found() {
    let service = service("shorter").await;
    entries(&service, 4).await;
    assert_eq!(chain(&service).await, (json!("passed"), "entries 0–3 of 4".to_owned()));
    execute(&service, "DELETE FROM audit_entries WHERE tenant_id = ?1 AND leaf_index >= 2").await;
    let found = chain(&service).await;
    assert_eq!(found, (json!("failed"), "entries 0–1 of 2: Entries that were there before are missing".to_owned()));
}

#[tokio::test]
async fn an_entry_that_was_changed_is_found_by_its_subtree() {
    let service = service("changed").await;
    entries(&service, 260).await;
    let rows = leaves(&service).await;
    let mut subtree = merkle::Frontier::new(0);
    rows.iter().take(256).for_each(|leaf| subtree.push(*leaf, |_, _| {}));
    let insert = "INSERT INTO audit_nodes (tenant_id, level, position, hash) VALUES (?1, 8, 0, ?2)";
    service.execute(Statement::new(insert).bind(FULL).bind(subtree.root().to_vec())).await;
    assert_eq!(chain(&service).await.0, "passed");
    execute(
        &service,
        "UPDATE audit_entries SET entry = replace(entry, 'owner', 'other') WHERE tenant_id = ?1 AND leaf_index = 7",
    )
    .await;
    execute(&service, "DELETE FROM qnsp_audit_verified WHERE tenant_id = ?1").await;
    assert_eq!(chain(&service).await, (json!("failed"), "entries 0–260 of 261: An entry was changed".to_owned()));
}

#[tokio::test]
async fn a_checkpoint_of_other_entries_or_of_another_signer_is_found() {
    let service = service("checkpoint").await;
    entries(&service, 3).await;
    let first = leaves(&service).await[0];
    for (size, root, key, expected) in [
        (1, first, [0x22; 32], None),
        (1, [7; 32], [0x22; 32], Some("The last checkpoint is of other entries")),
        (1, first, [0x23; 32], Some("The last checkpoint was not signed by this service")),
        (1_000, first, [0x22; 32], Some("The last checkpoint is of more entries than there are")),
    ] {
        store_checkpoint(&service, size, root, key).await;
        let (status, details) = chain(&service).await;
        let found = details.split_once(": ").map(|(_, fault)| fault);
        assert_eq!((status, found), (json!(if expected.is_none() { "passed" } else { "failed" }), expected));
    }
    assert_eq!(
        ok(&service, "GET", &format!("{POLICIES}/{}", new_policy(&service).await), &json!({})).await["version"],
        1
    );
}

async fn new_policy(service: &Deployment) -> String {
    let made = ok(service, "POST", POLICIES, &crate::policy("p", "allow", "user:a")).await;
    made["policyId"].as_str().unwrap().to_owned()
}

/// The only checkpoint, signed with the key that belongs to this service key.
async fn store_checkpoint(service: &Deployment, size: u64, root: merkle::Hash, key: [u8; 32]) {
    let unsigned = Checkpoint {
        tenant: FULL.to_owned(),
        tree_size: size,
        root_hash: hash::hex(&root),
        time: 1,
        signature: String::new(),
    };
    let key = PrivateKey::from_bytes(Curve::default(), &key).unwrap();
    let key = SigningKey::derive(&key, "chancery audit checkpoints").unwrap();
    let signature = key.sign(unsigned.signed_text().as_bytes());
    execute(service, "DELETE FROM audit_checkpoints WHERE tenant_id = ?1").await;
    let insert = Statement::new(
        "INSERT INTO audit_checkpoints (tenant_id, tree_size, root_hash, at, signature) VALUES (?1, ?2, ?3, 1, ?4)",
    );
    let insert = insert.bind(FULL).bind(i64::try_from(size).unwrap()).bind(root.to_vec()).bind(signature.to_vec());
    service.execute(insert).await;
}

async fn leaves(service: &Deployment) -> Vec<merkle::Hash> {
    let select = "SELECT entry FROM audit_entries WHERE tenant_id = ?1 ORDER BY leaf_index";
    let rows = service.sql.query(Statement::new(select).bind(FULL)).await.unwrap();
    rows.iter().map(|row: &Row| merkle::leaf_hash(row.get::<String>("entry").unwrap().as_bytes())).collect()
}
