//! What is refused where the quota of calls is used up, and what cannot be escrowed that calls alone do not make.

use platform::Statement;
use serde_json::json;
use testing::{Deployment, FULL};

use crate::{INITIATOR, approved, escrowed, is_the_key, ok, policy, post, service};

/// The tenant's quota of calls is used up, or has room again.
async fn use_up(service: &Deployment, is_used: bool) {
    let value = if is_used { 1_000_000_000_i64 } else { 0 };
    let day = platform::clock::now_ms() / 86_400_000;
    let upsert = Statement::new(
        "INSERT INTO qnsp_quota_days (tenant_id, quota_type, day, value) VALUES (?1, 'apiCalls', ?2, ?3) \
         ON CONFLICT DO UPDATE SET value = excluded.value",
    );
    service.execute(upsert.bind(FULL).bind(day).bind(value)).await;
}

#[tokio::test]
async fn escrow_and_execution_are_refused_where_the_calls_are_used_up_and_nothing_is_done() {
    let service = service("quota").await;
    let body = policy(&service).await;
    use_up(&service, true).await;
    let refused = post(&service, INITIATOR, "keys", &body).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (403, "QUOTA_EXCEEDED"));
    assert_eq!(refused.body["details"]["resource"], "apiCalls");
    let missing = json!({ "keyId": "00000000-0000-4000-8000-0000000000ff", "policyId": body["policyId"] });
    assert_eq!(post(&service, INITIATOR, "keys", &missing).await.status.as_u16(), 404, "before the quota");
    assert_eq!(service.number("SELECT count(*) FROM qnsp_escrows").await, 0);
    use_up(&service, false).await;
    let escrow = ok(&service, INITIATOR, "keys", &body).await["escrowId"].as_str().unwrap().to_owned();
    let request = approved(&service, &escrow).await;
    use_up(&service, true).await;
    let refused = post(&service, INITIATOR, "recovery/execute", &request).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (403, "QUOTA_EXCEEDED"));
    use_up(&service, false).await;
    assert!(is_the_key(&ok(&service, INITIATOR, "recovery/execute", &request).await));
    let metered = "SELECT group_concat(operation) FROM (SELECT operation FROM qnsp_meters ORDER BY operation)";
    let count = format!("SELECT ({metered}) = 'kms.escrow.create,kms.escrow.recover'");
    assert_eq!(service.number(&count).await, 1);
}

#[tokio::test]
async fn a_key_of_a_server_is_not_here_to_be_escrowed() {
    let service = service("server").await;
    let body = policy(&service).await;
    service.execute(Statement::new("UPDATE qnsp_hsm_connections SET endpoint = 'https://hsm.example'")).await;
    service.execute(Statement::new("UPDATE qnsp_hsm_keys SET sealed_material = NULL")).await;
    let refused = post(&service, INITIATOR, "keys", &body).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert_eq!(refused.body["details"].as_object().unwrap().keys().collect::<Vec<_>>(), ["keyId"]);
}

#[tokio::test]
async fn a_retired_key_may_be_escrowed() {
    let service = service("retired").await;
    service.execute(Statement::new("UPDATE qnsp_hsm_keys SET status = 'retired'")).await;
    escrowed(&service).await;
}
