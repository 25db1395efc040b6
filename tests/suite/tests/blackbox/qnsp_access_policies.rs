//! Access policies of QNSP: how they are stored, and decisions by them.

use chancery::client::Reply;
use crypto::hash;
use serde_json::{Value, json};

use crate::{
    answer::{ok, time},
    case::{Case, case, together},
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, Tenant, refuses},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_policy_is_created_shown_replaced_and_deleted),
        case(the_hash_of_a_statement_is_that_of_its_canonical_json),
        case(policies_are_listed_oldest_first_by_cursor),
        case(names_are_unique_in_a_tenant),
        case(policies_that_break_a_rule_are_refused),
        case(policies_take_their_place_in_the_quota_and_give_it_back),
        case(a_denial_overrides_and_nothing_that_applies_denies),
        case(conditions_of_sdks_and_of_the_service_are_met_alike),
        case(templates_and_deleted_policies_decide_nothing),
        case(policies_of_another_tenant_decide_nothing),
        case(questions_that_break_a_rule_are_refused),
        case(policies_created_at_once_under_one_name_are_one),
    ]
}

pub const POLICIES: &str = "/access/v1/policies";
const EVALUATE: &str = "/access/v1/evaluate";
const UNKNOWN: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";

/// A tenant's administrator.
pub fn admin(t: &Deployment) -> Caller<'_> {
    Tenant::new(t, &json!({ "tier": "enterprise-pro" })).key("admin")
}

pub fn statement(effect: &str, lists: [&[&str]; 3]) -> Value {
    let [principals, resources, actions] = lists;
    json!({ "effect": effect, "principals": principals, "resources": resources, "actions": actions })
}

/// A new policy with this statement; its id.
pub fn policy(admin: &Caller, name: &str, statement: &Value) -> String {
    let made = ok(&admin.post(POLICIES, &json!({ "name": name, "statement": statement })), 201);
    made["policyId"].as_str().unwrap().to_owned()
}

/// May `user:alice` read `document/1`?
pub fn question() -> Value {
    json!({
        "principal": { "type": "user", "id": "alice" }, "resource": { "type": "document", "id": "1" }, "action": "read",
    })
}

fn evaluate(caller: &Caller, question: &Value) -> Value {
    ok(&caller.post(EVALUATE, question), 200)
}

pub fn of(policy: &str) -> String {
    format!("{POLICIES}/{policy}")
}

pub fn list(caller: &Caller, query: &str) -> Reply {
    caller.get(&format!("/access/v1/tenants/{}/policies{query}", caller.tenant))
}

fn a_policy_is_created_shown_replaced_and_deleted(t: &Deployment) {
    let cast = Cast::new(t);
    let said = json!({ "effect": "allow", "resources": ["document/*"], "actions": ["read"] });
    let created = ok(&cast.admin.post(POLICIES, &json!({ "name": "Read", "statement": said })), 201);
    let id = created["policyId"].as_str().unwrap();
    let stored = json!({
        "effect": "allow", "principals": ["*"], "resources": ["document/*"], "actions": ["read"], "conditions": {},
    });
    let expected = json!({
        "policyId": id, "id": id, "tenantId": cast.tenant.id, "name": "Read", "description": "", "category": "",
        "enforcementLevel": "enforced", "version": 1, "statement": stored, "statementHash": created["statementHash"],
        "createdAt": created["createdAt"], "updatedAt": created["createdAt"],
    });
    assert_eq!(created, expected);
    assert_eq!(ok(&cast.viewer.get(&of(id)), 200), expected);
    t.pass(std::time::Duration::from_millis(5));
    let change = json!({
        "name": "Write", "description": "d", "category": "c", "enforcementLevel": "template",
        "statement": { "effect": "deny", "principals": ["user:*"], "resources": ["*"], "actions": ["*"], "conditions": { "a": 1 } },
    });
    let replaced = ok(&cast.admin.put(&of(id), &change), 200);
    assert_eq!(ok(&cast.viewer.get(&of(id)), 200), replaced);
    for member in ["name", "description", "category", "enforcementLevel", "statement"] {
        assert_eq!(replaced[member], change[member], "{member}");
    }
    assert_eq!((&replaced["version"], &replaced["createdAt"]), (&json!(2), &created["createdAt"]));
    assert!(time(&replaced["updatedAt"]) > time(&created["createdAt"]));
    assert_ne!(replaced["statementHash"], created["statementHash"]);
    // What a replacement does not give of category and level stays; the description does not.
    let again = ok(&cast.admin.put(&of(id), &json!({ "name": "Write", "statement": said })), 200);
    assert_eq!(
        (&again["category"], &again["enforcementLevel"], &again["version"]),
        (&json!("c"), &json!("template"), &json!(3))
    );
    assert_eq!((&again["description"], &again["statementHash"]), (&json!(""), &created["statementHash"]));
    // Of another tenant: neither found nor listed.
    refuses(&cast.foreign.get(&of(id)), 404, &[]);
    refuses(&cast.foreign.put(&of(id), &change), 404, &[]);
    refuses(&cast.foreign.delete(&of(id)), 404, &[]);
    assert_eq!(ok(&list(&cast.foreign, ""), 200), json!({ "items": [], "nextCursor": null }));
    refuses(&cast.foreign.get(&format!("/access/v1/tenants/{}/policies", cast.tenant.id)), 403, &[]);
    assert_eq!(ok(&cast.admin.delete(&of(id)), 204), Value::Null);
    refuses(&cast.admin.get(&of(id)), 404, &[]);
    refuses(&cast.admin.delete(&of(id)), 404, &[]);
    refuses(&cast.admin.put(&of(id), &change), 404, &[]);
}

