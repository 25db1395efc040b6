//! The audit service of QNSP: events, which are entries of the one audit log.

use chancery_tests::variables::random_uuid;
use crypto::hash;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    deployment::Deployment,
    qnsp::{Caller, Cast, Tenant},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(recorded_events_are_entries_and_are_shown_as_they_were_sent),
        case(one_bad_event_refuses_all_of_them),
        case(events_are_found_by_every_filter),
        case(pages_go_on_where_the_one_before_ended),
        case(events_are_of_their_tenant_and_need_a_role),
        case(an_idempotency_key_records_events_once),
    ]
}

const EVENTS: &str = "/audit/v1/events";

#[track_caller]
fn list(caller: &Caller, query: &str) -> Vec<Value> {
    let answer = ok(&caller.get(&format!("{EVENTS}{query}")), 200);
    answer["items"].as_array().unwrap().clone()
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["eventType"].as_str().unwrap()).collect()
}

#[track_caller]
fn record(caller: &Caller, events: &Value) -> Vec<String> {
    let answer = ok(&caller.post(EVENTS, events), 201);
    let ids: Vec<_> = answer["eventIds"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    assert_eq!((&answer["accepted"], &answer["received"]), (&json!(ids.len()), &json!(ids.len())));
    ids
}

fn recorded_events_are_entries_and_are_shown_as_they_were_sent(t: &Deployment) {
    let developer = Tenant::new(t, &json!({ "tier": "free" })).key("developer");
    let request = random_uuid();
    let body = json!({ "events": [
        { "eventType": "orders.created", "payload": { "amount": 7, "to": ["é"] }, "severity": "high", "result": "failure",
          "resource": { "type": "order", "id": "7/b", "name": "the seventh" }, "timestamp": "2026-01-02T03:04:05.678+01:00" },
        { "eventType": "login", "payload": {} },
    ] });
    let reply = developer.send("POST", EVENTS, &[("x-request-id", &request)], Some(body.to_string().as_bytes()));
    let ids = ok(&reply, 201)["eventIds"].clone();
    assert_eq!(reply.header("audit-entry"), None, "to record events is no event of its own");
    let events = list(&developer, "");
    assert_eq!(types(&events), ["login", "orders.created"]);
    let (plain, full) = (&events[0], &events[1]);
    assert_eq!(full["eventId"], ids[0]);
    assert_eq!(full["timestamp"], "2026-01-02T02:04:05.678Z");
    assert_eq!(full["payload"], json!({ "amount": 7, "to": ["é"] }));
    assert_eq!(full["resource"], json!({ "type": "order", "id": "7/b", "name": "the seventh" }));
    assert_eq!(
        (&full["action"], &full["result"], &full["severity"]),
        (&json!("created"), &json!("failure"), &json!("high"))
    );
    assert_eq!((&full["actor"]["type"], &full["actor"]["id"]), (&json!("user"), &json!(developer.user)));
    // Not every runtime of the suite knows it.
    let ip = full["actor"]["ip"].as_str();
    assert!(ip.is_none_or(|ip| ip.parse::<std::net::IpAddr>().is_ok()), "an address without a port: {full}");
    assert_eq!((&full["tenantId"], &full["actor"]["tenantId"]), (&json!(developer.tenant), &json!(developer.tenant)));
    assert_eq!((&full["context"]["requestId"], &full["context"]["source"]), (&json!(request), &json!("api")));
    assert_eq!(plain["resource"], json!({ "type": "login", "id": null, "name": null }));
    assert_eq!((&plain["result"], &plain["severity"]), (&json!("success"), &json!("info")));
    // The same entries, as the audit log has them.
    let entries = ok(&t.system.get(&format!("/caas/audit/{}/entries", developer.tenant)), 200);
    assert_eq!(entries["entries"][1]["action"], "orders.created");
    assert_eq!(entries["entries"][1]["outcome"], "failed");
    let export = t.system.get(&format!("/caas/audit/{}/export", developer.tenant));
    let text = String::from_utf8(export.body.clone()).unwrap();
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let line = lines.find(|line| line["index"] == full["sequence"] && line["entry"].is_string()).unwrap();
    let entry = line["entry"].as_str().unwrap();
    assert!(entry.contains("orders.created"), "{entry}");
    assert_eq!(full["hash"], hash::hex(&hash::sha256(&[&[0], entry.as_bytes()])));
}

fn one_bad_event_refuses_all_of_them(t: &Deployment) {
    let developer = Tenant::new(t, &json!({})).key("developer");
    let good = json!({ "eventType": "a.b", "payload": {} });
    for (bad, field) in [
        (json!({ "eventType": "kms.key.create", "payload": {} }), "events[1].eventType"),
        (json!({ "eventType": "A", "payload": {} }), "events[1].eventType"),
        (json!({ "eventType": "a", "payload": {}, "timestamp": "2999-01-01T00:00:00Z" }), "events[1].timestamp"),
        (json!({ "eventType": "a", "payload": { "t": "x".repeat(17 << 10) } }), "events[1].payload"),
        (json!({ "eventType": "a", "payload": {}, "severity": "grave" }), "events[1].severity"),
        (json!({ "eventType": "a", "payload": {}, "resource": { "id": "x" } }), "events[1].resource.type"),
        (json!({ "eventType": "a" }), "events[1].payload"),
    ] {
        let refused = ok(&developer.post(EVENTS, &json!({ "events": [good, bad] })), 400);
        assert!(refused["details"][field].is_string(), "{field}: {refused}");
    }
    let alone = ok(&developer.post(EVENTS, &json!({ "eventType": "audit", "payload": {} })), 400);
    assert!(alone["details"]["eventType"].is_string(), "{alone}");
    for count in [0, 101] {
        assert_eq!(developer.post(EVENTS, &json!({ "events": vec![good.clone(); count] })).status, 400);
    }
    assert_eq!(list(&developer, ""), Vec::<Value>::new());
    assert_eq!(record(&developer, &json!({ "events": vec![good; 100] })).len(), 100);
}

fn events_are_found_by_every_filter(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({}));
    let (developer, other) = (tenant.key("developer"), tenant.key("developer"));
    record(
        &developer,
        &json!({ "events": [
        { "eventType": "orders.item.created", "payload": {}, "resource": { "type": "item", "id": "i1" },
          "timestamp": "2026-01-01T00:00:00Z" },
        { "eventType": "orders.item.removed", "payload": {}, "severity": "critical", "result": "failure",
          "timestamp": "2026-01-02T00:00:00Z" },
        { "eventType": "ordersx", "payload": {}, "timestamp": "2026-01-03T00:00:00Z" },
    ] }),
    );
    let request = random_uuid();
    let body = json!({ "eventType": "parcel.item.created", "payload": {} }).to_string();
    ok(&other.send("POST", EVENTS, &[("x-request-id", &request)], Some(body.as_bytes())), 201);
    // A call of another service is an event too.
    assert_eq!(other.get("/tenant/v1/health/current").status, 200);
    let (created, removed, parcel) = ("orders.item.created", "orders.item.removed", "parcel.item.created");
    for (query, expected) in [
        (format!("eventType={created}"), vec![created]),
        ("eventType=orders.*".to_owned(), vec![removed, created]),
        ("eventType=*.item.created".to_owned(), vec![parcel, created]),
        ("topic=o*.item.r*".to_owned(), vec![removed]),
        ("eventType=tenant.*".to_owned(), vec!["tenant.health.get"]),
        ("eventType=order?".to_owned(), vec![]),
        ("severity=critical".to_owned(), vec![removed]),
        ("result=failure".to_owned(), vec![removed]),
        (format!("actorId={}", other.user), vec!["tenant.health.get", parcel]),
        ("resourceId=i1".to_owned(), vec![created]),
        (format!("requestId={request}"), vec![parcel]),
        ("since=2026-01-02T00:00:00Z&until=2026-01-03T00:00:00Z".to_owned(), vec![removed]),
        ("until=2026-01-02T00:00:00Z".to_owned(), vec![created]),
        (format!("actorId={}&result=success&eventType=orders*", developer.user), vec!["ordersx", created]),
    ] {
        assert_eq!(types(&list(&developer, &format!("?{query}"))), expected, "{query}");
    }
    for query in ["severity=grave", "result=maybe", "since=yesterday", "limit=many", "eventType=", "cursor=abc"] {
        let name = query.split('=').next().unwrap();
        let refused = ok(&developer.get(&format!("{EVENTS}?{query}")), 400);
        assert!(refused["details"][name].is_string(), "{query}: {refused}");
    }
}

