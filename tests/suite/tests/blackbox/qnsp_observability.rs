//! Costs of QNSP: allocations, budgets and what a month cost.

use std::time::Duration;

use model::time::{from_iso, to_iso};
use policy::qnsp::Month;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case, together},
    clock,
    deployment::{Deployment, unique},
    qnsp::{Caller, Tenant, refuses},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(allocations_are_listed_by_their_filters_and_summed_beyond_the_page),
        case(a_window_takes_what_overlaps_it),
        case(an_allocation_needs_all_its_parts),
        case(each_call_is_an_allocation_of_its_own),
        case(a_month_costs_its_share_of_the_time_and_what_was_metered),
        case(a_budget_needs_all_its_parts),
        case(each_threshold_of_a_budget_alerts_once_a_period),
        case(a_budget_looks_at_its_scope_and_currency_and_at_the_running_period),
        case(alerts_of_a_budget_end_with_its_period),
    ]
}

const ALLOCATIONS: &str = "/observability/v1/costs/allocations";
const BUDGETS: &str = "/observability/v1/costs/budgets";
const SUMMARY: &str = "/observability/v1/costs/summary";
const ANOMALIES: &str = "/observability/v1/anomaly-detection/anomalies";

fn tenant(t: &Deployment) -> Tenant<'_> {
    Tenant::new(t, &json!({ "tier": "dev-starter" }))
}

/// What a resource of a type cost a center in a period.
fn allocation(resource_type: &str, center: &str, amount: f64, start: &str, end: &str) -> Value {
    json!({
        "resourceId": unique("resource"), "resourceType": resource_type, "costCenter": center, "amount": amount,
        "currency": "USD", "period": { "start": start, "end": end }, "tags": { "team": "a" },
    })
}

#[track_caller]
fn record(caller: &Caller, body: &Value) -> String {
    let recorded = ok(&caller.post(ALLOCATIONS, body), 201);
    assert_eq!(recorded["recorded"], true);
    recorded["allocationId"].as_str().unwrap().to_owned()
}

#[track_caller]
fn list(caller: &Caller, query: &str) -> Value {
    ok(&caller.get(&format!("{ALLOCATIONS}{query}")), 200)
}

fn ids(list: &Value) -> Vec<String> {
    let ids =
        list["allocations"].as_array().unwrap().iter().map(|one| one["allocationId"].as_str().unwrap().to_owned());
    ids.collect()
}

/// In the running month: its first hour.
fn this_month() -> (String, String) {
    let start = Month::of(clock::now()).start();
    (to_iso(start), to_iso(start + 3_600_000))
}

fn allocations_are_listed_by_their_filters_and_summed_beyond_the_page(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let empty = list(&viewer, "");
    assert_eq!(
        empty,
        json!({ "allocations": [], "summary": { "totalAmount": 0.0, "byCostCenter": {}, "byCurrency": {} } })
    );
    let (january, february, march) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z");
    let body = allocation("vm", "red", 10.25, january, february);
    let first = record(&developer, &body);
    let second = record(&developer, &allocation("vm", "blue", 0.105, february, march));
    let third = record(&developer, &allocation("disk", "red", 0.0, "2026-02-10T00:00:00+01:00", march));
    let mut euros = allocation("vm", "red", 7.0, january, march);
    euros["currency"] = json!("EUR");
    let fourth = record(&developer, &euros);

    let all = list(&viewer, "");
    let mut equal_starts = [first.clone(), fourth.clone()];
    equal_starts.sort();
    let [one, other] = equal_starts;
    assert_eq!(ids(&all), [third.clone(), second.clone(), one, other], "by start, the latest first, then by id");
    let shown =
        all["allocations"].as_array().unwrap().iter().find(|one| one["allocationId"] == first.as_str()).unwrap();
    let period = json!({ "start": "2026-01-01T00:00:00.000Z", "end": "2026-02-01T00:00:00.000Z" });
    assert_eq!((&shown["amount"], &shown["period"], &shown["currency"]), (&json!(10.25), &period, &json!("USD")));
    assert_eq!((&shown["resourceId"], &shown["costCenter"]), (&body["resourceId"], &json!("red")));
    let summary = json!({
        "totalAmount": 10.36, "byCostCenter": { "red": 10.25, "blue": 0.11 }, "byCurrency": { "EUR": 7.0 },
    });
    assert_eq!(all["summary"], summary, "0.105 is rounded up where it is shown, and 10.355 in the sum");

    assert_eq!(list(&viewer, "?limit=1&offset=1"), {
        let mut page = all.clone();
        page["allocations"] = json!([all["allocations"][1]]);
        page
    });
    let red = list(&viewer, "?costCenter=red&resourceType=vm");
    assert_eq!(
        red["summary"],
        json!({ "totalAmount": 10.25, "byCostCenter": { "red": 10.25 }, "byCurrency": { "EUR": 7.0 } })
    );
    assert_eq!(red["allocations"].as_array().unwrap().len(), 2);
    assert_eq!(list(&viewer, "?costCenter=Red")["allocations"], json!([]), "filters are exact");
    let disks = list(&viewer, "?resourceType=disk");
    assert_eq!((ids(&disks), &disks["summary"]["byCostCenter"]), (vec![third], &json!({ "red": 0.0 })));
    let foreign = Tenant::new(t, &json!({ "tier": "dev-starter" })).key("owner");
    assert_eq!(ids(&list(&foreign, "")).len(), 0);
}

