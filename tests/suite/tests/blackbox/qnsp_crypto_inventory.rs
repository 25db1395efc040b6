//! The crypto inventory: policies of deprecation.

use serde_json::{Value, json};

use crate::{
    answer::{ok, time},
    case::{Case, case, together},
    clock,
    deployment::Deployment,
    qnsp::{Caller, Tenant, refuses},
    qnsp_auth::UNKNOWN,
    qnsp_crypto_inventory_hardware::{hardware, register},
    qnsp_crypto_inventory_readiness::AFFECTED,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_policy_is_made_shown_changed_and_deleted),
        case(a_policy_needs_all_its_parts),
        case(the_parts_of_a_policy_fit_each_other_whichever_is_changed),
        case(the_shape_of_the_sdk_makes_one_policy_for_each_algorithm),
        case(a_name_is_taken_once_however_many_ask_at_once),
    ]
}

pub const POLICIES: &str = "/crypto/v1/deprecation/policies";

/// The tier that has least is enough.
pub fn tenant(t: &Deployment) -> Tenant<'_> {
    Tenant::new(t, &json!({ "tier": "dev-starter" }))
}

pub fn policy(name: &str, algorithms: &Value) -> Value {
    json!({
        "name": name, "algorithms": algorithms, "deprecationDate": "2030-01-01T00:00:00Z",
        "enforcementDate": "2031-01-01T01:00:00+01:00", "migrationTarget": "kyber-768",
    })
}

#[track_caller]
pub fn make(caller: &Caller, body: &Value) -> String {
    let made = ok(&caller.post(POLICIES, body), 201);
    assert_eq!(made, json!({ "policyId": made["policyId"], "name": body["name"], "createdAt": made["createdAt"] }));
    made["policyId"].as_str().unwrap().to_owned()
}

fn a_policy_is_made_shown_changed_and_deleted(t: &Deployment) {
    let (tenant, other) = (tenant(t), tenant(t));
    let (admin, viewer) = (tenant.key("admin"), tenant.key("viewer"));
    let mut body = policy("one", &json!(["rsa_2048", "RSA-2048", "Dilithium3", "foo"]));
    body["notificationSchedule"] = json!(["P30D", "PT12H"]);
    refuses(&tenant.key("developer").post(POLICIES, &body), 403, &["actual", "required"]);
    let id = make(&admin, &body);
    make(&other.key("admin"), &body);
    let path = format!("{POLICIES}/{id}");
    let mut shown = ok(&viewer.get(&path), 200);
    let mut expected = json!({
        "policyId": id, "name": "one", "algorithms": ["RSA-2048", "ML-DSA-65", "FOO"],
        "deprecationDate": "2030-01-01T00:00:00.000Z", "enforcementDate": "2031-01-01T00:00:00.000Z",
        "migrationTarget": "ML-KEM-768", "notificationSchedule": ["P30D", "PT12H"],
        "createdAt": shown["createdAt"], "updatedAt": shown["createdAt"],
        "id": id, "algorithm": "RSA-2048", "status": null, "severity": null, "sunsetDate": "2031-01-01T00:00:00.000Z",
        "replacementAlgorithm": "ML-KEM-768", "rationale": null, "complianceFrameworks": [], "notifyAffectedTenants": false,
    });
    assert_eq!(shown, expected);
    let second = make(&admin, &policy("two", &json!(["ECDSA"])));
    let listed = ok(&viewer.get(POLICIES), 200);
    assert_eq!([&listed["total"], &listed["limit"], &listed["offset"]], [2, 50, 0]);
    assert_eq!(listed["policies"][0], expected);
    let last = ok(&viewer.get(&format!("{POLICIES}?limit=1&offset=1")), 200);
    assert_eq!([&last["policies"][0]["policyId"], &last["total"]], [&json!(second), &json!(2)]);
    for (change, name, value) in [
        (json!({ "name": "renamed" }), "name", json!("renamed")),
        (json!({ "notificationSchedule": [] }), "notificationSchedule", json!([])),
        (json!({ "rationale": "Because" }), "rationale", json!("Because")),
        (json!({ "complianceFrameworks": ["CNSA2"] }), "complianceFrameworks", json!(["CNSA2"])),
        (json!({ "status": "announced", "severity": null }), "status", json!("announced")),
    ] {
        let changed = ok(&admin.patch(&path, &change), 200);
        assert!(time(&changed["updatedAt"]) >= time(&shown["updatedAt"]));
        (expected[name], expected["updatedAt"]) = (value, changed["updatedAt"].clone());
        assert_eq!(changed, expected);
        shown = changed;
    }
    let changed =
        ok(&admin.patch(&path, &json!({ "algorithms": ["aes", "md5"], "migrationTarget": "ml-dsa-87" })), 200);
    assert_eq!([&changed["algorithms"], &changed["algorithm"]], [&json!(["AES", "MD5"]), &json!("AES")]);
    refuses(&admin.patch(&path, &json!({ "name": "two" })), 409, &[]);
    refuses(&admin.patch(&path, &json!({})), 400, &[""]);
    let foreign = other.key("owner");
    for (caller, id) in [(&admin, UNKNOWN), (&foreign, id.as_str())] {
        let path = format!("{POLICIES}/{id}");
        refuses(&caller.get(&path), 404, &[]);
        refuses(&caller.patch(&path, &json!({ "name": "x" })), 404, &[]);
        refuses(&caller.delete(&path), 404, &[]);
    }
    let malformed = format!("{POLICIES}/x");
    refuses(&admin.get(&malformed), 400, &["policyId"]);
    refuses(&admin.patch(&malformed, &json!({ "name": "x" })), 400, &["policyId"]);
    refuses(&admin.delete(&malformed), 400, &["policyId"]);
    refuses(&viewer.get(&format!("{POLICIES}?limit=x")), 400, &["limit"]);
    assert_eq!(viewer.patch(&path, &json!({ "name": "x" })).status, 403);
    assert_eq!(viewer.delete(&path).status, 403);
    assert_eq!(admin.delete(&path).status, 204);
    refuses(&viewer.get(&path), 404, &[]);
    assert_eq!(ok(&viewer.get(POLICIES), 200)["total"], 1);
}