fn pages_go_on_where_the_one_before_ended(t: &Deployment) {
    let developer = Tenant::new(t, &json!({})).key("developer");
    let events: Vec<_> =
        (0..7).map(|n| json!({ "eventType": format!("{}.n{n}", ["a", "b"][n % 2]), "payload": {} })).collect();
    record(&developer, &json!({ "events": events }));
    for (query, expected) in [
        ("limit=2", vec!["a.n6", "b.n5", "a.n4", "b.n3", "a.n2", "b.n1", "a.n0"]),
        ("limit=1&eventType=a.*", vec!["a.n6", "a.n4", "a.n2", "a.n0"]),
        ("limit=2&eventType=*.n*", vec!["a.n6", "b.n5", "a.n4", "b.n3", "a.n2", "b.n1", "a.n0"]),
    ] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        for _ in 0..10 {
            let page = ok(&developer.get(&format!("{EVENTS}?{query}{cursor}")), 200);
            found.extend(page["items"].as_array().unwrap().iter().map(|event| event["eventType"].clone()));
            let Some(next) = page["nextCursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found, expected, "{query}");
        // A cursor is good for its own filters only.
        let foreign = developer.get(&format!("{EVENTS}?severity=info{cursor}"));
        assert_eq!(foreign.status, 400, "{query}");
    }
}

fn events_are_of_their_tenant_and_need_a_role(t: &Deployment) {
    let cast = Cast::new(t);
    let event = json!({ "eventType": "a.b", "payload": {} });
    record(&cast.developer, &json!({ "eventType": "the.first", "payload": {} }));
    for (kind, caller) in cast.all() {
        let (read, write) = match kind {
            "anonymous" | "garbage" => (401, 401),
            "viewer" => (200, 403),
            _ => (200, 201),
        };
        let reply = caller.get(&format!("{EVENTS}?eventType=the.first&actorId={}", cast.developer.user));
        assert_eq!(reply.status, read, "{kind}");
        if read == 200 {
            let found = reply.json().unwrap()["items"].as_array().unwrap().len();
            assert_eq!(found, usize::from(caller.tenant == cast.tenant.id), "{kind}");
        }
        assert_eq!(caller.post(EVENTS, &event).status, write, "{kind}");
    }
    let named = json!({ "eventType": "a.b", "payload": {}, "tenantId": cast.foreign.tenant });
    assert_eq!(ok(&cast.developer.post(EVENTS, &named), 403)["error"], "TENANT_MISMATCH");
}

fn an_idempotency_key_records_events_once(t: &Deployment) {
    let developer = Tenant::new(t, &json!({})).key("developer");
    let body = json!({ "eventType": "a.b", "payload": {} }).to_string();
    let send = || developer.send("POST", EVENTS, &[("idempotency-key", "once")], Some(body.as_bytes()));
    let (first, second) = (send(), send());
    assert_eq!(ok(&first, 201), ok(&second, 201));
    assert_eq!(second.header("x-idempotency-replayed"), Some("true"));
    let other = json!({ "eventType": "a.c", "payload": {} }).to_string();
    let refused = developer.send("POST", EVENTS, &[("idempotency-key", "once")], Some(other.as_bytes()));
    assert_eq!(refused.status, 409);
    assert_eq!(list(&developer, "").len(), 1);
}
