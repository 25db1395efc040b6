//! The tier, the add-ons and the agreed fee of a tenant.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::billing::{ProvisionTier, TierProvisioned},
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::{
    Tier,
    price::{major, of_cents},
};
use qnsp::{Call, impossible};
use serde_json::{Value, json};
use service::{Error, Result};

/// Give a tenant a tier. It is in force at once.
#[utoipa::path(
    post, path = "/billing/v1/admin/provision-tier", tag = "Billing", request_body = ProvisionTier,
    responses(
        (status = 200, body = TierProvisioned), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 422),
    ),
)]
pub(crate) async fn provision_tier(call: Call<ProvisionTier>) -> Result<Response> {
    let wanted = &call.body;
    let tier = Tier::parse(wanted.tier.as_str()).ok_or_else(|| impossible("tier", "is unknown"))?;
    if wanted.monthly_fee.is_some() && !tier.has_agreed_fee() {
        return Err(impossible("monthlyFee", "is not agreed on this tier"));
    }
    call.about(call.tenant());
    call.payload(json!({ "tier": tier.as_str(), "reason": wanted.reason.as_ref().map(|reason| reason.as_str()) }));
    let agreed = wanted.monthly_fee.map_or(0, |fee| fee.minor);
    let add_ons = wanted.add_ons.as_ref().map(|add_ons| {
        let mut names: Vec<_> = add_ons.iter().map(|add_on| <&str>::from(*add_on)).collect();
        names.sort_unstable();
        names.dedup();
        Value::from(names).to_string()
    });
    let update = Statement::new(
        "UPDATE qnsp_tenants SET tier = ?2, add_ons = coalesce(?3, add_ons), monthly_fee = ?4, updated_at = ?5 \
         WHERE id = ?1 RETURNING add_ons",
    );
    let mut work = call.work();
    let updated = work.push(update.bind(call.tenant()).bind(tier.as_str()).bind(add_ons).bind(agreed).bind(call.now));
    let outcomes = work.run().await?;
    let add_ons: String = outcomes.one(updated)?.get("add_ons")?;
    let provisioned = TierProvisioned {
        tenant_id: call.tenant().to_owned(),
        tier: tier.as_str(),
        add_ons: serde_json::from_str(&add_ons).map_err(|_| Error::internal("the add-ons of a tenant are no list"))?,
        monthly_fee: major(of_cents(tier.monthly_fee(agreed))),
        updated_at: IsoTime(call.now),
    };
    call.answer(StatusCode::OK, &provisioned).await
}