fn the_hash_of_a_statement_is_that_of_its_canonical_json(t: &Deployment) {
    let admin = admin(t);
    let text = r#"{"name":"n","statement":{"resources":["é"],"conditions":{"b":{"lt":1.50,"gt":1e1},"a":"\u0041"},
        "actions":["x"],"principals":["*"],"effect":"deny"}}"#;
    let created =
        ok(&admin.send("POST", POLICIES, &[("content-type", "application/json")], Some(text.as_bytes())), 201);
    let canonical = r#"{"actions":["x"],"conditions":{"a":"A","b":{"gt":10,"lt":1.5}},"effect":"deny","principals":["*"],"resources":["é"]}"#;
    assert_eq!(created["statementHash"], hash::hex(&hash::sha256(&[canonical.as_bytes()])));
}

fn policies_are_listed_oldest_first_by_cursor(t: &Deployment) {
    let admin = admin(t);
    for number in 0..5 {
        t.pass(std::time::Duration::from_millis(5));
        policy(&admin, &format!("p{number}"), &statement("allow", [&["*"]; 3]));
    }
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = ok(&list(&admin, &query), 200);
        let names = page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned());
        seen.push(names.collect::<Vec<_>>().join(" "));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ["p0 p1", "p2 p3", "p4"]);
    let cursor = ok(&list(&admin, "?limit=2"), 200)["nextCursor"].as_str().unwrap().to_owned();
    let foreign = Tenant::new(t, &json!({})).key("viewer");
    for refused in [list(&foreign, &format!("?cursor={cursor}")), list(&admin, "?cursor=x"), list(&admin, "?cursor=")] {
        refuses(&refused, 400, &["cursor"]);
    }
    refuses(&list(&admin, "?limit=x"), 400, &["limit"]);
    assert_eq!(ok(&list(&admin, "?limit=0"), 200)["items"].as_array().unwrap().len(), 1);
    refuses(&admin.get("/access/v1/tenants/x/policies"), 400, &["tenantId"]);
}

fn names_are_unique_in_a_tenant(t: &Deployment) {
    let (first, other) = (admin(t), admin(t));
    let said = statement("allow", [&["*"]; 3]);
    let named = |name: &str| json!({ "name": name, "statement": said });
    let id = policy(&first, "Same", &said);
    policy(&other, "Same", &said);
    refuses(&first.post(POLICIES, &named("Same")), 409, &[]);
    let second = policy(&first, "same", &said);
    refuses(&first.put(&of(&second), &named("Same")), 409, &[]);
    assert_eq!(ok(&first.get(&of(&second)), 200)["version"], 1, "a refused change changes nothing");
    ok(&first.put(&of(&id), &named("Same")), 200);
    ok(&first.delete(&of(&id)), 204);
    ok(&first.put(&of(&second), &named("Same")), 200);
}

