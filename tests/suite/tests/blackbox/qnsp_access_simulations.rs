//! Simulations of QNSP: questions that change nothing, what a change of a policy would change, and what was simulated.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::{names, ok, time},
    case::{Case, case},
    deployment::Deployment,
    qnsp::{Caller, Cast, Tenant, refuses},
    qnsp_access_policies::{POLICIES, admin, list, of, policy, question, statement},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_simulation_decides_as_an_evaluation_does),
        case(proposed_policies_count_as_if_they_were_stored),
        case(proposed_policies_that_break_a_rule_are_refused),
        case(a_batch_answers_in_the_order_of_its_questions),
        case(one_bad_question_refuses_the_whole_batch),
        case(simulations_are_listed_newest_first_and_kept_for_30_days),
        case(what_is_no_simulation_is_not_listed),
        case(an_impact_is_what_changes_and_nothing_is_changed),
        case(an_impact_counts_what_was_asked_before),
        case(an_impact_of_sdks_is_read_alike),
        case(templates_and_unchanged_policies_have_no_impact),
        case(the_risk_of_an_impact_follows_from_what_changes),
        case(changes_that_break_a_rule_are_refused),
        case(an_impact_of_too_many_combinations_says_that_it_was_cut),
        case(an_impact_is_metered_and_a_simulation_is_not),
    ]
}

const SIMULATE: &str = "/access/v1/simulate";
const BATCH: &str = "/access/v1/simulate/batch";
const IMPACT: &str = "/access/v1/simulate/impact";
const HISTORY: &str = "/access/v1/simulate/history";
const UNKNOWN: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";

fn simulate(caller: &Caller, question: &Value) -> Value {
    ok(&caller.post(SIMULATE, question), 200)
}

fn analyze(caller: &Caller, change: &Value) -> Value {
    ok(&caller.post(IMPACT, &json!({ "policyChange": change })), 200)
}

fn history(caller: &Caller, query: &str) -> Value {
    ok(&caller.get(&format!("{HISTORY}{query}")), 200)
}

fn ask(principal: &str, resource: &str, action: &str) -> Value {
    let parts = |text: &str, by: char| {
        let (kind, id) = text.split_once(by).unwrap();
        json!({ "type": kind, "id": id })
    };
    json!({ "principal": parts(principal, ':'), "resource": parts(resource, '/'), "action": action })
}

fn a_simulation_decides_as_an_evaluation_does(t: &Deployment) {
    let cast = Cast::new(t);
    let without_time = |mut answer: Value| {
        assert!(time(&answer["simulatedAt"]) > 0);
        answer["simulatedAt"] = Value::Null;
        answer
    };
    for (name, said) in [
        ("Read", statement("allow", [&["user:*"], &["document/*"], &["read", "list"]])),
        ("Sales", statement("allow", [&["group:sales"], &["*"], &["*"]])),
        ("Secret", statement("deny", [&["*"], &["document:secret*"], &["*"]])),
    ] {
        policy(&cast.admin, name, &said);
        for question in [
            ask("user:alice", "document/1", "read"),
            ask("user:alice", "document/secret-1", "read"),
            ask("group:sales", "document/secret-1", "write"),
            ask("service:alice", "document/1", "read"),
        ] {
            let simulated = simulate(&cast.viewer, &question);
            let decided = ok(&cast.viewer.post("/access/v1/evaluate", &question), 200);
            assert_eq!(without_time(simulated), without_time(decided), "{question}");
        }
    }
}

fn proposed_policies_count_as_if_they_were_stored(t: &Deployment) {
    let admin = admin(t);
    let stored = policy(&admin, "Read", &statement("allow", [&["user:alice"], &["*"], &["read"]]));
    let before = ok(&list(&admin, ""), 200);
    let mut question = question();
    question["proposedPolicies"] = json!([
        { "name": "A", "statement": statement("allow", [&["*"]; 3]) },
        { "name": "Template", "enforcementLevel": "template", "statement": statement("deny", [&["*"]; 3]) },
        { "name": "Z", "statement": { "effect": "deny", "resources": ["document/1"], "actions": ["re*"] } },
    ]);
    let answer = simulate(&admin, &question);
    assert_eq!(answer["decision"], "deny");
    assert_eq!(answer["effectivePolicies"], json!(["proposed:2", "proposed:0", stored]));
    let proposed: Vec<_> =
        answer["matchedPolicies"].as_array().unwrap().iter().map(|row| row["isProposed"].clone()).collect();
    assert_eq!(proposed, [json!(true), json!(true), json!(false)]);
    assert_eq!(names(&answer["matchedPolicies"][0]), ["effect", "id", "isProposed", "name"]);
    assert_eq!((&answer["totalPoliciesEvaluated"], &answer["proposedPoliciesIncluded"]), (&json!(3), &json!(2)));
    // The real decision knows nothing of them, and nothing was stored.
    assert_eq!(ok(&admin.post("/access/v1/evaluate", &question), 200)["decision"], "allow");
    assert_eq!(ok(&list(&admin, ""), 200), before);
}

