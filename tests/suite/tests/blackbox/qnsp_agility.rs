//! Crypto agility of QNSP: reports on the keys of a tenant, and plans by which they are replaced.

use serde_json::{Value, json};

use crate::{
    answer::{ok, time},
    case::{Case, case},
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, refuses},
    qnsp_auth::UNKNOWN,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_tenant_without_keys_is_ready_and_at_no_risk),
        case(frameworks_are_a_closed_list),
        case(a_plan_is_shown_as_it_was_made),
        case(plans_that_break_a_rule_are_refused),
        case(targets_are_recommended_algorithms),
        case(a_plan_goes_from_status_to_status),
        case(plans_are_listed_newest_first),
        case(names_of_plans_are_taken_once),
    ]
}

pub const AGILITY: &str = "/kms/v1/crypto-agility";
pub const PLANS: &str = "/kms/v1/crypto-agility/migration-plans";

fn report(caller: &Caller, name: &str) -> Value {
    ok(&caller.get(&format!("{AGILITY}/{name}")), 200)
}

/// A plan with these members instead of the usual ones.
fn plan(more: &Value) -> Value {
    let mut plan = json!({
        "name": unique("plan"), "targetAlgorithms": { "signing": "ML-DSA-65" }, "scope": { "keyTypes": ["rsa"] },
    });
    plan.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    plan
}

#[track_caller]
fn created(caller: &Caller, more: &Value) -> String {
    let created = ok(&caller.post(PLANS, &plan(more)), 201);
    assert_eq!(created["status"], "draft");
    format!("{PLANS}/{}", created["planId"].as_str().unwrap())
}

fn a_tenant_without_keys_is_ready_and_at_no_risk(t: &Deployment) {
    let viewer = Cast::new(t).viewer;
    let usage = report(&viewer, "algorithm-usage");
    let none = json!({ "algorithms": [], "summary": { "pqcAdoptionRate": 0.0, "legacyAlgorithmUsage": 0 } });
    assert_eq!(usage, none);
    refuses(&viewer.get(&format!("{AGILITY}/algorithm-usage?limit=x")), 400, &["limit"]);
    let readiness = report(&viewer, "migration-readiness");
    let category = |name: &str| json!({ "category": name, "score": 100.0, "status": "ready", "blockers": [], "recommendations": [] });
    let categories = ["encryption", "signing", "key_exchange", "policies"].map(category);
    let expected = json!({
        "overallScore": 100,
        "categories": categories,
        "keyMigrationStatus": { "total": 0, "migrated": 0, "pendingMigration": 0, "blocked": 0 },
    });
    assert_eq!(readiness, expected);
    let adoption = report(&viewer, "pqc-adoption");
    assert_eq!(adoption["currentAdoption"], json!({ "pqcKeys": 0, "totalKeys": 0, "adoptionRate": 0.0 }));
    assert_eq!(adoption["byAlgorithm"], json!({ "ML-KEM-768": 0, "ML-DSA-65": 0 }));
    let days = adoption["trends"].as_array().unwrap();
    assert_eq!(days.len(), 30);
    assert!(days.iter().all(|day| day["pqcOperations"] == 0 && day["classicalOperations"] == 0));
    let expected = json!({
        "overallRisk": "low", "algorithms": [],
        "assessment": { "harvestNowDecryptLater": false, "longTermDataProtection": true },
    });
    assert_eq!(report(&viewer, "risk-assessment"), expected);
}

fn frameworks_are_a_closed_list(t: &Deployment) {
    let viewer = Cast::new(t).viewer;
    for (query, framework, controls) in [
        ("", "NIST", 6),
        ("?framework=nist", "NIST", 6),
        ("?framework=Fips", "FIPS", 3),
        ("?framework=CNSA2", "CNSA2", 3),
        ("?framework=pci", "PCI", 3),
    ] {
        let found = report(&viewer, &format!("compliance{query}"));
        let shown = (&found["framework"], &found["complianceStatus"], &found["score"]);
        assert_eq!(shown, (&json!(framework), &json!("compliant"), &json!(100.0)));
        assert_eq!(found["controls"].as_array().unwrap().len(), controls, "{query}");
        time(&found["generatedAt"]);
    }
    refuses(&viewer.get(&format!("{AGILITY}/compliance?framework=SOC2")), 422, &["framework"]);
    refuses(&viewer.get(&format!("{AGILITY}/compliance?framework=")), 400, &["framework"]);
}

