//! Threat signals: both shapes, lists, retention.

use crate::service::{FREE, FULL, HOUR, OTHER_USER, Service, USER, Value, json, key};

const PATH: &str = "/auth/risk/signals";

#[tokio::test]
async fn signals_of_both_shapes_are_recorded_and_listed() {
    let service = Service::new("signals").await;
    let list = format!("/auth/risk/users/{USER}/signals");
    assert_eq!(service.get(&list).await, json!({ "signals": [], "total": 0 }));
    let metadata = json!({ "ipAddress": "192.0.2.1", "details": { "n": 1.0 } });
    let first = json!({ "userId": USER, "signalType": "brute_force", "severity": "high", "metadata": metadata });
    let first = service.created(PATH, &first).await;
    assert_eq!(
        (&first["signalId"], &first["signalType"], &first["severity"]),
        (&first["id"], &json!("brute_force"), &json!("high"))
    );
    let sdk = json!({ "userId": USER.to_uppercase(), "signalType": "compromised_credential", "severity": "low", "source": "sdk" });
    service.created(PATH, &sdk).await;
    service.created(PATH, &json!({ "signalType": "suspicious_ip", "severity": "low", "context": {} })).await;
    let all = service.get(&list).await;
    assert_eq!(
        (&all["total"], &all["signals"][1]["signalId"], &all["signals"][1]["metadata"]),
        (&json!(2), &first["id"], &metadata)
    );
    let page = service.get(&format!("{list}?limit=1&offset=1")).await;
    assert_eq!((&page["total"], &page["signals"][0]["signalId"]), (&json!(2), &first["id"]));
    let since = first["recordedAt"].as_str().unwrap();
    assert_eq!(service.get(&format!("{list}?since={since}")).await["total"], 2, "from that time on, it included");
    assert_eq!(service.get(&format!("{list}?since=2999-01-01T00:00:00Z")).await["total"], 0);
    let foreign = service.call("GET", &list, &key("00000000-0000-4000-8000-000000000004", "viewer"), &[], "").await;
    assert_eq!(foreign.body["total"], 0);
    assert_eq!(service.call("GET", &list, &key(FREE, "admin"), &[], "").await.status.as_u16(), 403);
    // Old ones are not shown, and removed by the next writes.
    service.run(format!("UPDATE qnsp_signals SET recorded_at = recorded_at - {}", 401 * 24 * HOUR)).await;
    assert_eq!(service.get(&list).await["total"], 0);
    service.created(PATH, &json!({ "userId": OTHER_USER, "signalType": "new_device", "severity": "low" })).await;
    assert_eq!(service.number("SELECT count(*) FROM qnsp_signals").await, 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_signal_is_named() {
    let service = Service::new("bad-signals").await;
    let bad = json!({ "signalType": "x", "severity": "worst", "metadata": { "ipAddress": "x" } });
    let places = ["metadata.ipAddress", "severity", "signalType", "userId"].map(str::to_owned).to_vec();
    assert_eq!(service.refused("POST", PATH, &bad).await, (400, places));
    let long = json!({ "userId": USER, "signalType": "brute_force", "severity": "low", "metadata": { "a": "a".repeat(9000) } });
    assert_eq!(service.refused("POST", PATH, &long).await.0, 400);
    for path in ["/auth/risk/users/x/signals".to_owned(), format!("/auth/risk/users/{USER}/signals?since=yesterday")] {
        assert_eq!(service.refused("GET", &path, &Value::Null).await.0, 400, "{path}");
    }
    let body = json!({ "userId": USER, "signalType": "brute_force", "severity": "low" });
    assert_eq!(service.post(&key(FULL, "viewer"), PATH, &body).await.status.as_u16(), 403);
    assert_eq!(service.post(&key(FREE, "developer"), PATH, &body).await.status.as_u16(), 201, "on every tier");
}
