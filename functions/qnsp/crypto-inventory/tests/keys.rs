//! What policies, plans and escrows say of keys of security modules: over rows of the test's own, so that each state is there
//! whatever it takes to get into it.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use platform::Statement;
use serde_json::{Value, json};
use testing::{Deployment, FREE, FULL, key};

const POLICIES: &str = "/crypto/v1/deprecation/policies";

struct Inventory {
    deployment: Deployment,
    owner: String,
}

impl Inventory {
    async fn new(name: &str) -> Self {
        Self { deployment: Deployment::of(name, &[], crypto_inventory::app).await, owner: key(FULL, "owner") }
    }

    async fn execute(&self, text: &'static str) {
        self.deployment.execute(Statement::new(text)).await;
    }

    async fn key(&self, (tenant, id): (&str, &str), algorithm: &str, replaced_by: Option<&str>) {
        let insert = Statement::new(
            "INSERT INTO qnsp_hsm_keys (tenant_id, id, created_at, connection_id, key_type, algorithm, mechanism, purposes, \
             status, replaced_by) VALUES (?1, ?2, 0, iif(?2 LIKE 'lost%', 'lost', 'c'), lower(substr(?3, 1, 3)), ?3, ?3, '[]', \
             iif(?4 IS NULL, 'active', 'retired'), ?4)",
        );
        let insert = insert.bind(tenant).bind(id).bind(algorithm).bind(replaced_by.map(str::to_owned));
        self.deployment.execute(insert).await;
    }

    async fn get(&self, path: &str) -> Value {
        let reply = self.deployment.call("GET", path, &self.owner, &[], "").await;
        assert_eq!(reply.status.as_u16(), 200, "{}", reply.body);
        reply.body
    }

    async fn policy(&self, name: &str, algorithms: &[&str], (deprecated, enforced): (&str, &str)) -> String {
        let body = json!({
            "name": name, "algorithms": algorithms, "deprecationDate": deprecated, "enforcementDate": enforced,
            "migrationTarget": "ML-DSA-87",
        });
        let reply = self.deployment.call("POST", POLICIES, &self.owner, &[], &body.to_string()).await;
        assert_eq!(reply.status.as_u16(), 201, "{}", reply.body);
        reply.body["policyId"].as_str().unwrap().to_owned()
    }

    /// Asset, algorithm, policy and migration of each row.
    async fn affected(&self, query: &str) -> Vec<String> {
        let listed = self.get(&format!("/crypto/v1/deprecation/affected-assets{query}")).await;
        let text = |asset: &Value| {
            let of = |name: &str| asset[name].as_str().unwrap().to_owned();
            assert_eq!(of("assetType"), "key");
            format!("{} {} {}", of("assetId"), of("algorithm"), of("migrationStatus"))
        };
        listed["assets"].as_array().unwrap().iter().map(text).collect()
    }
}

const FUTURE: (&str, &str) = ("2030-01-01T00:00:00Z", "2090-01-01T00:00:00Z");
const PAST: (&str, &str) = ("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z");