/// The summary comes from counters by month, so it is compared with the allocations that are listed.
fn a_window_takes_what_overlaps_it(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let times = [
        "2025-12-15T00:00:00Z",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.001Z",
        "2026-01-20T12:00:00Z",
        "2026-02-01T00:00:00Z",
        "2026-03-31T23:59:59.999Z",
        "2026-04-01T00:00:00Z",
    ];
    let mut recorded = Vec::new();
    for (at, start) in times.iter().enumerate() {
        for (number, end) in times.iter().enumerate().skip(at + 1) {
            let amount = f64::from(1 << (recorded.len() % 30));
            record(&developer, &allocation("vm", ["a", "b"][number % 2], amount, start, end));
            recorded.push((from_iso(start).unwrap(), from_iso(end).unwrap(), ["a", "b"][number % 2], amount));
        }
    }
    let edges: Vec<_> = std::iter::once(None).chain(times.iter().map(Some)).collect();
    for start in &edges {
        for end in &edges {
            let query: Vec<_> = [start.map(|at| format!("startTime={at}")), end.map(|at| format!("endTime={at}"))]
                .into_iter()
                .flatten()
                .collect();
            let query = format!("?{}", query.join("&"));
            let edge = |at: &Option<&&str>, or: i64| at.map_or(or, |at| from_iso(at).unwrap());
            let (from, to) = (edge(start, i64::MIN), edge(end, i64::MAX));
            if from > to {
                refuses(&viewer.get(&format!("{ALLOCATIONS}{query}")), 422, &["startTime"]);
                continue;
            }
            let expected: Vec<_> = recorded.iter().filter(|one| one.1 > from && one.0 < to).collect();
            let found = list(&viewer, &query);
            assert_eq!(found["allocations"].as_array().unwrap().len(), expected.len(), "{query}");
            let sum = |center: &str| expected.iter().filter(|one| one.2 == center).map(|one| one.3).sum::<f64>();
            let total: f64 = expected.iter().map(|one| one.3).sum();
            assert_eq!(found["summary"]["totalAmount"], total, "{query}");
            for center in ["a", "b"] {
                assert_eq!(
                    found["summary"]["byCostCenter"][center].as_f64().unwrap_or_default(),
                    sum(center),
                    "{query}"
                );
            }
        }
    }
}

