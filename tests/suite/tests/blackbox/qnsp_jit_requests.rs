//! Requests for just-in-time access: who may process them, how long they may ask for, and when nobody is needed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::{names, ok, time},
    case::{Case, case, together},
    clock,
    deployment::Deployment,
    qnsp::{Caller, Cast, Tenant, refuses},
    qnsp_auth::{UNKNOWN, has_passed},
    qnsp_jit::{DAY, POLICIES, REQUESTS, approve, ask, create_policy, process, request, with},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_request_is_approved_by_somebody_else),
        case(nobody_processes_their_own_request),
        case(approvers_have_a_role_of_the_request_or_administer),
        case(a_denial_has_a_reason_and_grants_nothing),
        case(refusals_of_a_decision_have_an_order),
        case(no_request_is_longer_than_the_shortest_maximum),
        case(an_approver_shortens_and_narrows_but_never_widens),
        case(a_request_keeps_the_terms_that_it_was_made_under),
        case(a_time_window_approves_by_itself),
        case(a_low_risk_approves_by_itself),
        case(every_matching_policy_must_do_without_approval),
        case(the_same_is_asked_for_once_at_a_time),
        case(what_nobody_processes_for_a_day_is_denied),
        case(one_of_several_decisions_at_once_counts),
        case(requests_are_listed_newest_first_by_filter_and_page),
        case(requests_that_break_a_rule_are_refused),
    ]
}

const APPROVE: fn() -> Value = || json!({ "decision": "approve" });

fn status(caller: &Caller, request: &Value) -> String {
    let list = ok(&caller.get(&format!("{REQUESTS}?limit=200")), 200);
    let all = list["requests"].as_array().unwrap();
    let found = all.iter().find(|one| one["requestId"] == request["requestId"]).unwrap();
    found["status"].as_str().unwrap().to_owned()
}

fn a_request_is_approved_by_somebody_else(t: &Deployment) {
    let cast = Cast::new(t);
    let asked = ask(&cast.developer, &json!({ "permissions": ["write", "read"], "ticketReference": "T-1" }));
    let expected = json!({
        "requestId": asked["requestId"], "status": "pending", "requestedAt": asked["requestedAt"], "expiresAt": null,
        "approvers": ["admin"],
    });
    assert_eq!(asked, expected);
    let listed = json!({
        "requestId": asked["requestId"], "requesterId": cast.developer.user, "resourceType": "db",
        "resourceId": "orders", "status": "pending", "requestedAt": asked["requestedAt"],
        "permissions": ["read", "write"], "justification": "incident 7", "duration": 30.0, "ticketReference": "T-1",
        "approvers": ["admin"], "processedBy": null, "processedAt": null,
    });
    assert_eq!(ok(&cast.viewer.get(REQUESTS), 200), json!({ "requests": [listed], "total": 1 }));
    let processed = ok(&process(&cast.admin, &asked, &APPROVE()), 200);
    assert_eq!(names(&processed), ["grantId", "processedAt", "processedBy", "requestId", "status"]);
    assert_eq!(
        (&processed["requestId"], &processed["status"], &processed["processedBy"]),
        (&asked["requestId"], &json!("approved"), &json!(cast.admin.user))
    );
    let of_user = format!("/access/v1/jit/grants/user/{}", cast.developer.user);
    refuses(&cast.developer.get(&format!("{of_user}?limit=x&offset=x")), 400, &["limit", "offset"]);
    let grants = ok(&cast.developer.get(&of_user), 200);
    let grant = &grants["grants"][0];
    assert_eq!(grant["grantId"], processed["grantId"]);
    assert_eq!((&grant["permissions"], &grant["grantedAt"]), (&json!(["read", "write"]), &processed["processedAt"]));
    assert_eq!(time(&grant["expiresAt"]), time(&processed["processedAt"]) + 30 * 60_000, "from the approval on");
    let listed = ok(&cast.viewer.get(REQUESTS), 200)["requests"][0].clone();
    assert_eq!((&listed["status"], &listed["processedBy"]), (&json!("approved"), &json!(cast.admin.user)));
    // Kept for the key of the call, as every answer to a POST is.
    let other = ask(&cast.developer, &json!({ "resourceId": "b" }));
    let path = format!("{REQUESTS}/{}/process", other["requestId"].as_str().unwrap());
    let once = || cast.admin.send("POST", &path, &[("idempotency-key", "k")], Some(APPROVE().to_string().as_bytes()));
    assert_eq!(ok(&once(), 200), ok(&once(), 200));
}

