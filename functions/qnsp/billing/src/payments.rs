//! Payments that failed, and charging them again.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    qnsp::billing::{FailedPayment, FailedPayments, PaymentRetried, RetryPayment},
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::{
    dunning::next_retry_at,
    price::{major, of_cents},
};
use qnsp::{AskPage, Call, Nothing, conflict, missing};
use service::{Guard, Result};

use crate::{
    adapter::{Charge, Simulation},
    dunning,
    scope::Scope,
};

/// How often a payment that failed can be charged again.
const MOST_RETRIES: i64 = 4;

/// List payments that failed and are not settled, the latest first: of the tenant, or of all for an operator who names none.
#[utoipa::path(
    get, path = "/billing/v1/dunning/failed-payments", tag = "Billing", params(AskPage),
    responses((status = 200, body = FailedPayments), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn list_failed_payments(call: Call<Nothing, AskPage>) -> Result<Json<FailedPayments>> {
    let list = Scope::of(&call).select(
        "SELECT id, tenant_id, amount, failed_at, retries FROM qnsp_payments WHERE {scope} AND status = 'failed' \
         ORDER BY failed_at DESC, id LIMIT ?2 OFFSET ?3",
        "tenant_id",
    );
    let mut work = call.work();
    let listed = work.push(list.bind(call.query.limit.0).bind(call.query.offset.0));
    let due = work.push(dunning::select_due(&call));
    let outcomes = work.run().await?;
    dunning::run_due(&call.app, outcomes.rows(due)).await;
    let failed_payments = outcomes.rows(listed).iter().map(failed_payment).collect::<Result<_>>()?;
    Ok(Json(FailedPayments { failed_payments }))
}

fn failed_payment(row: &Row) -> Result<FailedPayment> {
    let (failed_at, retry_count) = (row.get("failed_at")?, row.get("retries")?);
    Ok(FailedPayment {
        payment_id: row.get("id")?,
        tenant_id: row.get("tenant_id")?,
        amount: major(of_cents(row.get("amount")?)),
        failed_at: IsoTime(failed_at),
        retry_count,
        next_retry_at: next_retry_at(failed_at, retry_count).map(IsoTime),
    })
}

/// Charge a payment that failed once more. Of several calls at once, one does.
#[utoipa::path(
    post, path = "/billing/v1/dunning/retry", tag = "Billing", request_body = RetryPayment,
    responses(
        (status = 200, body = PaymentRetried), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn retry_payment(call: Call<RetryPayment>) -> Result<Response> {
    let id = call.body.payment_id.as_str();
    call.about(id);
    let scope = Scope::of(&call);
    let select = scope.select("SELECT method, charges FROM qnsp_payments WHERE {scope} AND id = ?2", "tenant_id");
    let found = call.app.query(select.bind(id)).await?;
    let (method, charges) = match found.first() {
        Some(row) => (row.get("method")?, row.get("charges")?),
        None => (String::new(), 0_i64),
    };
    let adapter = Simulation::of(&call.app).await;
    let charge = adapter.and_then(|adapter| adapter.charge(&method, charges + 1));

    let mut work = call.work();
    let payment = |condition: &str, refusal| {
        let exists = format!("EXISTS (SELECT 1 FROM qnsp_payments WHERE {{scope}} AND id = ?2 AND {condition})");
        Guard::new(scope.text(&exists, "tenant_id"), refusal).bind(call.tenant()).bind(id)
    };
    work.require(payment("1", missing("No such payment")));
    work.require(payment("status <> 'succeeded'", conflict("The payment has succeeded")));
    work.require(payment("status = 'failed'", conflict("The payment is pending")));
    let has_retries = payment("retries < ?3", conflict("The payment was retried as often as it may be"));
    work.require(has_retries.bind(MOST_RETRIES));
    work.require(payment("charges = ?3", conflict("Another retry is charging the payment")).bind(charges));
    work.require(Guard::new("?1", conflict("There is no payment adapter")).bind(charge.is_some()));
    let charge = charge.unwrap_or(Charge::Failed);
    let update = Statement::new(
        "UPDATE qnsp_payments SET charges = charges + 1, retries = retries + ?2, \
         status = CASE WHEN ?3 THEN 'succeeded' ELSE status END WHERE id = ?1",
    );
    let is_paid = charge == Charge::Succeeded;
    work.push(update.bind(id).bind(i64::from(charge == Charge::Failed)).bind(is_paid));
    if is_paid {
        let invoice = Statement::new(
            "UPDATE qnsp_invoices SET status = 'paid' \
             WHERE (tenant_id, id) = (SELECT tenant_id, invoice_id FROM qnsp_payments WHERE id = ?1)",
        );
        work.push(invoice.bind(id));
        for statement in dunning::settle(id, call.now) {
            work.push(statement);
        }
    }
    let retried = PaymentRetried { payment_id: id.to_owned(), status: charge.as_str(), retried_at: IsoTime(call.now) };
    work.commit(StatusCode::OK, &retried).await
}
