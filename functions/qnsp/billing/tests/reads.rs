//! Forecasts and revenue are read from counters: one round trip, whose statements find their rows by indexes and never go
//! through events. So they cost the same however many events there are.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use serde_json::json;
use testing::{Batches, Deployment, FULL, OPERATORS, Recording, key};

/// What a statement may go through: what it has itself found or was given, and payments that have failed, of which there is
/// an index of their own.
const SCANNED: [&str; 5] = [
    "SCAN CONSTANT ROW",
    "SCAN (subquery-",
    "SCAN f",
    "SCAN p VIRTUAL TABLE",
    "SCAN qnsp_payments USING INDEX qnsp_payments_failed_of_all",
];

/// The same for an operator who sees all tenants: these, and when their tiers changed.
const SCANNED_FOR_ALL: [&str; 3] =
    ["SCAN qnsp_tenants", "SCAN c", "SCAN qnsp_payments USING COVERING INDEX qnsp_payments_failed"];

#[tokio::test]
async fn reads_take_one_round_trip_and_go_through_no_events() {
    let batches = Batches::default();
    let deployment = Deployment::of("billing-reads", &[], |mut host| {
        host.sql = Arc::new(Recording { inner: host.sql.clone(), batches: batches.clone() });
        billing::app(host)
    })
    .await;
    let (owner, operator) = (key(FULL, "owner"), key(OPERATORS, "platform_admin"));
    let meters = json!({ "meters": [{ "tenantId": FULL, "meterType": "kms.hsm.sign", "quantity": 7 }] }).to_string();
    let recorded = deployment.call("POST", "/billing/v1/meters", &operator, &[], &meters).await;
    assert_eq!(recorded.status.as_u16(), 201);
    let of_tenant = |path: &str| format!("/billing/v1/{path}/{FULL}");
    for (path, caller) in [
        ("/billing/v1/analytics/revenue/summary".to_owned(), &owner),
        ("/billing/v1/analytics/revenue/summary".to_owned(), &operator),
        ("/billing/v1/analytics/revenue/by-service".to_owned(), &owner),
        ("/billing/v1/analytics/revenue/by-service".to_owned(), &operator),
        (of_tenant("forecasting/usage"), &owner),
        (of_tenant("forecasting/capacity"), &owner),
        (of_tenant("credits/balance"), &owner),
        ("/billing/v1/dunning/failed-payments".to_owned(), &owner),
        ("/billing/v1/dunning/failed-payments".to_owned(), &operator),
    ] {
        // The first call looks its key up.
        deployment.call("GET", &path, caller, &[], "").await;
        batches.lock().unwrap().clear();
        let reply = deployment.call("GET", &path, caller, &[], "").await;
        assert_eq!(reply.status.as_u16(), 200, "{path}");
        let asked = std::mem::take(&mut *batches.lock().unwrap());
        assert_eq!(asked.len(), 1, "{path}: {asked:?}");
        for statement in asked.iter().flatten() {
            for step in deployment.plan(statement).await {
                let is_known = |known: &&str| step.starts_with(*known);
                let is_fine = !step.starts_with("SCAN ")
                    || SCANNED.iter().any(is_known)
                    || (caller == &operator && SCANNED_FOR_ALL.iter().any(is_known));
                assert!(is_fine, "{path}: {step} in {}", statement.text);
            }
        }
    }
}