fn nobody_processes_their_own_request(t: &Deployment) {
    let cast = Cast::new(t);
    create_policy(&cast.admin, "p", &json!({ "approverRoles": ["developer", "owner"] }));
    for (number, caller) in [&cast.developer, &cast.admin, &cast.owner, &cast.jwt].into_iter().enumerate() {
        let asked = ask(caller, &json!({ "resourceId": number.to_string() }));
        for body in [APPROVE(), json!({ "decision": "deny", "reason": "r" })] {
            let refused = process(caller, &asked, &body);
            refuses(&refused, 403, &["reason"]);
            let refused = refused.json().unwrap();
            assert_eq!(
                (&refused["error"], &refused["details"]["reason"]),
                (&json!("FORBIDDEN"), &json!("own_request"))
            );
        }
        assert_eq!(status(&cast.viewer, &asked), "pending");
    }
    // The same user by another token, spelt differently.
    let asked = ask(&cast.developer, &json!({}));
    let again = cast.tenant.jwt(&json!({ "roles": ["owner"], "user_id": cast.developer.user.to_uppercase() }));
    refuses(&process(&again, &asked, &APPROVE()), 403, &["reason"]);
    approve(&cast.owner, &asked);
}

fn approvers_have_a_role_of_the_request_or_administer(t: &Deployment) {
    let cast = Cast::new(t);
    create_policy(&cast.admin, "one", &json!({ "approverRoles": ["lead", "dba"] }));
    create_policy(&cast.admin, "all", &json!({ "resourceTypes": ["*"], "approverRoles": ["security"] }));
    create_policy(&cast.admin, "other", &json!({ "resourceTypes": ["vm"], "approverRoles": ["vm-admin"] }));
    let number = std::cell::Cell::new(0);
    let new = || {
        number.set(number.get() + 1);
        ask(&cast.developer, &json!({ "resourceId": number.get().to_string() }))
    };
    assert_eq!(new()["approvers"], json!(["dba", "lead", "security"]));
    let with_roles = |roles: Value| cast.tenant.key_with(&json!({ "roles": roles }));
    for roles in [json!(["developer", "dba"]), json!(["security", "service"]), json!(["admin"]), json!(["owner"])] {
        approve(&with_roles(roles), &new());
    }
    approve(&cast.tenant.jwt(&json!({ "roles": ["developer", "lead"] })), &new());
    // An operator administers every tenant.
    let operated = new();
    let path = format!("{REQUESTS}/{}/process", operated["requestId"].as_str().unwrap());
    let named = [("x-qnsp-tenant-id", cast.tenant.id.as_str())];
    ok(&cast.operator.send("POST", &path, &named, Some(APPROVE().to_string().as_bytes())), 200);
    let asked = new();
    for roles in [json!(["developer"]), json!(["developer", "vm-admin"]), json!(["developer", "DBA"])] {
        refuses(&process(&with_roles(roles), &asked, &APPROVE()), 403, &[]);
    }
    // A role without a rank is not enough for the operation itself.
    refuses(&process(&with_roles(json!(["dba"])), &asked, &APPROVE()), 403, &["actual", "required"]);
    refuses(&process(&with_roles(json!(["viewer", "dba"])), &asked, &APPROVE()), 403, &["actual", "required"]);
    assert_eq!(status(&cast.viewer, &asked), "pending");
}

