//! Just-in-time access of QNSP: its policies, its statistics, and what each call leaves behind. Requests and grants have
//! modules of their own.

use std::time::Duration;

use chancery::client::Reply;
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, time},
    case::{Case, case, together},
    clock, database,
    deployment::Deployment,
    qnsp::{Caller, Cast, Tenant, refuses},
    qnsp_auth::{UNKNOWN, has_passed},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_policy_is_created_listed_and_deleted),
        case(policies_are_listed_oldest_first_by_page),
        case(names_of_policies_are_unique_in_a_tenant),
        case(policies_that_break_a_rule_are_refused),
        case(policies_count_in_their_quota),
        case(statistics_are_those_of_the_period),
        case(each_call_is_an_event_and_each_accepted_request_is_metered),
    ]
}

pub const POLICIES: &str = "/access/v1/jit/policies";
pub const REQUESTS: &str = "/access/v1/jit/requests";
pub const CHECK: &str = "/access/v1/jit/check";
const STATS: &str = "/access/v1/jit/stats";

pub const DAY: Duration = Duration::from_secs(86_400);

/// An object with more members.
pub fn with(mut object: Value, more: &Value) -> Value {
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

/// A policy for databases.
pub fn policy(name: &str, more: &Value) -> Value {
    with(json!({ "name": name, "resourceTypes": ["db"], "maxDuration": 60 }), more)
}

pub fn create_policy(caller: &Caller, name: &str, more: &Value) -> String {
    ok(&caller.post(POLICIES, &policy(name, more)), 201)["policyId"].as_str().unwrap().to_owned()
}

/// A request to read the database `orders`.
pub fn request(more: &Value) -> Value {
    let base = json!({
        "resourceType": "db", "resourceId": "orders", "permissions": ["read"], "justification": "incident 7",
        "duration": 30,
    });
    with(base, more)
}

/// A request that is accepted.
#[track_caller]
pub fn ask(caller: &Caller, more: &Value) -> Value {
    ok(&caller.post(REQUESTS, &request(more)), 201)
}

pub fn process(caller: &Caller, request: &Value, body: &Value) -> Reply {
    caller.post(&format!("{REQUESTS}/{}/process", request["requestId"].as_str().unwrap()), body)
}

/// The grant of a request that is approved.
#[track_caller]
pub fn approve(caller: &Caller, request: &Value) -> String {
    let processed = ok(&process(caller, request, &json!({ "decision": "approve" })), 200);
    processed["grantId"].as_str().unwrap().to_owned()
}

fn a_policy_is_created_listed_and_deleted(t: &Deployment) {
    let cast = Cast::new(t);
    assert_eq!(ok(&cast.viewer.get(POLICIES), 200), json!({ "policies": [] }));
    let window = json!({ "start": "09:00", "end": "17:30" });
    let body = json!({
        "name": "Databases", "description": "d", "resourceTypes": ["db", "*"], "maxDuration": 10_080,
        "requireApproval": false, "approverRoles": ["dba"],
        "autoApproveConditions": { "timeWindow": window, "maxRiskScore": 0.5 },
    });
    let created = ok(&cast.admin.post(POLICIES, &body), 201);
    assert_eq!(names(&created), ["createdAt", "name", "policyId"]);
    assert_eq!(created["name"], "Databases");
    assert!((time(&created["createdAt"]) - clock::now()).abs() < 60_000);
    let listed = json!({
        "policyId": created["policyId"], "name": "Databases", "resourceTypes": ["db", "*"], "requireApproval": false,
    });
    assert_eq!(ok(&cast.viewer.get(POLICIES), 200), json!({ "policies": [listed] }));
    assert_eq!(ok(&cast.foreign.get(POLICIES), 200), json!({ "policies": [] }));
    let path = format!("{POLICIES}/{}", created["policyId"].as_str().unwrap());
    refuses(&cast.foreign.delete(&path), 404, &[]);
    refuses(&cast.admin.delete(&format!("{POLICIES}/{UNKNOWN}")), 404, &[]);
    refuses(&cast.admin.delete(&format!("{POLICIES}/x")), 400, &["policyId"]);
    ok(&cast.admin.delete(&path), 204);
    refuses(&cast.admin.delete(&path), 404, &[]);
    assert_eq!(ok(&cast.viewer.get(POLICIES), 200), json!({ "policies": [] }));
}

fn policies_are_listed_oldest_first_by_page(t: &Deployment) {
    let admin = Tenant::new(t, &json!({ "tier": "business-team" })).key("admin");
    for number in 0..4 {
        create_policy(&admin, &format!("p{number}"), &json!({}));
        t.pass(Duration::from_millis(5));
    }
    for (query, expected) in [
        ("", vec!["p0", "p1", "p2", "p3"]),
        ("?limit=2&offset=1", vec!["p1", "p2"]),
        ("?limit=0", vec!["p0"]),
        ("?offset=9", vec![]),
    ] {
        let list = ok(&admin.get(&format!("{POLICIES}{query}")), 200);
        let all = list["policies"].as_array().unwrap();
        let found: Vec<_> = all.iter().map(|policy| policy["name"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{query}");
        assert!(all.iter().all(|policy| policy["requireApproval"] == true), "unless it is said");
    }
    refuses(&admin.get(&format!("{POLICIES}?limit=x")), 400, &["limit"]);
}

fn names_of_policies_are_unique_in_a_tenant(t: &Deployment) {
    let cast = Cast::new(t);
    create_policy(&cast.admin, "Databases", &json!({}));
    refuses(&cast.owner.post(POLICIES, &policy("Databases", &json!({}))), 409, &[]);
    create_policy(&cast.owner, "databases", &json!({}));
    create_policy(&cast.foreign, "Databases", &json!({}));
    let mut statuses = together(4, |_| cast.admin.post(POLICIES, &policy("at once", &json!({}))).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
}

fn policies_that_break_a_rule_are_refused(t: &Deployment) {
    let admin = Tenant::new(t, &json!({ "tier": "business-team" })).key("admin");
    refuses(&admin.post(POLICIES, &json!({})), 400, &["maxDuration", "name", "resourceTypes"]);
    for (more, place) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "n".repeat(129) }), "name"),
        (json!({ "description": "d".repeat(2_001) }), "description"),
        (json!({ "resourceTypes": [] }), "resourceTypes"),
        (json!({ "resourceTypes": "db" }), "resourceTypes"),
        (json!({ "resourceTypes": ["db", ""] }), "resourceTypes[1]"),
        (json!({ "maxDuration": 0 }), "maxDuration"),
        (json!({ "maxDuration": 10_081 }), "maxDuration"),
        (json!({ "maxDuration": 1.5 }), "maxDuration"),
        (json!({ "requireApproval": "yes" }), "requireApproval"),
        (json!({ "approverRoles": [1] }), "approverRoles[0]"),
        (json!({ "autoApproveConditions": { "maxRiskScore": 101 } }), "autoApproveConditions.maxRiskScore"),
        (
            json!({ "autoApproveConditions": { "timeWindow": { "start": "9:00", "end": "17:00" } } }),
            "autoApproveConditions.timeWindow.start",
        ),
        (
            json!({ "autoApproveConditions": { "timeWindow": { "start": "09:00" } } }),
            "autoApproveConditions.timeWindow.end",
        ),
        (
            json!({ "autoApproveConditions": { "timeWindow": { "start": "09:00", "end": "24:00" } } }),
            "autoApproveConditions.timeWindow.end",
        ),
    ] {
        refuses(&admin.post(POLICIES, &policy("p", &more)), 400, &[place]);
    }
    assert_eq!(ok(&admin.get(POLICIES), 200), json!({ "policies": [] }));
}