fn proposed_policies_that_break_a_rule_are_refused(t: &Deployment) {
    let admin = admin(t);
    let good = json!({ "name": "A", "statement": statement("allow", [&["*"]; 3]) });
    for (proposed, places) in [
        (json!([good, { "name": "B" }]), vec!["proposedPolicies[1].statement"]),
        (json!([{ "name": "", "statement": good["statement"] }]), vec!["proposedPolicies[0].name"]),
        (json!(vec![good.clone(); 51]), vec!["proposedPolicies"]),
        (json!({}), vec!["proposedPolicies"]),
    ] {
        let mut question = question();
        question["proposedPolicies"] = proposed;
        refuses(&admin.post(SIMULATE, &question), 400, &places);
    }
    let mut question = question();
    question["proposedPolicies"] = json!(vec![good; 50]);
    assert_eq!(simulate(&admin, &question)["proposedPoliciesIncluded"], 50);
}

fn a_batch_answers_in_the_order_of_its_questions(t: &Deployment) {
    let cast = Cast::new(t);
    let read = policy(&cast.admin, "Read", &statement("allow", [&["user:alice"], &["document/*"], &["read"]]));
    let mut first = ask("user:alice", "document/1", "read");
    first["requestId"] = json!("b");
    let mut second = ask("user:bob", "document/1", "read");
    second["requestId"] = json!("a");
    let third = json!({
        "subject": { "type": "user", "id": "alice" }, "resource": { "type": "document", "id": "2" }, "action": "read",
    });
    let answer = ok(&cast.viewer.post(BATCH, &json!({ "requests": [first, second, third] })), 200);
    let reason = json!({ "policyId": read, "policyName": "Read", "effect": "allow", "matchedConditions": [] });
    let expected = json!({
        "results": [
            { "requestId": "b", "decision": "allow", "reasons": [reason] },
            { "requestId": "a", "decision": "deny", "reasons": [] },
            { "requestId": "2", "decision": "allow", "reasons": [reason] },
        ],
        "summary": { "total": 3, "allowed": 2, "denied": 1 },
    });
    assert_eq!(answer, expected);
    let many: Vec<_> = (0..100).map(|n| ask("user:alice", &format!("document/{n}"), "read")).collect();
    let answer = ok(&cast.viewer.post(BATCH, &json!({ "requests": many })), 200);
    assert_eq!(answer["summary"], json!({ "total": 100, "allowed": 100, "denied": 0 }));
    assert_eq!(answer["results"][99]["requestId"], "99");
}

fn one_bad_question_refuses_the_whole_batch(t: &Deployment) {
    let admin = admin(t);
    let good = question();
    let named = |id: &str| {
        let mut question = question();
        question["requestId"] = json!(id);
        question
    };
    let bad = json!({ "principal": { "type": "robot", "id": "a" }, "resource": { "type": "t" }, "action": "" });
    for (requests, places) in [
        (json!([good, bad]), vec!["requests[1].action", "requests[1].principal.type", "requests[1].resource.id"]),
        (json!([good, { "resource": good["resource"], "action": "a" }]), vec!["requests[1].principal"]),
        (json!([named("a"), named("b"), named("a")]), vec!["requests[2].requestId"]),
        // The second has its index.
        (json!([named("1"), good]), vec!["requests[1].requestId"]),
        (json!([named("")]), vec!["requests[0].requestId"]),
        (json!([]), vec!["requests"]),
        (json!(vec![good.clone(); 101]), vec!["requests"]),
        (json!(null), vec!["requests"]),
        (json!([7]), vec!["requests[0]"]),
    ] {
        refuses(&admin.post(BATCH, &json!({ "requests": requests })), 400, &places);
    }
    assert_eq!(history(&admin, "")["total"], 0);
}

