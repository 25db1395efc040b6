//! Credits of tenants. Amounts are stored in minor units of their currency.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::billing::{Balance, CreditGranted, ExpiringCredit, NewCredit},
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::price::{major, of_cents};
use qnsp::{Call, DAY, Nothing, impossible, new_id};
use serde::Deserialize;
use service::Result;

/// The currency of prices, fees and balances.
pub(crate) const CURRENCY: &str = "USD";

/// How far a balance looks ahead.
const SOON: i64 = 30 * DAY;

/// The tenant of a path, which the pipeline has judged.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantPath {
    #[expect(dead_code, reason = "read for its form")]
    tenant_id: Uuid,
}

/// Grant a tenant a credit.
#[utoipa::path(
    post, path = "/billing/v1/credits", tag = "Billing", request_body = NewCredit,
    responses(
        (status = 201, body = CreditGranted), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 422),
    ),
)]
pub(crate) async fn grant_credit(call: Call<NewCredit>) -> Result<Response> {
    let credit = &call.body;
    let expires_at = credit.expires_at.map(|at| at.0);
    if expires_at.is_some_and(|at| at <= call.now) {
        return Err(impossible("expiresAt", "must lie in the future"));
    }
    let id = new_id()?;
    call.about(id.as_str());
    let insert = Statement::new(
        "INSERT INTO qnsp_credits (tenant_id, id, type, currency, amount, remaining, expires_at, reason, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8)",
    );
    let insert = insert.bind(call.tenant()).bind(id.as_str()).bind(<&str>::from(credit.credit_type));
    let insert = insert.bind(credit.currency.as_str()).bind(credit.minor()).bind(expires_at);
    let mut work = call.work();
    work.push(insert.bind(credit.reason()).bind(call.now));
    let granted =
        CreditGranted { credit_id: id, amount: major(of_cents(credit.minor())), created_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &granted).await
}

/// Show what is left of a tenant's credits.
#[utoipa::path(
    get, path = "/billing/v1/credits/balance/{tenantId}", tag = "Billing", params(("tenantId" = String, Path)),
    responses((status = 200, body = Balance), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_balance(call: Call<Nothing, Nothing, TenantPath>) -> Result<Json<Balance>> {
    let sums = Statement::new(
        "SELECT currency, sum(remaining) AS remaining FROM qnsp_credits WHERE tenant_id = ?1 AND remaining > 0 \
         AND (expires_at IS NULL OR expires_at > ?2) GROUP BY currency",
    );
    let expiring = Statement::new(
        "SELECT remaining, expires_at FROM qnsp_credits WHERE tenant_id = ?1 AND currency = ?2 AND remaining > 0 \
         AND expires_at > ?3 AND expires_at <= ?4 ORDER BY expires_at, id",
    );
    let mut work = call.work();
    let sums = work.push(sums.bind(call.tenant()).bind(call.now));
    let expiring = expiring.bind(call.tenant()).bind(CURRENCY).bind(call.now).bind(call.now + SOON);
    let expiring = work.push(expiring);
    let outcomes = work.run().await?;
    let sum = |row: &Row| Ok((row.get::<String>("currency")?, remaining(row)?));
    let mut by_currency = outcomes.rows(sums).iter().map(sum).collect::<Result<std::collections::BTreeMap<_, _>>>()?;
    let expiring_credit =
        |row: &Row| Ok(ExpiringCredit { amount: remaining(row)?, expires_at: IsoTime(row.get("expires_at")?) });
    Ok(Json(Balance {
        tenant_id: call.tenant().to_owned(),
        balance: by_currency.remove(CURRENCY).unwrap_or_default(),
        currency: CURRENCY,
        expiring_credits: outcomes.rows(expiring).iter().map(expiring_credit).collect::<Result<_>>()?,
        by_currency,
    }))
}

fn remaining(row: &Row) -> Result<f64> {
    Ok(major(of_cents(row.get("remaining")?)))
}
