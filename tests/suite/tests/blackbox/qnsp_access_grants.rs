//! What grants of just-in-time access do to decisions, and what is unusual about them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    deployment::Deployment,
    qnsp::{Caller, Tenant},
    qnsp_access_policies::{policy, statement},
    qnsp_jit::{CHECK, approve, ask, create_policy, process},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_grant_allows_until_it_ends_and_a_denial_overrides_it),
        case(a_grant_of_everything_allows_what_it_says),
        case(a_star_inside_a_grant_is_no_pattern),
        case(an_impact_counts_grants),
        case(grants_stand_in_overview_graph_and_comparison),
        case(refused_checks_are_an_anomaly),
        case(escalations_of_privilege_are_anomalies),
    ]
}

const ANOMALIES: &str = "/access/v1/cross-tenant/anomalies";

fn tenant(t: &Deployment) -> Tenant<'_> {
    Tenant::new(t, &json!({ "tier": "enterprise-pro" }))
}

/// What is decided about a principal and the database `orders`, or another.
fn decide(caller: &Caller, kind: &str, id: &str, resource: &str, action: &str) -> Value {
    let question = json!({
        "principal": { "type": kind, "id": id }, "resource": { "type": "db", "id": resource }, "action": action,
    });
    let simulated = ok(&caller.post("/access/v1/simulate", &question), 200);
    let evaluated = ok(&caller.post("/access/v1/evaluate", &question), 200);
    assert_eq!(simulated["reasons"], evaluated["reasons"]);
    simulated
}

/// A grant that nobody needs to approve.
fn granted(developer: &Caller, more: &Value) -> Value {
    let asked = ask(developer, more);
    assert_eq!(asked["status"], "approved", "{asked}");
    let grants = ok(&developer.get(&format!("/access/v1/jit/grants/user/{}", developer.user)), 200);
    grants["grants"].as_array().unwrap().last().unwrap().clone()
}

fn a_grant_allows_until_it_ends_and_a_denial_overrides_it(t: &Deployment) {
    let tenant = tenant(t);
    let (admin, developer) = (tenant.key("admin"), tenant.key("developer"));
    let user = developer.user.as_str();
    create_policy(&admin, "auto", &json!({ "requireApproval": false }));
    assert_eq!(decide(&admin, "user", user, "orders", "read")["decision"], "deny");
    let grant = granted(&developer, &json!({ "duration": 1 }));
    let reason = json!({
        "policyId": grant["grantId"], "policyName": "jit:db", "effect": "allow", "matchedConditions": [],
    });
    for kind in ["user", "service"] {
        let answer = decide(&admin, kind, user, "orders", "read");
        assert_eq!((&answer["decision"], &answer["reasons"]), (&json!("allow"), &json!([reason])), "{kind}");
        assert_eq!(answer["totalPoliciesEvaluated"], 1);
    }
    for (kind, id, resource, action) in [
        ("group", user, "orders", "read"),
        ("user", "somebody", "orders", "read"),
        ("user", user, "orders2", "read"),
        ("user", user, "orders", "write"),
    ] {
        assert_eq!(decide(&admin, kind, id, resource, action)["decision"], "deny", "{kind} {id} {resource} {action}");
    }
    let batch = json!({ "requests": [
        { "principal": { "type": "user", "id": user }, "resource": { "type": "db", "id": "orders" }, "action": "read" },
    ] });
    assert_eq!(ok(&admin.post("/access/v1/simulate/batch", &batch), 200)["summary"]["allowed"], 1);
    let lock = policy(&admin, "Lock", &statement("deny", [&["*"], &["db/*"], &["*"]]));
    let answer = decide(&admin, "user", user, "orders", "read");
    assert_eq!((&answer["decision"], &answer["effectivePolicies"]), (&json!("deny"), &json!([lock, grant["grantId"]])));
    ok(&admin.delete(&crate::qnsp_access_policies::of(&lock)), 204);
    assert_eq!(decide(&admin, "user", user, "orders", "read")["decision"], "allow");
    t.pass(Duration::from_secs(61));
    assert_eq!(decide(&admin, "user", user, "orders", "read")["decision"], "deny");
    let grant = granted(&developer, &json!({}));
    assert_eq!(decide(&admin, "user", user, "orders", "read")["decision"], "allow");
    let path = format!("/access/v1/jit/grants/{}/revoke", grant["grantId"].as_str().unwrap());
    ok(&admin.post(&path, &json!({ "reason": "r" })), 200);
    assert_eq!(decide(&admin, "user", user, "orders", "read")["decision"], "deny");
}

