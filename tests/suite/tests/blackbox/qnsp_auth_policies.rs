//! Risk policies of QNSP: how they are made, listed and changed. What they do to evaluations stands beside these.

use serde_json::{Value, json};

use crate::{
    answer::{ok, time},
    case::{Case, case, together},
    deployment::Deployment,
    qnsp::{Caller, Cast, refuses},
    qnsp_auth::{UNKNOWN, admin},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_policy_is_created_listed_and_changed),
        case(policies_of_sdks_are_listed_as_they_were_sent),
        case(policies_are_listed_oldest_first_by_page),
        case(names_are_unique_in_a_tenant_in_any_case),
        case(policies_that_break_a_rule_are_refused),
        case(changes_that_break_a_rule_are_refused),
    ]
}

pub const POLICIES: &str = "/auth/risk/policies";

fn create(admin: &Caller, policy: &Value) -> Value {
    ok(&admin.post(POLICIES, policy), 201)
}

fn path(policy: &Value) -> String {
    format!("{POLICIES}/{}", policy["policyId"].as_str().unwrap())
}

fn a_policy_is_created_listed_and_changed(t: &Deployment) {
    let cast = Cast::new(t);
    let empty = json!({ "policies": [], "total": 0, "limit": 50, "offset": 0 });
    assert_eq!(ok(&cast.viewer.get(POLICIES), 200), empty);
    let created = create(&cast.admin, &json!({ "name": "Night" }));
    let expected = json!({
        "policyId": created["policyId"], "id": created["policyId"], "name": "Night", "createdAt": created["createdAt"],
        "enabled": true,
    });
    assert_eq!(created, expected);
    let listed = ok(&cast.viewer.get(POLICIES), 200);
    let expected = json!({
        "policyId": created["policyId"], "id": created["policyId"], "name": "Night", "enabled": true,
        "createdAt": created["createdAt"], "updatedAt": created["createdAt"],
    });
    assert_eq!(listed["policies"], json!([expected]));
    t.pass(std::time::Duration::from_millis(5));
    let changed = ok(&cast.admin.patch(&path(&created), &json!({ "enabled": false })), 200);
    assert!(time(&changed["updatedAt"]) > time(&created["createdAt"]));
    let expected = json!({
        "policyId": created["policyId"], "name": "Night", "enabled": false, "updatedAt": changed["updatedAt"],
    });
    assert_eq!(changed, expected);
    let listed = ok(&cast.viewer.get(POLICIES), 200)["policies"][0].clone();
    assert_eq!((&listed["enabled"], &listed["updatedAt"]), (&json!(false), &changed["updatedAt"]));
    let renamed = ok(&cast.admin.patch(&path(&created), &json!({ "name": "NIGHT", "enabled": null })), 200);
    assert_eq!((&renamed["name"], &renamed["enabled"]), (&json!("NIGHT"), &json!(false)), "what is not given stays");
    // Of another tenant: neither listed nor found.
    assert_eq!(ok(&cast.foreign.get(POLICIES), 200), empty);
    refuses(&cast.foreign.patch(&path(&created), &json!({ "enabled": true })), 404, &[]);
    assert_eq!(ok(&cast.viewer.get(POLICIES), 200)["policies"][0]["enabled"], false);
}

fn policies_of_sdks_are_listed_as_they_were_sent(t: &Deployment) {
    let admin = admin(t);
    let sdk = json!({
        "name": "sdk", "enabled": false, "rules": [{ "condition": { "field": "ip_reputation", "value": 1.50 }, "riskScore": 2 }],
        "thresholds": { "low": 10, "high": 60 }, "actions": { "low": "allow", "high": "block" },
    });
    create(&admin, &sdk);
    let listed = ok(&admin.get(POLICIES), 200)["policies"][0].clone();
    for member in ["name", "enabled", "rules", "thresholds", "actions"] {
        assert_eq!(listed[member], sdk[member], "{member}");
    }
    // Actions are replaced as a whole.
    ok(&admin.patch(&path(&listed), &json!({ "actions": { "onHighRisk": "challenge" } })), 200);
    let listed = ok(&admin.get(POLICIES), 200)["policies"][0].clone();
    assert_eq!((&listed["thresholds"], listed.get("actions")), (&sdk["thresholds"], None));
}

