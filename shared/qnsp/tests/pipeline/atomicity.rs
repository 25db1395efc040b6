//! A database that fails at any statement of a batch leaves nothing of it.

use std::sync::atomic::Ordering;

use crate::deployment::{Deployment, FULL, key};

const EFFECTS: &str = "SELECT (SELECT count(*) FROM service_directory) + (SELECT count(*) FROM qnsp_meters) + \
    (SELECT count(*) FROM qnsp_meter_days) + (SELECT count(*) FROM qnsp_quotas) + (SELECT count(*) FROM qnsp_idempotency)";

#[tokio::test]
async fn a_statement_that_fails_leaves_no_effect_no_meter_no_quota_and_no_event() {
    let deployment = Deployment::new("atomicity").await;
    let token = key(FULL, "admin");
    deployment.create(&token, "first").await;
    let statements = deployment.sql.longest.load(Ordering::SeqCst);
    assert!(statements >= 9, "{statements} statements");
    let before = deployment.number(EFFECTS).await;
    for at in 0..statements {
        deployment.sql.fails_at.store(at, Ordering::SeqCst);
        let reply = deployment.create(&token, &format!("n{at}")).await;
        assert_eq!((reply.status.as_u16(), reply.error()), (503, "SERVICE_UNAVAILABLE"), "statement {at}");
        assert!(reply.header("retry-after").is_some() && !reply.body.to_string().contains("no_such_function"));
        assert_eq!(deployment.number(EFFECTS).await, before, "statement {at}");
    }
    // The failures themselves were recorded where that was possible.
    let events = deployment.events().await;
    assert_eq!(events.iter().filter(|event| event.contains(" done ")).count(), 1, "{events:?}");
    assert!(events.iter().skip(1).all(|event| event.ends_with(" failed low")), "{events:?}");
    // A refusal that cannot be recorded is not answered as one.
    for at in 0..3 {
        deployment.sql.fails_at.store(at, Ordering::SeqCst);
        let reply = deployment.call("POST", "/auth/v1/things/x", &token, &[], "{}").await;
        assert_eq!(reply.status.as_u16(), 503, "statement {at}");
    }
    deployment.sql.fails_at.store(usize::MAX, Ordering::SeqCst);
    assert_eq!(deployment.create(&token, "again").await.status.as_u16(), 201);
}