fn a_policy_needs_all_its_parts(t: &Deployment) {
    let tenant = tenant(t);
    let admin = tenant.key("admin");
    let all = ["algorithms", "deprecationDate", "enforcementDate", "migrationTarget", "name"];
    refuses(&admin.post(POLICIES, &json!({})), 400, &all);
    let with = |name: &str, value: Value| {
        let mut body = policy("p", &json!(["RSA-2048"]));
        body[name] = value;
        body
    };
    for (name, value, status, place) in [
        ("name", json!(""), 400, "name"),
        ("algorithms", json!([]), 400, "algorithms"),
        ("algorithms", json!(vec!["RSA"; 51]), 400, "algorithms"),
        ("algorithms", json!(["RSA", ""]), 400, "algorithms[1]"),
        ("deprecationDate", json!("2030-01-01"), 400, "deprecationDate"),
        ("enforcementDate", json!(null), 400, "enforcementDate"),
        ("notificationSchedule", json!(["P30D", "30 days"]), 400, "notificationSchedule[1]"),
        ("enforcementDate", json!("2029-12-31T23:59:59.999Z"), 422, "enforcementDate"),
        ("migrationTarget", json!("rsa-2048"), 422, "migrationTarget"),
        ("migrationTarget", json!("RSA-4096"), 422, "migrationTarget"),
        ("migrationTarget", json!("sha1"), 422, "migrationTarget"),
    ] {
        refuses(&admin.post(POLICIES, &with(name, value)), status, &[place]);
    }
    // The target is of a family that is given up.
    let mut body = policy("p", &json!(["ML-KEM"]));
    refuses(&admin.post(POLICIES, &body), 422, &["migrationTarget"]);
    body["migrationTarget"] = json!("HQC-128");
    body["enforcementDate"] = body["deprecationDate"].clone();
    make(&admin, &body);
    refuses(&admin.post(POLICIES, &body), 409, &[]);
}

fn the_parts_of_a_policy_fit_each_other_whichever_is_changed(t: &Deployment) {
    let tenant = tenant(t);
    let admin = tenant.key("admin");
    let path = format!("{POLICIES}/{}", make(&admin, &policy("p", &json!(["RSA", "AES-128"]))));
    for (change, place) in [
        (json!({ "deprecationDate": "2031-01-01T00:00:00.001Z" }), "enforcementDate"),
        (json!({ "enforcementDate": "2029-12-31T23:59:59Z" }), "enforcementDate"),
        (json!({ "sunsetDate": "2029-12-31T23:59:59Z" }), "enforcementDate"),
        (json!({ "migrationTarget": "aes128" }), "migrationTarget"),
        (json!({ "migrationTarget": "RSA-4096" }), "migrationTarget"),
        (json!({ "algorithms": ["RSA", "ML-KEM-768"] }), "migrationTarget"),
        (json!({ "algorithms": ["ml-kem"] }), "migrationTarget"),
        (json!({ "algorithm": "kyber768" }), "migrationTarget"),
        (json!({ "algorithms": ["AES-256"], "migrationTarget": "aes-256" }), "migrationTarget"),
    ] {
        refuses(&admin.patch(&path, &change), 422, &[place]);
    }
    refuses(&admin.patch(&path, &json!({ "algorithms": [] })), 400, &["algorithms"]);
    refuses(&admin.patch(&path, &json!({ "notificationSchedule": ["soon"] })), 400, &["notificationSchedule[0]"]);
    let moved = json!({ "deprecationDate": "2040-01-01T00:00:00Z", "enforcementDate": "2040-01-01T00:00:00Z" });
    ok(&admin.patch(&path, &moved), 200);
    let changed = ok(&admin.patch(&path, &json!({ "algorithms": ["ML-KEM"], "migrationTarget": "ML-DSA-65" })), 200);
    assert_eq!([&changed["algorithms"], &changed["migrationTarget"]], [&json!(["ML-KEM"]), &json!("ML-DSA-65")]);
}

