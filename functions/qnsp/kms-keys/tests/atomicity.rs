//! A key whose batch fails at any statement leaves nothing behind, and counts nowhere.
#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::atomic::Ordering;

use platform::Statement;
use serde_json::json;
use testing::{Deployment, FULL, key};

const CONNECTION: &str = "00000000-0000-4000-8000-0000000000c1";

const EFFECTS: &str = "SELECT (SELECT count(*) FROM qnsp_hsm_keys) + (SELECT count(*) FROM qnsp_hsm_operations) \
    + (SELECT count(*) FROM qnsp_meters) + (SELECT count(*) FROM qnsp_idempotency) \
    + (SELECT coalesce(sum(used), 0) FROM qnsp_quotas) + (SELECT count(*) FROM qnsp_hsm_keys WHERE status = 'retired')";

async fn deployment(name: &str) -> Deployment {
    let deployment = Deployment::of(name, &[], kms_keys::app).await;
    let connection = Statement::new(
        "INSERT INTO qnsp_hsm_connections (tenant_id, id, created_at, updated_at, name, provider, endpoint, port, \
         credentials_type, metadata, status, unanswered, revision) \
         VALUES (?1, ?2, 0, 0, 'n', 'thales', 'sim://m', 443, 'api_key', '{}', 'active', 0, 0)",
    );
    deployment.execute(connection.bind(FULL).bind(CONNECTION)).await;
    deployment
}

#[tokio::test]
async fn a_statement_that_fails_leaves_nothing_of_a_key() {
    let deployment = deployment("kms-keys-atomicity").await;
    let developer = key(FULL, "developer");
    let create = async |replaced: Option<&str>, name: &str| {
        let body = json!({
            "connectionId": CONNECTION, "keyType": "aes", "purpose": ["encrypt"], "replacesKeyId": replaced,
        });
        let headers = [("idempotency-key", name)];
        deployment.call("POST", "/kms/v1/byohsm/keys", &developer, &headers, &body.to_string()).await
    };
    let first = create(None, "first").await;
    assert_eq!(first.status.as_u16(), 201);
    let first = first.body["keyId"].as_str().unwrap_or_default().to_owned();
    deployment.sql.longest.store(0, Ordering::SeqCst);
    let second = create(Some(&first), "second").await;
    let second = second.body["keyId"].as_str().unwrap_or_default().to_owned();
    let statements = deployment.sql.longest.load(Ordering::SeqCst);
    assert!(statements >= 12, "{statements} statements");
    let before = deployment.number(EFFECTS).await;
    for at in 0..statements {
        deployment.sql.fails_at.store(at, Ordering::SeqCst);
        let reply = create(Some(&second), &format!("n{at}")).await;
        assert_eq!((reply.status.as_u16(), reply.error()), (503, "SERVICE_UNAVAILABLE"), "statement {at}");
        assert_eq!(deployment.number(EFFECTS).await, before, "statement {at}");
    }
    deployment.sql.fails_at.store(usize::MAX, Ordering::SeqCst);
    assert_eq!(create(Some(&second), "last").await.status.as_u16(), 201);
}

#[tokio::test]
async fn lists_are_read_by_an_index() {
    let deployment = deployment("kms-keys-plans").await;
    for (condition, index) in [("", "qnsp_hsm_keys_by_age"), ("AND connection_id = ?2", "qnsp_hsm_keys_by_connection")]
    {
        let select =
            format!("SELECT id FROM qnsp_hsm_keys WHERE tenant_id = ?1 {condition} ORDER BY created_at, id LIMIT 50");
        let select = Statement::new(select).bind(FULL);
        let plan = deployment.plan(&if condition.is_empty() { select } else { select.bind(CONNECTION) }).await;
        assert!(plan.len() == 1 && plan.iter().all(|step| step.contains(index)), "{plan:?}");
    }
}
