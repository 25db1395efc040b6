//! Webhooks of QNSP: signed deliveries of events after the answer, and again where they failed.

use std::{net::TcpListener, thread, time::Duration};

use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    deployment::{Deployment, unique},
    qnsp::{Caller, Tenant},
    receiver::{next, nothing, parsed, receiver, signature},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(events_are_sent_signed_after_the_answer),
        case(without_a_secret_of_its_own_a_webhook_has_that_of_its_tenant),
        case(a_failed_delivery_comes_again_as_it_was),
        case(a_delivery_that_always_fails_is_given_up),
        case(a_receiver_that_gives_no_answer_holds_up_no_other),
        case(a_paused_webhook_skips_and_a_deleted_one_is_forgotten),
    ]
}

const EVENTS: &str = "/audit/v1/events";
const SUBSCRIPTIONS: &str = "/audit/v1/streaming/subscriptions";
const METRICS: &str = "/audit/v1/streaming/metrics";
const SECRET: &str = "sixteen letters or more";

fn tenant(t: &Deployment) -> Tenant<'_> {
    Tenant::new(t, &json!({ "tier": "dev-pro" }))
}

#[track_caller]
fn subscribe(caller: &Caller, config: &Value, filters: &Value) -> String {
    let body =
        json!({ "name": unique("hook"), "filters": filters, "destination": { "type": "webhook", "config": config } });
    ok(&caller.post(SUBSCRIPTIONS, &body), 201)["subscriptionId"].as_str().unwrap().to_owned()
}

#[track_caller]
fn record(caller: &Caller, event_type: &str) -> String {
    let event = json!({ "eventType": event_type, "payload": { "of": event_type } });
    ok(&caller.post(EVENTS, &event), 201)["eventIds"][0].as_str().unwrap().to_owned()
}