fn a_grant_of_everything_allows_what_it_says(t: &Deployment) {
    let tenant = tenant(t);
    let (admin, developer) = (tenant.key("admin"), tenant.key("developer"));
    create_policy(&admin, "auto", &json!({ "requireApproval": false }));
    granted(&developer, &json!({ "resourceId": "*", "permissions": ["*"] }));
    assert_eq!(decide(&admin, "user", &developer.user, "any", "anything")["decision"], "allow");
    let question = json!({
        "principal": { "type": "user", "id": developer.user }, "resource": { "type": "key", "id": "any" }, "action": "x",
    });
    assert_eq!(ok(&admin.post("/access/v1/evaluate", &question), 200)["decision"], "deny");
}

/// In a policy it would be a pattern.
fn a_star_inside_a_grant_is_no_pattern(t: &Deployment) {
    let tenant = tenant(t);
    let (admin, developer) = (tenant.key("admin"), tenant.key("developer"));
    create_policy(&admin, "auto", &json!({ "requireApproval": false }));
    granted(&developer, &json!({ "resourceId": "ord*" }));
    granted(&developer, &json!({ "permissions": ["re*", "list"] }));
    let everybody = tenant.jwt(&json!({ "user_id": "*", "roles": ["developer"] }));
    granted(&everybody, &json!({ "permissions": ["*"] }));
    for (id, action, expected) in
        [(developer.user.as_str(), "read", "deny"), (&developer.user, "list", "allow"), ("somebody", "read", "deny")]
    {
        assert_eq!(decide(&admin, "user", id, "orders", action)["decision"], expected, "{id} {action}");
    }
}

fn an_impact_counts_grants(t: &Deployment) {
    let tenant = tenant(t);
    let (admin, developer) = (tenant.key("admin"), tenant.key("developer"));
    create_policy(&admin, "auto", &json!({ "requireApproval": false }));
    granted(&developer, &json!({ "permissions": ["read", "list"] }));
    let change = json!({ "policyChange": {
        "type": "create",
        "newPolicy": { "name": "Lock", "effect": "deny", "principals": ["user:*"], "resources": ["db/*"], "actions": ["read"] },
    } });
    let revoked = |expected: i64| {
        let analyzed = ok(&admin.post("/access/v1/simulate/impact", &change), 200);
        assert_eq!(analyzed["impactSummary"]["permissionsRevoked"], expected, "{analyzed}");
        analyzed
    };
    let sample = revoked(1)["samples"][0].clone();
    assert_eq!(
        (&sample["principal"], &sample["resource"]),
        (&json!(format!("user:{}", developer.user)), &json!("db/orders"))
    );
    // A grant that ended is asked about, and was no access any more.
    t.pass(Duration::from_secs(31 * 60));
    revoked(0);
}

