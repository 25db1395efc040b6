//! Events of identity providers: how they are recorded and queried, and the activity between tenants.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::{names, ok, time},
    case::{Case, case},
    clock,
    deployment::Deployment,
    qnsp::{Caller, Cast, Tenant, refuses},
    qnsp_auth::{HOUR, UNKNOWN, admin, has_passed},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(events_are_found_by_each_filter),
        case(a_cursor_goes_on_where_its_page_ended),
        case(events_and_queries_that_break_a_rule_are_refused),
        case(pairs_of_tenants_are_counted_from_own_events),
        case(operators_see_the_pairs_of_all_tenants),
        case(questions_about_pairs_that_break_a_rule_are_refused),
    ]
}

const EVENTS: &str = "/auth/federation/audit/events";
const QUERY: &str = "/auth/federation/audit/query";
const PAIRS: &str = "/auth/federation/audit/cross-tenant";

fn event(event_type: &str, provider: &str, user: &str, outcome: &str) -> Value {
    json!({ "eventType": event_type, "provider": provider, "userId": user, "outcome": outcome })
}

fn ids(page: &Value) -> Vec<&str> {
    page["events"].as_array().unwrap().iter().map(|event| event["eventId"].as_str().unwrap()).collect()
}

fn events_are_found_by_each_filter(t: &Deployment) {
    let cast = Cast::new(t);
    let query = |query: &Value| ok(&cast.viewer.post(QUERY, query), 200);
    let mut with_metadata = event("login", "okta", "u1", "success");
    with_metadata["metadata"] = json!({ "a": [1.50] });
    let first = ok(&cast.developer.post(EVENTS, &with_metadata), 201);
    assert_eq!(names(&first), ["eventId", "recordedAt"]);
    assert!((time(&first["recordedAt"]) - clock::now()).abs() < 60_000);
    t.pass(Duration::from_millis(5));
    let second = ok(&cast.developer.post(EVENTS, &event("logout", "okta", "u2", "success")), 201);
    t.pass(Duration::from_millis(5));
    let third = ok(&cast.developer.post(EVENTS, &event("my.own-type", "adfs", "u1", "failure")), 201);
    let all = query(&json!({}));
    assert_eq!(ids(&all), [&third, &second, &first].map(|event| event["eventId"].as_str().unwrap()), "newest first");
    assert_eq!((&all["total"], &all["nextCursor"]), (&json!(3), &Value::Null));
    assert_eq!((&all["limit"], &all["offset"]), (&json!(100), &json!(0)));
    let expected = json!({
        "eventId": first["eventId"], "eventType": "login", "provider": "okta", "userId": "u1",
        "timestamp": first["recordedAt"], "metadata": { "a": [1.50] }, "outcome": "success",
    });
    assert_eq!((&all["events"][2], &all["events"][1]["metadata"]), (&expected, &json!({})));
    let at = &second["recordedAt"];
    for (filters, total) in [
        (json!({ "eventTypes": ["login", "logout"] }), 2),
        (json!({ "eventTypes": [], "providers": [], "userIds": [] }), 3),
        (json!({ "eventTypes": ["my.own-type", "unknown"] }), 1),
        (json!({ "providers": ["okta"], "userIds": ["u1"] }), 1),
        (json!({ "providerIds": ["adfs"] }), 1),
        // Both ends are included.
        (json!({ "startTime": at, "endTime": at }), 1),
        (json!({ "startTime": at }), 2),
        (json!({ "endTime": at }), 2),
        (json!({ "startDate": "2999-01-01" }), 0),
        (json!({ "endDate": "2020-01-01" }), 0),
        (json!({ "startDate": &at.as_str().unwrap()[..10], "endDate": "2999-01-01" }), 3),
    ] {
        assert_eq!(query(&filters)["total"], total, "{filters}");
    }
    assert_eq!(ok(&cast.foreign.post(QUERY, &json!({})), 200)["total"], 0);
    let empty = cast.viewer.send("POST", QUERY, &[], None);
    assert_eq!(ok(&empty, 200)["total"], 3, "no body asks for all");
}

