//! Events of identity providers, and the query over them.

use crate::service::{FREE, FULL, HOUR, OPERATORS, Service, Value, json, key};

const EVENTS: &str = "/auth/federation/audit/events";
const QUERY: &str = "/auth/federation/audit/query";

fn event(event_type: &str, provider: &str, user: &str, outcome: &str) -> Value {
    json!({ "eventType": event_type, "provider": provider, "userId": user, "outcome": outcome })
}

fn ids(page: &Value) -> Vec<String> {
    page["events"].as_array().unwrap().iter().map(|event| event["eventId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn events_are_found_by_each_filter() {
    let service = Service::new("federation").await;
    let mut with_metadata = event("login", "okta", "u1", "success");
    with_metadata["metadata"] = json!({ "a": [1.50] });
    let first = service.created(EVENTS, &with_metadata).await;
    assert!(first["recordedAt"].is_string());
    service.created(EVENTS, &event("logout", "okta", "u2", "success")).await;
    service.created(EVENTS, &event("my.own-type", "adfs", "u1", "failure")).await;
    let all = service.created(QUERY, &json!({})).await;
    assert_eq!(
        (&all["total"], &all["nextCursor"], &all["limit"], &all["offset"]),
        (&json!(3), &Value::Null, &json!(100), &json!(0))
    );
    let shown = all["events"].as_array().unwrap().iter().find(|event| event["eventId"] == first["eventId"]).unwrap();
    let expected = json!({
        "eventId": first["eventId"], "eventType": "login", "provider": "okta", "userId": "u1",
        "timestamp": first["recordedAt"], "metadata": { "a": [1.50] }, "outcome": "success",
    });
    assert_eq!(*shown, expected);
    for (query, total) in [
        (json!({ "eventTypes": ["login", "logout"] }), 2),
        (json!({ "eventTypes": [], "providers": [], "userIds": [] }), 3),
        (json!({ "eventTypes": ["my.own-type", "unknown"] }), 1),
        (json!({ "providers": ["okta"], "userIds": ["u1"] }), 1),
        (json!({ "providerIds": ["adfs"] }), 1),
        (json!({ "startTime": "2999-01-01T00:00:00Z" }), 0),
        (json!({ "endDate": "2020-01-01" }), 0),
        (json!({ "startTime": first["recordedAt"], "endTime": "2999-01-01T00:00:00Z" }), 3),
    ] {
        assert_eq!(service.created(QUERY, &query).await["total"], total, "{query}");
    }
    let foreign = service.post(&key(OPERATORS, "viewer"), QUERY, &json!({})).await;
    assert_eq!((foreign.status.as_u16(), &foreign.body["total"]), (200, &json!(0)));
    assert_eq!(service.post(&key(FREE, "viewer"), QUERY, &json!({})).await.status.as_u16(), 403);
    service.run(format!("UPDATE qnsp_federation_events SET recorded_at = recorded_at - {}", 401 * 24 * HOUR)).await;
    assert_eq!(service.created(QUERY, &json!({})).await["total"], 0);
    service.created(EVENTS, &event("login", "okta", "u1", "success")).await;
    assert_eq!(service.number("SELECT count(*) FROM qnsp_federation_events").await, 1);
}

#[tokio::test]
async fn a_cursor_goes_on_where_its_page_ended() {
    let service = Service::new("cursor").await;
    for number in 0..5 {
        service.created(EVENTS, &event("login", "okta", &format!("u{number}"), "success")).await;
    }
    // All at once, so that the id alone orders them.
    service.run("UPDATE qnsp_federation_events SET recorded_at = 1000 * (unixepoch() - 60)".to_owned()).await;
    let everything = ids(&service.created(QUERY, &json!({ "limit": 500 })).await);
    let first = service.created(QUERY, &json!({ "limit": 2, "providers": ["okta"] })).await;
    assert_eq!(ids(&first), everything[..2]);
    service.created(EVENTS, &event("login", "okta", "new", "success")).await;
    let next = json!({ "limit": 2, "providers": ["okta"], "cursor": first["nextCursor"], "offset": 1 });
    let second = service.created(QUERY, &next).await;
    assert_eq!((ids(&second), &second["total"]), (everything[2..4].to_vec(), &json!(6)));
    let last = json!({ "limit": 2, "providers": ["okta"], "cursor": second["nextCursor"] });
    let last = service.created(QUERY, &last).await;
    assert_eq!((ids(&last), &last["nextCursor"]), (everything[4..].to_vec(), &Value::Null));
    assert_eq!(ids(&service.created(QUERY, &json!({ "limit": 0, "offset": 1 })).await), everything[..1]);

    let cursor = |cursor: &Value, providers: Value| json!({ "cursor": cursor, "providers": providers });
    let refused = (400, vec!["cursor".to_owned()]);
    assert_eq!(service.refused("POST", QUERY, &cursor(&first["nextCursor"], json!(["adfs"]))).await, refused);
    assert_eq!(service.refused("POST", QUERY, &cursor(&json!("x"), json!(["okta"]))).await, refused);
    let foreign = service.post(&key(OPERATORS, "viewer"), QUERY, &cursor(&first["nextCursor"], json!(["okta"]))).await;
    assert_eq!(foreign.status.as_u16(), 400);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let service = Service::new("bad-events").await;
    let mut bad = event("Log in", "", "", "maybe");
    let places = ["eventType", "outcome", "provider", "userId"].map(str::to_owned).to_vec();
    assert_eq!(service.refused("POST", EVENTS, &bad).await, (400, places));
    bad = event("login", "p", "u", "success");
    bad["metadata"] = json!({ "targetTenantId": "x" });
    assert_eq!(service.refused("POST", EVENTS, &bad).await, (400, vec!["metadata.targetTenantId".to_owned()]));
    bad["metadata"] = json!({ "a": "a".repeat(17 << 10) });
    assert_eq!(service.refused("POST", EVENTS, &bad).await, (400, vec!["metadata".to_owned()]));
    let reversed = json!({ "startTime": "2026-01-02T00:00:00Z", "endTime": "2026-01-01T00:00:00Z" });
    assert_eq!(service.refused("POST", QUERY, &reversed).await, (422, vec!["endTime".to_owned()]));
    for bad in [
        json!({ "limit": "x" }),
        json!({ "startTime": "x" }),
        json!({ "eventTypes": "login" }),
        json!({ "providers": [7] }),
    ] {
        assert_eq!(service.refused("POST", QUERY, &bad).await.0, 400, "{bad}");
    }
    let body = event("login", "p", "u", "success");
    assert_eq!(service.post(&key(FULL, "viewer"), EVENTS, &body).await.status.as_u16(), 403);
    assert_eq!(service.post(&key(FREE, "developer"), EVENTS, &body).await.status.as_u16(), 201);
}