#[tokio::test]
async fn keys_are_affected_by_their_algorithm_and_their_family() {
    let inventory = Inventory::new("crypto-inventory-affected").await;
    for (id, algorithm, replaced_by) in [
        ("rsa-1", "RSA-2048", None),
        ("rsa-2", "RSA-4096", Some("kem")),
        ("rsa-3", "RSA-3072", Some("ec")),
        ("rsa-4", "RSA-3072", Some("gone")),
        ("rsa-5", "RSA-2048", None),
        ("ec", "ECDSA-P256", None),
        ("kem", "ML-KEM-768", None),
        ("aes", "AES-128", Some("kem")),
    ] {
        inventory.key((FULL, id), algorithm, replaced_by).await;
    }
    inventory.key((FREE, "foreign"), "RSA-2048", None).await;
    let rsa = inventory.policy("rsa", &["rsa", "RSA-2048"], FUTURE).await;
    let rest = inventory.policy("rest", &["ECDSA-P384", "aes_128", "kyber768"], PAST).await;
    inventory
        .execute(
            "INSERT INTO qnsp_migration_plans (tenant_id, id, created_at, updated_at, name, description, target_algorithms, \
             key_types, schedule, status) VALUES ('00000000-0000-4000-8000-000000000001', 'p', 0, 0, 'p', '', '{}', '[]', '{}', \
             'active'), ('00000000-0000-4000-8000-000000000001', 'q', 0, 0, 'q', '', '{}', '[\"rsa\"]', '{}', 'paused'), \
             ('00000000-0000-4000-8000-000000000002', 'r', 0, 0, 'r', '', '{}', '[\"rsa\",\"ml-\"]', '{}', 'active')",
        )
        .await;
    inventory
        .execute(
            "INSERT INTO qnsp_migration_plan_keys VALUES ('00000000-0000-4000-8000-000000000001', 'p', 'rsa-5', 0)",
        )
        .await;
    // What was replaced by a key that is forbidden now is not completed, nor what was replaced by a key that is gone.
    let all = [
        "aes AES-128 pending",
        "kem ML-KEM-768 pending",
        "rsa-1 RSA-2048 pending",
        "rsa-2 RSA-4096 pending",
        "rsa-3 RSA-3072 pending",
        "rsa-4 RSA-3072 pending",
        "rsa-5 RSA-2048 in_progress",
    ];
    assert_eq!(inventory.affected("").await, all);
    let summary = inventory.get("/crypto/v1/deprecation/summary").await;
    let counts = json!({ "AES-128": 1, "ML-KEM-768": 1, "RSA-2048": 2, "RSA-3072": 2, "RSA-4096": 1 });
    assert_eq!((&summary["totalAffectedAssets"], &summary["byAlgorithm"]), (&json!(7), &counts));
    let deadline = |algorithm: &str, assets: i64| json!({ "policyId": rsa, "algorithm": algorithm, "deadline": "2090-01-01T00:00:00.000Z", "affectedAssets": assets });
    assert_eq!(summary["upcomingDeadlines"], json!([deadline("RSA", 5), deadline("RSA-2048", 2)]));
    // Once ML-KEM-768 is not forbidden any more, two migrations are completed.
    let body = json!({ "algorithms": ["ECDSA-P384", "AES-128"] }).to_string();
    let path = format!("{POLICIES}/{rest}");
    let reply = inventory.deployment.call("PATCH", &path, &inventory.owner, &[], &body).await;
    assert_eq!(reply.status.as_u16(), 200, "{}", reply.body);
    inventory.execute("UPDATE qnsp_migration_plans SET key_types = '[\"ecd\"]' WHERE id = 'p'").await;
    let all = [
        "aes AES-128 completed",
        "rsa-1 RSA-2048 pending",
        "rsa-2 RSA-4096 completed",
        "rsa-3 RSA-3072 pending",
        "rsa-4 RSA-3072 pending",
        "rsa-5 RSA-2048 in_progress",
    ];
    assert_eq!(inventory.affected("").await, all);
    assert_eq!(inventory.affected(&format!("?policyId={rest}")).await, all[..1]);
    assert_eq!(inventory.affected("?algorithm=rsa_3072").await, all[3..5]);
    assert_eq!(inventory.affected("?algorithm=RSA&limit=2&offset=1").await, all[2..4]);
    assert_eq!(inventory.affected("?algorithm=ECDSA").await, all[..0]);
    let summary = inventory.get("/crypto/v1/deprecation/summary").await;
    let counts = json!({ "RSA-2048": 2, "RSA-3072": 2 });
    assert_eq!((&summary["totalAffectedAssets"], &summary["byAlgorithm"]), (&json!(4), &counts));
    assert_eq!(summary["upcomingDeadlines"], json!([deadline("RSA", 4), deadline("RSA-2048", 2)]));
}