fn policies_are_listed_oldest_first_by_page(t: &Deployment) {
    let admin = admin(t);
    for number in 0..5 {
        t.pass(std::time::Duration::from_millis(5));
        create(&admin, &json!({ "name": format!("p{number}"), "enabled": number % 2 == 0 }));
    }
    for (query, expected, total) in [
        ("", vec!["p0", "p1", "p2", "p3", "p4"], 5),
        ("?limit=2&offset=2", vec!["p2", "p3"], 5),
        ("?enabled=true", vec!["p0", "p2", "p4"], 3),
        ("?enabled=false&limit=1&offset=1", vec!["p3"], 2),
        ("?limit=0", vec!["p0"], 5),
        ("?offset=9", vec![], 5),
    ] {
        let list = ok(&admin.get(&format!("{POLICIES}{query}")), 200);
        let names: Vec<_> =
            list["policies"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!((names, &list["total"]), (expected, &json!(total)), "{query}");
    }
    let clamped = ok(&admin.get(&format!("{POLICIES}?limit=1000&offset=-1")), 200);
    assert_eq!((&clamped["limit"], &clamped["offset"]), (&json!(200), &json!(0)));
}

fn names_are_unique_in_a_tenant_in_any_case(t: &Deployment) {
    let cast = Cast::new(t);
    create(&cast.admin, &json!({ "name": "Über" }));
    refuses(&cast.admin.post(POLICIES, &json!({ "name": "ÜBER" })), 409, &[]);
    let other = create(&cast.admin, &json!({ "name": "other" }));
    refuses(&cast.admin.patch(&path(&other), &json!({ "name": "über" })), 409, &[]);
    create(&cast.foreign, &json!({ "name": "über" }));
    let mut statuses = together(4, |_| cast.admin.post(POLICIES, &json!({ "name": "at once" })).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    assert_eq!(ok(&cast.viewer.get(POLICIES), 200)["total"], 3);
}

fn policies_that_break_a_rule_are_refused(t: &Deployment) {
    let admin = admin(t);
    let hours = json!({ "start": 24, "end": -1 });
    let bad = json!({
        "name": "", "enabled": "yes", "thresholds": { "high": 101 }, "description": "x".repeat(2001),
        "conditions": { "riskScoreThreshold": 100.5, "timeRestrictions": { "allowedHours": hours } },
        "actions": { "onHighRisk": "allow", "challengeType": "sms" },
    });
    let places = [
        "actions.challengeType",
        "actions.onHighRisk",
        "conditions.riskScoreThreshold",
        "conditions.timeRestrictions.allowedHours.end",
        "conditions.timeRestrictions.allowedHours.start",
        "description",
        "enabled",
        "name",
        "thresholds.high",
    ];
    refuses(&admin.post(POLICIES, &bad), 400, &places);
    refuses(&admin.post(POLICIES, &json!({})), 400, &["name"]);
    refuses(&admin.post(POLICIES, &json!({ "name": "x".repeat(129) })), 400, &["name"]);
    let many = json!({ "name": "a", "conditions": { "geoRestrictions": vec!["de"; 1001] } });
    refuses(&admin.post(POLICIES, &many), 400, &["conditions.geoRestrictions"]);
    let zone = json!({ "name": "a", "conditions": { "timeRestrictions": { "timezone": "Mars/Olympus" } } });
    refuses(&admin.post(POLICIES, &zone), 422, &["conditions.timeRestrictions.timezone"]);
    let country = json!({ "name": "a", "conditions": { "geoRestrictions": ["de", "xx"] } });
    refuses(&admin.post(POLICIES, &country), 422, &["conditions.geoRestrictions[1]"]);
    for query in ["enabled=1", "enabled=", "limit=x", "offset="] {
        let name = query.split_once('=').unwrap().0;
        refuses(&admin.get(&format!("{POLICIES}?{query}")), 400, &[name]);
    }
    assert_eq!(ok(&admin.get(POLICIES), 200)["total"], 0);
}

fn changes_that_break_a_rule_are_refused(t: &Deployment) {
    let admin = admin(t);
    let policy = create(&admin, &json!({ "name": "a" }));
    let change = |body: Value| admin.patch(&path(&policy), &body);
    for nothing in [json!({}), json!({ "name": null, "description": "x" })] {
        assert_eq!(change(nothing).status, 400);
    }
    refuses(&change(json!({ "name": "", "enabled": 1 })), 400, &["enabled", "name"]);
    let country = change(json!({ "conditions": { "geoRestrictions": ["zz"] } }));
    refuses(&country, 422, &["conditions.geoRestrictions[0]"]);
    let zone = change(json!({ "conditions": { "timeRestrictions": { "timezone": "" } } }));
    refuses(&zone, 422, &["conditions.timeRestrictions.timezone"]);
    refuses(&admin.patch(&format!("{POLICIES}/mine"), &json!({ "name": "b" })), 400, &["policyId"]);
    refuses(&admin.patch(&format!("{POLICIES}/{UNKNOWN}"), &json!({ "name": "b" })), 404, &[]);
    let listed = ok(&admin.get(POLICIES), 200)["policies"][0].clone();
    assert_eq!((&listed["name"], &listed["updatedAt"]), (&json!("a"), &policy["createdAt"]));
}
