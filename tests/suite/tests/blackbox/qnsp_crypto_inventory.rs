//! The crypto inventory: deprecation policies, what they affect, hardware, and readiness.

use model::time::to_iso;
use serde_json::{Value, json};

use crate::{
    answer::{ok, time},
    case::{Case, case, together},
    clock,
    deployment::Deployment,
    qnsp::{Caller, Tenant, refuses},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_policy_is_made_shown_changed_and_deleted),
        case(a_policy_needs_all_its_parts),
        case(the_parts_of_a_policy_fit_each_other_whichever_is_changed),
        case(the_shape_of_the_sdk_makes_one_policy_for_each_algorithm),
        case(a_name_is_taken_once_however_many_ask_at_once),
        case(devices_are_affected_by_the_first_algorithm_of_a_policy),
        case(deadlines_are_those_that_lie_ahead),
        case(a_device_is_registered_shown_changed_and_deleted),
        case(a_device_needs_all_its_parts_and_its_own_serial_number),
        case(the_shape_of_the_sdk_registers_devices),
        case(a_device_has_the_status_of_its_latest_check),
        case(devices_are_counted_by_type_and_status),
        case(readiness_grows_with_hardware_and_policies),
    ]
}

const POLICIES: &str = "/crypto/v1/deprecation/policies";
const AFFECTED: &str = "/crypto/v1/deprecation/affected-assets";
const SUMMARY: &str = "/crypto/v1/deprecation/summary";
const HARDWARE: &str = "/crypto/v1/hardware";
const SCORE: &str = "/crypto/v1/pqc-readiness/score";
const RECOMMENDATIONS: &str = "/crypto/v1/pqc-readiness/recommendations";
const UNKNOWN: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";
const DAY: i64 = 86_400_000;

/// The tier that has least is enough.
fn tenant(t: &Deployment) -> Tenant<'_> {
    Tenant::new(t, &json!({ "tier": "dev-starter" }))
}

fn policy(name: &str, algorithms: &Value) -> Value {
    json!({
        "name": name, "algorithms": algorithms, "deprecationDate": "2030-01-01T00:00:00Z",
        "enforcementDate": "2031-01-01T01:00:00+01:00", "migrationTarget": "kyber-768",
    })
}

#[track_caller]
fn make(caller: &Caller, body: &Value) -> String {
    let made = ok(&caller.post(POLICIES, body), 201);
    assert_eq!(made, json!({ "policyId": made["policyId"], "name": body["name"], "createdAt": made["createdAt"] }));
    made["policyId"].as_str().unwrap().to_owned()
}

fn hardware(name: &str, serial_number: &str, capabilities: &Value) -> Value {
    json!({
        "name": name, "type": "hsm", "vendor": "Vendor", "serialNumber": serial_number, "capabilities": capabilities,
    })
}