fn policies_count_in_their_quota(t: &Deployment) {
    let cast = Cast::new(t);
    let used = || {
        let quotas = ok(&cast.viewer.get("/tenant/v1/quotas/current"), 200);
        let all = quotas["quotas"].as_array().unwrap();
        all.iter().find(|quota| quota["quotaType"] == "policies").unwrap()["used"].clone()
    };
    let policy = create_policy(&cast.admin, "one", &json!({}));
    create_policy(&cast.admin, "two", &json!({}));
    cast.admin.post(POLICIES, &json!({ "name": "two", "resourceTypes": ["db"], "maxDuration": 1 }));
    assert_eq!(used(), 2);
    ok(&cast.admin.delete(&format!("{POLICIES}/{policy}")), 204);
    assert_eq!(used(), 1);
}

fn statistics_are_those_of_the_period(t: &Deployment) {
    let cast = Cast::new(t);
    let empty = json!({
        "period": "30d", "totalRequests": 0, "approvedRequests": 0, "deniedRequests": 0, "averageApprovalTime": 0.0,
        "activeGrants": 0, "topResources": [],
    });
    assert_eq!(ok(&cast.viewer.get(STATS), 200), empty);
    create_policy(&cast.admin, "free", &json!({ "resourceTypes": ["vm"], "requireApproval": false }));
    ask(&cast.developer, &json!({ "resourceType": "vm" }));
    let (slow, denied) = (ask(&cast.developer, &json!({})), ask(&cast.developer, &json!({ "resourceId": "b" })));
    let third = ask(&cast.developer, &json!({ "resourceId": "c" }));
    ok(&process(&cast.admin, &denied, &json!({ "decision": "deny", "reason": "no" })), 200);
    t.pass(Duration::from_millis(1_500));
    let processed = ok(&process(&cast.admin, &slow, &json!({ "decision": "approve" })), 200);
    let waited = time(&processed["processedAt"]) - time(&slow["requestedAt"]);
    let stats = ok(&cast.viewer.get(&format!("{STATS}?period=24h")), 200);
    #[expect(clippy::cast_precision_loss, reason = "a few seconds")]
    let expected = json!({
        "period": "24h", "totalRequests": 4, "approvedRequests": 2, "deniedRequests": 1,
        "averageApprovalTime": waited as f64 / 1_000.0, "activeGrants": 2,
        "topResources": [{ "resourceType": "db", "count": 3 }, { "resourceType": "vm", "count": 1 }],
    });
    assert_eq!(stats, expected);
    assert_eq!(ok(&cast.foreign.get(STATS), 200), empty);
    for types in ["f", "e", "d", "c", "b", "a"] {
        ask(&cast.developer, &json!({ "resourceType": types, "resourceId": types }));
    }
    let stats = ok(&cast.viewer.get(&format!("{STATS}?period=7d")), 200);
    let top: Vec<_> = stats["topResources"].as_array().unwrap().iter().map(|top| top["resourceType"].clone()).collect();
    assert_eq!(top, ["db", "a", "b", "c", "d"], "five, equal ones by name");
    for bad in ["?period=1h", "?period="] {
        refuses(&cast.viewer.get(&format!("{STATS}{bad}")), 400, &["period"]);
    }
    // What nobody has processed is denied by now, and what was granted has ended.
    if has_passed(t, DAY) {
        let stats = ok(&cast.viewer.get(STATS), 200);
        assert_eq!((&stats["deniedRequests"], &stats["activeGrants"]), (&json!(8), &json!(0)));
        assert_eq!(ok(&cast.viewer.get(&format!("{STATS}?period=24h")), 200)["totalRequests"], 0);
        refuses(&process(&cast.admin, &third, &json!({ "decision": "approve" })), 409, &[]);
    }
}

