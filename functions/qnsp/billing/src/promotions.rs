//! Promotions of the deployment, which give a credit once per tenant.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::billing::{NewPromotion, PromotionCreated, Redeem, Redeemed},
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::price::{major, of_cents};
use qnsp::{Call, conflict, impossible, new_id};
use service::Result;

/// Create a promotion.
#[utoipa::path(
    post, path = "/billing/v1/promotions", tag = "Billing", request_body = NewPromotion,
    responses(
        (status = 201, body = PromotionCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_promotion(call: Call<NewPromotion>) -> Result<Response> {
    let promotion = &call.body;
    let (from, until) = (promotion.valid_from.map(|at| at.0), promotion.valid_until.map(|at| at.0));
    if from.zip(until).is_some_and(|(from, until)| from >= until) {
        return Err(impossible("validUntil", "must lie after validFrom"));
    }
    let id = new_id()?;
    call.about_named(id.as_str(), promotion.name.as_str());
    let insert = Statement::new(
        "INSERT INTO qnsp_promotions (code_key, id, code, name, credit_amount, currency, max_redemptions, valid_from, \
         valid_until, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    );
    let insert = insert.bind(promotion.code.as_str().to_lowercase()).bind(id.as_str()).bind(promotion.code.as_str());
    let insert = insert.bind(promotion.name.as_str()).bind(promotion.credit_amount_cents.0);
    let insert = insert.bind(promotion.currency.clone().unwrap_or_default().as_str());
    let insert = insert.bind(promotion.max_redemptions.map(|most| most.0)).bind(from).bind(until).bind(call.now);
    let mut work = call.work();
    work.push(insert);
    work.on_duplicate("qnsp_promotions.code_key", conflict("A promotion with this code exists"));
    let created =
        PromotionCreated { promotion_id: id, code: promotion.code.as_str().to_owned(), created_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &created).await
}

/// Redeem a code for a credit. What cannot be redeemed is no error, and says why.
#[utoipa::path(
    post, path = "/billing/v1/promotions/redeem", tag = "Billing", request_body = Redeem,
    responses((status = 200, body = Redeemed), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn redeem_promotion(call: Call<Redeem>) -> Result<Response> {
    let code = call.body.code.as_str().to_lowercase();
    let credit = new_id()?;
    let mut work = call.work();
    // The row of the redemption decides; it is this call's when it names the credit of this call.
    let redeem = Statement::new(
        "INSERT INTO qnsp_redemptions (tenant_id, code_key, credit_id) SELECT ?1, code_key, ?2 FROM qnsp_promotions \
         WHERE code_key = ?3 AND coalesce(valid_from <= ?4, 1) AND coalesce(valid_until > ?4, 1) \
         AND coalesce(redemptions < max_redemptions, 1) ON CONFLICT DO NOTHING",
    );
    work.push(redeem.bind(call.tenant()).bind(credit.as_str()).bind(code.as_str()).bind(call.now));
    let count = Statement::new(
        "UPDATE qnsp_promotions SET redemptions = redemptions + 1 WHERE code_key = ?3 AND EXISTS \
         (SELECT 1 FROM qnsp_redemptions WHERE tenant_id = ?1 AND code_key = ?3 AND credit_id = ?2)",
    );
    work.push(count.bind(call.tenant()).bind(credit.as_str()).bind(code.as_str()));
    let grant = Statement::new(
        "INSERT INTO qnsp_credits (tenant_id, id, type, currency, amount, remaining, expires_at, reason, created_at) \
         SELECT ?1, ?2, 'promotional', currency, credit_amount, credit_amount, NULL, 'promotion ' || p.code, ?4 \
         FROM qnsp_promotions p JOIN qnsp_redemptions r ON r.code_key = p.code_key \
         WHERE p.code_key = ?3 AND r.tenant_id = ?1 AND r.credit_id = ?2",
    );
    work.push(grant.bind(call.tenant()).bind(credit.as_str()).bind(code.as_str()).bind(call.now));
    let found = Statement::new(
        "SELECT credit_amount, valid_from, valid_until, r.credit_id FROM qnsp_promotions p \
         LEFT JOIN qnsp_redemptions r ON r.code_key = p.code_key AND r.tenant_id = ?1 WHERE p.code_key = ?2",
    );
    let found = work.push(found.bind(call.tenant()).bind(code.as_str()));
    let outcomes = work.run().await?;
    call.answer(StatusCode::OK, &redeemed(outcomes.row(found), &credit, call.now)?).await
}

/// Tells from the promotion, as it is after the call, what came of it.
fn redeemed(promotion: Option<&Row>, credit: &str, now: i64) -> Result<Redeemed> {
    let failed = |message| Ok(Redeemed { success: false, credit_amount: 0.0, message });
    let Some(promotion) = promotion else { return failed("The code is unknown") };
    match promotion.get::<Option<String>>("credit_id")? {
        Some(of_call) if of_call == credit => {
            let credit_amount = major(of_cents(promotion.get("credit_amount")?));
            return Ok(Redeemed { success: true, credit_amount, message: "The credit was granted" });
        }
        Some(_) => return failed("The code was redeemed before"),
        None => {}
    }
    if promotion.get::<Option<i64>>("valid_from")?.is_some_and(|from| from > now) {
        return failed("The promotion has not begun");
    }
    if promotion.get::<Option<i64>>("valid_until")?.is_some_and(|until| until <= now) {
        return failed("The promotion has expired");
    }
    failed("The promotion is used up")
}