fn a_denial_has_a_reason_and_grants_nothing(t: &Deployment) {
    let cast = Cast::new(t);
    let asked = ask(&cast.developer, &json!({}));
    refuses(&process(&cast.admin, &asked, &json!({ "decision": "deny" })), 400, &["reason"]);
    refuses(&process(&cast.admin, &asked, &json!({ "decision": "deny", "reason": "" })), 400, &["reason"]);
    let denied = ok(&process(&cast.admin, &asked, &json!({ "decision": "deny", "comment": "too wide" })), 200);
    assert_eq!((&denied["status"], &denied["grantId"]), (&json!("denied"), &Value::Null));
    assert_eq!(status(&cast.viewer, &asked), "denied");
    let grants = ok(&cast.developer.get(&format!("/access/v1/jit/grants/user/{}", cast.developer.user)), 200);
    assert_eq!(grants["grants"], json!([]));
    refuses(&process(&cast.admin, &asked, &APPROVE()), 409, &[]);
}

fn refusals_of_a_decision_have_an_order(t: &Deployment) {
    let cast = Cast::new(t);
    create_policy(&cast.admin, "p", &json!({}));
    let other = cast.tenant.key("developer");
    let asked = ask(&cast.developer, &json!({}));
    let too_long = json!({ "decision": "approve", "modifiedDuration": 61 });
    let unknown = json!({ "requestId": UNKNOWN });
    refuses(&process(&cast.admin, &json!({ "requestId": "x" }), &json!({})), 400, &["decision", "requestId"]);
    refuses(&process(&other, &unknown, &too_long), 404, &[]);
    refuses(&process(&cast.foreign, &asked, &too_long), 404, &[]);
    refuses(&process(&other, &asked, &too_long), 403, &[]);
    approve(&cast.admin, &asked);
    refuses(&process(&other, &asked, &APPROVE()), 403, &[]);
    refuses(&process(&cast.developer, &asked, &APPROVE()), 403, &["reason"]);
    refuses(&process(&cast.admin, &asked, &too_long), 422, &["modifiedDuration"]);
    refuses(&process(&cast.admin, &asked, &APPROVE()), 409, &[]);
}

fn no_request_is_longer_than_the_shortest_maximum(t: &Deployment) {
    let cast = Cast::new(t);
    let refused = |more: Value| refuses(&cast.developer.post(REQUESTS, &request(&more)), 422, &["duration"]);
    // Without a policy, eight hours.
    refused(json!({ "duration": 480.001 }));
    ask(&cast.developer, &json!({ "duration": 480, "resourceId": "a" }));
    create_policy(&cast.admin, "long", &json!({ "maxDuration": 10_080 }));
    ask(&cast.developer, &json!({ "durationMinutes": 10_080, "resourceId": "b" }));
    create_policy(
        &cast.admin,
        "short",
        &json!({ "resourceTypes": ["vm", "*"], "maxDuration": 10, "requireApproval": false }),
    );
    create_policy(&cast.admin, "other", &json!({ "resourceTypes": ["vm"], "maxDuration": 5 }));
    refused(json!({ "duration": 10.001 }));
    refused(json!({ "duration": 1e300 }));
    ask(&cast.developer, &json!({ "duration": 10, "resourceId": "c" }));
    // Also where nobody needs to approve.
    let vm = json!({ "resourceType": "vm", "duration": 5.5 });
    refuses(&cast.developer.post(REQUESTS, &request(&vm)), 422, &["duration"]);
}

