//! Evaluations: their round trips, what is left of one that fails, and statistics at the edge of their period.

use std::sync::atomic::Ordering;

use crate::service::{FULL, HOUR, Service, Value, json, key};

const PATH: &str = "/auth/risk/evaluate";

pub fn sign_in() -> Value {
    let user = crate::service::USER;
    json!({ "userId": user, "ipAddress": "192.0.2.1", "userAgent": "Mozilla/5.0", "deviceFingerprint": "d" })
}

#[tokio::test]
async fn an_evaluation_is_two_round_trips_and_one_meter_event_and_a_replay_is_none() {
    let service = Service::new("trips").await;
    service.created(PATH, &sign_in()).await;
    service.sql.asked.store(0, Ordering::SeqCst);
    service.created(PATH, &sign_in()).await;
    assert_eq!(service.sql.asked.load(Ordering::SeqCst), 2, "one query of facts, one batch");
    let (token, body) = (key(FULL, "admin"), sign_in().to_string());
    let once = [("idempotency-key", "once")];
    for _ in 0..2 {
        assert_eq!(service.call("POST", PATH, &token, &once, &body).await.status.as_u16(), 200);
    }
    assert_eq!(service.number("SELECT count(*) FROM qnsp_evaluations").await, 3);
    let metered = "SELECT sum(quantity) FROM qnsp_meters WHERE operation = 'auth.risk_evaluation'";
    assert_eq!(service.number(metered).await, 3);
}

#[tokio::test]
async fn an_evaluation_that_fails_at_any_statement_leaves_nothing() {
    let service = Service::new("failing").await;
    service.created(PATH, &sign_in()).await;
    let left = "SELECT (SELECT count(*) FROM qnsp_evaluations) + (SELECT count(*) FROM qnsp_risk_known) + \
                (SELECT sum(count) FROM qnsp_risk_hours) + (SELECT count(*) FROM qnsp_meters)";
    let before = service.number(left).await;
    // Now and then a call has more statements than others, which remove what is old.
    for at in 0.. {
        service.sql.fails_at.store(at, Ordering::SeqCst);
        service.sql.longest.store(0, Ordering::SeqCst);
        let reply = service.post(&key(FULL, "admin"), PATH, &sign_in()).await;
        if at >= service.sql.longest.load(Ordering::SeqCst) {
            assert!(at >= 8 && reply.status.is_success(), "statement {at}: {}", reply.status);
            break;
        }
        assert_eq!(reply.status.as_u16(), 503, "statement {at}");
        assert_eq!(service.number(left).await, before, "statement {at}");
    }
    let before = service.number(left).await;
    service.sql.fails_at.store(usize::MAX, Ordering::SeqCst);
    service.created(PATH, &sign_in()).await;
    assert!(service.number(left).await > before);
}

#[tokio::test]
async fn statistics_are_exact_at_the_edge_of_their_period() {
    let service = Service::new("stats").await;
    for body in [sign_in(), sign_in(), sign_in()] {
        service.created(PATH, &body).await;
    }
    // Moved to just inside and just outside of the period, rows and hours alike.
    for (period, hours) in [("1h", 1), ("24h", 24), ("7d", 168), ("30d", 720)] {
        let path = format!("/auth/risk/stats?period={period}");
        assert_eq!(service.get(&path).await["totalEvaluations"], 3);
        for (minutes, expected) in [(-1, 3), (1, 0)] {
            let time = format!("(unixepoch() * 1000 - {hours} * {HOUR} - {minutes} * 60000)");
            service.run(format!("UPDATE qnsp_evaluations SET at = {time}")).await;
            service.run(format!("UPDATE qnsp_risk_hours SET hour = {time} / {HOUR}")).await;
            assert_eq!(service.get(&path).await["totalEvaluations"], expected, "{period} {minutes}");
        }
        service.run("UPDATE qnsp_evaluations SET at = unixepoch() * 1000".to_owned()).await;
        service.run(format!("UPDATE qnsp_risk_hours SET hour = unixepoch() * 1000 / {HOUR}")).await;
    }
}
