//! No statement goes through a table: what is read of a tenant is found by indexes.

use std::sync::Arc;

use serde_json::json;
use testing::{Batches, Deployment, FULL, Recording, key};

use crate::{AGILITY, PLANS};

/// What a statement may go through, besides JSON: what it has itself found by an index.
const SCANNED: [&str; 8] = ["CONSTANT ROW", "good", "keys", "p", "s LEFT-JOIN", "scopes", "sums", "t"];

#[tokio::test]
async fn no_statement_goes_through_a_table_and_a_report_is_one_round_trip() {
    let batches = Batches::default();
    let variables = [("CAAS_PRIVATE_KEY", "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=")];
    let deployment = Deployment::of("kms-agility-lists", &variables, |mut host| {
        host.sql = Arc::new(Recording { inner: host.sql.clone(), batches: batches.clone() });
        kms_agility::app(host)
    })
    .await;
    let developer = key(FULL, "developer");
    let plan = json!({ "name": "a", "targetAlgorithms": { "signing": "ML-DSA-65" }, "scope": { "keyTypes": ["rsa"] } });
    let made = deployment.call("POST", PLANS, &developer, &[], &plan.to_string()).await;
    let plan = format!("{PLANS}/{}", made.body["planId"].as_str().unwrap());
    for path in [
        format!("{AGILITY}/algorithm-usage"),
        format!("{AGILITY}/migration-readiness"),
        format!("{AGILITY}/pqc-adoption"),
        format!("{AGILITY}/risk-assessment"),
        format!("{AGILITY}/compliance?framework=PCI"),
        format!("{AGILITY}/compliance?framework=FIPS"),
        PLANS.to_owned(),
        plan,
    ] {
        batches.lock().unwrap().clear();
        let reply = deployment.call("GET", &path, &developer, &[], "").await;
        assert!(reply.status.is_success(), "{path}: {}", reply.body);
        let asked = std::mem::take(&mut *batches.lock().unwrap());
        assert_eq!(asked.len(), 1, "{path}: {asked:?}");
        for statement in asked.iter().flatten() {
            for step in deployment.plan(statement).await {
                let scanned = step.strip_prefix("SCAN ").unwrap_or_default();
                let is_small = SCANNED.contains(&scanned)
                    || ["VIRTUAL TABLE", "(subquery-"].iter().any(|word| scanned.contains(word));
                assert!(scanned.is_empty() || is_small, "{path}: {step} in {}", statement.text);
            }
        }
    }
}