fn an_approver_shortens_and_narrows_but_never_widens(t: &Deployment) {
    let cast = Cast::new(t);
    create_policy(&cast.admin, "p", &json!({ "maxDuration": 60 }));
    let asked = ask(&cast.developer, &json!({ "permissions": ["read", "write"], "duration": 20 }));
    let modified = |more: Value| process(&cast.admin, &asked, &with(APPROVE(), &more));
    refuses(&modified(json!({ "modifiedDuration": 0.01 })), 400, &["modifiedDuration"]);
    refuses(&modified(json!({ "modifiedDuration": 60.1 })), 422, &["modifiedDuration"]);
    refuses(&modified(json!({ "modifiedPermissions": [] })), 400, &["modifiedPermissions"]);
    refuses(&modified(json!({ "modifiedPermissions": ["read", "drop"] })), 422, &["modifiedPermissions"]);
    refuses(&modified(json!({ "modifiedPermissions": ["*"] })), 422, &["modifiedPermissions"]);
    assert_eq!(status(&cast.viewer, &asked), "pending");
    let done = ok(&modified(json!({ "modifiedDuration": 60, "modifiedPermissions": ["write"] })), 200);
    let grants = ok(&cast.developer.get(&format!("/access/v1/jit/grants/user/{}", cast.developer.user)), 200);
    let grant = &grants["grants"][0];
    assert_eq!(grant["permissions"], json!(["write"]));
    assert_eq!(time(&grant["expiresAt"]) - time(&done["processedAt"]), 3_600_000, "up to the maximum of the request");
}

fn a_request_keeps_the_terms_that_it_was_made_under(t: &Deployment) {
    let cast = Cast::new(t);
    let policy = create_policy(&cast.admin, "p", &json!({ "maxDuration": 20, "approverRoles": ["dba"] }));
    let asked = ask(&cast.developer, &json!({ "duration": 20 }));
    ok(&cast.admin.delete(&format!("{POLICIES}/{policy}")), 204);
    create_policy(&cast.admin, "q", &json!({ "maxDuration": 10, "approverRoles": ["lead"] }));
    let long = json!({ "decision": "approve", "modifiedDuration": 21 });
    refuses(&process(&cast.admin, &asked, &long), 422, &["modifiedDuration"]);
    let with_role = |role: &str| cast.tenant.key_with(&json!({ "roles": ["developer", role] }));
    refuses(&process(&with_role("lead"), &asked, &APPROVE()), 403, &[]);
    approve(&with_role("dba"), &asked);
}

