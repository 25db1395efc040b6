//! Subscriptions to QNSP's events, and the stream that carries them.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    database,
    deployment::Deployment,
    qnsp::{Caller, Tenant},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(subscriptions_are_made_listed_changed_and_deleted),
        case(what_is_no_subscription_is_refused),
        case(a_stream_sends_what_is_recorded_while_it_is_open),
        case(who_connects_again_misses_nothing_and_gets_nothing_twice),
        case(a_subscription_gets_what_its_filters_let_through),
        case(a_stream_ends_by_itself_and_says_where_it_was),
    ]
}

const EVENTS: &str = "/audit/v1/events";
const SUBSCRIPTIONS: &str = "/audit/v1/streaming/subscriptions";
const STREAM: &str = "/audit/v1/streaming/events";
const METRICS: &str = "/audit/v1/streaming/metrics";
const UNKNOWN: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";

fn tenant(t: &Deployment) -> Tenant<'_> {
    Tenant::new(t, &json!({ "tier": "dev-pro" }))
}

#[track_caller]
fn record(caller: &Caller, types: &[&str]) -> Vec<String> {
    let events: Vec<_> = types.iter().map(|it| json!({ "eventType": it, "payload": { "of": it } })).collect();
    let ids = ok(&caller.post(EVENTS, &json!({ "events": events })), 201)["eventIds"].clone();
    ids.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn kafka() -> Value {
    json!({ "type": "kafka", "config": { "brokers": ["kafka.example:9092"], "topic": "events" } })
}

#[track_caller]
fn subscribe(caller: &Caller, name: &str, filters: &Value) -> String {
    let body = json!({ "name": name, "filters": filters, "destination": kafka() });
    ok(&caller.post(SUBSCRIPTIONS, &body), 201)["subscriptionId"].as_str().unwrap().to_owned()
}

/// One block of a stream.
#[derive(Debug, Default)]
struct Block {
    event: String,
    id: String,
    data: Value,
}

/// A stream that is being read. It is closed when it is dropped.
struct Stream {
    lines: BufReader<TcpStream>,
    headers: String,
}

impl Stream {
    fn open(t: &Deployment, caller: &Caller, query: &str, last: Option<&str>) -> Self {
        let host = t.instance.url.strip_prefix("http://").unwrap().trim_end_matches('/');
        let mut connection = TcpStream::connect(host).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        let token = caller.token.as_deref().unwrap();
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        let request = format!(
            "GET {STREAM}{query} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n{last}Connection: close\r\n\r\n"
        );
        connection.write_all(request.as_bytes()).unwrap();
        let mut stream = Self { lines: BufReader::new(connection), headers: String::new() };
        loop {
            let line = stream.line().unwrap();
            if line.is_empty() {
                return stream;
            }
            stream.headers += &format!("{}\n", line.to_ascii_lowercase());
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        (self.lines.read_line(&mut line).unwrap() > 0).then(|| line.trim_end().to_owned())
    }

    /// The next block; what frames the chunks of the body is passed over.
    fn block(&mut self) -> Option<Block> {
        let mut block = Block::default();
        loop {
            let line = self.line()?;
            if let Some(event) = line.strip_prefix("event: ") {
                event.clone_into(&mut block.event);
            } else if let Some(id) = line.strip_prefix("id: ") {
                id.clone_into(&mut block.id);
            } else if let Some(data) = line.strip_prefix("data: ") {
                block.data = serde_json::from_str(data).unwrap();
            } else if line.is_empty() && !block.id.is_empty() {
                return Some(block);
            }
        }
    }

    /// The next event.
    fn event(&mut self) -> Option<Block> {
        loop {
            let block = self.block()?;
            if !block.event.is_empty() {
                return Some(block);
            }
        }
    }

    fn types(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.event().unwrap().data["eventType"].as_str().unwrap().to_owned()).collect()
    }
}

fn subscriptions_are_made_listed_changed_and_deleted(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let filters = json!({ "eventTypes": ["kms.*"], "services": ["ai-orchestrator"], "severities": ["high", "low"] });
    let body = json!({ "name": "to kafka", "filters": filters, "destination": kafka() });
    let made = ok(&developer.post(SUBSCRIPTIONS, &body), 201);
    assert_eq!(
        (&made["id"], &made["status"], &made["delivery"]),
        (&made["subscriptionId"], &json!("active"), &json!("pull"))
    );
    let secret = "a secret of some length";
    let hook = json!({ "type": "webhook", "config": { "url": "https://hooks.example.com/in", "secret": secret } });
    let body = json!({ "name": "hook", "filters": { "topics": ["a"], "sourceServices": ["b"] }, "destination": hook });
    let hook = ok(&developer.post("/v1/streaming/subscriptions", &body), 201);
    assert_eq!(hook["delivery"], "push");
    let listed = ok(&viewer.get(SUBSCRIPTIONS), 200);
    assert_eq!(listed["total"], 2);
    let (first, second) = (&listed["subscriptions"][0], &listed["subscriptions"][1]);
    assert_eq!((&first["filters"], &first["destination"]), (&filters, &kafka()));
    assert_eq!((&first["createdAt"], &first["updatedAt"]), (&made["createdAt"], &made["createdAt"]));
    assert_eq!(second["filters"], json!({ "eventTypes": ["a"], "services": ["b"], "severities": [] }));
    assert_eq!(
        second["destination"],
        json!({ "type": "webhook", "config": { "url": "https://hooks.example.com/in" } })
    );
    assert!(!database::contains(&t.instance, secret));

    let at = format!("{SUBSCRIPTIONS}/{}", made["subscriptionId"].as_str().unwrap());
    let paused = ok(&developer.patch(&at, &json!({ "status": "paused", "filters": {} })), 200);
    assert_eq!((&paused["subscriptionId"], &paused["status"]), (&made["subscriptionId"], &json!("paused")));
    let renamed = ok(&developer.patch(&at, &json!({ "name": "renamed" })), 200);
    assert_eq!(renamed["status"], "paused");
    let shown = ok(&viewer.get(&format!("{SUBSCRIPTIONS}?limit=1")), 200)["subscriptions"][0].clone();
    assert_eq!((&shown["name"], &shown["status"]), (&json!("renamed"), &json!("paused")));
    assert_eq!(shown["filters"], json!({ "eventTypes": [], "services": [], "severities": [] }));
    for taken in [developer.patch(&at, &json!({ "name": "hook" })), developer.post(SUBSCRIPTIONS, &body)] {
        assert_eq!(ok(&taken, 409)["error"], "CONFLICT");
    }
    let stream = format!("{STREAM}?subscriptionId={}", made["subscriptionId"].as_str().unwrap());
    assert_eq!(viewer.get(&stream).status, 404, "a paused subscription has no stream");
    let foreign = self::tenant(t).key("owner");
    for missing in [foreign.patch(&at, &json!({ "name": "n" })), foreign.delete(&at), foreign.get(&stream)] {
        assert_eq!(missing.status, 404);
    }
    assert_eq!(developer.delete(&at).status, 204);
    assert_eq!((developer.delete(&at).status, ok(&viewer.get(SUBSCRIPTIONS), 200)["total"].clone()), (404, json!(1)));
}

fn what_is_no_subscription_is_refused(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let hook = |url: &str| json!({ "type": "webhook", "config": { "url": url } });
    for (destination, status, field) in [
        (json!({ "type": "pigeon", "config": {} }), 400, "destination.type"),
        (json!({ "type": "sqs" }), 400, "destination.config"),
        (json!({ "type": "sqs", "config": { "queueUrl": "http://sqs.example" } }), 400, "destination.config.queueUrl"),
        (json!({ "type": "kafka", "config": { "brokers": [], "topic": "t" } }), 400, "destination.config.brokers"),
        (hook("nowhere"), 400, "destination.config.url"),
        (hook("http://hooks.example.com"), 400, "destination.config.url"),
        (
            json!({ "type": "webhook", "config": { "url": "https://a.example", "secret": "short" } }),
            400,
            "destination.config.secret",
        ),
        (hook("https://169.254.169.254/latest"), 422, "destination.config.url"),
        (hook("https://10.0.0.1/"), 422, "destination.config.url"),
        (hook("https://2130706433/"), 422, "destination.config.url"),
        (hook("https://[::ffff:127.0.0.1]/"), 422, "destination.config.url"),
        (hook("https://metadata.google.internal/"), 422, "destination.config.url"),
        (hook("https://me:secret@hooks.example.com/"), 422, "destination.config.url"),
    ] {
        let refused = ok(&developer.post(SUBSCRIPTIONS, &json!({ "name": "n", "destination": destination })), status);
        assert!(refused["details"][field].is_string(), "{field}: {refused}");
    }
    for (body, field) in [
        (json!({ "destination": kafka() }), "name"),
        (json!({ "name": "n" }), "destination"),
        (
            json!({ "name": "n", "destination": kafka(), "filters": { "severities": ["grave"] } }),
            "filters.severities[0]",
        ),
    ] {
        assert!(ok(&developer.post(SUBSCRIPTIONS, &body), 400)["details"][field].is_string(), "{field}");
    }
    let id = subscribe(&developer, "n", &json!({}));
    let at = format!("{SUBSCRIPTIONS}/{id}");
    assert_eq!(developer.patch(&at, &json!({})).status, 400);
    assert_eq!(developer.patch(&at, &json!({ "status": "gone" })).status, 400);
    assert_eq!(developer.delete(&format!("{SUBSCRIPTIONS}/x")).status, 400);
    assert_eq!(viewer.patch(&at, &json!({ "name": "m" })).status, 403);
    for query in ["subscriptionId=x", "since=yesterday"] {
        assert_eq!(viewer.get(&format!("{STREAM}?{query}")).status, 400, "{query}");
    }
    assert_eq!(viewer.get(&format!("{STREAM}?subscriptionId={UNKNOWN}")).status, 404);
    assert_eq!(viewer.get(&format!("{SUBSCRIPTIONS}?limit=many")).status, 400);
    let free = Tenant::new(t, &json!({ "tier": "free" })).key("owner");
    for reply in
        [free.get(STREAM), free.get(METRICS), free.post(SUBSCRIPTIONS, &json!({ "name": "n", "destination": kafka() }))]
    {
        assert_eq!(ok(&reply, 403)["details"]["control"], "entitlements");
    }
}

fn a_stream_sends_what_is_recorded_while_it_is_open(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    record(&developer, &["before"]);
    let mut stream = Stream::open(t, &viewer, "", None);
    assert!(stream.headers.starts_with("http/1.1 200"), "{}", stream.headers);
    for header in ["content-type: text/event-stream", "cache-control: no-store, no-transform", "x-accel-buffering: no"]
    {
        assert!(stream.headers.contains(header), "{}", stream.headers);
    }
    // The place from which it waits comes first, and without data it is no event.
    assert!(stream.block().unwrap().event.is_empty());
    assert_eq!(ok(&viewer.get(METRICS), 200)["activeConnections"], 1);
    let ids = record(&developer, &["one", "two"]);
    let (one, two) = (stream.event().unwrap(), stream.event().unwrap());
    assert_eq!((one.event.as_str(), [&one.id, &two.id]), ("audit_event", [&ids[0], &ids[1]]));
    let listed = ok(&viewer.get(&format!("{EVENTS}?eventType=one")), 200)["items"][0].clone();
    assert_eq!(one.data, listed);
    // What another call leaves is sent as well, and nothing of other tenants.
    record(&self::tenant(t).key("developer"), &["foreign"]);
    assert_eq!(developer.get("/tenant/v1/health/current").status, 200);
    assert_eq!(stream.types(1), ["tenant.health.get"]);
    let metrics = ok(&viewer.get(METRICS), 200);
    assert_eq!((&metrics["totalEventsStreamed"], &metrics["subscriptionMetrics"]), (&json!(3), &json!([])));
    assert!(metrics["eventsPerSecond"].as_f64().unwrap() >= 4.0 / 60.0, "{metrics}");
}

fn who_connects_again_misses_nothing_and_gets_nothing_twice(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    // Whoever waited and got nothing goes on from where it waited, even if there was no event at all.
    let place = Stream::open(t, &viewer, "", None).block().unwrap().id;
    let ids = record(&developer, &["a", "b", "c"]);
    assert_eq!(Stream::open(t, &viewer, "", Some(&place)).types(3), ["a", "b", "c"]);
    let mut stream = Stream::open(t, &viewer, "", Some(&ids[0]));
    assert_eq!(stream.types(1), ["b"]);
    drop(stream);
    record(&developer, &["d"]);
    assert_eq!(Stream::open(t, &viewer, "", Some(&ids[1])).types(2), ["c", "d"]);
    // More than one step of the log, without a gap.
    let many: Vec<_> = (0..300).map(|n| format!("n{n}")).collect();
    for part in many.chunks(100) {
        record(&developer, &part.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let mut stream = Stream::open(t, &viewer, "", Some(&ids[2]));
    assert_eq!(stream.types(1), ["d"]);
    assert_eq!(stream.types(300), many);
    // An id that is not known is as none, and so is one of another tenant.
    let foreign = record(&self::tenant(t).key("developer"), &["foreign"]);
    for unknown in [UNKNOWN, "nonsense", &foreign[0]] {
        let mut stream = Stream::open(t, &viewer, "", Some(unknown));
        stream.block().unwrap();
        record(&developer, &["now"]);
        assert_eq!(stream.types(1), ["now"], "{unknown}");
    }
    let long_ago = Stream::open(t, &viewer, "?since=2020-01-01T00:00:00Z", None).types(2);
    assert_eq!(long_ago, ["a", "b"]);
}

fn a_subscription_gets_what_its_filters_let_through(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let id = subscribe(&developer, "orders", &json!({ "eventTypes": ["*.created"], "services": ["orders"] }));
    let other = subscribe(&developer, "other", &json!({ "severities": ["critical"] }));
    record(&developer, &["orders.created", "orders.deleted", "parcel.created", "orders.new.created"]);
    let stream = |query: &str| Stream::open(t, &viewer, query, None);
    let mut own = stream(&format!("?since=2020-01-01T00:00:00Z&subscriptionId={id}"));
    assert_eq!(own.types(2), ["orders.created", "orders.new.created"]);
    let critical = json!({ "eventType": "x", "payload": {}, "severity": "critical" });
    ok(&developer.post(EVENTS, &critical), 201);
    assert_eq!(stream(&format!("?since=2020-01-01T00:00:00Z&subscriptionId={other}")).types(1), ["x"]);
    let metrics = ok(&viewer.get(METRICS), 200);
    assert_eq!(metrics["totalEventsStreamed"], 3);
    let counts: Vec<_> = metrics["subscriptionMetrics"].as_array().unwrap().iter().collect();
    assert_eq!([&counts[0]["subscriptionId"], &counts[1]["subscriptionId"]], [&json!(id), &json!(other)]);
    assert_eq!([&counts[0]["eventsDelivered"], &counts[1]["eventsDelivered"]], [&json!(2), &json!(1)]);
    assert!(counts[0]["lastEventAt"].is_string());
    let fresh = subscribe(&developer, "fresh", &json!({}));
    let metrics = ok(&viewer.get(METRICS), 200)["subscriptionMetrics"][2].clone();
    assert_eq!(metrics, json!({ "subscriptionId": fresh, "eventsDelivered": 0, "lastEventAt": null }));
}

fn a_stream_ends_by_itself_and_says_where_it_was(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let id = subscribe(&developer, "nothing", &json!({ "eventTypes": ["nothing"] }));
    let started = Instant::now();
    let mut stream = Stream::open(t, &viewer, &format!("?subscriptionId={id}"), None);
    stream.block().unwrap();
    let ids = record(&developer, &["held.back"]);
    let mut last = String::new();
    while let Some(block) = stream.block() {
        assert!(block.event.is_empty(), "{block:?}");
        last = block.id;
    }
    let took = started.elapsed();
    assert!((Duration::from_secs(20)..Duration::from_secs(40)).contains(&took), "{took:?}");
    assert_eq!(last, ids[0], "what was held back need not be looked at again");
    assert_eq!(ok(&viewer.get(METRICS), 200)["activeConnections"], 0);
}