fn simulations_are_listed_newest_first_and_kept_for_30_days(t: &Deployment) {
    let cast = Cast::new(t);
    let empty = json!({ "simulations": [], "total": 0 });
    assert_eq!(history(&cast.viewer, ""), empty);
    let id = policy(&cast.admin, "Read", &statement("allow", [&["user:alice"], &["*"], &["*"]]));
    let first = simulate(&cast.viewer, &question());
    t.pass(Duration::from_millis(5));
    ok(&cast.developer.post(BATCH, &json!({ "requests": [question(), ask("user:bob", "a/b", "x")] })), 200);
    t.pass(Duration::from_millis(5));
    let analyzed = analyze(&cast.admin, &json!({ "type": "delete", "policyId": id }));
    let listed = history(&cast.viewer, "");
    let rows = listed["simulations"].as_array().unwrap();
    assert_eq!((rows.len(), &listed["total"]), (3, &json!(3)));
    assert_eq!(rows[0]["simulationId"], analyzed["analysisId"]);
    let shown: Vec<_> = rows.iter().map(|row| (&row["type"], &row["requestedBy"], &row["summary"])).collect();
    let single = json!({ "decision": "allow", "principal": "user:alice", "resource": "document/1", "action": "read" });
    let batch = json!({ "total": 2, "allowed": 1, "denied": 1 });
    let expected = [
        (&json!("impact"), &json!(cast.admin.user), &analyzed["impactSummary"]),
        (&json!("batch"), &json!(cast.developer.user), &batch),
        (&json!("single"), &json!(cast.viewer.user), &single),
    ];
    assert_eq!(shown, expected);
    assert_eq!(rows[2]["requestedAt"], first["simulatedAt"]);
    assert_eq!(names(&rows[0]), ["requestedAt", "requestedBy", "simulationId", "summary", "type"]);
    // With details a batch says what was decided.
    let detailed = history(&cast.viewer, "?details=true&limit=200");
    let decisions = json!([
        { "decision": "allow", "principal": "user:alice", "resource": "document/1", "action": "read" },
        { "decision": "deny", "principal": "user:bob", "resource": "a/b", "action": "x" },
    ]);
    assert_eq!(detailed["simulations"][1]["decisions"], decisions);
    assert_eq!((&detailed["simulations"][0], &detailed["simulations"][2]), (&rows[0], &rows[2]));
    let since = rows[1]["requestedAt"].as_str().unwrap();
    let page = history(&cast.viewer, &format!("?since={since}"));
    assert_eq!((&page["total"], page["simulations"].as_array().unwrap().len()), (&json!(2), 2), "since is inclusive");
    let page = history(&cast.viewer, "?limit=1&offset=1");
    assert_eq!((&page["total"], &page["simulations"][0]["type"]), (&json!(3), &json!("batch")));
    for (query, place) in [
        ("?since=yesterday", "since"),
        ("?since=", "since"),
        ("?limit=x", "limit"),
        ("?offset=x", "offset"),
        ("?details=x", "details"),
    ] {
        refuses(&cast.viewer.get(&format!("{HISTORY}{query}")), 400, &[place]);
    }
    assert_eq!(history(&cast.foreign, ""), empty);
    t.pass(Duration::from_secs(30 * 86_400 - 60));
    assert_eq!(history(&cast.viewer, "")["total"], 3);
    t.pass(Duration::from_secs(120));
    assert_eq!(history(&cast.viewer, "?since=2020-01-01T00:00:00Z"), empty);
}

fn what_is_no_simulation_is_not_listed(t: &Deployment) {
    let admin = admin(t);
    ok(&admin.post("/access/v1/evaluate", &question()), 200);
    refuses(&admin.post(SIMULATE, &json!({})), 400, &["action", "principal", "resource"]);
    refuses(&admin.post(IMPACT, &json!({ "policyChange": { "type": "delete", "policyId": UNKNOWN } })), 404, &[]);
    assert_eq!(history(&admin, "")["total"], 0);
}

/// A policy as an impact takes it.
fn proposed(name: &str, effect: &str, lists: [&[&str]; 3]) -> Value {
    let mut proposed = statement(effect, lists);
    proposed["name"] = json!(name);
    proposed
}