#[tokio::test]
async fn readiness_is_that_of_active_keys() {
    let inventory = Inventory::new("crypto-inventory-readiness").await;
    let score = async || inventory.get("/crypto/v1/pqc-readiness/score").await;
    let categories = |score: &Value| {
        ["keyManagement", "algorithms", "hardware", "policies"].map(|name| score["categories"][name].as_f64().unwrap())
    };
    assert_eq!(score().await["overallScore"], 17);
    inventory
        .execute(
            "INSERT INTO qnsp_hsm_connections (tenant_id, id, created_at, updated_at, name, provider, endpoint, port, \
             credentials_type, metadata, status, unanswered, revision) VALUES \
             ('00000000-0000-4000-8000-000000000001', 'c', 0, 0, 'c', 'thales', 'sim://c', 443, 'api_key', '{}', 'active', 0, 0), \
             ('00000000-0000-4000-8000-000000000001', 'lost', 0, 0, 'd', 'thales', 'sim://d', 443, 'api_key', '{}', 'error', 0, 0)",
        )
        .await;
    for (id, algorithm, replaced_by) in [
        ("rsa", "RSA-2048", None),
        ("lost", "AES-256", None),
        ("kem", "ML-KEM-768", None),
        ("old", "RSA-4096", Some("kem")),
    ] {
        inventory.key((FULL, id), algorithm, replaced_by).await;
    }
    inventory.key((FREE, "foreign"), "RSA-2048", None).await;
    inventory
        .execute(
            "INSERT INTO qnsp_escrows (tenant_id, id, created_at, created_by, key_id, policy_id, expires_at, threshold, key_hash, \
             recovered_at) SELECT '00000000-0000-4000-8000-000000000001', column1, 0, 'u', column2, 'p', column3, 2, x'00', column4 \
             FROM (VALUES ('1', 'kem', 4e12, NULL), ('2', 'kem', 4e12, NULL), ('3', 'rsa', 1, NULL), ('4', 'rsa', 4e12, 5))",
        )
        .await;
    let found = score().await;
    // 40·2/3 + 30/3, 100·2/3, nothing, and of policies nothing: 0.3·36.67 + 0.4·66.67.
    assert_eq!(categories(&found), [36.67, 66.67, 0.0, 0.0]);
    assert_eq!((&found["overallScore"], &found["grade"]), (&json!(38), &json!("F")));
    inventory.policy("rsa", &["RSA"], FUTURE).await;
    assert_eq!(categories(&score().await), [36.67, 66.67, 0.0, 100.0]);
    // What a policy forbids is legacy, and covered by it; it is as safe as it was.
    inventory.policy("aes", &["AES-256"], PAST).await;
    assert_eq!(categories(&score().await), [36.67, 66.67, 0.0, 100.0]);
    inventory
        .execute(
            "INSERT INTO qnsp_migration_plans (tenant_id, id, created_at, updated_at, name, description, target_algorithms, \
             key_types, schedule, status) VALUES ('00000000-0000-4000-8000-000000000001', 'p', 0, 0, 'p', '', '{}', '[]', '{}', 'active')",
        )
        .await;
    let found = score().await;
    assert_eq!(categories(&found), [66.67, 66.67, 0.0, 100.0]);
    assert_eq!(found["overallScore"], 62);
    let recommended = inventory.get("/crypto/v1/pqc-readiness/recommendations").await;
    let titles: Vec<_> =
        recommended["recommendations"].as_array().unwrap().iter().map(|one| one["title"].clone()).collect();
    let expected = [
        "Replace classical keys by ML-KEM, ML-DSA or AES-256",
        "Repair or replace unhealthy devices",
        "Escrow every key",
        "Register PQC-capable hardware",
        "Validate every HSM that holds keys",
    ];
    assert_eq!(titles, expected);
}
