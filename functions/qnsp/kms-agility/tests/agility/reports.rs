//! What is reported of algorithms.

use platform::Statement;
use serde_json::json;
use testing::{Deployment, FULL};

use crate::{AGILITY, forbid, get, key_of, replace, service};

/// So many uses of an algorithm today.
async fn used(service: &Deployment, algorithm: &str, uses: i64) {
    let now = platform::clock::now_ms();
    let total = "INSERT INTO qnsp_used_algorithms (tenant_id, algorithm, uses, last_used_at) VALUES (?1, ?2, ?3, ?4)";
    service.execute(Statement::new(total).bind(FULL).bind(algorithm).bind(uses).bind(now)).await;
    let day = "INSERT INTO qnsp_algorithm_days (tenant_id, day, algorithm, uses) VALUES (?1, ?2, ?3, ?4)";
    service.execute(Statement::new(day).bind(FULL).bind(now / 86_400_000).bind(algorithm).bind(uses)).await;
}

#[tokio::test]
async fn every_algorithm_of_a_key_or_a_use_is_a_row() {
    let service = service("usage").await;
    key_of(&service, 1, "rsa", "RSA-2048", &["sign", "verify"]).await;
    key_of(&service, 2, "rsa", "RSA-2048", &["decrypt"]).await;
    key_of(&service, 3, "rsa", "RSA-3072", &["sign"]).await;
    key_of(&service, 4, "pqc", "ML-KEM-768", &["encrypt", "decrypt"]).await;
    key_of(&service, 5, "aes", "AES-256", &["encrypt"]).await;
    replace(&service, 2, 4).await;
    used(&service, "RSA-2048", 7).await;
    used(&service, "AES-256", 7).await;
    used(&service, "3DES", 9).await;
    used(&service, "HOUSE-CIPHER", 1).await;
    let usage = get(&service, &format!("{AGILITY}/algorithm-usage")).await;
    let rows: Vec<_> = usage["algorithms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            assert_eq!(row["lastUsedAt"].is_null(), row["usageCount"] == 0);
            json!([row["algorithm"], row["category"], row["usageCount"], row["keyCount"], row["status"]])
        })
        .collect();
    let expected = json!([
        ["3DES", "encryption", 9, 0, "forbidden"],
        ["AES-256", "encryption", 7, 1, "recommended"],
        // A key of this size may decrypt, though it is retired.
        ["RSA-2048", "encryption", 7, 1, "deprecated"],
        ["HOUSE-CIPHER", "encryption", 1, 0, "acceptable"],
        ["ML-KEM-768", "key_exchange", 0, 1, "recommended"],
        ["RSA-3072", "signing", 0, 1, "deprecated"],
    ]);
    assert_eq!(json!(rows), expected);
    assert_eq!(usage["summary"], json!({ "pqcAdoptionRate": 0.25, "legacyAlgorithmUsage": 16 }));
    let page = get(&service, &format!("{AGILITY}/algorithm-usage?limit=2&offset=1")).await;
    assert_eq!(page["algorithms"].as_array().unwrap(), &usage["algorithms"].as_array().unwrap()[1..3]);
    assert_eq!(page["summary"], usage["summary"], "of all algorithms");
    forbid(&service, "ML-KEM", platform::clock::now_ms()).await;
    forbid(&service, "AES-256", platform::clock::now_ms() + 3_600_000).await;
    let usage = get(&service, &format!("{AGILITY}/algorithm-usage")).await;
    assert_eq!(usage["algorithms"][4]["status"], "forbidden", "by the policy of its family");
    assert_eq!(usage["algorithms"][1]["status"], "recommended", "the policy is not enforced yet");
}

