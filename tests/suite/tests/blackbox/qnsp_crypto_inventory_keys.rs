//! What the crypto inventory and analytics say of keys of security modules.

use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    deployment::Deployment,
    qnsp::{Caller, Cast, refuses},
    qnsp_hsm::{KEYS, connected},
    qnsp_hsm_keys::{SIGNS, WRAPS, key, new_key},
    qnsp_hsm_uses::{sign, wrap},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_key_is_affected_until_a_recommended_one_has_replaced_it),
        case(a_forbidden_algorithm_makes_no_key_and_its_use_is_told),
        case(uses_of_a_key_of_a_module_are_summed_up),
    ]
}

const POLICIES: &str = "/crypto/v1/deprecation/policies";
const PLANS: &str = "/kms/v1/crypto-agility/migration-plans";
const ALERTS: &str = "/kms/v1/analytics/alerts";

#[track_caller]
fn policy(caller: &Caller, algorithm: &str, enforced: &str) -> Value {
    let body = json!({
        "name": format!("no {algorithm}"), "algorithms": [algorithm], "deprecationDate": "2020-01-01T00:00:00Z",
        "enforcementDate": enforced, "migrationTarget": "ML-DSA-65",
    });
    ok(&caller.post(POLICIES, &body), 201)["policyId"].clone()
}

fn a_key_is_affected_until_a_recommended_one_has_replaced_it(t: &Deployment) {
    let Cast { admin, developer, viewer, foreign, .. } = &Cast::new(t);
    let connection = connected(admin);
    let ec = key(developer, &connection, "ec", &SIGNS, &json!({}))["keyId"].clone();
    key(developer, &connection, "aes", &WRAPS, &json!({}));
    let policy = policy(admin, "ecdsa", "2090-01-01T00:00:00Z");
    let affected = |status: &str| {
        json!([{
            "assetId": ec, "assetType": "key", "algorithm": "ECDSA-P256", "policyId": policy,
            "deprecationDate": "2020-01-01T00:00:00.000Z", "migrationStatus": status,
        }])
    };
    let assets = |caller: &Caller| ok(&caller.get("/crypto/v1/deprecation/affected-assets"), 200)["assets"].clone();
    let summary = || ok(&viewer.get("/crypto/v1/deprecation/summary"), 200);
    let score = || ok(&viewer.get("/crypto/v1/pqc-readiness/score"), 200)["categories"].clone();
    assert_eq!(assets(viewer), affected("pending"));
    assert_eq!(assets(foreign), json!([]));
    assert_eq!(summary()["byAlgorithm"], json!({ "ECDSA-P256": 1 }));
    let categories = |management: f64, algorithms: f64| json!({ "keyManagement": management, "algorithms": algorithms, "hardware": 0.0, "policies": 100.0 });
    assert_eq!(score(), categories(40.0, 50.0));
    let plan = json!({ "name": "p", "targetAlgorithms": { "signing": "ML-DSA-65" }, "scope": { "keyIds": [ec] } });
    let plan = ok(&developer.post(PLANS, &plan), 201)["planId"].clone();
    assert_eq!(assets(viewer), affected("pending"), "a draft migrates nothing");
    ok(&developer.patch(&format!("{PLANS}/{}", plan.as_str().unwrap()), &json!({ "status": "active" })), 200);
    assert_eq!(assets(viewer), affected("in_progress"));
    assert_eq!(score(), categories(70.0, 50.0));
    key(developer, &connection, "pqc", &SIGNS, &json!({ "replacesKeyId": ec }));
    assert_eq!(assets(viewer), affected("completed"));
    assert_eq!(score(), categories(70.0, 100.0));
    let summary = summary();
    assert_eq!([&summary["totalAffectedAssets"], &summary["byAlgorithm"]], [&json!(0), &json!({})]);
    assert_eq!(summary["upcomingDeadlines"][0]["affectedAssets"], 0);
}

fn a_forbidden_algorithm_makes_no_key_and_its_use_is_told(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let connection = connected(admin);
    let small = json!({ "keySize": 128 });
    let old = key(developer, &connection, "aes", &WRAPS, &small);
    let later = policy(admin, "AES-192", "2090-01-01T00:00:00Z");
    key(developer, &connection, "aes", &WRAPS, &json!({ "keySize": 192 }));
    let enforced = policy(admin, "aes_128", "2021-01-01T00:00:00Z");
    let refused = developer.post(KEYS, &new_key(&connection, "aes", &WRAPS, &small));
    refuses(&refused, 422, &["algorithm", "policyId"]);
    assert_eq!(refused.json().unwrap()["details"], json!({ "algorithm": "AES-128", "policyId": enforced }));
    key(developer, &connection, "aes", &WRAPS, &json!({}));
    assert_ne!(later, enforced);
    // The key that is there goes on, and somebody is told, once.
    for _ in 0..2 {
        wrap(developer, &old, b"key", None);
    }
    let alerts = ok(&viewer.get(ALERTS), 200)["alerts"].clone();
    assert_eq!(alerts.as_array().unwrap().len(), 1, "{alerts}");
    let alert = &alerts[0];
    assert_eq!([&alert["ruleId"], &alert["keyId"]], [&json!("compliance"), &old["keyId"]]);
    assert_eq!(alert["message"], "The algorithm of the key is forbidden: AES-128");
    let path = format!("{POLICIES}/{}", enforced.as_str().unwrap());
    assert_eq!(admin.delete(&path).status, 204);
    key(developer, &connection, "aes", &WRAPS, &small);
}

fn uses_of_a_key_of_a_module_are_summed_up(t: &Deployment) {
    let Cast { admin, developer, viewer, foreign, .. } = &Cast::new(t);
    let connection = connected(admin);
    let named = key(developer, &connection, "ec", &SIGNS, &json!({ "metadata": { "name": "Releases" } }));
    let path = format!("/kms/v1/analytics/keys/{}/summary", named["keyId"].as_str().unwrap());
    let mut expected = json!({
        "keyId": named["keyId"], "keyName": "Releases", "algorithm": "ECDSA-P256", "totalOperations": 0,
        "operationBreakdown": { "encrypt": 0, "decrypt": 0, "sign": 0, "verify": 0 }, "topApplications": [],
        "lastUsedAt": null,
    });
    assert_eq!(ok(&viewer.get(&path), 200), expected);
    refuses(&foreign.get(&path), 404, &[]);
    sign(developer, &named, b"text", None);
    let body =
        json!({ "applicationId": "app", "keyId": named["keyId"], "operation": "verify", "algorithm": "rsa-1024" });
    let at = ok(&developer.post("/kms/v1/analytics/applications/record", &body), 201)["timestamp"].clone();
    expected["totalOperations"] = json!(2);
    (expected["operationBreakdown"]["sign"], expected["operationBreakdown"]["verify"]) = (json!(1), json!(1));
    expected["topApplications"] = json!([{ "applicationId": "app", "count": 1 }]);
    expected["lastUsedAt"] = at;
    assert_eq!(ok(&viewer.get(&path), 200), expected, "what an application says of its algorithm does not count");
    assert_eq!(ok(&viewer.get(ALERTS), 200)["alerts"], json!([]));
    let usage = ok(&viewer.get("/kms/v1/analytics/usage?operation=sign"), 200);
    assert_eq!([&usage["summary"]["totalOperations"], &usage["summary"]["totalBytesProcessed"]], [1, 4]);
}
