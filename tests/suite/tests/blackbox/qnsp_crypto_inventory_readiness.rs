//! The crypto inventory: what policies affect, their deadlines, and readiness.

use model::time::to_iso;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    clock,
    deployment::Deployment,
    qnsp::refuses,
    qnsp_auth::UNKNOWN,
    qnsp_crypto_inventory::{POLICIES, make, policy, tenant},
    qnsp_crypto_inventory_hardware::{HARDWARE, hardware, register},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(devices_are_affected_by_the_first_algorithm_of_a_policy),
        case(deadlines_are_those_that_lie_ahead),
        case(readiness_grows_with_hardware_and_policies),
    ]
}

pub const AFFECTED: &str = "/crypto/v1/deprecation/affected-assets";
const SUMMARY: &str = "/crypto/v1/deprecation/summary";
const SCORE: &str = "/crypto/v1/pqc-readiness/score";
const RECOMMENDATIONS: &str = "/crypto/v1/pqc-readiness/recommendations";
const DAY: i64 = 86_400_000;

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