fn grants_stand_in_overview_graph_and_comparison(t: &Deployment) {
    let tenant = tenant(t);
    let (admin, developer) = (tenant.key("admin"), tenant.key("developer"));
    create_policy(&admin, "auto", &json!({ "requireApproval": false, "approverRoles": ["security", "admin"] }));
    let overview = || {
        ok(&admin.post("/access/v1/cross-tenant/overview", &json!({ "tenantIds": [tenant.id] })), 200)["tenants"][0]
            .clone()
    };
    let before = overview();
    assert_eq!((&before["userCount"], &before["roleCount"], &before["policyCount"]), (&json!(0), &json!(3), &json!(1)));
    granted(&developer, &json!({}));
    granted(&developer, &json!({ "permissions": ["list"] }));
    assert_eq!(overview()["userCount"], 1);
    let graph = ok(&admin.get("/access/v1/cross-tenant/graph"), 200);
    let edge = json!({
        "source": format!("user:{}", developer.user), "target": "resource:db/orders", "type": "access", "weight": 2,
    });
    assert!(graph["edges"].as_array().unwrap().contains(&edge), "{graph}");
    t.pass(Duration::from_secs(31 * 60));
    assert_eq!(ok(&admin.get("/access/v1/cross-tenant/graph"), 200)["edges"], json!([]));
    let audit = ok(&admin.get("/access/v1/cross-tenant/isolation-audit"), 200);
    let names: Vec<_> =
        audit["checks"].as_array().unwrap().iter().map(|check| check["checkName"].as_str().unwrap()).collect();
    assert_eq!(names, ["tenant_key_scope", "policy_principals", "active_grants", "audit_chain", "cross_tenant_events"]);
    assert_eq!(audit["status"], "passed");
}

fn refused_checks_are_an_anomaly(t: &Deployment) {
    let admin = tenant(t).key("admin");
    for number in 0..5 {
        let check = json!({ "principalId": "mallory", "resourceType": "db", "resourceId": number.to_string(), "permission": "read" });
        assert_eq!(ok(&admin.post(CHECK, &check), 200)["hasAccess"], false);
    }
    let found = ok(&admin.post(ANOMALIES, &json!({})), 200);
    let anomaly = &found["anomalies"][0];
    assert_eq!(
        (&found["total"], &anomaly["type"], &anomaly["severity"]),
        (&json!(1), &json!("unusual_access"), &json!("medium"))
    );
    assert!(anomaly["description"].as_str().unwrap().contains("user:mallory"), "{anomaly}");
}

fn escalations_of_privilege_are_anomalies(t: &Deployment) {
    let tenant = tenant(t);
    let (admin, owner, developer) = (tenant.key("admin"), tenant.key("owner"), tenant.key("developer"));
    let found = |least: &str| {
        let body = json!({ "anomalyTypes": ["privilege_escalation"], "severity": least });
        ok(&owner.post(ANOMALIES, &body), 200)["anomalies"].as_array().unwrap().clone()
    };
    approve(&admin, &ask(&developer, &json!({ "permissions": ["read", "billing:administer"] })));
    assert_eq!(found("low"), Vec::<Value>::new());
    for (number, permission) in ["*", "admin", "billing:admin"].into_iter().enumerate() {
        approve(&admin, &ask(&developer, &json!({ "permissions": ["read", permission], "resourceId": permission })));
        assert_eq!(found("high").len(), number + 1, "{permission}");
    }
    assert_eq!(found("critical"), Vec::<Value>::new());
    // A request again, after another was denied; for another resource it is none.
    let request = ask(&developer, &json!({ "resourceId": "secrets" }));
    ok(&process(&admin, &request, &json!({ "decision": "deny", "reason": "r" })), 200);
    ask(&developer, &json!({ "resourceId": "others" }));
    ask(&admin, &json!({ "resourceId": "secrets" }));
    assert_eq!(found("high").len(), 3);
    t.pass(Duration::from_secs(86_390));
    let again = ask(&developer, &json!({ "resourceId": "secrets" }));
    let high = found("high");
    assert_eq!((high.len(), &high[0]["affectedResources"]), (4, &json!(["db/secrets"])));
    // Whoever tries to approve the own request makes it critical; it stays one anomaly.
    let own = ask(&admin, &json!({ "resourceId": "own" }));
    assert_eq!(process(&admin, &own, &json!({ "decision": "approve" })).status, 403);
    let critical = found("critical");
    assert_eq!((critical.len(), &critical[0]["affectedResources"]), (1, &json!(["db/own"])));
    // Whether one may approve at all makes no difference, and what was high before becomes critical.
    assert_eq!(process(&developer, &again, &json!({ "decision": "approve" })).status, 403);
    assert_eq!((found("critical").len(), found("high").len()), (2, 5));
    assert_eq!(found("high"), found("low"), "the same are found again");
}