fn policies_that_break_a_rule_are_refused(t: &Deployment) {
    let admin = admin(t);
    let long = "x".repeat(257);
    let many = vec!["a"; 101];
    let with = |member: &str, value: Value| {
        let mut said = statement("allow", [&["*"]; 3]);
        said[member] = value;
        json!({ "name": "n", "statement": said })
    };
    for (body, places) in [
        (json!({}), vec!["name", "statement"]),
        (json!({ "name": "", "statement": statement("allow", [&["*"]; 3]) }), vec!["name"]),
        (
            json!({ "name": "x".repeat(129), "statement": {} }),
            vec!["name", "statement.actions", "statement.effect", "statement.resources"],
        ),
        (
            json!({ "name": "n", "enforcementLevel": "strict", "statement": statement("allow", [&["*"]; 3]) }),
            vec!["enforcementLevel"],
        ),
        (
            json!({ "name": "n", "description": "x".repeat(2001), "statement": statement("allow", [&["*"]; 3]) }),
            vec!["description"],
        ),
        (with("effect", json!("permit")), vec!["statement.effect"]),
        (with("resources", json!([])), vec!["statement.resources"]),
        (with("actions", json!(many)), vec!["statement.actions"]),
        (with("principals", json!([])), vec!["statement.principals"]),
        (with("principals", json!(["a", long])), vec!["statement.principals[1]"]),
        (with("resources", json!([1])), vec!["statement.resources[0]"]),
        (with("conditions", json!([])), vec!["statement.conditions"]),
        (with("conditions", json!({ "a": { "equals": 1 } })), vec!["statement.conditions.a.equals"]),
        (
            with("conditions", json!({ "a": { "in": 1, "gt": null } })),
            vec!["statement.conditions.a.gt", "statement.conditions.a.in"],
        ),
        (with("conditions", json!({ "a": {}, "": 1 })), vec!["statement.conditions", "statement.conditions.a"]),
        (with("conditions", json!({ "a": "x".repeat(16 << 10) })), vec!["statement.conditions"]),
    ] {
        refuses(&admin.post(POLICIES, &body), 400, &places);
        refuses(&admin.put(&of(UNKNOWN), &body), 400, &places);
    }
    refuses(&admin.get(&of("x")), 400, &["policyId"]);
    refuses(&admin.delete(&of("x")), 400, &["policyId"]);
    assert_eq!(ok(&list(&admin, ""), 200)["items"], json!([]));
}

fn used(caller: &Caller) -> i64 {
    let quotas = ok(&caller.get("/tenant/v1/quotas/current"), 200);
    let quotas = quotas["quotas"].as_array().unwrap().clone();
    quotas.iter().find(|quota| quota["quotaType"] == "policies").unwrap()["used"].as_i64().unwrap()
}

fn policies_take_their_place_in_the_quota_and_give_it_back(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "enterprise-pro" }));
    let (admin, service) = (tenant.key("admin"), tenant.key("service"));
    let id = policy(&admin, "first", &statement("allow", [&["*"]; 3]));
    policy(&admin, "second", &statement("allow", [&["*"]; 3]));
    assert_eq!(used(&admin), 2);
    ok(&admin.delete(&of(&id)), 204);
    assert_eq!(used(&admin), 1);
    let full = json!({ "quotaType": "policies", "used": 500 });
    ok(&service.post("/tenant/v1/quotas/usage", &full), 201);
    let reply = admin.post(POLICIES, &json!({ "name": "third", "statement": statement("allow", [&["*"]; 3]) }));
    refuses(&reply, 403, &["limit", "resource", "used"]);
    let details = reply.json().unwrap()["details"].clone();
    assert_eq!(details, json!({ "resource": "policies", "used": 500, "limit": 500 }));
    refuses(
        &admin.post(POLICIES, &json!({ "name": "second", "statement": statement("allow", [&["*"]; 3]) })),
        409,
        &[],
    );
}

