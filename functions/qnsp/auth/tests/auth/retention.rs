//! What is older than 400 days is neither known nor shown, and is removed by writes.

use crate::{
    evaluate::sign_in,
    service::{HOUR, OTHER_USER, Service, USER, json},
};

/// 401 days.
const OLD: i64 = 401 * 24 * HOUR;

#[tokio::test]
async fn evaluations_and_what_is_known_from_them() {
    let service = Service::new("old-evaluations").await;
    let path = "/auth/risk/evaluate";
    service.created(path, &sign_in()).await;
    service.run(format!("UPDATE qnsp_evaluations SET at = at - {OLD}")).await;
    service.run(format!("UPDATE qnsp_risk_known SET at = at - {OLD}")).await;
    service.run(format!("UPDATE qnsp_risk_hours SET hour = hour - {}", OLD / HOUR)).await;
    let evaluation = service.created(path, &sign_in()).await;
    assert_eq!(evaluation["factors"][0]["reason"], "the user was never evaluated before");
    assert_eq!(service.number("SELECT count(*) FROM qnsp_evaluations").await, 1);
    assert_eq!(service.number("SELECT count(DISTINCT hour) FROM qnsp_risk_hours").await, 1);
    service.run(format!("UPDATE qnsp_risk_known SET at = at - {OLD}")).await;
    let mut other = sign_in();
    other["userId"] = json!(OTHER_USER);
    service.created(path, &other).await;
    assert_eq!(service.number(&format!("SELECT count(*) FROM qnsp_risk_known WHERE user_id = '{USER}'")).await, 0);
}

#[tokio::test]
async fn signals() {
    let service = Service::new("old-signals").await;
    let (path, list) = ("/auth/risk/signals", format!("/auth/risk/users/{USER}/signals"));
    let signal = |user: &str| json!({ "userId": user, "signalType": "brute_force", "severity": "low" });
    service.created(path, &signal(USER)).await;
    service.run(format!("UPDATE qnsp_signals SET recorded_at = recorded_at - {OLD}")).await;
    assert_eq!(service.get(&list).await["total"], 0);
    service.created(path, &signal(OTHER_USER)).await;
    assert_eq!(service.number("SELECT count(*) FROM qnsp_signals").await, 1);
}

#[tokio::test]
async fn events_and_their_providers() {
    let service = Service::new("old-events").await;
    let (path, query) = ("/auth/federation/audit/events", "/auth/federation/audit/query");
    let event =
        |provider: &str| json!({ "eventType": "login", "provider": provider, "userId": "u", "outcome": "success" });
    service.created(path, &event("okta")).await;
    service.run(format!("UPDATE qnsp_federation_events SET recorded_at = recorded_at - {OLD}")).await;
    service.run(format!("UPDATE qnsp_federation_providers SET at = at - {OLD}")).await;
    assert_eq!(service.created(query, &json!({})).await["total"], 0);
    service.created(path, &event("adfs")).await;
    assert_eq!(service.number("SELECT count(*) FROM qnsp_federation_events").await, 1);
    assert_eq!(service.number("SELECT count(*) FROM qnsp_federation_providers").await, 1);
}
