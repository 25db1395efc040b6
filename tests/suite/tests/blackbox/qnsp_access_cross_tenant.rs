//! What QNSP shows of access across tenants: figures, differences, anomalies, the graph, and audits of isolation.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::{names, ok, time},
    case::{Case, case},
    deployment::Deployment,
    qnsp::{Caller, Cast, Tenant, refuses},
    qnsp_access_policies::{POLICIES, admin, of, policy, question, statement},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(an_overview_counts_what_tenants_have),
        case(access_between_tenants_is_summed_by_pair),
        case(only_operators_name_other_tenants),
        case(lists_of_tenants_that_break_a_rule_are_refused),
        case(policies_are_compared_by_what_they_say),
        case(permissions_and_roles_are_compared_by_their_presence),
        case(refusals_of_one_principal_within_an_hour_are_an_anomaly),
        case(a_policy_that_is_changed_often_is_an_anomaly),
        case(a_policy_that_differs_from_two_others_is_an_anomaly),
        case(anomalies_are_filtered_and_paged),
        case(anomalies_that_break_a_rule_are_refused),
        case(the_graph_shows_who_reached_what),
        case(an_audit_of_a_tenant_passes_and_goes_on_behind_what_it_verified),
        case(an_audit_finds_principals_and_events_of_other_tenants),
    ]
}

const OVERVIEW: &str = "/access/v1/cross-tenant/overview";
const COMPARE: &str = "/access/v1/cross-tenant/compare";
const ANOMALIES: &str = "/access/v1/cross-tenant/anomalies";
const GRAPH: &str = "/access/v1/cross-tenant/graph";
const AUDIT: &str = "/access/v1/cross-tenant/isolation-audit";
const UNKNOWN: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";

fn full(t: &Deployment) -> Tenant<'_> {
    Tenant::new(t, &json!({ "tier": "enterprise-pro" }))
}

fn operator(t: &Deployment) -> Caller<'_> {
    Tenant::new(t, &json!({ "tier": "specialized" })).key("platform_admin")
}

fn anomalies(caller: &Caller, body: &Value) -> Value {
    ok(&caller.post(ANOMALIES, body), 200)
}

fn evaluate(caller: &Caller, principal: &str, resource: &str) {
    let question = json!({
        "principal": { "type": "user", "id": principal }, "resource": { "type": "document", "id": resource }, "action": "read",
    });
    assert_eq!(ok(&caller.post("/access/v1/evaluate", &question), 200)["decision"], "deny");
}

fn an_overview_counts_what_tenants_have(t: &Deployment) {
    let (first, second, operator) = (full(t), full(t), operator(t));
    let admin = first.key("admin");
    first.key("admin");
    first.key("viewer");
    policy(&admin, "A", &statement("allow", [&["user:a", "user:b", "user:*", "*"], &["*"], &["*"]]));
    policy(&admin, "B", &statement("deny", [&["user:a", "group:g"], &["*"], &["*"]]));
    let own = ok(&admin.post(OVERVIEW, &json!({ "tenantIds": [first.id] })), 200);
    let tenant = &own["tenants"][0];
    let figures = (&tenant["userCount"], &tenant["roleCount"], &tenant["policyCount"]);
    assert_eq!(figures, (&json!(3), &json!(2), &json!(2)), "{own}");
    assert_eq!(names(tenant), ["policyCount", "roleCount", "tenantId", "tenantName", "userCount"]);
    let ids = [&second.id, &first.id, &second.id];
    let both = ok(&operator.post(OVERVIEW, &json!({ "tenantIds": ids })), 200);
    let shown: Vec<_> =
        both["tenants"].as_array().unwrap().iter().map(|tenant| tenant["tenantId"].as_str().unwrap()).collect();
    assert_eq!(shown, [second.id.as_str(), first.id.as_str()], "as they were asked for, each once");
    assert_eq!(both["tenants"][1]["userCount"], 3);
    assert_eq!(both["tenants"][0]["policyCount"], 0);
    assert!(both["tenants"][0]["tenantName"].as_str().unwrap().starts_with("tenant"), "{both}");
    let without = ok(&admin.post(OVERVIEW, &json!({ "tenantIds": [first.id], "includeMetrics": false })), 200);
    let expected = json!({
        "tenants": [{
            "tenantId": first.id, "tenantName": tenant["tenantName"], "userCount": 0, "roleCount": 0, "policyCount": 0,
        }],
        "crossTenantAccess": [],
    });
    assert_eq!(without, expected);
}