#[track_caller]
fn register(caller: &Caller, body: &Value) -> String {
    let made = ok(&caller.post(HARDWARE, body), 201);
    assert_eq!(made, json!({ "hardwareId": made["hardwareId"], "name": body["name"], "createdAt": made["createdAt"] }));
    made["hardwareId"].as_str().unwrap().to_owned()
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

fn devices_are_affected_by_the_first_algorithm_of_a_policy(t: &Deployment) {
    let (tenant, other) = (tenant(t), tenant(t));
    let (admin, viewer) = (tenant.key("admin"), tenant.key("viewer"));
    let later = make(&admin, &policy("later", &json!(["RSA", "ECDSA-P256"])));
    let mut sooner = policy("sooner", &json!(["ecdsa"]));
    sooner["deprecationDate"] = json!("2020-01-01T00:00:00Z");
    let sooner = make(&admin, &sooner);
    let foreign = other.key("admin");
    make(&foreign, &policy("theirs", &json!(["AES", "RSA"])));
    let mut devices = [json!(["rsa", "pqc", "ecdsa_p256", "RSA-2048"]), json!(["RSA-4096"])]
        .map(|list| register(&admin, &hardware("d", &list.to_string(), &list)));
    let [first, second] = devices.clone();
    register(&admin, &hardware("other", "3", &json!(["aes-256", "rsa", "RSA-OAEP", "ecdsa-x"])));
    devices.sort();
    let asset = |id: &str, algorithm: &str, policy: &str, date: &str| {
        json!({
            "assetId": id, "assetType": "hardware", "algorithm": algorithm, "policyId": policy,
            "deprecationDate": date, "migrationStatus": "pending",
        })
    };
    let of_sooner = asset(&first, "ECDSA-P256", &sooner, "2020-01-01T00:00:00.000Z");
    let of_later = |id: &String| {
        let algorithm = if *id == first { "ECDSA-P256" } else { "RSA-4096" };
        asset(id, algorithm, &later, "2030-01-01T00:00:00.000Z")
    };
    let affected = |query: &str| ok(&viewer.get(&format!("{AFFECTED}{query}")), 200)["assets"].clone();
    let all = affected("");
    let of_other = all.as_array().unwrap().iter().find(|asset| asset["algorithm"] == "ECDSA-X").cloned();
    // A curve that is not known is a complete name, and of the family that one policy gives up.
    let of_other = of_other.unwrap();
    assert_eq!(of_other["policyId"], sooner);
    let mut soon = [of_sooner.clone(), of_other.clone()];
    soon.sort_by_key(|asset| asset["assetId"].as_str().unwrap().to_owned());
    assert_eq!(all, json!([soon[0], soon[1], of_later(&devices[0]), of_later(&devices[1])]));
    assert_eq!(affected(&format!("?policyId={later}&limit=1&offset=1")), json!([of_later(&devices[1])]));
    assert_eq!(affected("?algorithm=rsa_4096"), json!([of_later(&second)]));
    assert_eq!(affected("?algorithm=rsa"), json!([of_later(&second)]));
    assert_eq!(affected("?severity=high&status=pending&acknowledged=true"), all, "filters of the SDK are ignored");
    assert_eq!(affected(&format!("?policyId={UNKNOWN}")), json!([]));
    for (query, place) in [("policyId=x", "policyId"), ("algorithm=", "algorithm"), ("limit=x", "limit")] {
        refuses(&viewer.get(&format!("{AFFECTED}?{query}")), 400, &[place]);
    }
    let summary = ok(&viewer.get(SUMMARY), 200);
    assert_eq!(summary["totalAffectedAssets"], 3);
    assert_eq!(summary["byAlgorithm"], json!({ "ECDSA-P256": 1, "ECDSA-X": 1, "RSA-4096": 1 }));
    // What is deleted is affected no more, and affects nothing any more.
    assert_eq!(admin.delete(&format!("{HARDWARE}/{second}")).status, 204);
    assert_eq!(admin.delete(&format!("{POLICIES}/{sooner}")).status, 204);
    assert_eq!(affected(""), json!([of_later(&first)]));
    ok(&admin.patch(&format!("{HARDWARE}/{first}"), &json!({ "capabilities": ["aes-128"] })), 200);
    assert_eq!(affected(""), json!([]));
}

fn deadlines_are_those_that_lie_ahead(t: &Deployment) {
    let tenant = tenant(t);
    let (admin, viewer) = (tenant.key("admin"), tenant.key("viewer"));
    let empty = json!({ "totalAffectedAssets": 0, "byAlgorithm": {}, "upcomingDeadlines": [] });
    assert_eq!(ok(&viewer.get(SUMMARY), 200), empty);
    let now = clock::now();
    let policy = |name: &str, algorithms: Value, days: i64| {
        let mut body = policy(name, &algorithms);
        let date = json!(to_iso(now + days * DAY));
        (body["deprecationDate"], body["enforcementDate"]) = (date.clone(), date);
        make(&admin, &body)
    };
    let late = policy("late", json!(["RSA", "DES"]), 20);
    let soon = policy("soon", json!(["RSA-2048"]), 10);
    policy("past", json!(["RSA-2048"]), -1);
    for (serial_number, capability) in [("1", "rsa-2048"), ("2", "rsa-3072")] {
        register(&admin, &hardware("d", serial_number, &json!([capability])));
    }
    let summary = ok(&viewer.get(SUMMARY), 200);
    let deadline = |policy: &str, algorithm: &str, days: i64, assets: i64| json!({ "policyId": policy, "algorithm": algorithm, "deadline": to_iso(now + days * DAY), "affectedAssets": assets });
    let deadlines =
        json!([deadline(&soon, "RSA-2048", 10, 1), deadline(&late, "DES", 20, 0), deadline(&late, "RSA", 20, 2)]);
    assert_eq!(summary["upcomingDeadlines"], deadlines);
    assert_eq!(summary["byAlgorithm"], json!({ "RSA-2048": 1, "RSA-3072": 1 }));
    assert_eq!(summary["totalAffectedAssets"], 2);
}

fn a_device_is_registered_shown_changed_and_deleted(t: &Deployment) {
    let (tenant, other) = (tenant(t), tenant(t));
    let (developer, admin, viewer) = (tenant.key("developer"), tenant.key("admin"), tenant.key("viewer"));
    let body = json!({
        "name": "Luna", "type": "smartcard", "vendor": "Thales", "model": "A700", "serialNumber": "17",
        "location": "Berlin", "capabilities": ["aes", "ML-KEM-768"], "firmwareVersion": "7.8",
    });
    assert_eq!(viewer.post(HARDWARE, &body).status, 403);
    let id = register(&developer, &body);
    let second = register(&developer, &hardware("Luna", "18", &Value::Null));
    let path = format!("{HARDWARE}/{id}");
    let shown = ok(&viewer.get(&path), 200);
    let mut expected = body.clone();
    expected.as_object_mut().unwrap().extend([
        ("hardwareId".to_owned(), json!(id)),
        ("status".to_owned(), json!("healthy")),
        ("lastHealthCheckAt".to_owned(), Value::Null),
        ("createdAt".to_owned(), shown["createdAt"].clone()),
        ("updatedAt".to_owned(), shown["createdAt"].clone()),
    ]);
    assert_eq!(shown, expected);
    let listed = ok(&viewer.get(HARDWARE), 200);
    assert_eq!([&listed["total"], &listed["limit"], &listed["offset"]], [2, 50, 0]);
    assert_eq!(listed["devices"][0], expected);
    let bare = &listed["devices"][1];
    assert_eq!(
        [&bare["hardwareId"], &bare["model"], &bare["capabilities"]],
        [&json!(second), &Value::Null, &json!([])]
    );
    assert_eq!(ok(&viewer.get(&format!("{HARDWARE}?limit=1&offset=1")), 200)["devices"], json!([bare]));
    let change = json!({ "name": "Luna 2", "capabilities": ["pqc"], "firmwareVersion": "8.0", "type": "tpm" });
    let changed = ok(&developer.patch(&path, &change), 200);
    for name in ["name", "capabilities", "firmwareVersion"] {
        expected[name] = change[name].clone();
    }
    expected["updatedAt"] = changed["updatedAt"].clone();
    assert_eq!(changed, expected, "the type is none of what can be changed");
    expected["location"] = json!("Bonn");
    let changed = ok(&developer.patch(&path, &json!({ "location": "Bonn" })), 200);
    expected["updatedAt"] = changed["updatedAt"].clone();
    assert_eq!(changed, expected);
    for (change, place) in [
        (json!({}), ""),
        (json!({ "vendor": "other" }), ""),
        (json!({ "name": "" }), "name"),
        (json!({ "capabilities": ["a", 1] }), "capabilities[1]"),
    ] {
        refuses(&developer.patch(&path, &change), 400, &[place]);
    }
    let foreign = other.key("owner");
    for (caller, id) in [(&admin, UNKNOWN), (&foreign, id.as_str())] {
        let path = format!("{HARDWARE}/{id}");
        refuses(&caller.get(&path), 404, &[]);
        refuses(&caller.patch(&path, &json!({ "name": "x" })), 404, &[]);
        refuses(&caller.delete(&path), 404, &[]);
        refuses(&caller.post(&format!("{path}/health"), &json!({ "status": "failed" })), 404, &[]);
    }
    let malformed = format!("{HARDWARE}/x");
    refuses(&admin.get(&malformed), 400, &["hardwareId"]);
    refuses(&admin.patch(&malformed, &json!({ "name": "x" })), 400, &["hardwareId"]);
    refuses(&admin.delete(&malformed), 400, &["hardwareId"]);
    refuses(&viewer.get(&format!("{HARDWARE}?offset=x")), 400, &["offset"]);
    assert_eq!(viewer.patch(&path, &json!({ "name": "x" })).status, 403);
    assert_eq!(developer.delete(&path).status, 403);
    assert_eq!(admin.delete(&path).status, 204);
    refuses(&viewer.get(&path), 404, &[]);
}

fn a_device_needs_all_its_parts_and_its_own_serial_number(t: &Deployment) {
    let (tenant, other) = (tenant(t), tenant(t));
    let developer = tenant.key("developer");
    refuses(&developer.post(HARDWARE, &json!({})), 400, &["name", "serialNumber", "type", "vendor"]);
    let good = || hardware("d", "1", &json!([]));
    for (name, value) in [
        ("type", json!("secure_enclave")),
        ("type", json!("crypto_accelerator")),
        ("vendor", json!("")),
        ("serialNumber", json!(7)),
        ("capabilities", json!("rsa")),
        ("name", json!("x".repeat(129))),
    ] {
        let mut body = good();
        body[name] = value;
        refuses(&developer.post(HARDWARE, &body), 400, &[name]);
    }
    let statuses = together(4, |_| developer.post(HARDWARE, &good()).status);
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    refuses(&developer.post(HARDWARE, &good()), 409, &[]);
    let mut of_another_vendor = good();
    of_another_vendor["vendor"] = json!("Another");
    register(&developer, &of_another_vendor);
    register(&other.key("developer"), &good());
}

fn the_shape_of_the_sdk_registers_devices(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    let body = json!({
        "name": "Card", "hardwareType": "crypto_accelerator", "model": "X", "supportedAlgorithms": ["RSA-2048", "dilithium3"],
        "pqcCapable": false,
    });
    let made = ok(&developer.post(HARDWARE, &body), 201);
    let expected = json!({
        "hardwareId": made["hardwareId"], "name": "Card", "createdAt": made["createdAt"],
        "device": {
            "id": made["hardwareId"], "name": "Card", "hardwareType": "crypto_accelerator", "vendor": null, "model": "X",
            "serialNumber": null, "location": null, "firmwareVersion": null,
            "supportedAlgorithms": ["RSA-2048", "dilithium3"], "pqcCapable": true, "healthStatus": "healthy",
            "createdAt": made["createdAt"], "updatedAt": made["createdAt"],
        },
    });
    assert_eq!(made, expected, "an algorithm says more than the flag");
    // Nothing is unique about what has no serial number.
    let mut again = body.clone();
    again["pqcCapable"] = json!(true);
    again["capabilities"] = json!(["fast"]);
    let again = ok(&developer.post(HARDWARE, &again), 201);
    let shown = ok(&developer.get(&format!("{HARDWARE}/{}", again["hardwareId"].as_str().unwrap())), 200);
    assert_eq!(shown["capabilities"], json!(["fast", "RSA-2048", "dilithium3", "pqc"]));
    assert_eq!(
        [&shown["type"], &shown["vendor"], &shown["serialNumber"]],
        [&json!("accelerator"), &Value::Null, &Value::Null]
    );
    for kind in ["secure_enclave", "key_storage_device", "accelerator"] {
        let body = json!({ "name": "n", "hardwareType": kind });
        refuses(&developer.post(HARDWARE, &body), 400, &["hardwareType"]);
    }
    let path = format!("{HARDWARE}/{}/health", made["hardwareId"].as_str().unwrap());
    let check = json!({ "healthStatus": "warning", "temperature": 71.5, "uptime": 12 });
    let checked = ok(&developer.post(&path, &check), 201);
    let expected = json!({
        "healthCheckId": checked["healthCheckId"], "recordedAt": checked["recordedAt"],
        "healthCheck": {
            "id": checked["healthCheckId"], "hardwareId": made["hardwareId"], "healthStatus": "warning", "temperature": 71.5,
            "checkedAt": checked["recordedAt"],
        },
    });
    assert_eq!(checked, expected);
    for (said, status) in [("critical", "failed"), ("unknown", "healthy"), ("degraded", "degraded")] {
        ok(&developer.post(&path, &json!({ "healthStatus": said })), 201);
        let shown = ok(&developer.get(&format!("{HARDWARE}/{}", made["hardwareId"].as_str().unwrap())), 200);
        assert_eq!(shown["status"], status, "{said}");
    }
}

fn a_device_has_the_status_of_its_latest_check(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "dev-pro" }));
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let id = register(&developer, &hardware("d", "1", &json!([])));
    let path = format!("{HARDWARE}/{id}/health");
    refuses(&developer.post(&path, &json!({})), 400, &["status"]);
    for (body, place) in [
        (json!({ "status": "warning" }), "status"),
        (json!({ "status": "failed", "metrics": { "temperature": 201 } }), "metrics.temperature"),
        (json!({ "status": "failed", "metrics": { "temperature": -200.5 } }), "metrics.temperature"),
        (json!({ "status": "failed", "metrics": { "operationsPerSecond": -1 } }), "metrics.operationsPerSecond"),
        (json!({ "status": "failed", "metrics": { "errorRate": 1.1 } }), "metrics.errorRate"),
        (json!({ "status": "failed", "metrics": [] }), "metrics"),
        (json!({ "healthStatus": "fine" }), "healthStatus"),
        (json!({ "healthStatus": "critical", "errorRate": 2 }), "errorRate"),
    ] {
        refuses(&developer.post(&path, &body), 400, &[place]);
    }
    refuses(&developer.post(&format!("{HARDWARE}/x/health"), &json!({ "status": "failed" })), 400, &["hardwareId"]);
    assert_eq!(viewer.post(&path, &json!({ "status": "failed" })).status, 403);
    let metrics = json!({ "temperature": -200, "operationsPerSecond": 0, "errorRate": 1 });
    for (status, metrics) in [("failed", Value::Null), ("healthy", json!({})), ("degraded", metrics)] {
        let checked = ok(&developer.post(&path, &json!({ "status": status, "metrics": metrics })), 201);
        assert_eq!(checked, json!({ "healthCheckId": checked["healthCheckId"], "recordedAt": checked["recordedAt"] }));
        let shown = ok(&viewer.get(&format!("{HARDWARE}/{id}")), 200);
        assert_eq!([&shown["status"], &shown["lastHealthCheckAt"]], [&json!(status), &checked["recordedAt"]]);
    }
    // The history is that of the events.
    let events =
        ok(&tenant.key("admin").get("/audit/v1/events?eventType=crypto.hardware_health.create&result=success"), 200);
    let items = events["items"].as_array().unwrap();
    let statuses: Vec<_> = items.iter().map(|event| event["payload"]["status"].clone()).collect();
    assert_eq!(statuses, ["degraded", "healthy", "failed"]);
    assert_eq!(
        items[0]["payload"]["metrics"],
        json!({ "temperature": -200.0, "operationsPerSecond": 0.0, "errorRate": 1.0 })
    );
    assert_eq!(items[0]["resource"], json!({ "type": "hardware_health", "id": id, "name": null }));
}