fn a_cursor_goes_on_where_its_page_ended(t: &Deployment) {
    let cast = Cast::new(t);
    let query = |query: Value| ok(&cast.admin.post(QUERY, &query), 200);
    for number in 0..5 {
        ok(&cast.admin.post(EVENTS, &event("login", "okta", &format!("u{number}"), "success")), 201);
    }
    let everything = query(json!({ "limit": 501 }));
    assert_eq!(everything["limit"], 500);
    let everything = ids(&everything);
    let first = query(json!({ "limit": 2, "providers": ["okta"] }));
    assert_eq!(ids(&first), everything[..2]);
    t.pass(Duration::from_millis(5));
    ok(&cast.admin.post(EVENTS, &event("login", "okta", "new", "success")), 201);
    // With a cursor no offset is looked at.
    let second = query(json!({ "limit": 2, "providers": ["okta"], "cursor": first["nextCursor"], "offset": 1 }));
    assert_eq!((ids(&second), &second["total"]), (everything[2..4].to_vec(), &json!(6)));
    let last = query(json!({ "limit": 2, "providers": ["okta"], "cursor": second["nextCursor"] }));
    assert_eq!((ids(&last), &last["nextCursor"]), (everything[4..].to_vec(), &Value::Null));
    let skipped = query(json!({ "limit": 0, "offset": 1 }));
    assert_eq!(
        (ids(&skipped), &skipped["limit"], &skipped["offset"]),
        (everything[..1].to_vec(), &json!(1), &json!(1))
    );

    let with = |providers: &str, cursor: &Value| json!({ "cursor": cursor, "providers": [providers] });
    let cursor = &first["nextCursor"];
    for bad in [with("adfs", cursor), with("okta", &json!("x")), with("okta", &json!(""))] {
        refuses(&cast.admin.post(QUERY, &bad), 400, &["cursor"]);
    }
    refuses(&cast.foreign.post(QUERY, &with("okta", cursor)), 400, &["cursor"]);
}

fn events_and_queries_that_break_a_rule_are_refused(t: &Deployment) {
    let admin = admin(t);
    let bad = event("Log in", "", "", "maybe");
    refuses(&admin.post(EVENTS, &bad), 400, &["eventType", "outcome", "provider", "userId"]);
    let long = event(&"a".repeat(65), &"a".repeat(129), &"a".repeat(257), "success");
    refuses(&admin.post(EVENTS, &long), 400, &["eventType", "provider", "userId"]);
    let with = |metadata: Value| {
        let mut event = event("login", "p", "u", "success");
        event["metadata"] = metadata;
        admin.post(EVENTS, &event)
    };
    let both = with(json!({ "targetTenantId": "x", "sourceTenantId": 7 }));
    refuses(&both, 400, &["metadata.sourceTenantId", "metadata.targetTenantId"]);
    refuses(&with(json!({ "a": "a".repeat(16 << 10) })), 400, &["metadata"]);
    refuses(&with(json!([])), 400, &["metadata"]);
    assert_eq!(ok(&admin.post(QUERY, &json!({})), 200)["total"], 0);
    for (query, status, place) in [
        (json!({ "startTime": "2026-01-02T00:00:00Z", "endTime": "2026-01-01T00:00:00Z" }), 422, "endTime"),
        (json!({ "startDate": "2026-01-02", "endDate": "2026-01-01" }), 422, "endTime"),
        (json!({ "limit": "x" }), 400, "limit"),
        (json!({ "startTime": "2026-01-01" }), 400, "startTime"),
        (json!({ "eventTypes": "login" }), 400, "eventTypes"),
        (json!({ "providers": [7] }), 400, "providers[0]"),
        (json!({ "userIds": vec!["u"; 1001] }), 400, "userIds"),
    ] {
        refuses(&admin.post(QUERY, &query), status, &[place]);
    }
}

fn record(caller: &Caller, metadata: Value) {
    let mut event = event("login", "p", "u", "success");
    event["metadata"] = metadata;
    ok(&caller.post(EVENTS, &event), 201);
}

