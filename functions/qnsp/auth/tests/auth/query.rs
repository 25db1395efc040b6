//! The query over events of one millisecond.

use crate::service::{Service, Value, json};

const EVENTS: &str = "/auth/federation/audit/events";
const QUERY: &str = "/auth/federation/audit/query";

fn ids(page: &Value) -> Vec<String> {
    page["events"].as_array().unwrap().iter().map(|event| event["eventId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_cursor_tells_events_of_one_millisecond_apart() {
    let service = Service::new("cursor").await;
    for _ in 0..5 {
        let event = json!({ "eventType": "login", "provider": "okta", "userId": "u", "outcome": "success" });
        service.created(EVENTS, &event).await;
    }
    service.run("UPDATE qnsp_federation_events SET recorded_at = 1000 * (unixepoch() - 60)".to_owned()).await;
    let all = ids(&service.created(QUERY, &json!({})).await);
    assert!(all.is_sorted_by(|one, next| one > next), "{all:?}");
    let (mut seen, mut cursor) = (Vec::new(), Value::Null);
    for _ in 0..3 {
        let page = service.created(QUERY, &json!({ "limit": 2, "cursor": cursor })).await;
        seen.extend(ids(&page));
        cursor = page["nextCursor"].clone();
    }
    assert_eq!((seen, cursor), (all, Value::Null));
}
