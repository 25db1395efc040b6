//! A step whose batch fails at any statement has not happened, and a step takes few round trips.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use testing::{Deployment, Reply};

use crate::{
    AGENTS, APPROVER, approved, claimed, decision, escrowed, initiated, is_the_key, ok, policy, post, service, share_of,
};

/// What steps change: it is another number after each.
const STATE: &str = "SELECT (SELECT count(*) FROM qnsp_escrows) + (SELECT count(*) FROM qnsp_escrow_agents) * 3 \
    + (SELECT count(*) FROM qnsp_escrow_agents WHERE sealed_share IS NULL) * 7 \
    + (SELECT count(*) FROM qnsp_escrow_shares) * 11 + (SELECT count(*) FROM qnsp_escrow_events) * 13 \
    + (SELECT coalesce(sum(submitted), 0) FROM qnsp_escrow_recoveries) * 17 + (SELECT count(*) FROM qnsp_meters) * 19 \
    + (SELECT count(*) FROM qnsp_escrow_recoveries WHERE status IN ('approved', 'denied', 'executed')) * 23 \
    + (SELECT count(*) FROM qnsp_escrows WHERE recovered_at IS NOT NULL) * 29 \
    + (SELECT count(*) FROM audit_entries WHERE outcome = 'done') * 31";

async fn all_or_nothing(service: &Deployment, role: &str, path: &str, body: &Value) -> Value {
    service.all_or_nothing(STATE, 6, Reply::is_unavailable, async || post(service, role, path, body).await).await
}

#[tokio::test]
async fn a_step_that_fails_at_any_statement_has_not_happened() {
    let service = service("atomic").await;
    let body = policy(&service).await;
    let escrow = all_or_nothing(&service, "admin", "keys", &body).await["escrowId"].as_str().unwrap().to_owned();
    let claim = format!("keys/{escrow}/shares/claim");
    let first = all_or_nothing(&service, AGENTS[0], &claim, &json!({ "agentId": AGENTS[0] })).await;
    let second = claimed(&service, &escrow, AGENTS[1]).await;
    let initiate = json!({ "escrowId": escrow, "reason": "lost" });
    let request = all_or_nothing(&service, "admin", "recovery/initiate", &initiate).await;
    let share = share_of(&request, AGENTS[0], first["share"].as_str().unwrap());
    all_or_nothing(&service, AGENTS[0], "recovery/submit-share", &share).await;
    ok(&service, AGENTS[1], "recovery/submit-share", &share_of(&request, AGENTS[1], &second)).await;
    all_or_nothing(&service, APPROVER, "recovery/approve", &decision(&request, "approve")).await;
    let request = json!({ "requestId": request["requestId"] });
    assert!(is_the_key(&all_or_nothing(&service, "admin", "recovery/execute", &request).await));
}

#[tokio::test]
async fn a_denial_that_fails_at_any_statement_has_not_happened() {
    let service = service("denied").await;
    let escrow = escrowed(&service).await;
    let request = initiated(&service, &escrow).await;
    all_or_nothing(&service, APPROVER, "recovery/approve", &decision(&request, "deny")).await;
}

#[tokio::test]
async fn of_executions_at_once_one_is_given_the_key() {
    let service = service("at-once").await;
    let escrow = escrowed(&service).await;
    let request = approved(&service, &escrow).await;
    let execute = || post(&service, "admin", "recovery/execute", &request);
    let all = tokio::join!(execute(), execute(), execute(), execute(), execute());
    let replies = [all.0, all.1, all.2, all.3, all.4];
    let given = replies.iter().filter(|reply| reply.status.is_success());
    assert!(given.clone().all(|reply| is_the_key(&reply.body)) && given.count() == 1);
    assert!(replies.iter().all(|reply| matches!(reply.status.as_u16(), 200 | 409)));
    let metered = "SELECT count(*) FROM qnsp_meters WHERE operation = 'kms.escrow.recover'";
    assert_eq!(service.number(metered).await, 1);
}

#[tokio::test]
async fn a_step_is_two_round_trips_at_most() {
    let service = service("trips").await;
    let body = policy(&service).await;
    let asked = |service: &Deployment| service.sql.asked.swap(0, Ordering::SeqCst);
    asked(&service);
    let escrow = ok(&service, "admin", "keys", &body).await["escrowId"].as_str().unwrap().to_owned();
    assert_eq!(asked(&service), 2, "what is split is read, and then one batch");
    let request = initiated(&service, &escrow).await;
    assert_eq!(asked(&service), 1);
    ok(&service, APPROVER, "recovery/approve", &decision(&request, "deny")).await;
    assert_eq!(asked(&service), 1 + 1, "the key of the approver is looked up once");
}