fn a_plan_is_shown_as_it_was_made(t: &Deployment) {
    let cast = Cast::new(t);
    let asked = plan(&json!({
        "description": "all of it", "targetAlgorithms": { "encryption": "aes_256", "keyExchange": "Kyber768" },
        "scope": { "keyTypes": ["rsa", "pqc"] },
        "schedule": {
            "startDate": "2020-01-01T01:00:00+01:00",
            "phases": [{ "name": "first", "duration": "P7D", "actions": ["count"] }, { "name": "second", "duration": "P900Y" }],
        },
    }));
    let created = ok(&cast.developer.post(PLANS, &asked), 201);
    let path = format!("{PLANS}/{}", created["planId"].as_str().unwrap());
    let shown = ok(&cast.viewer.get(&path), 200);
    let mut schedule = asked["schedule"].clone();
    schedule["startDate"] = json!("2020-01-01T00:00:00.000Z");
    let expected = json!({
        "planId": created["planId"], "name": asked["name"], "description": "all of it", "status": "draft",
        "targetAlgorithms": asked["targetAlgorithms"], "scope": { "keyIds": [], "keyTypes": ["rsa", "pqc"] },
        "schedule": schedule, "progress": { "keysTotal": 0, "keysMigrated": 0, "currentPhase": "second" },
        "createdAt": created["createdAt"], "updatedAt": created["createdAt"],
    });
    assert_eq!(shown, expected);
    let bare = created_without_schedule(&cast.developer);
    let shown = ok(&cast.viewer.get(&bare), 200);
    assert_eq!((&shown["description"], &shown["schedule"]), (&json!(""), &json!({})));
    assert_eq!(shown["progress"]["currentPhase"], json!(null));
    refuses(&cast.foreign.get(&path), 404, &[]);
    refuses(&cast.viewer.get(&format!("{PLANS}/{UNKNOWN}")), 404, &[]);
    refuses(&cast.viewer.get(&format!("{PLANS}/x")), 400, &["planId"]);
}

fn created_without_schedule(caller: &Caller) -> String {
    created(caller, &json!({}))
}

fn plans_that_break_a_rule_are_refused(t: &Deployment) {
    let cast = Cast::new(t);
    let refused = |more: Value, status: u16, places: &[&str]| {
        refuses(&cast.developer.post(PLANS, &plan(&more)), status, places);
    };
    refused(json!({ "name": "" }), 400, &["name"]);
    refused(json!({ "targetAlgorithms": {} }), 400, &["targetAlgorithms"]);
    refused(json!({ "scope": {} }), 400, &["scope"]);
    refused(json!({ "scope": { "keyIds": [], "keyTypes": [] } }), 400, &["scope"]);
    refused(json!({ "scope": { "keyIds": ["x"] } }), 400, &["scope.keyIds[0]"]);
    refused(json!({ "scope": { "keyTypes": ["dsa"] } }), 400, &["scope.keyTypes[0]"]);
    refused(json!({ "schedule": { "startDate": "soon" } }), 400, &["schedule.startDate"]);
    refused(json!({ "schedule": { "phases": [{ "duration": "P1D" }] } }), 400, &["schedule.phases[0].name"]);
    let phases = json!([{ "name": "a", "duration": "P1D" }, { "name": "b", "duration": "a day" }]);
    refused(json!({ "schedule": { "phases": phases } }), 400, &["schedule.phases[1].duration"]);
    refused(json!({ "scope": { "keyIds": [UNKNOWN] } }), 404, &[]);
    refuses(&cast.developer.post(PLANS, &json!({})), 400, &["name", "scope", "targetAlgorithms"]);
    let path = created(&cast.developer, &json!({}));
    let change = |body: Value, status: u16, places: &[&str]| {
        refuses(&cast.developer.patch(&path, &body), status, places);
    };
    change(json!({ "status": "completed" }), 400, &["status"]);
    change(json!({ "status": "draft" }), 400, &["status"]);
    change(json!({ "name": "" }), 400, &["name"]);
    change(
        json!({ "schedule": { "phases": [{ "name": "a", "duration": "" }] } }),
        400,
        &["schedule.phases[0].duration"],
    );
    refuses(&cast.developer.patch(&format!("{PLANS}/{UNKNOWN}"), &json!({})), 404, &[]);
    refuses(&cast.foreign.patch(&path, &json!({ "status": "active" })), 404, &[]);
}