#[tokio::test]
async fn adoption_counts_keys_and_the_operations_of_each_day() {
    let service = service("adoption").await;
    key_of(&service, 1, "pqc", "ML-DSA-65", &["sign"]).await;
    key_of(&service, 2, "aes", "AES-256", &["encrypt"]).await;
    key_of(&service, 3, "ec", "ECDSA-P256", &["sign"]).await;
    replace(&service, 3, 1).await;
    used(&service, "ML-DSA-65", 3).await;
    used(&service, "ML-KEM-1024", 2).await;
    used(&service, "", 4).await;
    let adoption = get(&service, &format!("{AGILITY}/pqc-adoption")).await;
    assert_eq!(adoption["currentAdoption"], json!({ "pqcKeys": 1, "totalKeys": 2, "adoptionRate": 0.5 }));
    assert_eq!(adoption["byAlgorithm"], json!({ "ML-KEM-768": 0, "ML-DSA-65": 1 }));
    let trends = adoption["trends"].as_array().unwrap();
    assert_eq!(trends.len(), 30);
    assert!(trends.windows(2).all(|two| two[0]["date"].as_str() < two[1]["date"].as_str()));
    let today = trends.iter().find(|day| day["pqcOperations"] != 0).unwrap();
    assert_eq!((&today["pqcOperations"], &today["classicalOperations"]), (&json!(5), &json!(4)));
}

#[tokio::test]
async fn readiness_follows_keys_policies_and_plans() {
    let service = service("readiness").await;
    let path = format!("{AGILITY}/migration-readiness");
    let readiness = get(&service, &path).await;
    assert_eq!(readiness["overallScore"], 100);
    key_of(&service, 1, "rsa", "RSA-2048", &["sign"]).await;
    key_of(&service, 2, "ec", "ECDSA-P256", &["sign"]).await;
    key_of(&service, 3, "pqc", "ML-DSA-65", &["sign"]).await;
    key_of(&service, 4, "aes", "AES-256", &["encrypt"]).await;
    service
        .execute(Statement::new("UPDATE qnsp_hsm_keys SET connection_id = 'azure' WHERE algorithm = 'RSA-2048'"))
        .await;
    let readiness = get(&service, &path).await;
    let scores = |readiness: &serde_json::Value| {
        let categories = readiness["categories"].as_array().unwrap();
        json!(categories.iter().map(|category| &category["score"]).collect::<Vec<_>>())
    };
    assert_eq!((scores(&readiness), &readiness["overallScore"]), (json!([100.0, 33.33, 100.0, 0.0]), &json!(40)));
    assert_eq!(readiness["categories"][1]["blockers"], json!(["ECDSA-P256: 1 key", "RSA-2048: 1 key"]));
    let status = json!({ "total": 2, "migrated": 0, "pendingMigration": 1, "blocked": 1 });
    assert_eq!(readiness["keyMigrationStatus"], status);
    replace(&service, 2, 3).await;
    let readiness = get(&service, &path).await;
    let status = json!({ "total": 2, "migrated": 1, "pendingMigration": 0, "blocked": 1 });
    assert_eq!(readiness["keyMigrationStatus"], status);
    // The successor is no longer of a recommended algorithm.
    forbid(&service, "ML-DSA-65", 0).await;
    let readiness = get(&service, &path).await;
    let status = json!({ "total": 2, "migrated": 0, "pendingMigration": 1, "blocked": 1 });
    assert_eq!(readiness["keyMigrationStatus"], status);
    assert_eq!((scores(&readiness), &readiness["overallScore"]), (json!([100.0, 0.0, 100.0, 0.0]), &json!(27)));
}

#[tokio::test]
async fn the_risk_is_that_of_the_purposes_of_active_keys() {
    let service = service("risk").await;
    key_of(&service, 1, "rsa", "RSA-4096", &["sign", "decrypt"]).await;
    key_of(&service, 2, "aes", "AES-128", &["encrypt"]).await;
    let risk = get(&service, &format!("{AGILITY}/risk-assessment")).await;
    let expected = json!({
        "overallRisk": "critical",
        "algorithms": [
            {
                "algorithm": "RSA-4096", "quantumRisk": "critical", "timeToQuantumThreat": "P5Y",
                "recommendation": "replace by ML-KEM-768", "affectedKeys": 1,
            },
            {
                "algorithm": "AES-128", "quantumRisk": "medium", "timeToQuantumThreat": "P20Y",
                "recommendation": "replace by AES-256", "affectedKeys": 1,
            },
        ],
        "assessment": { "harvestNowDecryptLater": true, "longTermDataProtection": false },
    });
    assert_eq!(risk, expected);
    replace(&service, 1, 2).await;
    let risk = get(&service, &format!("{AGILITY}/risk-assessment")).await;
    assert_eq!((&risk["overallRisk"], risk["algorithms"].as_array().unwrap().len()), (&json!("medium"), 1));
}