/// An event of an identity provider that names another tenant as the source.
fn event_from(caller: &Caller, source: &str) {
    let event = json!({
        "eventType": "login", "provider": "p", "userId": "u", "outcome": "success", "metadata": { "sourceTenantId": source },
    });
    ok(&caller.post("/auth/federation/audit/events", &event), 201);
}

fn access_between_tenants_is_summed_by_pair(t: &Deployment) {
    let (tenant, other, operator) = (full(t), full(t), operator(t));
    let admin = tenant.key("admin");
    for _ in 0..2 {
        event_from(&admin, &other.id);
    }
    // An operator's call about the tenant is access of the operator's tenant.
    let header = [("x-qnsp-tenant-id", tenant.id.as_str())];
    for _ in 0..3 {
        ok(&operator.send("GET", GRAPH, &header, None), 200);
    }
    let overview = ok(&admin.post(OVERVIEW, &json!({ "tenantIds": [tenant.id] })), 200);
    let expected = json!([
        { "sourceTenant": operator.tenant, "targetTenant": tenant.id, "accessCount": 3 },
        { "sourceTenant": other.id, "targetTenant": tenant.id, "accessCount": 2 },
    ]);
    assert_eq!(overview["crossTenantAccess"], expected);
    t.pass(Duration::from_secs(31 * 86_400));
    assert_eq!(ok(&admin.post(OVERVIEW, &json!({ "tenantIds": [tenant.id] })), 200)["crossTenantAccess"], json!([]));
}

fn only_operators_name_other_tenants(t: &Deployment) {
    let cast = Cast::new(t);
    let (own, foreign) = (&cast.tenant.id, &cast.foreign.tenant);
    for (path, known, unknown) in [
        (OVERVIEW, json!({ "tenantIds": [own, foreign] }), json!({ "tenantIds": [own, UNKNOWN] })),
        (COMPARE, json!({ "tenantIds": [own, foreign] }), json!({ "tenantIds": [own, UNKNOWN] })),
        (ANOMALIES, json!({ "tenantIds": [foreign] }), json!({ "tenantIds": [UNKNOWN] })),
    ] {
        for body in [&known, &unknown] {
            let reply = cast.owner.post(path, body);
            refuses(&reply, 403, &["actual", "required"]);
            assert_eq!(reply.json().unwrap()["details"]["required"], "platform_admin", "{path}");
        }
        ok(&cast.operator.post(path, &known), 200);
        refuses(&cast.operator.post(path, &unknown), 404, &[]);
    }
}

fn lists_of_tenants_that_break_a_rule_are_refused(t: &Deployment) {
    let operator = operator(t);
    let ids =
        |count: usize| -> Vec<String> { (0..count).map(|n| format!("00000000-0000-4000-8000-{n:012}")).collect() };
    for (path, body, places) in [
        (OVERVIEW, json!({}), vec!["tenantIds"]),
        (OVERVIEW, json!({ "tenantIds": [] }), vec!["tenantIds"]),
        (OVERVIEW, json!({ "tenantIds": ids(51) }), vec!["tenantIds"]),
        (OVERVIEW, json!({ "tenantIds": ["x"] }), vec!["tenantIds[0]"]),
        (OVERVIEW, json!({ "tenantIds": [operator.tenant], "includeMetrics": 1 }), vec!["includeMetrics"]),
        (COMPARE, json!({ "tenantIds": ids(1) }), vec!["tenantIds"]),
        (COMPARE, json!({ "tenantIds": ids(21) }), vec!["tenantIds"]),
        (COMPARE, json!({ "tenantIds": [UNKNOWN, UNKNOWN.to_uppercase()] }), vec!["tenantIds"]),
        (COMPARE, json!({ "tenantIds": ids(2), "comparisonType": "keys" }), vec!["comparisonType"]),
        (COMPARE, json!({ "tenantIds": ids(2), "resourceTypes": [""] }), vec!["resourceTypes[0]"]),
    ] {
        refuses(&operator.post(path, &body), 400, &places);
    }
}