/// A time of the day so many minutes from now, in UTC.
fn in_minutes(minutes: i64) -> String {
    let minute = (clock::now() / 60_000 + minutes).rem_euclid(1_440);
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn a_time_window_approves_by_itself(t: &Deployment) {
    let cast = Cast::new(t);
    let window = |start: i64, end: i64| {
        let window = json!({ "start": in_minutes(start), "end": in_minutes(end) });
        json!({ "autoApproveConditions": { "timeWindow": window } })
    };
    let now = create_policy(&cast.admin, "now", &window(-5, 10));
    let approved = ask(&cast.developer, &json!({ "duration": 0.5 }));
    assert_eq!((&approved["status"], &approved["approvers"]), (&json!("approved"), &json!(["admin"])));
    assert_eq!(time(&approved["expiresAt"]), time(&approved["requestedAt"]) + 30_000);
    let grants = ok(&cast.developer.get(&format!("/access/v1/jit/grants/user/{}", cast.developer.user)), 200);
    assert_eq!(grants["grants"][0]["expiresAt"], approved["expiresAt"]);
    let listed = ok(&cast.viewer.get(REQUESTS), 200)["requests"][0].clone();
    assert_eq!((&listed["status"], &listed["processedBy"]), (&json!("approved"), &Value::Null));
    refuses(&process(&cast.admin, &approved, &APPROVE()), 409, &[]);
    ok(&cast.admin.delete(&format!("{POLICIES}/{now}")), 204);
    // All of the day but now.
    create_policy(&cast.admin, "later", &window(10, -5));
    assert_eq!(ask(&cast.developer, &json!({}))["status"], "pending");
    if has_passed(t, Duration::from_secs(16 * 60)) {
        assert_eq!(ask(&cast.developer, &json!({ "resourceId": "b" }))["status"], "approved");
    }
}

fn a_low_risk_approves_by_itself(t: &Deployment) {
    let cast = Cast::new(t);
    create_policy(&cast.admin, "p", &json!({ "autoApproveConditions": { "maxRiskScore": 4 } }));
    let asked = |caller: &Caller, resource: &str| ask(caller, &json!({ "resourceId": resource }))["status"].clone();
    let evaluate = |user: &str| {
        let body = json!({ "userId": user, "ipAddress": "192.0.2.1", "userAgent": "Mozilla/5.0" });
        ok(&cast.admin.post("/auth/risk/evaluate", &body), 200)["riskScore"].clone()
    };
    assert_eq!(asked(&cast.developer, "a"), "approved", "who was never evaluated has no risk");
    assert_eq!(evaluate(&cast.developer.user.to_uppercase()), 5.0);
    assert_eq!(asked(&cast.developer, "b"), "pending", "a score of 5 is too much");
    assert_eq!(asked(&cast.tenant.key("developer"), "b"), "approved", "of others nothing is known");
    t.pass(Duration::from_millis(5));
    assert_eq!(evaluate(&cast.developer.user), 0.0);
    assert_eq!(asked(&cast.developer, "c"), "approved", "the last score counts");
}

fn every_matching_policy_must_do_without_approval(t: &Deployment) {
    let cast = Cast::new(t);
    let asked = |resource: &str| ask(&cast.developer, &json!({ "resourceId": resource }))["status"].clone();
    assert_eq!(asked("a"), "pending", "without a policy");
    create_policy(&cast.admin, "free", &json!({ "requireApproval": false }));
    assert_eq!(asked("b"), "approved");
    create_policy(&cast.admin, "other", &json!({ "resourceTypes": ["vm"] }));
    assert_eq!(asked("c"), "approved");
    create_policy(&cast.admin, "strict", &json!({ "resourceTypes": ["*"] }));
    assert_eq!(asked("d"), "pending");
}

fn the_same_is_asked_for_once_at_a_time(t: &Deployment) {
    let cast = Cast::new(t);
    let both = json!({ "permissions": ["read", "write"] });
    let first = ask(&cast.developer, &both);
    refuses(&cast.developer.post(REQUESTS, &request(&json!({ "permissions": ["write", "read"] }))), 409, &[]);
    // Other permissions, another resource, another type, another requester.
    ask(&cast.developer, &json!({ "permissions": ["read"] }));
    ask(&cast.developer, &json!({ "permissions": ["read", "write"], "resourceId": "b" }));
    ask(&cast.developer, &json!({ "permissions": ["read", "write"], "resourceType": "vm" }));
    ask(&cast.admin, &both);
    ok(&process(&cast.admin, &first, &json!({ "decision": "deny", "reason": "r" })), 200);
    ask(&cast.developer, &both);
    let body = request(&json!({ "resourceId": "at once" }));
    let mut statuses = together(4, |_| cast.developer.post(REQUESTS, &body).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
}

fn what_nobody_processes_for_a_day_is_denied(t: &Deployment) {
    let cast = Cast::new(t);
    let asked = ask(&cast.developer, &json!({}));
    if !has_passed(t, DAY - Duration::from_secs(60)) {
        return;
    }
    assert_eq!(status(&cast.viewer, &asked), "pending");
    t.pass(Duration::from_secs(60));
    // Before anything has been listed: the row still says pending.
    refuses(&process(&cast.admin, &asked, &APPROVE()), 409, &[]);
    ask(&cast.developer, &json!({}));
    let denied = ok(&cast.viewer.get(&format!("{REQUESTS}?status=denied")), 200);
    assert_eq!(denied["total"], 1);
    let denied = &denied["requests"][0];
    assert_eq!((&denied["requestId"], &denied["processedBy"]), (&asked["requestId"], &Value::Null));
    assert_eq!(time(&denied["processedAt"]), time(&asked["requestedAt"]) + 86_400_000);
    assert_eq!(ok(&cast.viewer.get(&format!("{REQUESTS}?status=pending")), 200)["total"], 1);
}

fn one_of_several_decisions_at_once_counts(t: &Deployment) {
    let cast = Cast::new(t);
    let asked = ask(&cast.developer, &json!({}));
    let mut statuses = together(4, |_| process(&cast.admin, &asked, &APPROVE()).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    let grants = ok(&cast.developer.get(&format!("/access/v1/jit/grants/user/{}", cast.developer.user)), 200);
    assert_eq!(grants["grants"].as_array().unwrap().len(), 1);
}

fn requests_are_listed_newest_first_by_filter_and_page(t: &Deployment) {
    let cast = Cast::new(t);
    let ask_for = |caller: &Caller, resource: &str| {
        t.pass(Duration::from_millis(5));
        ask(caller, &json!({ "resourceId": resource }))
    };
    let [a, b] = ["a", "b"].map(|resource| ask_for(&cast.developer, resource));
    ask_for(&cast.admin, "c");
    ask_for(&cast.developer, "d");
    approve(&cast.owner, &a);
    ok(&process(&cast.owner, &b, &json!({ "decision": "deny", "reason": "r" })), 200);
    let developer = format!("requesterId={}", cast.developer.user);
    for (query, expected, total) in [
        ("", vec!["d", "c", "b", "a"], 4),
        ("limit=2&offset=1", vec!["c", "b"], 4),
        ("status=pending", vec!["d", "c"], 2),
        ("status=pending_approval&limit=1", vec!["d"], 2),
        ("status=approved", vec!["a"], 1),
        ("status=auto_approved", vec!["a"], 1),
        ("status=denied", vec!["b"], 1),
        (developer.as_str(), vec!["d", "b", "a"], 3),
        (&format!("{developer}&status=pending"), vec!["d"], 1),
        ("requesterId=nobody", vec![], 0),
    ] {
        let list = ok(&cast.viewer.get(&format!("{REQUESTS}?{query}")), 200);
        let all = list["requests"].as_array().unwrap();
        let found: Vec<_> = all.iter().map(|request| request["resourceId"].as_str().unwrap()).collect();
        assert_eq!((found, &list["total"]), (expected, &json!(total)), "{query}");
    }
    assert_eq!(ok(&cast.foreign.get(REQUESTS), 200), json!({ "requests": [], "total": 0 }));
    for (query, place) in [("status=open", "status"), ("status=", "status"), ("requesterId=", "requesterId")] {
        refuses(&cast.viewer.get(&format!("{REQUESTS}?{query}")), 400, &[place]);
    }
}

fn requests_that_break_a_rule_are_refused(t: &Deployment) {
    let developer = Tenant::new(t, &json!({ "tier": "business-team" })).key("developer");
    let all = ["duration", "justification", "permissions", "resourceId", "resourceType"];
    refuses(&developer.post(REQUESTS, &json!({})), 400, &all);
    let many: Vec<_> = (0..51).map(|number| number.to_string()).collect();
    for (more, place) in [
        (json!({ "resourceType": "" }), "resourceType"),
        (json!({ "resourceId": "r".repeat(257) }), "resourceId"),
        (json!({ "permissions": [] }), "permissions"),
        (json!({ "permissions": ["a", "a"] }), "permissions"),
        (json!({ "permissions": many }), "permissions"),
        (json!({ "permissions": [1] }), "permissions[0]"),
        (json!({ "justification": "" }), "justification"),
        (json!({ "justification": "j".repeat(2_001) }), "justification"),
        (json!({ "duration": 0.016 }), "duration"),
        (json!({ "duration": -1 }), "duration"),
        (json!({ "duration": "30" }), "duration"),
        (json!({ "ticketReference": "" }), "ticketReference"),
        (json!({ "ticketId": 7 }), "ticketId"),
    ] {
        refuses(&developer.post(REQUESTS, &request(&more)), 400, &[place]);
    }
    assert_eq!(ok(&developer.get(REQUESTS), 200)["total"], 0);
}
