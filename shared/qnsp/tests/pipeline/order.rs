//! Of several causes for a refusal the first of the pipeline is answered, and each call counts what it must.

use axum::http::StatusCode;
use platform::Statement;
use serde_json::json;

use crate::deployment::{Deployment, FREE, FULL, OPERATORS, Reply, SUSPENDED, THING, UNKNOWN, key};

/// What can be wrong with one call, in the pipeline's order, and how it is answered.
const CAUSES: [(&str, u16, &str); 10] = [
    ("token", 401, "UNAUTHORIZED"),
    ("limit", 429, "TOO_MANY_REQUESTS"),
    ("tenant", 403, "TENANT_MISMATCH"),
    ("suspended", 403, "FORBIDDEN"),
    ("role", 403, "FORBIDDEN"),
    ("tier", 403, "FORBIDDEN"),
    ("input", 400, "BAD_REQUEST"),
    ("missing", 404, "NOT_FOUND"),
    ("conflict", 409, "CONFLICT"),
    ("quota", 403, "QUOTA_EXCEEDED"),
];

#[tokio::test]
async fn of_all_combinations_of_causes_the_first_is_answered_counted_and_recorded() {
    let deployment = Deployment::new("order").await;
    for causes in 0..1 << CAUSES.len() {
        let has = |index: usize| causes & (1 << index) != 0;
        for statement in [
            "DELETE FROM qnsp_minutes",
            "DELETE FROM qnsp_quotas",
            "DELETE FROM qnsp_quota_days",
            "DELETE FROM qnsp_meters",
            "DELETE FROM qnsp_meter_days",
            "DELETE FROM audit_entries",
            "DELETE FROM service_directory",
        ] {
            deployment.execute(Statement::new(statement)).await;
        }
        let update = Statement::new(
            "UPDATE qnsp_tenants SET rate_limit = ?2, suspended_at = ?3, tier = ?4, add_ons = '[\"byohsm\"]' WHERE id = ?1",
        );
        let update = update.bind(FULL).bind(if has(1) { 1_i64 } else { 100 }).bind(has(3).then_some(1_i64));
        deployment.execute(update.bind(if has(5) { "free" } else { "enterprise-pro" })).await;
        if has(1) {
            let fill =
                Statement::new("INSERT INTO qnsp_minutes SELECT ?1, ?2 + value, 1, 0, 0, 0 FROM json_each('[0,1]')");
            deployment.execute(fill.bind(FULL).bind(platform::clock::now_ms() / 60_000)).await;
        }
        if has(9) {
            let fill = Statement::new("INSERT INTO qnsp_quotas VALUES (?1, 'keys', 1000000)").bind(FULL);
            deployment.execute(fill).await;
        }
        let token = if has(0) {
            format!("qnsp_pqc_{}", "0".repeat(40))
        } else {
            key(FULL, if has(4) { "viewer" } else { "admin" })
        };
        let headers: &[(&str, &str)] = if has(2) { &[("x-tenant-id", FREE)] } else { &[] };
        let name = format!("{}{}", if has(7) { "missing" } else { "" }, if has(8) { "conflict" } else { "" });
        let weight = if has(6) { "\"heavy\"" } else { "1" };
        let body = format!(r#"{{"name":"a {name}","weight":{weight}}}"#);
        let reply = deployment.call("POST", &format!("/auth/v1/things/{THING}"), &token, headers, &body).await;
        let first = (0..CAUSES.len()).find(|index| has(*index)).map(|index| CAUSES[index]);
        let names: Vec<_> = (0..CAUSES.len()).filter(|index| has(*index)).map(|index| CAUSES[index].0).collect();
        let (status, error) = first.map_or((201, ""), |(_, status, error)| (status, error));
        assert_eq!((reply.status.as_u16(), reply.error()), (status, error), "{names:?}: {}", reply.body);
        check_counts(&deployment, &reply, status, has(1), &names).await;
    }
}

async fn check_counts(deployment: &Deployment, reply: &Reply, status: u16, was_full: bool, names: &[&str]) {
    let calls = deployment.number("SELECT coalesce(sum(calls), 0) FROM qnsp_minutes").await;
    let before = if was_full { 2 } else { 0 };
    assert_eq!(calls - before, i64::from(status != 401), "calls of {names:?}");
    let quota =
        deployment.number("SELECT coalesce(sum(value), 0) FROM qnsp_quota_days WHERE quota_type = 'apiCalls'").await;
    assert_eq!(quota, i64::from(!matches!(status, 401 | 429)), "quota of {names:?}");
    let meters = deployment.number("SELECT count(*) FROM qnsp_meters").await;
    let days = deployment.number("SELECT coalesce(sum(quantity), 0.0) FROM qnsp_meter_days").await;
    assert_eq!((meters, days), (i64::from(status == 201), i64::from(status == 201)), "meters of {names:?}");
    let things = deployment.number("SELECT count(*) FROM service_directory").await;
    assert_eq!(things, i64::from(status == 201), "effect of {names:?}");
    let (outcome, severity) = match status {
        201 => ("done", "info"),
        403 => ("refused", "medium"),
        _ => ("failed", "low"),
    };
    let events = deployment.events().await;
    match status {
        401 | 429 => assert!(events.is_empty() && reply.header("audit-entry").is_none(), "{names:?}: {events:?}"),
        _ => {
            let [event] = events.as_slice() else { panic!("{names:?}: {events:?}") };
            assert!(event.starts_with(&format!("{FULL} auth.thing.create thing")), "{event}");
            assert!(event.ends_with(&format!(" {outcome} {severity}")), "{names:?}: {event}");
            assert_eq!(reply.header("audit-entry"), Some(format!("{FULL}/0").as_str()));
        }
    }
    assert_eq!(reply.header("x-ratelimit-limit").is_some(), status != 401, "{names:?}");
}

#[tokio::test]
async fn refusals_say_what_the_contract_says() {
    let deployment = Deployment::new("details").await;
    let free = deployment.create(&key(FREE, "admin"), "a").await;
    assert_eq!(free.body["details"], json!({ "control": "entitlements", "feature": "auth", "tier": "free" }));
    let role = deployment.create(&key(FULL, "service"), "a").await;
    assert_eq!(role.body["details"], json!({ "required": "admin", "actual": "developer" }));
    let suspended = deployment.create(&key(SUSPENDED, "owner"), "a").await;
    assert_eq!(suspended.body["details"], json!({ "control": "suspended" }));
    let billing = deployment.call("GET", "/billing/things", &key(SUSPENDED, "viewer"), &[], "").await;
    assert_eq!(billing.status, StatusCode::OK);
    deployment
        .execute(Statement::new("UPDATE qnsp_tenants SET add_ons = '[\"key-escrow\"]' WHERE id = ?1").bind(FULL))
        .await;
    let add_on = deployment.create(&key(FULL, "owner"), "a").await;
    assert_eq!(add_on.body["details"], json!({ "control": "addon", "addOn": "byohsm" }));
    let path = "/auth/v1/things/not-a-uuid?limit=many&offset=-1";
    deployment
        .execute(Statement::new("UPDATE qnsp_tenants SET add_ons = '[\"byohsm\"]' WHERE id = ?1").bind(FULL))
        .await;
    let input = deployment.call("POST", path, &key(FULL, "owner"), &[], r#"{"weight":-1}"#).await;
    let details = input.body["details"].as_object().unwrap();
    assert_eq!(details.keys().collect::<Vec<_>>(), ["id", "limit", "name", "weight"]);
    let long = deployment
        .call("POST", &format!("/auth/v1/things/{THING}"), &key(FULL, "owner"), &[], &" ".repeat(1 << 21))
        .await;
    assert_eq!((long.status.as_u16(), long.error()), (413, "PAYLOAD_TOO_LARGE"));
    let long = deployment
        .call("POST", &format!("/auth/v1/things/{THING}"), &key(FULL, "viewer"), &[], &" ".repeat(1 << 21))
        .await;
    assert_eq!(long.status.as_u16(), 403);
    deployment.execute(Statement::new("INSERT INTO qnsp_quotas VALUES (?1, 'keys', 1000000)").bind(FULL)).await;
    let quota = deployment.create(&key(FULL, "owner"), "a").await;
    assert_eq!(
        (quota.body["details"]["resource"].as_str(), &quota.body["details"]["used"]),
        (Some("keys"), &json!(1_000_000))
    );
    assert!(quota.body["details"]["limit"].is_i64());
    deployment.execute(Statement::new("UPDATE qnsp_tenants SET rate_limit = 1 WHERE id = ?1").bind(FULL)).await;
    let limited = deployment.create(&key(FULL, "owner"), "a").await;
    let seconds: u64 = limited.header("retry-after").unwrap().parse().unwrap();
    let expected = json!({ "routeId": "POST /auth/v1/things/{id}", "limit": 1, "retryAfter": seconds });
    assert_eq!(limited.body["details"], expected);
    assert!((1..=60).contains(&seconds) && limited.header("x-ratelimit-remaining") == Some("0"));
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let deployment = Deployment::new("ids").await;
    let id = "7b0e5f4e-9f0a-4c3f-8d53-0f7a3a9f0001";
    for (method, path, token) in [
        ("GET", "/auth/things", key(FULL, "viewer")),
        ("GET", "/auth/things", String::new()),
        ("GET", "/nowhere", String::new()),
        ("PUT", "/auth/things", String::new()),
        ("HEAD", "/auth/things", String::new()),
    ] {
        let reply = deployment.call(method, path, &token, &[("x-request-id", id)], "").await;
        assert_eq!(reply.header("x-request-id"), Some(id), "{method} {path}");
        if !reply.status.is_success() && method != "HEAD" {
            assert_eq!(reply.body["requestId"], id);
            assert_eq!(reply.body["statusCode"], reply.status.as_u16());
            assert!(reply.body["timestamp"].is_string() && reply.body["details"].is_object());
        }
        let other = deployment.call(method, path, &token, &[("x-request-id", "mine")], "").await;
        assert!(other.header("x-request-id").is_some_and(|id| id.len() == 36));
    }
    let allow = deployment.call("PUT", "/auth/things", "", &[], "").await;
    assert_eq!((allow.status.as_u16(), allow.error()), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(allow.header("allow"), Some("GET,HEAD"));
    assert_eq!(deployment.call("HEAD", "/auth/things", "", &[], "").await.status.as_u16(), 401);
    // Both spellings are the same operation.
    let body = r#"{"name":"bare","weight":1}"#;
    let bare = deployment.call("POST", &format!("/v1/things/{THING}"), &key(FULL, "admin"), &[], body).await;
    assert_eq!(bare.status.as_u16(), 201);
}

#[tokio::test]
async fn a_call_names_its_own_tenant_or_none_and_an_operator_any() {
    let deployment = Deployment::new("tenants").await;
    let path = "/auth/things";
    let (own, other) = (FULL.to_uppercase(), FREE);
    let viewer = key(FULL, "viewer");
    for header in ["x-qnsp-tenant-id", "x-qnsp-tenant", "x-tenant-id"] {
        assert_eq!(deployment.call("GET", path, &viewer, &[(header, &own)], "").await.status.as_u16(), 200);
        for named in [other, UNKNOWN, "nonsense"] {
            let reply = deployment.call("GET", path, &viewer, &[(header, named)], "").await;
            assert_eq!((reply.status.as_u16(), reply.error()), (403, "TENANT_MISMATCH"), "{header}: {named}");
        }
    }
    assert_eq!(
        deployment.call("GET", &format!("{path}?tenantId={other}"), &viewer, &[], "").await.error(),
        "TENANT_MISMATCH"
    );
    assert_eq!(
        deployment.call("POST", &format!("/auth/hello/{other}"), &viewer, &[], "").await.error(),
        "TENANT_MISMATCH"
    );
    let body = format!(r#"{{"tenantId":"{other}"}}"#);
    assert_eq!(
        deployment.call("POST", &format!("/auth/hello/{FULL}"), &viewer, &[], &body).await.error(),
        "TENANT_MISMATCH"
    );

    let operator = key(OPERATORS, "platform_admin");
    let reply = deployment.call("GET", path, &operator, &[("x-tenant-id", &other.to_uppercase())], "").await;
    assert_eq!(reply.body["tenant"], other);
    assert_eq!(reply.header("audit-entry"), Some(format!("{other}/0").as_str()));
    let reply = deployment.call("GET", path, &operator, &[], "").await;
    assert_eq!(reply.body["tenant"], OPERATORS);
    let unknown = deployment.call("GET", path, &operator, &[("x-tenant-id", UNKNOWN)], "").await;
    assert_eq!((unknown.status.as_u16(), unknown.error()), (404, "NOT_FOUND"));
    assert!(unknown.header("audit-entry").is_some_and(|entry| entry.starts_with(OPERATORS)));
    assert_eq!(deployment.call("GET", path, &operator, &[("x-tenant-id", "nonsense")], "").await.status.as_u16(), 400);
    let disagree =
        deployment.call("GET", &format!("{path}?tenantId={FULL}"), &operator, &[("x-tenant-id", other)], "").await;
    assert_eq!(disagree.error(), "TENANT_MISMATCH");
}

#[tokio::test]
async fn a_call_is_one_round_trip_once_its_key_is_known() {
    let deployment = Deployment::new("trips").await;
    let token = key(FULL, "admin");
    deployment.create(&token, "first").await;
    for (expected, name) in [(1, "second"), (2, "missing")] {
        deployment.sql.asked.store(0, std::sync::atomic::Ordering::SeqCst);
        deployment.create(&token, name).await;
        assert_eq!(deployment.sql.asked.load(std::sync::atomic::Ordering::SeqCst), expected, "{name}");
    }
}