fn a_denial_overrides_and_nothing_that_applies_denies(t: &Deployment) {
    let cast = Cast::new(t);
    let nothing = evaluate(&cast.viewer, &question());
    let expected = json!({
        "decision": "deny", "reasons": [], "effectivePolicies": [], "simulatedAt": nothing["simulatedAt"],
        "decisionReason": "No policy applies", "matchedPolicies": [], "totalPoliciesEvaluated": 0,
        "proposedPoliciesIncluded": 0,
    });
    assert_eq!(nothing, expected);
    let reader =
        policy(&cast.admin, "Reader", &statement("allow", [&["user:alice"], &["document:1"], &["read", "list"]]));
    let mut everybody = statement("allow", [&["*"], &["*"], &["re*"]]);
    everybody["conditions"] = json!({ "time.hour": { "gte": 0 }, "action.kind": "none" });
    let never = policy(&cast.admin, "Never", &everybody);
    policy(&cast.admin, "Other", &statement("deny", [&["user:bob"], &["*"], &["*"]]));
    let allowed = evaluate(&cast.viewer, &question());
    let reason = json!({ "policyId": reader, "policyName": "Reader", "effect": "allow", "matchedConditions": [] });
    assert_eq!((&allowed["decision"], &allowed["reasons"]), (&json!("allow"), &json!([reason])));
    assert_eq!(allowed["effectivePolicies"], json!([reader]));
    assert_eq!(
        (&allowed["totalPoliciesEvaluated"], &allowed["decisionReason"]),
        (&json!(3), &json!("Allowed by policy Reader"))
    );
    let matched = json!([{ "id": reader, "name": "Reader", "effect": "allow", "isProposed": false }]);
    assert_eq!(allowed["matchedPolicies"], matched);
    let lock = policy(&cast.admin, "Lock", &statement("deny", [&["user:*"], &["document/*"], &["*"]]));
    let denied = evaluate(&cast.viewer, &question());
    assert_eq!((&denied["decision"], &denied["effectivePolicies"]), (&json!("deny"), &json!([lock, reader])));
    assert_eq!(denied["decisionReason"], "Denied by policy Lock");
    // A policy holds in its new form from the next decision on.
    everybody["conditions"] = json!({ "time.hour": { "gte": 0 } });
    ok(&cast.admin.put(&of(&never), &json!({ "name": "Never", "statement": everybody })), 200);
    ok(&cast.admin.delete(&of(&lock)), 204);
    let allowed = evaluate(&cast.viewer, &question());
    assert_eq!(allowed["effectivePolicies"], json!([never, reader]));
    assert_eq!(allowed["reasons"][0]["matchedConditions"], json!(["time.hour"]));
}

fn conditions_of_sdks_and_of_the_service_are_met_alike(t: &Deployment) {
    let admin = admin(t);
    let mut said = statement("allow", [&["user:*"], &["*"], &["*"]]);
    said["conditions"] = json!({
        "env.environment": { "in": ["production", "staging"] }, "env.ipAddress": { "startsWith": "10." },
        "env.device": "laptop", "resource.owner.name": { "ne": "bob" }, "principal.level": { "gte": 3 },
        "time.weekday": { "lte": 5 }, "time.hour": { "gte": 9, "lt": 17 },
    });
    policy(&admin, "Office", &said);
    let resource = json!({ "type": "document", "id": "1", "attributes": { "owner": { "name": "alice" } } });
    let principal = json!({ "type": "user", "id": "alice", "attributes": { "level": 3 } });
    let at = "2026-01-05T10:30:00+01:00";
    let of_sdk = json!({
        "subject": principal, "resource": resource, "action": "read",
        "context": {
            "environment": "production", "ipAddress": "10.1.2.3", "customAttributes": { "device": "laptop" },
            "timestamp": at,
        },
    });
    let environment = json!({ "environment": "staging", "ipAddress": "10.1.2.3", "device": "laptop" });
    let of_service = json!({
        "principal": principal, "subject": { "type": "group", "id": "x" }, "resource": resource, "action": "read",
        "context": { "environment": environment, "timestamp": at },
    });
    for good in [&of_sdk, &of_service] {
        let answer = evaluate(&admin, good);
        assert_eq!(answer["decision"], "allow", "{good}");
        let met = answer["reasons"][0]["matchedConditions"].as_array().unwrap().len();
        assert_eq!(met, 7);
    }
    let change = |pointer: &str, value: Value| {
        let mut question = of_sdk.clone();
        *question.pointer_mut(pointer).unwrap() = value;
        question
    };
    for bad in [
        change("/context/environment", json!("test")),
        change("/context/ipAddress", json!("11.1.2.3")),
        change("/context/timestamp", json!("2026-01-05T08:59:59.999Z")),
        change("/context/timestamp", json!("2026-01-05T17:00:00Z")),
        change("/context/timestamp", json!("2026-01-04T10:00:00Z")),
        change("/subject/attributes/level", json!("3")),
        change("/subject/attributes/level", json!(2.9)),
        change("/resource/attributes/owner", json!({})),
        change("/resource/attributes/owner/name", json!(null)),
        change("/resource/attributes/owner/name", json!("bob")),
    ] {
        assert_eq!(evaluate(&admin, &bad)["decision"], "deny", "{bad}");
    }
}