fn policies_are_compared_by_what_they_say(t: &Deployment) {
    let tenants = [full(t), full(t), full(t)];
    let [first, second, third] = tenants.each_ref().map(|tenant| tenant.key("admin"));
    let operator = operator(t);
    for admin in [&first, &second, &third] {
        policy(admin, "Common", &statement("allow", [&["user:a", "user:b"], &["document/*"], &["read"]]));
    }
    // The order of a list makes no difference, nor does a description.
    let same = json!({
        "name": "Set", "description": "d", "statement": statement("deny", [&["x:2", "x:1"], &["key/*", "document/*"], &["b", "a"]]),
    });
    ok(&first.post(POLICIES, &same), 201);
    policy(&second, "Set", &statement("deny", [&["x:1", "x:2"], &["document/*", "key/*"], &["a", "b"]]));
    policy(&first, "Differs", &statement("allow", [&["*"], &["key/1"], &["read"]]));
    policy(&third, "Differs", &statement("deny", [&["*"], &["key/1"], &["read"]]));
    policy(&second, "Only", &statement("allow", [&["*"], &["key/2"], &["read"]]));
    let ids = tenants.each_ref().map(|tenant| tenant.id.as_str());
    let compare = |more: Value| {
        let mut body = json!({ "tenantIds": ids });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ok(&operator.post(COMPARE, &body), 200)["comparison"].clone()
    };
    let compared = compare(json!({}));
    let content = |effect: &str| {
        json!({
            "effect": effect, "principals": ["*"], "resources": ["key/1"], "actions": ["read"], "conditions": {},
        })
    };
    let expected = json!({
        "commonPolicies": ["Common"],
        "uniquePolicies": { ids[0]: [], ids[1]: ["Only"], ids[2]: [] },
        "differences": [{ "policyName": "Differs", "tenantDiffs": { ids[0]: content("allow"), ids[2]: content("deny") } }],
        "truncated": false,
    });
    assert_eq!(compared, expected);
    assert_eq!(
        compare(json!({ "comparisonType": "policies", "resourceTypes": ["document"] }))["differences"],
        json!([])
    );
    assert_eq!(compare(json!({ "resourceTypes": ["key", "x"] }))["commonPolicies"], json!([]));
}

fn permissions_and_roles_are_compared_by_their_presence(t: &Deployment) {
    let tenants = [full(t), full(t)];
    let [first, second] = tenants.each_ref().map(|tenant| tenant.key("admin"));
    tenants[0].key("viewer");
    let operator = operator(t);
    policy(&first, "A", &statement("allow", [&["user:a"], &["document/1", "key/1"], &["read"]]));
    policy(&second, "B", &statement("allow", [&["user:b"], &["document/1"], &["read", "write"]]));
    let ids = tenants.each_ref().map(|tenant| tenant.id.as_str());
    let compare = |kind: &str, types: Value| {
        let body = json!({ "tenantIds": ids, "comparisonType": kind, "resourceTypes": types });
        ok(&operator.post(COMPARE, &body), 200)["comparison"].clone()
    };
    let permissions = compare("permissions", Value::Null);
    let expected = json!({
        "commonPolicies": ["allow document/1 read"],
        "uniquePolicies": { ids[0]: ["allow key/1 read"], ids[1]: ["allow document/1 write"] },
        "differences": [], "truncated": false,
    });
    assert_eq!(permissions, expected);
    assert_eq!(compare("permissions", json!(["key"]))["uniquePolicies"][ids[0]], json!(["allow key/1 read"]));
    let roles = compare("roles", Value::Null);
    assert_eq!(
        (&roles["commonPolicies"], &roles["uniquePolicies"]),
        (&json!(["admin"]), &json!({ ids[0]: ["viewer"], ids[1]: [] }))
    );
    // More permissions than are compared: the first of them are, and the answer says so.
    let many = |prefix: &str, count: usize| (0..count).map(|n| format!("{prefix}{n:03}")).collect::<Vec<_>>();
    let wide = json!({ "effect": "deny", "resources": many("z/", 100), "actions": many("a", 100) });
    policy(&first, "Wide", &wide);
    let cut = compare("permissions", Value::Null);
    assert_eq!((&cut["truncated"], &cut["commonPolicies"]), (&json!(true), &json!(["allow document/1 read"])));
    assert_eq!(cut["uniquePolicies"][ids[0]].as_array().unwrap().len(), 9_999);
}

