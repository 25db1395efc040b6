//! Shares are sealed while they are here, and erased when they are claimed, executed, denied, or too old.

use crypto::base64;
use platform::Statement;
use serde_json::json;
use testing::{Deployment, key};

use crate::{
    AGENTS, APPROVER, ESCROW, MATERIAL, approved, claimed, decision, escrowed, initiated, is_the_key, ok, service,
    share_of,
};

/// How many shares the database holds that nobody has claimed, and that were submitted.
async fn held(service: &Deployment) -> (i64, i64) {
    let unclaimed = "SELECT count(*) FROM qnsp_escrow_agents WHERE sealed_share IS NOT NULL";
    (service.number(unclaimed).await, service.number("SELECT count(*) FROM qnsp_escrow_shares").await)
}

/// Whether some column of the tables of escrow has these bytes.
async fn is_stored(service: &Deployment, bytes: &[u8]) -> bool {
    let hex = crypto::hash::hex(bytes);
    let tables = [
        ("qnsp_escrow_agents", "sealed_share, share_hash"),
        ("qnsp_escrow_shares", "sealed_share"),
        ("qnsp_escrows", "key_hash, reason"),
        ("qnsp_escrow_events", "details"),
        ("qnsp_idempotency", "sealed_answer, route"),
        ("audit_entries", "entry"),
    ];
    for (table, columns) in tables {
        for column in columns.split(", ") {
            let like = format!("SELECT count(*) FROM {table} WHERE hex({column}) LIKE '%{hex}%'");
            if service.number(&like).await > 0 {
                return true;
            }
        }
    }
    false
}

#[tokio::test]
async fn a_share_is_sealed_until_it_is_claimed_and_then_erased() {
    let service = service("claimed").await;
    let escrow = escrowed(&service).await;
    assert_eq!(held(&service).await, (2, 0));
    assert!(!is_stored(&service, &MATERIAL).await);
    let share = claimed(&service, &escrow, AGENTS[0]).await;
    assert_eq!(held(&service).await, (1, 0));
    let share = base64::decode_any(&share).unwrap();
    assert!(!is_stored(&service, &share).await && !is_stored(&service, &share[1..]).await);
    assert_eq!(service.number("SELECT count(*) FROM qnsp_escrow_agents WHERE share_hash IS NOT NULL").await, 2);
}

#[tokio::test]
async fn submitted_shares_are_sealed_and_erased_by_the_execution_or_the_denial() {
    let service = service("submitted").await;
    let escrow = escrowed(&service).await;
    let request = initiated(&service, &escrow).await;
    let share = claimed(&service, &escrow, AGENTS[0]).await;
    ok(&service, AGENTS[0], "recovery/submit-share", &share_of(&request, AGENTS[0], &share)).await;
    assert_eq!(held(&service).await, (1, 1));
    assert!(!is_stored(&service, &base64::decode_any(&share).unwrap()).await);
    ok(&service, APPROVER, "recovery/approve", &decision(&request, "deny")).await;
    assert_eq!(held(&service).await, (1, 0));
    let request = initiated(&service, &escrow).await;
    ok(&service, AGENTS[0], "recovery/submit-share", &share_of(&request, AGENTS[0], &share)).await;
    let other = claimed(&service, &escrow, AGENTS[1]).await;
    ok(&service, AGENTS[1], "recovery/submit-share", &share_of(&request, AGENTS[1], &other)).await;
    ok(&service, APPROVER, "recovery/approve", &decision(&request, "approve")).await;
    assert_eq!(held(&service).await, (0, 2));
    let executed = ok(&service, "admin", "recovery/execute", &request).await;
    assert!(is_the_key(&executed));
    assert_eq!(held(&service).await, (0, 0));
    assert!(!is_stored(&service, &MATERIAL).await);
}

#[tokio::test]
async fn what_is_unclaimed_when_an_escrow_ends_is_erased() {
    let service = service("ended").await;
    let escrow = escrowed(&service).await;
    assert_eq!(held(&service).await, (2, 0));
    service.execute(Statement::new("UPDATE qnsp_escrows SET expires_at = 1")).await;
    let listed = service.call("GET", &format!("{ESCROW}/keys"), &key(testing::FULL, "viewer"), &[], "").await;
    assert_eq!(listed.body["escrowedKeys"][0]["status"], "expired");
    assert_eq!(held(&service).await, (0, 0));
    let shown = service.call("GET", &format!("{ESCROW}/keys/{escrow}"), &key(testing::FULL, "viewer"), &[], "").await;
    assert!(shown.body["agents"].as_array().unwrap().iter().all(|agent| agent["claimed"] == false));
}

#[tokio::test]
async fn shares_that_do_not_give_the_key_change_nothing() {
    let service = service("altered").await;
    let escrow = escrowed(&service).await;
    let request = approved(&service, &escrow).await;
    service.execute(Statement::new("UPDATE qnsp_escrows SET key_hash = x'00'")).await;
    let failed = crate::post(&service, "admin", "recovery/execute", &request).await;
    assert_eq!((failed.status.as_u16(), failed.error()), (500, "INTERNAL_ERROR"));
    assert!(!String::from_utf8_lossy(&failed.bytes).contains(&base64::encode(&MATERIAL)));
    assert_eq!(held(&service).await, (0, 2), "the shares are still there");
    let open = "SELECT count(*) FROM qnsp_escrow_recoveries WHERE status = 'approved'";
    assert_eq!(service.number(open).await, 1);
}

#[tokio::test]
async fn a_share_opens_in_the_row_of_its_agent_alone() {
    let service = service("moved").await;
    let escrow = escrowed(&service).await;
    let swap = Statement::new(
        "UPDATE qnsp_escrow_agents SET sealed_share = (SELECT sealed_share FROM qnsp_escrow_agents WHERE agent_id = ?1) \
         WHERE agent_id = ?2",
    );
    service.execute(swap.bind(AGENTS[1]).bind(AGENTS[0])).await;
    let claim = format!("keys/{escrow}/shares/claim");
    let failed = crate::post(&service, AGENTS[0], &claim, &json!({ "agentId": AGENTS[0] })).await;
    assert_eq!(failed.status.as_u16(), 500);
    assert_eq!(service.number("SELECT count(*) FROM qnsp_escrow_agents WHERE claimed_at IS NOT NULL").await, 0);
}