fn templates_and_deleted_policies_decide_nothing(t: &Deployment) {
    let admin = admin(t);
    let said = statement("allow", [&["*"]; 3]);
    let template = |level: &str| json!({ "name": "T", "enforcementLevel": level, "statement": said });
    let made = ok(&admin.post(POLICIES, &template("template")), 201);
    let id = made["policyId"].as_str().unwrap();
    let decided = || {
        let answer = evaluate(&admin, &question());
        (answer["decision"].clone(), answer["totalPoliciesEvaluated"].clone())
    };
    assert_eq!(decided(), (json!("deny"), json!(0)));
    ok(&admin.put(&of(id), &template("enforced")), 200);
    assert_eq!(decided(), (json!("allow"), json!(1)));
    ok(&admin.put(&of(id), &template("template")), 200);
    assert_eq!(decided(), (json!("deny"), json!(0)));
    ok(&admin.put(&of(id), &template("enforced")), 200);
    ok(&admin.delete(&of(id)), 204);
    assert_eq!(decided(), (json!("deny"), json!(0)));
}

fn policies_of_another_tenant_decide_nothing(t: &Deployment) {
    let cast = Cast::new(t);
    policy(&cast.admin, "All", &statement("allow", [&["*"]; 3]));
    assert_eq!(evaluate(&cast.viewer, &question())["decision"], "allow");
    assert_eq!(evaluate(&cast.foreign, &question())["decision"], "deny");
    // An operator who names the tenant asks there.
    let asked = cast.operator.send(
        "POST",
        EVALUATE,
        &[("x-qnsp-tenant-id", &cast.tenant.id), ("content-type", "application/json")],
        Some(question().to_string().as_bytes()),
    );
    assert_eq!(ok(&asked, 200)["decision"], "allow");
    assert_eq!(evaluate(&cast.operator, &question())["decision"], "deny");
}

fn questions_that_break_a_rule_are_refused(t: &Deployment) {
    let admin = admin(t);
    let with = |pointer: &str, value: Value| {
        let mut question = question();
        *question.pointer_mut(pointer).unwrap() = value;
        question
    };
    let context = |context: Value| {
        let mut question = question();
        question["context"] = context;
        question
    };
    for (body, places) in [
        (json!({}), vec!["action", "principal", "resource"]),
        (with("/principal", json!(null)), vec!["principal"]),
        (with("/principal/type", json!("robot")), vec!["principal.type"]),
        (with("/principal", json!({ "id": "a" })), vec!["principal.type"]),
        (with("/principal/id", json!("")), vec!["principal.id"]),
        (with("/resource/type", json!("x".repeat(257))), vec!["resource.type"]),
        (with("/resource", json!({ "type": "t" })), vec!["resource.id"]),
        (with("/action", json!(1)), vec!["action"]),
        (context(json!({ "timestamp": "yesterday" })), vec!["context.timestamp"]),
        (context(json!({ "environment": 1 })), vec!["context.environment"]),
        (context(json!({ "customAttributes": "x" })), vec!["context.customAttributes"]),
    ] {
        refuses(&admin.post(EVALUATE, &body), 400, &places);
    }
}

fn policies_created_at_once_under_one_name_are_one(t: &Deployment) {
    let admin = admin(t);
    let name = unique("policy");
    let body = json!({ "name": name, "statement": statement("allow", [&["*"]; 3]) });
    let mut statuses = together(8, |_| admin.post(POLICIES, &body).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(ok(&list(&admin, ""), 200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(used(&admin), 1);
}