fn targets_are_recommended_algorithms(t: &Deployment) {
    let cast = Cast::new(t);
    for target in ["RSA-4096", "AES-128", "ECDSA-P384", "FN-DSA-512", "SHA-512", "unknown"] {
        let targets = json!({ "targetAlgorithms": { "encryption": target, "signing": "ML-DSA-87" } });
        refuses(&cast.developer.post(PLANS, &plan(&targets)), 422, &["targetAlgorithms.encryption"]);
    }
    for target in ["AES-256", "ml_kem_1024", "SLH-DSA-SHA2-128s"] {
        created(&cast.developer, &json!({ "targetAlgorithms": { "keyExchange": target } }));
    }
}

fn a_plan_goes_from_status_to_status(t: &Deployment) {
    let cast = Cast::new(t);
    let path = created(&cast.developer, &json!({}));
    let set = |status: &str| cast.developer.patch(&path, &json!({ "status": status })).status;
    let shown = || ok(&cast.viewer.get(&path), 200)["status"].clone();
    assert_eq!(set("paused"), 409);
    for (status, again) in
        [("active", "active"), ("paused", "paused"), ("active", "active"), ("cancelled", "cancelled")]
    {
        let before = ok(&cast.viewer.get(&path), 200);
        let changed = ok(&cast.developer.patch(&path, &json!({ "status": status })), 200);
        assert_eq!(changed["planId"], before["planId"]);
        assert!(time(&changed["updatedAt"]) >= time(&before["updatedAt"]));
        assert_eq!(shown(), status);
        assert_eq!(set(again), 409, "{again}");
    }
    for status in ["active", "paused", "cancelled"] {
        assert_eq!(set(status), 409);
    }
    refuses(&cast.developer.patch(&path, &json!({ "description": "later" })), 409, &[]);
    assert_eq!(ok(&cast.viewer.get(&path), 200)["description"], "");
    // What is not given stays.
    let path = created(&cast.developer, &json!({ "description": "first" }));
    let schedule = json!({ "phases": [{ "name": "only" }] });
    ok(&cast.developer.patch(&path, &json!({ "schedule": schedule })), 200);
    let name = unique("renamed");
    ok(&cast.developer.patch(&path, &json!({ "name": name })), 200);
    let shown = ok(&cast.viewer.get(&path), 200);
    assert_eq!((&shown["name"], &shown["description"]), (&json!(name), &json!("first")));
    assert_eq!((&shown["schedule"], &shown["progress"]["currentPhase"]), (&schedule, &json!("only")));
}

fn plans_are_listed_newest_first(t: &Deployment) {
    let cast = Cast::new(t);
    let paths: Vec<_> = (0..3).map(|_| created(&cast.developer, &json!({}))).collect();
    ok(&cast.developer.patch(&paths[1], &json!({ "status": "active" })), 200);
    ok(&cast.developer.patch(&paths[1], &json!({ "status": "paused" })), 200);
    let listed = ok(&cast.viewer.get(PLANS), 200);
    let plans = listed["plans"].as_array().unwrap();
    let listed: Vec<_> = plans.iter().map(|plan| format!("{PLANS}/{}", plan["planId"].as_str().unwrap())).collect();
    let mut sorted = plans.iter().map(|plan| (time(&plan["createdAt"]), plan["planId"].as_str())).collect::<Vec<_>>();
    sorted.sort_unstable();
    sorted.reverse();
    assert!(sorted.iter().zip(plans).all(|((_, id), plan)| *id == plan["planId"].as_str()));
    assert!(paths.iter().all(|path| listed.contains(path)) && listed.len() == 3);
    let paused = plans.iter().find(|plan| paths[1].ends_with(plan["planId"].as_str().unwrap())).unwrap();
    assert_eq!(
        (&paused["status"], &paused["progress"]),
        (&json!("active"), &json!(0)),
        "the list has no word for paused"
    );
    let page = ok(&cast.viewer.get(&format!("{PLANS}?limit=1&offset=1")), 200);
    assert_eq!(page["plans"], json!([plans[1]]));
    refuses(&cast.viewer.get(&format!("{PLANS}?limit=x")), 400, &["limit"]);
    assert_eq!(ok(&cast.foreign.get(PLANS), 200)["plans"], json!([]));
}

fn names_of_plans_are_taken_once(t: &Deployment) {
    let cast = Cast::new(t);
    let name = unique("plan");
    let first = created(&cast.developer, &json!({ "name": name }));
    refuses(&cast.developer.post(PLANS, &plan(&json!({ "name": name }))), 409, &[]);
    ok(&cast.foreign.post(PLANS, &plan(&json!({ "name": name }))), 201);
    let other = created(&cast.developer, &json!({}));
    refuses(&cast.developer.patch(&other, &json!({ "name": name })), 409, &[]);
    ok(&cast.developer.patch(&first, &json!({ "name": name })), 200);
}
