//! Risk policies: creation, lists, changes.

use crate::service::{FREE, FULL, Service, UNKNOWN, Value, json, key};

const PATH: &str = "/auth/risk/policies";

async fn change(service: &Service, id: &str, body: Value) -> (u16, Value) {
    let reply = service.call("PATCH", &format!("{PATH}/{id}"), &key(FULL, "admin"), &[], &body.to_string()).await;
    (reply.status.as_u16(), reply.body)
}

#[tokio::test]
async fn a_policy_is_created_listed_and_changed() {
    let service = Service::new("policies").await;
    let created = service.created(PATH, &json!({ "name": "Night" })).await;
    assert_eq!(
        (&created["policyId"], &created["name"], &created["enabled"]),
        (&created["id"], &json!("Night"), &json!(true))
    );
    let sdk = json!({
        "name": "sdk", "enabled": false, "rules": [{ "condition": { "field": "ip_reputation", "value": 1.50 }, "riskScore": 2 }],
        "thresholds": { "low": 10, "high": 60 }, "actions": { "low": "allow", "high": "block" },
    });
    let sdk_id = service.created(PATH, &sdk).await["id"].as_str().unwrap().to_owned();
    let list = service.get(&format!("{PATH}?limit=1")).await;
    assert_eq!((&list["total"], &list["limit"], &list["offset"]), (&json!(2), &json!(1), &json!(0)));
    assert_eq!(list["policies"][0]["name"], "Night");
    assert_eq!(list["policies"][0]["createdAt"], list["policies"][0]["updatedAt"]);
    assert!(list["policies"][0].get("rules").is_none());
    let disabled = service.get(&format!("{PATH}?enabled=false")).await;
    assert_eq!((&disabled["total"], disabled["policies"].as_array().unwrap().len()), (&json!(1), 1));
    let listed = &disabled["policies"][0];
    assert_eq!(
        (&listed["rules"], &listed["thresholds"], &listed["actions"]),
        (&sdk["rules"], &sdk["thresholds"], &sdk["actions"])
    );
    let stored = "SELECT count(*) FROM qnsp_risk_policies WHERE name = 'sdk' AND actions ->> 'on_high_risk' = 'deny'";
    assert_eq!(service.number(stored).await, 1);

    let (status, changed) = change(&service, &sdk_id, json!({ "enabled": true, "name": "SDK" })).await;
    assert_eq!((status, &changed["name"], &changed["enabled"]), (200, &json!("SDK"), &json!(true)));
    assert!(changed["updatedAt"].is_string() && changed["policyId"] == json!(sdk_id));
    assert_eq!(service.number(stored).await, 0, "its own name in another case is no other name");
    let kept = "SELECT count(*) FROM qnsp_risk_policies WHERE name = 'SDK' AND actions ->> 'on_high_risk' = 'deny' \
                AND level_actions IS NOT NULL";
    assert_eq!(service.number(kept).await, 1, "what is not given stays");
    assert_eq!(change(&service, &sdk_id, json!({ "actions": {} })).await.0, 200);
    assert_eq!(service.number(kept).await, 0, "actions are replaced as a whole");
}

#[tokio::test]
async fn names_are_unique_in_a_tenant_in_any_case() {
    let service = Service::new("names").await;
    service.created(PATH, &json!({ "name": "Über" })).await;
    assert_eq!(service.refused("POST", PATH, &json!({ "name": "ÜBER" })).await.0, 409);
    let other = service.created(PATH, &json!({ "name": "other" })).await["id"].as_str().unwrap().to_owned();
    assert_eq!(change(&service, &other, json!({ "name": "über" })).await.0, 409);
    assert_eq!(
        service
            .post(&key("00000000-0000-4000-8000-000000000004", "admin"), PATH, &json!({ "name": "über" }))
            .await
            .status
            .as_u16(),
        201
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_policy_is_named() {
    let service = Service::new("bad-policies").await;
    let bad = json!({
        "name": "", "enabled": "yes", "thresholds": { "high": 101 },
        "conditions": { "riskScoreThreshold": 100.5, "timeRestrictions": { "allowedHours": { "start": 24, "end": -1 } } },
        "actions": { "onHighRisk": "allow", "challengeType": "sms" },
    });
    let places = [
        "actions.challengeType",
        "actions.onHighRisk",
        "conditions.riskScoreThreshold",
        "conditions.timeRestrictions.allowedHours.end",
        "conditions.timeRestrictions.allowedHours.start",
        "enabled",
        "name",
        "thresholds.high",
    ];
    assert_eq!(service.refused("POST", PATH, &bad).await, (400, places.map(str::to_owned).to_vec()));
    let zone = json!({ "name": "a", "conditions": { "timeRestrictions": { "timezone": "Mars/Olympus" } } });
    assert_eq!(
        service.refused("POST", PATH, &zone).await,
        (422, vec!["conditions.timeRestrictions.timezone".to_owned()])
    );
    let country = json!({ "name": "a", "conditions": { "geoRestrictions": ["de", "xx"] } });
    assert_eq!(service.refused("POST", PATH, &country).await, (422, vec!["conditions.geoRestrictions[1]".to_owned()]));
    let many = json!({ "name": "a", "conditions": { "geoRestrictions": vec!["de"; 1001] } });
    assert_eq!(service.refused("POST", PATH, &many).await.0, 400);
    for query in ["enabled=1", "enabled=", "limit=x", "offset="] {
        assert_eq!(service.refused("GET", &format!("{PATH}?{query}"), &Value::Null).await.0, 400, "{query}");
    }
    assert_eq!(service.number("SELECT count(*) FROM qnsp_risk_policies").await, 0);

    let id = service.created(PATH, &json!({ "name": "a" })).await["id"].as_str().unwrap().to_owned();
    assert_eq!(change(&service, &id, json!({})).await.0, 400);
    assert_eq!(change(&service, &id, json!({ "name": null, "description": "x" })).await.0, 400);
    assert_eq!(change(&service, "x", json!({ "name": "b" })).await.0, 400);
    assert_eq!(change(&service, UNKNOWN, json!({ "name": "a" })).await.0, 404);
    assert_eq!(change(&service, &id, json!({ "conditions": { "geoRestrictions": ["zz"] } })).await.0, 422);
    let foreign =
        service.call("PATCH", &format!("{PATH}/{id}"), &key(FREE, "admin"), &[], r#"{"enabled":false}"#).await;
    assert_eq!(foreign.status.as_u16(), 404);
    assert_eq!(service.post(&key(FULL, "developer"), PATH, &json!({ "name": "b" })).await.status.as_u16(), 403);
    assert_eq!(service.post(&key(FREE, "admin"), PATH, &json!({ "name": "b" })).await.status.as_u16(), 403);
}