fn an_impact_is_what_changes_and_nothing_is_changed(t: &Deployment) {
    let cast = Cast::new(t);
    let id = policy(
        &cast.admin,
        "Read",
        &statement("allow", [&["user:a", "user:b"], &["doc:1", "doc/2"], &["read", "list"]]),
    );
    policy(&cast.admin, "Lock", &statement("deny", [&["user:b"], &["doc/*"], &["list"]]));
    let before = ok(&list(&cast.admin, ""), 200);
    let removed = analyze(&cast.developer, &json!({ "type": "delete", "policyId": id }));
    let summary =
        json!({ "affectedPrincipals": 2, "affectedResources": 2, "permissionsGranted": 0, "permissionsRevoked": 6 });
    assert_eq!((&removed["impactSummary"], &removed["impact"]), (&summary, &summary));
    assert_eq!(removed["warnings"], json!(["revokes_access:6"]));
    let samples: Vec<_> = removed["samples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sample| {
            assert_eq!((&sample["currentDecision"], &sample["newDecision"]), (&json!("allow"), &json!("deny")));
            format!(
                "{} {} {}",
                sample["principal"].as_str().unwrap(),
                sample["resource"].as_str().unwrap(),
                sample["action"].as_str().unwrap()
            )
        })
        .collect();
    let expected = [
        "user:a doc/1 list",
        "user:a doc/1 read",
        "user:a doc/2 list",
        "user:a doc/2 read",
        "user:b doc/1 read",
        "user:b doc/2 read",
    ];
    assert_eq!(samples, expected);
    // Narrowed for one and widened for another.
    let change = json!({
        "type": "update", "policyId": id,
        "newPolicy": proposed("Read", "allow", [&["user:a", "user:c"], &["doc/1", "doc/2"], &["read", "list"]]),
    });
    let body = json!({ "policyChange": change, "sampleSize": 3 });
    let updated = ok(&cast.developer.post(IMPACT, &body), 200);
    let summary =
        json!({ "affectedPrincipals": 2, "affectedResources": 2, "permissionsGranted": 4, "permissionsRevoked": 2 });
    assert_eq!(updated["impactSummary"], summary);
    assert_eq!(updated["samples"].as_array().unwrap().len(), 3);
    let first = json!({
        "principal": "user:b", "resource": "doc/1", "action": "read", "currentDecision": "allow", "newDecision": "deny",
    });
    assert_eq!(updated["samples"][0], first);
    let created = analyze(
        &cast.developer,
        &json!({ "type": "create", "newPolicy": proposed("New", "allow", [&["*"], &["doc/*"], &["write"]]) }),
    );
    assert_eq!(created["impactSummary"]["permissionsGranted"], 1, "its own combination is asked about");
    assert_eq!(created["samples"][0]["principal"], "*");
    assert_eq!(created["warnings"], json!(["wildcard_principal"]));
    assert_eq!(ok(&list(&cast.admin, ""), 200), before);
    assert_eq!(names(&created), ["analysisId", "impact", "impactSummary", "riskAssessment", "samples", "warnings"]);
}

fn an_impact_counts_what_was_asked_before(t: &Deployment) {
    let admin = admin(t);
    policy(&admin, "All", &statement("allow", [&["user:*"], &["*"], &["*"]]));
    simulate(&admin, &ask("user:alice", "doc/1", "read"));
    ok(&admin.post(BATCH, &json!({ "requests": [ask("user:bob", "doc/2", "read"), ask("user:bob", "doc/2", "read"), ask("service:x", "doc/2", "read")] })), 200);
    let denied = json!({ "type": "create", "newPolicy": proposed("Lock", "deny", [&["*:*"], &["doc/*"], &["read"]]) });
    let analyzed = analyze(&admin, &denied);
    let summary =
        json!({ "affectedPrincipals": 2, "affectedResources": 2, "permissionsGranted": 0, "permissionsRevoked": 2 });
    assert_eq!(analyzed["impactSummary"], summary);
    // What the change is not about is not asked.
    let other = json!({ "type": "create", "newPolicy": proposed("Lock", "deny", [&["*:*"], &["key/*"], &["read"]]) });
    assert_eq!(analyze(&admin, &other)["impactSummary"]["permissionsRevoked"], 0);
    t.pass(Duration::from_secs(31 * 86_400));
    assert_eq!(analyze(&admin, &denied)["warnings"], json!(["no_effect"]));
}