/// What the metrics say was delivered, once they say so much.
fn delivered(caller: &Caller, count: u64) {
    let counts = || ok(&caller.get(METRICS), 200)["subscriptionMetrics"][0]["eventsDelivered"].clone();
    for _ in 0..100 {
        if counts() == count {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("{} were delivered", counts());
}

fn events_are_sent_signed_after_the_answer(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    record(&developer, "before");
    let (url, taken) = receiver(&[200]);
    let filters = json!({ "eventTypes": ["orders.*", "tenant.*", "audit.subscription.*"] });
    let id = subscribe(&developer, &json!({ "url": url, "secret": SECRET }), &filters);
    let created = record(&developer, "orders.created");
    let first = next(&taken);
    let body = parsed(&first);
    assert_eq!(first.0, signature(SECRET, &first.1));
    let shown = ok(&viewer.get(&format!("{EVENTS}?eventType=orders.created")), 200)["items"][0].clone();
    assert_eq!((&body["event_type"], &body["event_id"]), (&json!("orders.created"), &json!(created)));
    assert_eq!((&body["occurred_at"], &body["payload"]), (&shown["timestamp"], &shown));
    // What the filters hold back is not sent; what other services and refused calls leave is.
    record(&developer, "parcel.created");
    assert_eq!(viewer.get("/tenant/v1/health/current").status, 200);
    assert_eq!(parsed(&next(&taken))["event_type"], "tenant.health.get");
    assert_eq!(viewer.delete(&format!("{SUBSCRIPTIONS}/{id}")).status, 403);
    let refused = parsed(&next(&taken));
    assert_eq!(
        (&refused["event_type"], &refused["payload"]["result"]),
        (&json!("audit.subscription.delete"), &json!("failure"))
    );
    delivered(&viewer, 3);
    let metrics = ok(&viewer.get(METRICS), 200);
    assert_eq!(metrics["totalEventsStreamed"], 3);
    assert!(metrics["subscriptionMetrics"][0]["lastEventAt"].is_string());
    // Many at once come in their order.
    let many: Vec<_> = (0..20).map(|n| json!({ "eventType": format!("orders.n{n}"), "payload": {} })).collect();
    ok(&developer.post(EVENTS, &json!({ "events": many })), 201);
    for n in 0..20 {
        assert_eq!(parsed(&next(&taken))["event_type"], format!("orders.n{n}"));
    }
    nothing(&taken);
}

fn without_a_secret_of_its_own_a_webhook_has_that_of_its_tenant(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    let secret = ok(&t.service.get(&tenant.path("/webhook-secret")), 200)["webhookSecret"].as_str().unwrap().to_owned();
    let (url, taken) = receiver(&[204]);
    subscribe(&developer, &json!({ "url": url }), &json!({ "services": ["orders"] }));
    record(&developer, "orders.created");
    let taken = next(&taken);
    assert_eq!(taken.0, signature(&secret, &taken.1));
}

fn a_failed_delivery_comes_again_as_it_was(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    // A redirection is not followed.
    let (url, taken) = receiver(&[302, 200]);
    subscribe(&developer, &json!({ "url": url, "secret": SECRET }), &json!({ "services": ["orders"] }));
    record(&developer, "orders.first");
    let first = next(&taken);
    // It holds up no other, and does not come before its time.
    record(&developer, "orders.second");
    assert_eq!(parsed(&next(&taken))["event_type"], "orders.second");
    delivered(&viewer, 1);
    t.pass(Duration::from_millis(1100));
    viewer.get(METRICS);
    assert_eq!(next(&taken), first);
    delivered(&viewer, 2);
    nothing(&taken);
}

fn a_delivery_that_always_fails_is_given_up(t: &Deployment) {
    if !t.instance.runtime.has_movable_clock() {
        return;
    }
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let (url, taken) = receiver(&[500]);
    subscribe(&developer, &json!({ "url": url, "secret": SECRET }), &json!({ "services": ["orders"] }));
    record(&developer, "orders.created");
    let first = next(&taken);
    for seconds in [1, 10, 60, 600, 3600] {
        // The place is stored a moment after the receiver has answered.
        thread::sleep(Duration::from_millis(300));
        if seconds > 1 {
            t.pass(Duration::from_secs(seconds / 2));
            viewer.get(METRICS);
            nothing(&taken);
        }
        t.pass(Duration::from_secs(seconds));
        viewer.get(METRICS);
        assert_eq!(next(&taken), first, "after {seconds} s");
    }
    thread::sleep(Duration::from_millis(300));
    t.pass(Duration::from_secs(24 * 3600));
    viewer.get(METRICS);
    nothing(&taken);
    assert_eq!(ok(&viewer.get(METRICS), 200)["totalEventsStreamed"], 0);
}

fn a_receiver_that_gives_no_answer_holds_up_no_other(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    // Connections are taken by the system, and nobody reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, taken) = receiver(&[200]);
    let filters = json!({ "services": ["orders"] });
    subscribe(&developer, &json!({ "url": format!("http://{}/", silent.local_addr().unwrap()) }), &filters);
    subscribe(&developer, &json!({ "url": url }), &filters);
    let events: Vec<_> = (0..5).map(|n| json!({ "eventType": format!("orders.n{n}"), "payload": {} })).collect();
    ok(&developer.post(EVENTS, &json!({ "events": events })), 201);
    for n in 0..5 {
        assert_eq!(parsed(&next(&taken))["event_type"], format!("orders.n{n}"));
    }
}

fn a_paused_webhook_skips_and_a_deleted_one_is_forgotten(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    let (url, taken) = receiver(&[200, 500]);
    let id = subscribe(&developer, &json!({ "url": url, "secret": SECRET }), &json!({ "services": ["orders"] }));
    let at = format!("{SUBSCRIPTIONS}/{id}");
    ok(&developer.patch(&at, &json!({ "status": "paused" })), 200);
    record(&developer, "orders.skipped");
    nothing(&taken);
    ok(&developer.patch(&at, &json!({ "status": "active" })), 200);
    record(&developer, "orders.sent");
    assert_eq!(parsed(&next(&taken))["event_type"], "orders.sent");
    record(&developer, "orders.failed");
    assert_eq!(parsed(&next(&taken))["event_type"], "orders.failed");
    thread::sleep(Duration::from_millis(300));
    assert_eq!(developer.delete(&at).status, 204);
    t.pass(Duration::from_millis(1100));
    record(&developer, "orders.late");
    nothing(&taken);
}