fn the_shape_of_the_sdk_makes_one_policy_for_each_algorithm(t: &Deployment) {
    let (tenant, other) = (tenant(t), tenant(t));
    let admin = tenant.key("admin");
    let mut body = json!({
        "algorithm": "rsa-2048", "status": "deprecated", "severity": "high", "sunsetDate": "2099-01-01T00:00:00Z",
        "replacementAlgorithm": "ML-KEM-768", "rationale": "Too small", "complianceFrameworks": ["CNSA2"],
        "notifyAffectedTenants": true,
    });
    let made = ok(&admin.post(POLICIES, &body), 201);
    let policy = &made["policy"];
    let expected = json!({
        "policyId": made["policyId"], "name": "deprecate RSA-2048", "createdAt": made["createdAt"],
        "policy": {
            "id": made["policyId"], "algorithm": "RSA-2048", "status": "deprecated", "severity": "high",
            "deprecationDate": policy["deprecationDate"], "sunsetDate": "2099-01-01T00:00:00.000Z",
            "replacementAlgorithm": "ML-KEM-768", "rationale": "Too small", "complianceFrameworks": ["CNSA2"],
            "notifyAffectedTenants": true, "createdAt": made["createdAt"], "updatedAt": made["createdAt"],
        },
    });
    assert_eq!(made, expected);
    assert!((time(&policy["deprecationDate"]) - clock::now()).abs() < 60_000);
    // The same algorithm in another spelling is the same policy.
    body = json!({ "algorithm": "RSA_2048", "deprecationDate": "2030-01-01T00:00:00Z" });
    let again = ok(&admin.post(POLICIES, &body), 201);
    assert_eq!([&again["policyId"], &again["createdAt"]], [&made["policyId"], &made["createdAt"]]);
    let policy = &again["policy"];
    assert_eq!(
        [&policy["sunsetDate"], &policy["replacementAlgorithm"]],
        [&json!("2030-01-01T00:00:00.000Z"), &Value::Null]
    );
    assert_eq!([&policy["status"], &policy["rationale"]], [&Value::Null, &Value::Null]);
    let ids = together(4, |_| ok(&admin.post(POLICIES, &json!({ "algorithm": "ECDSA" })), 201)["policyId"].clone());
    assert!(ids.iter().all(|id| *id == ids[0]) && ids[0] != made["policyId"], "{ids:?}");
    let foreign = ok(&other.key("admin").post(POLICIES, &json!({ "algorithm": "ECDSA" })), 201);
    assert_ne!(foreign["policyId"], ids[0]);
    let listed = ok(&admin.get(POLICIES), 200);
    assert_eq!(listed["total"], 2);
    assert_eq!(listed["policies"][1]["algorithms"], json!(["ECDSA"]));
    for (body, status, place) in [
        (json!({ "algorithm": "RSA-2048", "sunsetDate": "2020-01-01T00:00:00Z" }), 422, "enforcementDate"),
        (json!({ "algorithm": "RSA-2048", "replacementAlgorithm": "RSA-4096" }), 422, "migrationTarget"),
        (json!({ "algorithm": "AES", "replacementAlgorithm": "AES-256" }), 422, "migrationTarget"),
        (json!({ "algorithm": 7 }), 400, "algorithm"),
        (json!({ "algorithm": "RSA", "notifyAffectedTenants": "yes" }), 400, "notifyAffectedTenants"),
    ] {
        refuses(&admin.post(POLICIES, &body), status, &[place]);
    }
}

fn a_name_is_taken_once_however_many_ask_at_once(t: &Deployment) {
    let tenant = tenant(t);
    let admin = tenant.key("admin");
    let body = policy("one", &json!(["RSA"]));
    let mut statuses = together(6, |_| admin.post(POLICIES, &body).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    // What was refused has left no algorithms.
    let device = register(&admin, &hardware("d", "1", &json!(["rsa-2048"])));
    let affected = ok(&admin.get(AFFECTED), 200)["assets"].clone();
    assert_eq!(affected.as_array().unwrap().len(), 1);
    assert_eq!(affected[0]["assetId"], device);
}
