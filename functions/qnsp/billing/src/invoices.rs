//! Invoices: what credits pay of them, and what is charged.

use axum::{http::StatusCode, response::Response};
use model::qnsp::billing::{InvoiceCreated, NewInvoice};
use platform::Statement;
use qnsp::{Call, Work, day_of, impossible, new_id};
use service::{Error, Result};

use crate::{
    adapter::{Charge, Simulation},
    dunning,
};

/// Create an invoice. Credits in its currency pay what they can, those that expire first before the others; what is left is charged if a payment is given.
#[utoipa::path(
    post, path = "/billing/v1/invoices", tag = "Billing", request_body = NewInvoice,
    responses(
        (status = 201, body = InvoiceCreated), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 422),
    ),
)]
pub(crate) async fn create_invoice(call: Call<NewInvoice>) -> Result<Response> {
    let invoice = &call.body;
    if invoice.period_start.0 >= invoice.period_end.0 {
        return Err(impossible("periodEnd", "must lie after periodStart"));
    }
    let charge = match &invoice.payment {
        Some(payment) => {
            Some((first_charge(&call, payment.method.as_str()).await?, payment.method.as_str(), new_id()?))
        }
        None => None,
    };
    let id = new_id()?;
    call.about(id.as_str());
    let mut work = call.work();
    use_credits(&call, &mut work, &id);
    let status = match charge {
        None => "open",
        Some((Charge::Succeeded, ..)) => "paid",
        Some((Charge::Failed, ..)) => "failed",
        Some((Charge::Pending, ..)) => "pending",
    };
    let insert = Statement::new(
        "INSERT INTO qnsp_invoices (tenant_id, id, period_start, period_end, currency, line_items, subtotal, \
         credit_applied, total, status, created_at) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, used, ?7 - used, \
         CASE WHEN used = ?7 THEN 'paid' ELSE ?8 END, ?9 FROM (SELECT coalesce(sum(amount), 0) AS used \
         FROM qnsp_credit_uses WHERE tenant_id = ?1 AND invoice_id = ?2) RETURNING credit_applied, total, status",
    );
    let items =
        serde_json::to_string(&invoice.line_items).map_err(|_| Error::internal("line items that are not JSON"))?;
    let insert = insert.bind(call.tenant()).bind(id.as_str()).bind(invoice.period_start.0).bind(invoice.period_end.0);
    let insert = insert.bind(invoice.currency.clone().unwrap_or_default().as_str()).bind(items);
    let created = work.push(insert.bind(invoice.subtotal()).bind(status).bind(call.now));
    if let Some((charge, method, payment)) = &charge {
        let insert = Statement::new(
            "INSERT INTO qnsp_payments (tenant_id, id, invoice_id, method, amount, status, charges, retries, failed_at) \
             SELECT tenant_id, ?3, id, ?4, total, ?5, 1, 0, ?6 FROM qnsp_invoices \
             WHERE tenant_id = ?1 AND id = ?2 AND total > 0",
        );
        let insert = insert.bind(call.tenant()).bind(id.as_str()).bind(payment.as_str()).bind(*method);
        work.push(insert.bind(charge.as_str()).bind((*charge == Charge::Failed).then_some(call.now)));
    }
    let due = work.push(dunning::select_due(&call));
    let outcomes = work.run().await?;
    dunning::run_due(&call.app, outcomes.rows(due)).await;
    let row = outcomes.one(created)?;
    let total_cents: i64 = row.get("total")?;
    let created = InvoiceCreated {
        invoice_id: id,
        subtotal_cents: invoice.subtotal(),
        credit_applied_cents: row.get("credit_applied")?,
        total_cents,
        status: row.get("status")?,
        payment_id: charge.filter(|_| total_cents > 0).map(|(_, _, payment)| payment),
    };
    call.answer(StatusCode::CREATED, &created).await
}

async fn first_charge(call: &Call<NewInvoice>, method: &str) -> Result<Charge> {
    let adapter = Simulation::of(&call.app).await;
    let adapter = adapter.ok_or_else(|| impossible("payment", "cannot be taken: there is no payment adapter"))?;
    adapter.charge(method, 1).ok_or_else(|| impossible("payment.method", "is unknown"))
}

/// Uses credits up to the subtotal: each gives what those before it have left, but no more than it has.
fn use_credits(call: &Call<NewInvoice>, work: &mut Work, invoice: &str) {
    let uses = Statement::new(
        "INSERT INTO qnsp_credit_uses (tenant_id, invoice_id, credit_id, amount) \
         SELECT ?1, ?2, id, min(remaining, ?4 - before) FROM (SELECT id, remaining, sum(remaining) OVER \
         (ORDER BY expires_at IS NULL, expires_at, id ROWS UNBOUNDED PRECEDING) - remaining AS before FROM qnsp_credits \
         WHERE tenant_id = ?1 AND currency = ?3 AND remaining > 0 AND (expires_at IS NULL OR expires_at > ?5)) \
         WHERE before < ?4",
    );
    let currency = call.body.currency.clone().unwrap_or_default();
    let uses = uses.bind(call.tenant()).bind(invoice).bind(currency.as_str());
    work.push(uses.bind(call.body.subtotal()).bind(call.now));
    let credits = Statement::new(
        "UPDATE qnsp_credits AS c SET remaining = remaining - (SELECT amount FROM qnsp_credit_uses u \
         WHERE u.tenant_id = ?1 AND u.invoice_id = ?2 AND u.credit_id = c.id) WHERE tenant_id = ?1 \
         AND id IN (SELECT credit_id FROM qnsp_credit_uses WHERE tenant_id = ?1 AND invoice_id = ?2)",
    );
    work.push(credits.bind(call.tenant()).bind(invoice));
    let day = Statement::new(
        "INSERT INTO qnsp_credit_days (tenant_id, currency, day, used) SELECT tenant_id, ?3, ?4, sum(amount) \
         FROM qnsp_credit_uses WHERE tenant_id = ?1 AND invoice_id = ?2 GROUP BY tenant_id \
         ON CONFLICT (tenant_id, currency, day) DO UPDATE SET used = used + excluded.used",
    );
    work.push(day.bind(call.tenant()).bind(invoice).bind(currency.as_str()).bind(day_of(call.now)));
}