fn an_impact_of_sdks_is_read_alike(t: &Deployment) {
    let admin = admin(t);
    let id = policy(&admin, "Read", &statement("allow", [&["user:a", "user:b"], &["doc/1"], &["read"]]));
    let stored_shape = json!({ "name": "New", "statement": statement("allow", [&["user:c"], &["doc/1"], &["read"]]) });
    for (change, granted, revoked) in [
        (json!({ "type": "add", "policy": stored_shape }), 1, 0),
        (json!({ "type": "modify", "policyId": id, "policy": stored_shape }), 1, 2),
        (json!({ "type": "remove", "policyId": id }), 0, 2),
    ] {
        let body = json!({ "proposedChange": change, "scope": { "sampleSize": 1 } });
        let analyzed = ok(&admin.post(IMPACT, &body), 200);
        let summary = &analyzed["impactSummary"];
        assert_eq!(
            (&summary["permissionsGranted"], &summary["permissionsRevoked"]),
            (&json!(granted), &json!(revoked)),
            "{change}"
        );
        assert_eq!(analyzed["samples"].as_array().unwrap().len(), 1);
    }
}

fn templates_and_unchanged_policies_have_no_impact(t: &Deployment) {
    let admin = admin(t);
    let said = statement("allow", [&["user:a"], &["doc/1"], &["read"]]);
    let template = json!({ "name": "T", "enforcementLevel": "template", "statement": said });
    let template = ok(&admin.post(POLICIES, &template), 201)["policyId"].as_str().unwrap().to_owned();
    let none =
        json!({ "affectedPrincipals": 0, "affectedResources": 0, "permissionsGranted": 0, "permissionsRevoked": 0 });
    for change in [
        json!({ "type": "delete", "policyId": template }),
        json!({ "type": "update", "policyId": template, "newPolicy": proposed("T", "deny", [&["*"]; 3]) }),
    ] {
        let analyzed = analyze(&admin, &change);
        assert_eq!(analyzed["impactSummary"], none);
        assert!(analyzed["warnings"].as_array().unwrap().contains(&json!("no_effect")), "{analyzed}");
    }
    // What only a template names is asked about all the same.
    let created = analyze(
        &admin,
        &json!({ "type": "create", "newPolicy": proposed("N", "allow", [&["user:*"], &["doc/*"], &["read"]]) }),
    );
    assert_eq!(created["impactSummary"]["affectedPrincipals"], 2);
    let enforced = policy(&admin, "Read", &said);
    let same = json!({ "type": "update", "policyId": enforced, "newPolicy": proposed("Read", "allow", [&["user:a"], &["doc/1"], &["read"]]) });
    assert_eq!(analyze(&admin, &same)["warnings"], json!(["no_effect"]));
}

fn the_risk_of_an_impact_follows_from_what_changes(t: &Deployment) {
    let admin = admin(t);
    let id = policy(&admin, "Read", &statement("allow", [&["user:a"], &["doc/1"], &["read"]]));
    let create = |lists: [&[&str]; 3]| json!({ "type": "create", "newPolicy": proposed("N", "allow", lists) });
    let mut conditional = create([&["user:b"], &["doc/1"], &["read"]]);
    conditional["newPolicy"]["conditions"] = json!({ "env.ip": "1" });
    for (change, level, warnings) in [
        (create([&["user:a"], &["doc/1"], &["read"]]), "low", json!(["no_effect"])),
        (create([&["user:b"], &["doc/1"], &["read"]]), "medium", json!([])),
        (conditional, "medium", json!(["conditions_assumed_met"])),
        (create([&["*"]; 3]), "high", json!(["wildcard_principal", "wildcard_resource", "wildcard_action"])),
        (json!({ "type": "delete", "policyId": id }), "high", json!(["revokes_access:1"])),
    ] {
        let analyzed = analyze(&admin, &change);
        assert_eq!(
            (&analyzed["riskAssessment"]["level"], &analyzed["warnings"]),
            (&json!(level), &warnings),
            "{change}"
        );
        assert!(!analyzed["riskAssessment"]["recommendation"].as_str().unwrap().is_empty());
    }
}