fn an_allocation_needs_all_its_parts(t: &Deployment) {
    let developer = tenant(t).key("developer");
    refuses(
        &developer.post(ALLOCATIONS, &json!({})),
        400,
        &["amount", "costCenter", "currency", "period", "resourceId", "resourceType"],
    );
    let good = || allocation("vm", "c", 1.0, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    let many: serde_json::Map<_, _> = (0..51).map(|n| (n.to_string(), json!("x"))).collect();
    for (member, value, status, place) in [
        ("amount", json!(-0.01), 400, "amount"),
        ("amount", json!("1"), 400, "amount"),
        ("currency", json!("usd"), 400, "currency"),
        ("currency", json!("USDX"), 400, "currency"),
        ("resourceId", json!(""), 400, "resourceId"),
        ("costCenter", json!("x".repeat(257)), 400, "costCenter"),
        ("resourceType", json!("x".repeat(129)), 400, "resourceType"),
        ("tags", json!({ "a": 1 }), 400, "tags.a"),
        ("tags", json!(many), 400, "tags"),
        ("period", json!({ "start": "2026-01-01T00:00:00Z" }), 400, "period.end"),
        ("period", json!({ "start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z" }), 422, "period"),
        ("period", json!({ "start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z" }), 422, "period"),
        ("period", json!({ "start": "1900-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z" }), 422, "period"),
    ] {
        let mut body = good();
        body[member] = value;
        refuses(&developer.post(ALLOCATIONS, &body), status, &[place]);
    }
    let mut body = good();
    body["tags"] = Value::Null;
    record(&developer, &body);
    refuses(&developer.get(&format!("{ALLOCATIONS}?startTime=yesterday")), 400, &["startTime"]);
    assert_eq!(ids(&list(&developer, "")).len(), 1);
}

fn each_call_is_an_allocation_of_its_own(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    let body = allocation("vm", "c", 1.0, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    together(8, |_| record(&developer, &body));
    let keyed = || {
        let text = body.to_string();
        let reply = developer.send("POST", ALLOCATIONS, &[("idempotency-key", "once")], Some(text.as_bytes()));
        ok(&reply, 201)["allocationId"].clone()
    };
    assert_eq!(keyed(), keyed(), "an Idempotency-Key makes it one");
    let all = list(&developer, "");
    assert_eq!((ids(&all).len(), &all["summary"]["totalAmount"]), (9, &json!(9.0)));
}

fn a_month_costs_its_share_of_the_time_and_what_was_metered(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let none = ok(&viewer.get(SUMMARY), 200);
    let month = Month::of(clock::now()).to_string();
    assert_eq!(
        none,
        json!({
            "period": month, "totalCost": 0.0, "currency": "USD", "byCurrency": {},
            "byService": { "kms": 0.0, "vault": 0.0, "storage": 0.0 }, "trend": { "change": 0.0, "direction": "stable" },
        })
    );
    // Ten of thirty days lie in January.
    record(&developer, &allocation("KMS_key", "c", 30.0, "2026-01-22T00:00:00Z", "2026-02-21T00:00:00Z"));
    record(&developer, &allocation("vm", "c", 5.555, "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"));
    let mut yen = allocation("vm", "c", 100.0, "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z");
    yen["currency"] = json!("JPY");
    record(&developer, &yen);
    let january = ok(&viewer.get(&format!("{SUMMARY}?period=2026-01")), 200);
    assert_eq!((&january["totalCost"], &january["byService"]["kms"]), (&json!(10.0), &json!(10.0)));
    assert_eq!(january["trend"], json!({ "change": 100.0, "direction": "up" }), "after nothing");
    let february = ok(&viewer.get(&format!("{SUMMARY}?period=2026-02")), 200);
    assert_eq!(
        february,
        json!({
            "period": "2026-02", "totalCost": 25.56, "currency": "USD", "byCurrency": { "JPY": 100.0 },
            "byService": { "kms": 20.0, "vault": 0.0, "storage": 0.0, "vm": 5.56 },
            "trend": { "change": 155.55, "direction": "up" },
        })
    );
    let march = ok(&viewer.get(&format!("{SUMMARY}?period=2026-03")), 200);
    assert_eq!(
        (&march["totalCost"], &march["trend"]),
        (&json!(0.0), &json!({ "change": -100.0, "direction": "down" }))
    );
    for wrong in ["2026-13", "2026", "2026-1", ""] {
        assert_eq!(viewer.get(&format!("{SUMMARY}?period={wrong}")).status, 400, "{wrong}");
    }

    // What was metered this month: ten cents a key, a twentieth of a cent for a read.
    let operator = Tenant::new(t, &json!({ "tier": "specialized" })).key("platform_admin");
    let meter = |kind: &str, quantity: f64| json!({ "tenantId": tenant.id, "meterType": kind, "quantity": quantity });
    let meters =
        [meter("kms.hsm.key.create", 2.0), meter("vault.secret_version_read", 10.0), meter("ai.model_deploy", 1.0)];
    ok(&operator.post("/billing/v1/meters", &json!({ "meters": meters })), 201);
    let now = ok(&viewer.get(SUMMARY), 200);
    assert_eq!(now["byService"], json!({ "kms": 2.0, "vault": 0.01, "storage": 0.0, "ai": 2.0 }), "{now}");
    assert_eq!((&now["totalCost"], &now["trend"]["direction"]), (&json!(4.01), &json!("up")));
}

fn budget(name: &str, amount: f64, thresholds: &[f64]) -> Value {
    let alerts: Vec<_> = thresholds.iter().map(|threshold| json!({ "threshold": threshold })).collect();
    json!({ "name": name, "amount": amount, "currency": "USD", "period": "monthly", "alerts": alerts })
}

#[track_caller]
fn make_budget(caller: &Caller, body: &Value) -> String {
    let made = ok(&caller.post(BUDGETS, body), 201);
    assert!(made["name"] == body["name"] && made["createdAt"].is_string(), "{made}");
    made["budgetId"].as_str().unwrap().to_owned()
}

/// The severities of a budget's alerts in this status, sorted.
fn alerts(caller: &Caller, id: &str, status: &str) -> Vec<String> {
    let found = ok(&caller.get(&format!("{ANOMALIES}?ruleId={id}&status={status}")), 200);
    let anomalies = found["anomalies"].as_array().unwrap();
    assert!(anomalies.iter().all(|one| one["metric"] == format!("budget:{id}") && one["ruleId"] == id), "{found}");
    let mut severities: Vec<_> = anomalies.iter().map(|one| one["severity"].as_str().unwrap().to_owned()).collect();
    severities.sort();
    severities
}

fn a_budget_needs_all_its_parts(t: &Deployment) {
    let tenant = tenant(t);
    let (admin, developer) = (tenant.key("admin"), tenant.key("developer"));
    refuses(&admin.post(BUDGETS, &json!({})), 400, &["amount", "currency", "name", "period"]);
    let channel = |url: &str| json!([{ "threshold": 50, "notificationChannels": ["#ops", url] }]);
    for (member, value, status, place) in [
        ("name", json!(""), 400, "name"),
        ("amount", json!(0), 400, "amount"),
        ("period", json!("weekly"), 400, "period"),
        ("currency", json!("us"), 400, "currency"),
        ("alerts", json!([{ "threshold": 0.5 }]), 400, "alerts[0].threshold"),
        ("alerts", json!([{ "threshold": 1 }, { "threshold": 1000.1 }]), 400, "alerts[1].threshold"),
        ("alerts", json!([{ "threshold": 80 }, { "threshold": 80.0 }]), 400, "alerts[1].threshold"),
        ("alerts", json!([{}]), 400, "alerts[0].threshold"),
        ("scope", json!({ "costCenters": [""] }), 400, "scope.costCenters[0]"),
        ("scope", json!({ "resourceTypes": "vm" }), 400, "scope.resourceTypes"),
        ("alerts", channel("https://10.0.0.1/"), 422, "alerts[0].notificationChannels[1]"),
        ("alerts", channel("https://localhost/"), 422, "alerts[0].notificationChannels[1]"),
    ] {
        let mut body = budget("b", 1.0, &[]);
        body[member] = value;
        refuses(&admin.post(BUDGETS, &body), status, &[place]);
    }
    let mut body = budget("b", 1.0, &[]);
    body["alerts"] = channel("http://elsewhere.example/");
    make_budget(&admin, &body);
    assert_eq!(admin.post(BUDGETS, &budget("b", 2.0, &[])).status, 409);
    assert_eq!(developer.post(BUDGETS, &budget("c", 2.0, &[])).status, 403);
    make_budget(&Tenant::new(t, &json!({ "tier": "dev-starter" })).key("admin"), &budget("b", 1.0, &[]));
}

fn each_threshold_of_a_budget_alerts_once_a_period(t: &Deployment) {
    let tenant = tenant(t);
    let (admin, developer, viewer) = (tenant.key("admin"), tenant.key("developer"), tenant.key("viewer"));
    let id = make_budget(&admin, &budget("b", 100.0, &[25.0, 50.0, 80.0, 100.0]));
    let (start, end) = this_month();
    let spend = |amount: f64| record(&developer, &allocation("vm", "c", amount, &start, &end));
    spend(24.99);
    assert_eq!(alerts(&viewer, &id, "open").len(), 0);
    spend(0.01);
    assert_eq!(alerts(&viewer, &id, "open"), ["low"]);
    // Parallel allocations cross the others once.
    together(8, |_| spend(10.0));
    assert_eq!(alerts(&viewer, &id, "open"), ["critical", "high", "low", "medium"]);
    let all = ok(&viewer.get(&format!("{ANOMALIES}?severity=critical")), 200);
    let critical = all["anomalies"][0]["anomalyId"].as_str().unwrap();
    let acknowledge = format!("{ANOMALIES}/{critical}/acknowledge");
    assert_eq!(viewer.post(&acknowledge, &json!({})).status, 403);
    let acknowledged = ok(&developer.post(&acknowledge, &json!({})), 200);
    assert_eq!(acknowledged["status"], "acknowledged");
    spend(500.0);
    assert_eq!(alerts(&viewer, &id, "open"), ["high", "low", "medium"], "one alert for a threshold and period");
    assert_eq!(alerts(&viewer, &id, "acknowledged"), ["critical"]);
    assert_eq!(ok(&developer.post(&acknowledge, &json!({})), 200), acknowledged, "the first time counts");
}

fn a_budget_looks_at_its_scope_and_currency_and_at_the_running_period(t: &Deployment) {
    let tenant = tenant(t);
    let (admin, developer) = (tenant.key("admin"), tenant.key("developer"));
    let (start, end) = this_month();
    let with = |name: &str, member: &str, value: Value| {
        let mut body = budget(name, 10.0, &[100.0]);
        body[member] = value;
        make_budget(&admin, &body)
    };
    let all = with("all", "description", json!("not known"));
    let yearly = with("yearly", "period", json!("yearly"));
    let quarterly = with("quarterly", "period", json!("quarterly"));
    let red = with("red", "scope", json!({ "costCenters": ["red"], "resourceTypes": ["vm", "disk"] }));
    let none = with("none", "scope", json!({ "costCenters": [] }));
    let euros = with("euros", "currency", json!("EUR"));
    let open = |id: &str| alerts(&developer, id, "open").len();
    // A day of the running month and as much time before it: half belongs to each.
    let month = Month::of(clock::now()).start();
    let before = to_iso(month - 86_400_000);
    record(&developer, &allocation("vm", "blue", 19.0, &before, &to_iso(month + 86_400_000)));
    assert_eq!([&all, &red, &none, &euros].map(|id| open(id)), [0, 0, 0, 0]);
    record(&developer, &allocation("key", "red", 10.0, &start, &end));
    assert_eq!([&all, &yearly, &quarterly, &red, &none, &euros].map(|id| open(id)), [1, 1, 1, 0, 0, 0]);
    record(&developer, &allocation("disk", "red", 10.0, &start, &end));
    assert_eq!([&all, &red, &none, &euros].map(|id| open(id)), [1, 1, 0, 0]);
    let mut body = allocation("key", "red", 10.0, &start, &end);
    body["currency"] = json!("EUR");
    record(&developer, &body);
    assert_eq!([&none, &euros].map(|id| open(id)), [0, 1]);
    // What was spent before there was the budget counts with the next allocation.
    let late = make_budget(&admin, &budget("late", 10.0, &[100.0]));
    assert_eq!(open(&late), 0);
    record(&developer, &allocation("key", "blue", 0.0, &start, &end));
    assert_eq!(open(&late), 1);
}

fn alerts_of_a_budget_end_with_its_period(t: &Deployment) {
    if !t.instance.runtime.has_movable_clock() {
        return;
    }
    let tenant = tenant(t);
    let (admin, developer) = (tenant.key("admin"), tenant.key("developer"));
    let id = make_budget(&admin, &budget("b", 10.0, &[50.0, 100.0]));
    let (start, end) = this_month();
    record(&developer, &allocation("vm", "c", 10.0, &start, &end));
    assert_eq!(alerts(&developer, &id, "open"), ["critical", "medium"]);
    let found = ok(&developer.get(&format!("{ANOMALIES}?ruleId={id}")), 200);
    let one = format!("{ANOMALIES}/{}/acknowledge", found["anomalies"][0]["anomalyId"].as_str().unwrap());
    ok(&developer.post(&one, &json!({})), 200);
    let left = Month::of(clock::now()).end() - clock::now();
    t.pass(Duration::from_millis(u64::try_from(left).unwrap()));
    assert_eq!(developer.post(&one, &json!({})).status, 409, "over, though nobody has looked");
    assert_eq!(alerts(&developer, &id, "resolved"), ["critical", "medium"]);
    assert_eq!(alerts(&developer, &id, "open").len() + alerts(&developer, &id, "acknowledged").len(), 0);
    let (start, end) = this_month();
    record(&developer, &allocation("vm", "c", 5.0, &start, &end));
    assert_eq!(alerts(&developer, &id, "open"), ["medium"], "each period anew");
}