fn devices_are_counted_by_type_and_status(t: &Deployment) {
    let (tenant, other) = (tenant(t), tenant(t));
    let developer = tenant.key("developer");
    let summary = || ok(&tenant.key("viewer").get(&format!("{HARDWARE}/summary")), 200);
    let types = |hsm: i64, tpm: i64| json!({ "hsm": hsm, "tpm": tpm, "smartcard": 0, "accelerator": 0 });
    let statuses = |healthy: i64, degraded: i64, failed: i64| json!({ "healthy": healthy, "degraded": degraded, "failed": failed });
    assert_eq!(summary(), json!({ "totalDevices": 0, "byType": types(0, 0), "byStatus": statuses(0, 0, 0) }));
    let ids: Vec<_> =
        (0..3).map(|number| register(&developer, &hardware("d", &number.to_string(), &json!([])))).collect();
    let mut tpm = hardware("d", "4", &json!([]));
    tpm["type"] = json!("tpm");
    register(&developer, &tpm);
    register(&other.key("developer"), &tpm);
    for (id, status) in [(&ids[0], "failed"), (&ids[1], "degraded")] {
        ok(&developer.post(&format!("{HARDWARE}/{id}/health"), &json!({ "status": status })), 201);
    }
    assert_eq!(summary(), json!({ "totalDevices": 4, "byType": types(3, 1), "byStatus": statuses(2, 1, 1) }));
}

