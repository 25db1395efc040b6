//! An invoice whose batch fails at any statement uses no credit, charges nothing and leaves nothing behind.
#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::atomic::Ordering;

use serde_json::json;
use testing::{Deployment, FULL, OPERATORS, key};

const EFFECTS: &str = "SELECT (SELECT count(*) FROM qnsp_invoices) + (SELECT count(*) FROM qnsp_payments) \
    + (SELECT count(*) FROM qnsp_credit_uses) + (SELECT count(*) FROM qnsp_idempotency)";
const CREDITS: &str = "SELECT 1000 * (SELECT sum(remaining) FROM qnsp_credits) \
    + coalesce((SELECT sum(used) FROM qnsp_credit_days), 0)";

#[tokio::test]
async fn a_statement_that_fails_leaves_nothing_of_an_invoice() {
    let deployment = Deployment::of("billing-atomicity", &[("PAYMENT_ADAPTER", "sim")], billing::app).await;
    let operator = key(OPERATORS, "platform_admin");
    let credit = json!({ "tenantId": FULL, "amount": 2, "currency": "USD", "type": "refund", "reason": "r" });
    let granted = deployment.call("POST", "/billing/v1/credits", &operator, &[], &credit.to_string()).await;
    assert_eq!(granted.status.as_u16(), 201);
    let invoice = json!({
        "tenantId": FULL, "periodStart": "2026-01-01T00:00:00Z", "periodEnd": "2026-02-01T00:00:00Z",
        "lineItems": [{ "totalCents": 150 }], "payment": { "method": "sim_decline" },
    });
    let body = invoice.to_string();
    let create = async |name: &str| {
        deployment.call("POST", "/billing/v1/invoices", &operator, &[("idempotency-key", name)], &body).await
    };
    deployment.sql.longest.store(0, Ordering::SeqCst);
    assert_eq!(create("first").await.body["creditAppliedCents"], 150);
    let statements = deployment.sql.longest.load(Ordering::SeqCst);
    assert!(statements >= 11, "{statements} statements");
    let before = (deployment.number(EFFECTS).await, deployment.number(CREDITS).await);
    assert_eq!(before.1, 50 * 1000 + 150);
    for at in 0..statements {
        deployment.sql.fails_at.store(at, Ordering::SeqCst);
        let reply = create(&format!("n{at}")).await;
        assert_eq!((reply.status.as_u16(), reply.error()), (503, "SERVICE_UNAVAILABLE"), "statement {at}");
        assert_eq!((deployment.number(EFFECTS).await, deployment.number(CREDITS).await), before, "statement {at}");
    }
    deployment.sql.fails_at.store(usize::MAX, Ordering::SeqCst);
    let second = create("second").await;
    assert_eq!((&second.body["creditAppliedCents"], &second.body["totalCents"]), (&json!(50), &json!(100)));
    assert_eq!(second.body["status"], "failed");
}