/// Source, target and number of each pair.
fn pairs<'a>(activity: &'a Value) -> Vec<(&'a str, &'a str, i64)> {
    let text = |pair: &'a Value, name: &str| pair[name].as_str().unwrap();
    let of = |pair: &'a Value| {
        assert!((time(&pair["lastActivityAt"]) - clock::now()).abs() < 1000 * 60 * 60 * 24 * 31);
        (text(pair, "sourceTenantId"), text(pair, "targetTenantId"), pair["eventCount"].as_i64().unwrap())
    };
    activity["activity"].as_array().unwrap().iter().map(of).collect()
}

fn pairs_of_tenants_are_counted_from_own_events(t: &Deployment) {
    let cast = Cast::new(t);
    let (own, other) = (cast.tenant.id.as_str(), cast.foreign.tenant.as_str());
    let get = |query: &str| ok(&cast.admin.get(&format!("{PAIRS}{query}")), 200);
    assert_eq!(get(""), json!({ "activity": [] }));
    record(&cast.developer, json!({ "targetTenantId": UNKNOWN.to_uppercase() }));
    record(&cast.developer, json!({ "targetTenantId": UNKNOWN }));
    record(&cast.developer, json!({ "sourceTenantId": other }));
    // Of one tenant only.
    record(&cast.developer, json!({ "targetTenantId": own }));
    record(&cast.developer, json!({}));
    // Recorded by another.
    record(&cast.foreign, json!({ "sourceTenantId": own }));
    assert_eq!(pairs(&get("")), [(own, UNKNOWN, 2), (other, own, 1)]);
    assert_eq!(pairs(&get(&format!("?tenantIds={own}&limit=1&offset=1"))), [(other, own, 1)]);
    assert_eq!(pairs(&ok(&cast.foreign.get(PAIRS), 200)), [(own, other, 1)]);
    if has_passed(t, 2 * HOUR) {
        assert_eq!(get("?period=1h"), json!({ "activity": [] }));
        for query in ["?hours=3", "?period=24h", "?period=7d", "?period=30d", ""] {
            assert_eq!(pairs(&get(query)).len(), 2, "{query}");
        }
    }
}

fn operators_see_the_pairs_of_all_tenants(t: &Deployment) {
    let cast = Cast::new(t);
    let (own, other) = (cast.tenant.id.as_str(), cast.foreign.tenant.as_str());
    record(&cast.developer, json!({ "targetTenantId": UNKNOWN }));
    record(&cast.foreign, json!({ "sourceTenantId": own }));
    record(&cast.foreign, json!({ "sourceTenantId": own }));
    let get = |query: String| ok(&cast.operator.get(&format!("{PAIRS}?{query}")), 200);
    // Repeated or separated by commas; of all tenants that other cases have, these alone are asked for.
    assert_eq!(pairs(&get(format!("tenantIds={own}"))), [(own, other, 2), (own, UNKNOWN, 1)]);
    assert_eq!(
        pairs(&get(format!("tenantIds={other},{}&tenantIds={}", cast.free.tenant, cast.operator.tenant))),
        [(own, other, 2)]
    );
    assert_eq!(pairs(&get(format!("tenantId={own}"))), [(own, UNKNOWN, 1)]);
    refuses(
        &cast.operator.get(&format!("{PAIRS}?tenantId={}", cast.free.tenant)),
        403,
        &["control", "feature", "tier"],
    );
    let all = get("limit=200".to_owned());
    let counts: Vec<_> = pairs(&all).iter().map(|(_, _, count)| -count).collect();
    assert!(counts.len() > 1 && counts.is_sorted(), "most events first: {all}");
}

fn questions_about_pairs_that_break_a_rule_are_refused(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "dev-pro" }));
    let admin = tenant.key("admin");
    for query in [
        "tenantIds=x",
        "tenantIds=",
        "period=2h",
        "period=",
        "hours=0",
        "hours=721",
        "hours=x",
        "hours=1&hours=2",
        "limit=x",
    ] {
        refuses(&admin.get(&format!("{PAIRS}?{query}")), 400, &[query.split_once('=').unwrap().0]);
    }
    refuses(&admin.get(&format!("{PAIRS}?tenantIds={},{UNKNOWN}", tenant.id)), 403, &[]);
    assert_eq!(tenant.key("developer").get(PAIRS).status, 403);
}