fn changes_that_break_a_rule_are_refused(t: &Deployment) {
    let admin = admin(t);
    let id = policy(&admin, "Read", &statement("allow", [&["*"]; 3]));
    let new = proposed("New", "allow", [&["*"]; 3]);
    let change = |change: Value| json!({ "policyChange": change });
    for (body, places) in [
        (json!({}), vec!["policyChange"]),
        (change(json!({})), vec!["policyChange.type"]),
        (change(json!({ "type": "replace" })), vec!["policyChange.type"]),
        (change(json!({ "type": "create", "policyId": id, "newPolicy": new })), vec!["policyChange.policyId"]),
        (change(json!({ "type": "create" })), vec!["policyChange.newPolicy"]),
        (change(json!({ "type": "update", "newPolicy": new })), vec!["policyChange.policyId"]),
        (change(json!({ "type": "update", "policyId": id })), vec!["policyChange.newPolicy"]),
        (change(json!({ "type": "delete" })), vec!["policyChange.policyId"]),
        (change(json!({ "type": "delete", "policyId": id, "newPolicy": new })), vec!["policyChange.newPolicy"]),
        (change(json!({ "type": "delete", "policyId": "x" })), vec!["policyChange.policyId"]),
        (
            change(json!({ "type": "create", "newPolicy": { "name": "n" } })),
            ["actions", "effect", "principals", "resources"]
                .map(|name| format!("policyChange.newPolicy.{name}"))
                .to_vec()
                .leak()
                .iter()
                .map(String::as_str)
                .collect(),
        ),
        (change(json!({ "type": "create", "newPolicy": { "statement": new } })), vec!["policyChange.newPolicy.name"]),
    ] {
        refuses(&admin.post(IMPACT, &body), 400, &places);
    }
    for size in [json!(0), json!(101), json!(1.5), json!("1")] {
        let body = json!({ "policyChange": { "type": "delete", "policyId": id }, "sampleSize": size });
        refuses(&admin.post(IMPACT, &body), 400, &["sampleSize"]);
    }
    refuses(&admin.post(IMPACT, &change(json!({ "type": "delete", "policyId": UNKNOWN }))), 404, &[]);
    let foreign = Tenant::new(t, &json!({ "tier": "enterprise-pro" })).key("admin");
    refuses(&foreign.post(IMPACT, &change(json!({ "type": "delete", "policyId": id }))), 404, &[]);
    let taken =
        change(json!({ "type": "create", "policyId": null, "newPolicy": proposed("Read", "allow", [&["*"]; 3]) }));
    refuses(&admin.post(IMPACT, &taken), 422, &["policyChange.newPolicy.name"]);
    // Its own name is free for a policy that is updated, and any other, as nothing is stored.
    ok(
        &admin.post(
            IMPACT,
            &change(json!({ "type": "update", "policyId": id, "newPolicy": proposed("Read", "deny", [&["*"]; 3]) })),
        ),
        200,
    );
    assert_eq!(ok(&admin.get(&of(&id)), 200)["version"], 1);
}

fn an_impact_of_too_many_combinations_says_that_it_was_cut(t: &Deployment) {
    let admin = admin(t);
    let many = |prefix: &str| (0..100).map(|n| format!("{prefix}{n:03}")).collect::<Vec<_>>();
    let wide =
        json!({ "effect": "allow", "principals": many("user:"), "resources": many("doc/"), "actions": many("a") });
    let id = policy(&admin, "Wide", &wide);
    let analyzed = analyze(&admin, &json!({ "type": "delete", "policyId": id }));
    let summary = json!({ "affectedPrincipals": 1, "affectedResources": 100, "permissionsGranted": 0, "permissionsRevoked": 10_000 });
    assert_eq!(analyzed["impactSummary"], summary);
    assert_eq!(analyzed["warnings"], json!(["universe_truncated", "revokes_access:10000"]));
    assert_eq!(analyzed["samples"].as_array().unwrap().len(), 10);
}

fn an_impact_is_metered_and_a_simulation_is_not(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "enterprise-pro" }));
    let owner = tenant.key("owner");
    simulate(&owner, &question());
    let change = json!({ "type": "create", "newPolicy": proposed("N", "allow", [&["user:a"], &["doc/1"], &["read"]]) });
    analyze(&owner, &change);
    refuses(&owner.post(IMPACT, &json!({ "policyChange": { "type": "delete", "policyId": UNKNOWN } })), 404, &[]);
    let forecast = ok(&owner.get(&format!("/billing/v1/forecasting/usage/{}", tenant.id)), 200);
    let text = forecast.to_string();
    assert!(text.contains("access.policy_simulation"), "{text}");
    let metered = forecast["forecasts"].as_array().unwrap().iter().map(|row| row["currentValue"].clone());
    assert_eq!(metered.collect::<Vec<_>>(), [json!(1.0)], "{text}");
}