fn each_call_is_an_event_and_each_accepted_request_is_metered(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "business-team" }));
    let (admin, developer) = (tenant.key("admin"), tenant.key("developer"));
    let policy = create_policy(&admin, "p", &json!({}));
    admin.get(POLICIES);
    let asked = ask(&developer, &json!({}));
    refuses(&developer.post(REQUESTS, &request(&json!({}))), 409, &[]);
    admin.get(REQUESTS);
    refuses(&process(&developer, &asked, &json!({ "decision": "approve" })), 403, &["reason"]);
    let grant = approve(&admin, &asked);
    let user = developer.user.as_str();
    developer.get(&format!("/access/v1/jit/grants/user/{user}"));
    let question = json!({ "principalId": user, "resourceType": "db", "resourceId": "orders", "permission": "read" });
    ok(&admin.post(CHECK, &question), 200);
    ok(&admin.post(&format!("/access/v1/jit/grants/{grant}/revoke"), &json!({ "reason": "done" })), 200);
    admin.get(STATS);
    ok(&admin.delete(&format!("{POLICIES}/{policy}")), 204);
    let request = asked["requestId"].as_str().unwrap();
    let expected = [
        format!("access.jit_policy.create jit_policy/{policy} done"),
        "access.jit_policy.list jit_policy done".to_owned(),
        format!("access.jit_request.create jit_request/{request} done"),
        "access.jit_request.create failed".to_owned(),
        "access.jit_request.list jit_request done".to_owned(),
        format!("access.jit_request.process jit_request/{request} refused"),
        format!("access.jit_request.process jit_request/{request} done"),
        "access.jit_grant.list jit_grant done".to_owned(),
        format!("access.jit_grant.check jit_grant/{user} done"),
        format!("access.jit_grant.revoke jit_grant/{grant} done"),
        "access.jit_stats.get jit_stats done".to_owned(),
        format!("access.jit_policy.delete jit_policy/{policy} done"),
    ];
    let entries = database::audit(&t.instance);
    let of_tenant = entries.iter().filter(|entry| entry.tenant == tenant.id && entry.action.starts_with("access."));
    let events: Vec<_> = of_tenant
        .map(|entry| match entry.outcome.as_str() {
            // The subject is an id that was never given.
            "failed" => format!("{} failed", entry.action),
            outcome => format!("{} {} {outcome}", entry.action, entry.subject),
        })
        .collect();
    assert_eq!(events, expected);
    let metered = format!("FROM qnsp_meters WHERE tenant_id = '{}'", tenant.id);
    assert_eq!(database::text(&t.instance, &format!("SELECT group_concat(operation) {metered}")), "access.jit_request");
    // That somebody tried to approve their own request stays with it, for the anomalies of the tenant.
    let tried = format!("SELECT count(*) FROM qnsp_jit_requests WHERE id = '{request}' AND self_processed_at > 0");
    assert_eq!(database::number(&t.instance, &tried), 1);
}