fn refusals_of_one_principal_within_an_hour_are_an_anomaly(t: &Deployment) {
    let (admin, foreign) = (admin(t), admin(t));
    for number in 0..4 {
        evaluate(&admin, "mallory", &number.to_string());
        evaluate(&admin, "other", "x");
    }
    ok(&admin.post("/access/v1/simulate", &question()), 200);
    assert_eq!(anomalies(&admin, &json!({})), json!({ "anomalies": [], "total": 0 }));
    // The hour has passed for the first four.
    t.pass(Duration::from_secs(3_601));
    for number in 0..5 {
        evaluate(&admin, "mallory", &number.to_string());
    }
    let found = anomalies(&admin, &json!({}));
    let anomaly = &found["anomalies"][0];
    let expected = json!({
        "anomalyId": anomaly["anomalyId"], "tenantId": admin.tenant, "type": "unusual_access", "severity": "medium",
        "description": "Access was refused to user:mallory 5 times or more within an hour",
        "detectedAt": anomaly["detectedAt"], "affectedResources": anomaly["affectedResources"],
    });
    assert_eq!((anomaly, &found["total"]), (&expected, &json!(1)));
    let mut affected: Vec<_> =
        anomaly["affectedResources"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    affected.sort_unstable();
    assert_eq!(affected, ["document/0", "document/1", "document/2", "document/3", "document/4"]);
    assert!(model::ids::uuid_bytes(anomaly["anomalyId"].as_str().unwrap()).is_some());
    for number in 5..20 {
        evaluate(&admin, "mallory", &number.to_string());
    }
    let risen = anomalies(&admin, &json!({}))["anomalies"].clone();
    assert_eq!(risen.as_array().unwrap().len(), 1, "one a principal and day");
    assert_eq!((&risen[0]["severity"], &risen[0]["anomalyId"]), (&json!("high"), &anomaly["anomalyId"]));
    assert_eq!(risen[0]["detectedAt"], anomaly["detectedAt"]);
    assert_eq!(anomalies(&foreign, &json!({}))["total"], 0);
}

fn a_policy_that_is_changed_often_is_an_anomaly(t: &Deployment) {
    let admin = admin(t);
    let said = statement("allow", [&["*"], &["document/*", "key/1"], &["read"]]);
    let id = policy(&admin, "Often", &said);
    let change = || ok(&admin.put(&of(&id), &json!({ "name": "Often", "statement": said })), 200);
    change();
    change();
    t.pass(Duration::from_secs(86_401));
    change();
    change();
    assert_eq!(anomalies(&admin, &json!({}))["total"], 0, "two within a day");
    change();
    let found = anomalies(&admin, &json!({}))["anomalies"].clone();
    let shown = (&found[0]["type"], &found[0]["severity"], &found[0]["affectedResources"]);
    assert_eq!(shown, (&json!("policy_drift"), &json!("low"), &json!(["document/*", "key/1"])));
    change();
    assert_eq!(anomalies(&admin, &json!({}))["anomalies"], found);
}

fn a_policy_that_differs_from_two_others_is_an_anomaly(t: &Deployment) {
    let tenants = [full(t), full(t), full(t)];
    let admins = tenants.each_ref().map(|tenant| tenant.key("admin"));
    let operator = operator(t);
    for (admin, resource) in admins.iter().zip(["a/1", "a/1", "a/2"]) {
        policy(admin, "Same", &statement("allow", [&["*"], &[resource], &["read"]]));
        policy(admin, "Alone", &statement("allow", [&["*"], &["a/1"], &["read"]]));
    }
    let ids = tenants.each_ref().map(|tenant| tenant.id.as_str());
    let two = anomalies(&operator, &json!({ "tenantIds": [ids[0], ids[2]] }));
    assert_eq!(two["total"], 0, "one peer is too few");
    let found = anomalies(&operator, &json!({ "tenantIds": ids }));
    let anomaly = &found["anomalies"][0];
    let shown = (&found["total"], &anomaly["tenantId"], &anomaly["severity"], &anomaly["affectedResources"]);
    assert_eq!(shown, (&json!(1), &json!(ids[2]), &json!("medium"), &json!(["a/2"])));
    assert_eq!(anomalies(&operator, &json!({ "tenantIds": ids }))["anomalies"], found["anomalies"], "found once");
    // Changed often, it is the same anomaly, which does not become less severe.
    let listed = ok(&admins[2].get(&format!("/access/v1/tenants/{}/policies", ids[2])), 200);
    let id = listed["items"].as_array().unwrap().iter().find(|item| item["name"] == "Same").unwrap()["policyId"]
        .as_str()
        .unwrap()
        .to_owned();
    for _ in 0..3 {
        ok(
            &admins[2].put(
                &of(&id),
                &json!({ "name": "Same", "statement": statement("allow", [&["*"], &["a/2"], &["read"]]) }),
            ),
            200,
        );
    }
    let after = anomalies(&admins[2], &json!({}));
    assert_eq!((&after["total"], &after["anomalies"][0]["severity"]), (&json!(1), &json!("medium")));
}

fn anomalies_are_filtered_and_paged(t: &Deployment) {
    let admin = admin(t);
    for name in ["mallory", "eve"] {
        for number in 0..5 {
            evaluate(&admin, name, &number.to_string());
        }
        t.pass(Duration::from_secs(10));
    }
    let id = policy(&admin, "Often", &statement("deny", [&["*"]; 3]));
    for _ in 0..3 {
        ok(&admin.put(&of(&id), &json!({ "name": "Often", "statement": statement("deny", [&["*"]; 3]) })), 200);
    }
    let all = anomalies(&admin, &json!({}));
    let kinds: Vec<_> =
        all["anomalies"].as_array().unwrap().iter().map(|anomaly| anomaly["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["policy_drift", "unusual_access", "unusual_access"], "the newest first");
    assert!(all["anomalies"][1]["description"].as_str().unwrap().contains("eve"));
    for (body, total) in [
        (json!({ "anomalyTypes": ["unusual_access"] }), 2),
        (json!({ "anomalyTypes": ["privilege_escalation"] }), 0),
        (json!({ "anomalyTypes": [] }), 0),
        (json!({ "severity": "low" }), 3),
        (json!({ "severity": "medium" }), 2),
        (json!({ "severity": "critical" }), 0),
        (json!({ "since": all["anomalies"][1]["detectedAt"] }), 2),
        (json!({ "tenantIds": [admin.tenant] }), 3),
    ] {
        assert_eq!(anomalies(&admin, &body)["total"], total, "{body}");
    }
    let page = ok(&admin.post(&format!("{ANOMALIES}?limit=1&offset=1"), &json!({})), 200);
    assert_eq!((&page["total"], &page["anomalies"]), (&json!(3), &json!([all["anomalies"][1]])));
    t.pass(Duration::from_secs(7 * 86_400));
    assert_eq!(anomalies(&admin, &json!({}))["total"], 0, "a week if nothing is said");
    assert_eq!(anomalies(&admin, &json!({ "since": "2020-01-01T00:00:00Z" }))["total"], 3);
}

fn anomalies_that_break_a_rule_are_refused(t: &Deployment) {
    let admin = admin(t);
    for (query, body, places) in [
        ("", json!({ "tenantIds": [] }), vec!["tenantIds"]),
        ("", json!({ "tenantIds": ["x"] }), vec!["tenantIds[0]"]),
        ("", json!({ "anomalyTypes": ["odd"] }), vec!["anomalyTypes[0]"]),
        ("", json!({ "severity": "info" }), vec!["severity"]),
        ("", json!({ "since": "yesterday" }), vec!["since"]),
        ("?limit=x", json!({}), vec!["limit"]),
    ] {
        refuses(&admin.post(&format!("{ANOMALIES}{query}"), &body), 400, &places);
    }
}

fn the_graph_shows_who_reached_what(t: &Deployment) {
    let cast = Cast::new(t);
    let tenant = format!("tenant:{}", cast.tenant.id);
    let empty = ok(&cast.admin.get(GRAPH), 200);
    assert_eq!(
        (&empty["nodes"][0]["id"], &empty["nodes"][0]["type"], &empty["edges"]),
        (&json!(tenant), &json!("tenant"), &json!([]))
    );
    policy(&cast.admin, "Read", &statement("allow", [&["user:*", "service:robot"], &["document/*"], &["read"]]));
    policy(&cast.admin, "Other", &statement("deny", [&["user:bob"], &["key/*"], &["*"]]));
    let ask = |principal: Value, resource: &str| {
        json!({
            "principal": principal, "resource": { "type": "document", "id": resource }, "action": "read",
        })
    };
    let user = |id: &str| json!({ "type": "user", "id": id });
    ok(&cast.viewer.post("/access/v1/simulate", &ask(user("alice"), "1")), 200);
    let batch = json!({ "requests": [
        ask(user("alice"), "1"), ask(user("alice"), "2"), ask(json!({ "type": "service", "id": "robot" }), "1"),
        ask(json!({ "type": "group", "id": "none" }), "1"),
    ] });
    ok(&cast.viewer.post("/access/v1/simulate/batch", &batch), 200);
    // The real decision is no simulation, and a denied one is no access.
    ok(&cast.viewer.post("/access/v1/evaluate", &ask(user("alice"), "1")), 200);
    let graph = ok(&cast.admin.get(GRAPH), 200);
    let node = |id: &str, kind: &str, label: &str, weight: i64| {
        json!({
            "id": id, "type": kind, "label": label, "metadata": { "weight": weight },
        })
    };
    let nodes = graph["nodes"].as_array().unwrap();
    let others: Vec<_> = nodes.iter().filter(|node| node["type"] != "tenant").cloned().collect();
    let expected = [
        node("resource:document/1", "resource", "document/1", 3),
        node("resource:document/2", "resource", "document/2", 1),
        node("user:alice", "user", "alice", 3),
        node("user:bob", "user", "bob", 0),
        node("user:service:robot", "user", "service:robot", 1),
    ];
    assert_eq!(others, expected);
    let edges: Vec<_> = graph["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| {
            let text = |name: &str| edge[name].as_str().unwrap().replace(&tenant, "tenant");
            format!("{} {} {} {}", text("source"), text("target"), text("type"), edge["weight"])
        })
        .collect();
    let expected = [
        "tenant user:alice membership 1",
        "tenant user:bob membership 1",
        "tenant user:service:robot membership 1",
        "user:alice resource:document/1 access 2",
        "user:alice resource:document/2 access 1",
        "user:service:robot resource:document/1 access 1",
    ];
    assert_eq!(edges, expected);
    assert_eq!((&graph["truncated"], &graph["cut"]), (&json!(false), &json!([])));
    // More than are shown: those of the greatest weight are, and the answer says so.
    policy(&cast.admin, "Wide", &statement("allow", [&["group:g"], &["*"], &["*"]]));
    for part in 0..10 {
        let requests =
            (0..100).map(|n| ask(json!({ "type": "group", "id": "g" }), &format!("many-{}", part * 100 + n)));
        ok(&cast.viewer.post("/access/v1/simulate/batch", &json!({ "requests": requests.collect::<Vec<_>>() })), 200);
    }
    let cut = ok(&cast.admin.get(GRAPH), 200);
    assert_eq!(
        (cut["nodes"].as_array().unwrap().len(), &cut["truncated"], &cut["cut"]),
        (1_000, &json!(true), &json!(["nodes"]))
    );
    // An operator sees the tenant that is named.
    let seen = ok(&cast.operator.send("GET", GRAPH, &[("x-qnsp-tenant-id", &cast.tenant.id)], None), 200);
    assert_eq!(seen, cut);
    assert_eq!(ok(&cast.foreign.get(GRAPH), 200)["edges"], json!([]));
    t.pass(Duration::from_secs(31 * 86_400));
    let later = ok(&cast.admin.get(GRAPH), 200);
    let access = later["edges"].as_array().unwrap().iter().filter(|edge| edge["type"] == "access").count();
    assert_eq!((access, &later["truncated"]), (0, &json!(false)));
}

/// The status and the details of a check.
fn check<'a>(audit: &'a Value, name: &str) -> (&'a str, &'a str) {
    let check = audit["checks"].as_array().unwrap().iter().find(|check| check["checkName"] == name).unwrap();
    (check["status"].as_str().unwrap(), check["details"].as_str().unwrap())
}

fn an_audit_of_a_tenant_passes_and_goes_on_behind_what_it_verified(t: &Deployment) {
    let tenant = full(t);
    let admin = tenant.key("admin");
    for _ in 0..3 {
        ok(&admin.get(GRAPH), 200);
    }
    let first = ok(&admin.get(AUDIT), 200);
    assert_eq!((&first["status"], &first["violations"]), (&json!("passed"), &json!([])));
    // Two entries are about the tenant and its key.
    assert_eq!(check(&first, "audit_chain"), ("passed", "entries 0–4 of 5"));
    assert!(time(&first["auditedAt"]) > 0);
    assert_eq!(names(&first), ["auditId", "auditedAt", "checks", "status", "violations"]);
    for _ in 0..300 {
        ok(&admin.get(GRAPH), 200);
    }
    // The subtree in which the last audit ended is read again.
    let second = ok(&admin.get(AUDIT), 200);
    assert_eq!(check(&second, "audit_chain"), ("passed", "entries 0–305 of 306"));
    let made = t.root.post(&format!("/caas/audit/{}/checkpoint", tenant.id), &json!({}));
    assert_eq!(ok(&made, 200)["checkpoint"]["treeSize"], 307);
    let third = ok(&admin.get(AUDIT), 200);
    assert_eq!(
        (&third["status"], check(&third, "audit_chain")),
        (&json!("passed"), ("passed", "entries 256–306 of 307"))
    );
    assert_ne!(third["auditId"], second["auditId"]);
}

fn an_audit_finds_principals_and_events_of_other_tenants(t: &Deployment) {
    let (tenant, other) = (full(t), full(t));
    let admin = tenant.key("admin");
    let own = format!("tenant:{}", tenant.id);
    policy(&admin, "Own", &statement("allow", [&[own.as_str()], &["*"], &["*"]]));
    event_from(&admin, &other.id);
    let warned = ok(&admin.get(AUDIT), 200);
    assert_eq!((&warned["status"], check(&warned, "cross_tenant_events").0), (&json!("warning"), "failed"));
    let violations = warned["violations"].as_array().unwrap();
    assert_eq!(
        (violations.len(), &violations[0]["type"], &violations[0]["severity"]),
        (1, &json!("cross_tenant_events"), &json!("medium"))
    );
    assert_eq!(names(&violations[0]), ["description", "remediation", "severity", "type"]);
    let foreign = format!("tenant:{}", other.id);
    let id = policy(&admin, "Foreign", &statement("allow", [&["user:a", foreign.as_str()], &["*"], &["*"]]));
    let failed = ok(&admin.get(AUDIT), 200);
    assert_eq!((&failed["status"], check(&failed, "policy_principals")), (&json!("failed"), ("failed", "1 found")));
    ok(&admin.delete(&of(&id)), 204);
    assert_eq!(ok(&admin.get(AUDIT), 200)["status"], "warning");
    t.pass(Duration::from_secs(31 * 86_400));
    assert_eq!(ok(&admin.get(AUDIT), 200)["status"], "passed");
}