fn readiness_grows_with_hardware_and_policies(t: &Deployment) {
    let (tenant, other) = (tenant(t), tenant(t));
    let (admin, viewer) = (tenant.key("admin"), tenant.key("viewer"));
    let category = |name: &str, score: f64, level: &str, findings: &[&str]| {
        json!({
            "category": name, "score": score, "maxScore": 100, "percentage": score, "level": level, "findings": findings,
        })
    };
    let shown = ok(&viewer.get(SCORE), 200);
    let at = &shown["calculatedAt"];
    let no_keys = "There are no active keys";
    let expected = json!({
        "overallScore": 17, "grade": "F", "calculatedAt": at,
        "categories": { "keyManagement": 30.0, "algorithms": 0.0, "hardware": 0.0, "policies": 50.0 },
        "score": {
            "tenantId": tenant.id, "overallScore": 17, "maxScore": 100, "percentage": 17, "level": "initial",
            "categoryScores": [
                category("keyManagement", 30.0, "developing", &[no_keys, no_keys]),
                category("algorithms", 0.0, "initial", &[no_keys]),
                category("hardware", 0.0, "initial", &["There is no hardware", "There is no hardware"]),
                category("policies", 50.0, "progressing", &["There are 0 deprecation policies"]),
            ],
            "calculatedAt": at, "trendDirection": "unknown", "trendPercentage": null,
        },
    });
    assert_eq!(shown, expected);
    make(&admin, &policy("p", &json!(["RSA"])));
    let broken = register(&admin, &hardware("d", "1", &json!(["ML-DSA-65"])));
    register(&admin, &hardware("d", "2", &json!(["aes"])));
    register(&other.key("admin"), &hardware("d", "2", &json!(["pqc"])));
    ok(&admin.post(&format!("{HARDWARE}/{broken}/health"), &json!({ "status": "degraded" })), 201);
    let shown = ok(&viewer.get(SCORE), 200);
    // Of hardware 60·1/2 + 40·1/2: 9 + 7.5 + 15.
    assert_eq!([&shown["categories"]["hardware"], &shown["categories"]["policies"]], [50.0, 100.0]);
    assert_eq!([&shown["overallScore"], &shown["score"]["level"]], [&json!(32), &json!("developing")]);
    let recommended =
        |query: &str| ok(&viewer.get(&format!("{RECOMMENDATIONS}{query}")), 200)["recommendations"].clone();
    let one = |priority: &str, category: &str, title: &str, description: &str, impact: f64, effort: &str| {
        json!({
            "priority": priority, "category": category, "title": title, "description": description, "impact": impact,
            "effort": effort,
        })
    };
    let replace = "Replace classical keys by ML-KEM, ML-DSA or AES-256";
    let expected = [
        one("high", "algorithms", replace, no_keys, 40.0, "high"),
        one("high", "keyManagement", "Validate every HSM that holds keys", no_keys, 12.0, "medium"),
        one("medium", "keyManagement", "Escrow every key", no_keys, 9.0, "low"),
        one(
            "medium",
            "hardware",
            "Repair or replace unhealthy devices",
            "1 of 2 devices are not healthy",
            4.5,
            "medium",
        ),
        one(
            "low",
            "hardware",
            "Register PQC-capable hardware",
            "1 of 2 devices are not capable of post-quantum algorithms",
            3.0,
            "high",
        ),
    ];
    assert_eq!(recommended(""), json!(expected));
    assert_eq!(recommended("?limit=2&offset=3"), json!(expected[3..]));
    refuses(&viewer.get(&format!("{RECOMMENDATIONS}?limit=x")), 400, &["limit"]);
}
