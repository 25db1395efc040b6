//! Promotions, and who redeems them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    body,
    ids::Uuid,
    qnsp::{Currency, Text, Whole},
    time::IsoTime,
};

body! {
    /// A promotion, for all tenants.
    pub struct NewPromotion {
        /// Unique, in either case.
        pub code: Text<1, 64> as "code",
        pub name: Text<1, 128> as "name",
        pub credit_amount_cents: Whole<1, 100_000_000_000> as "creditAmountCents",
        /// USD if not given.
        pub currency: Option<Currency> as "currency",
        /// Without a limit if not given.
        #[schema(value_type = Option<i64>)]
        pub max_redemptions: Option<Whole<1, { 1 << 53 }>> as "maxRedemptions",
        pub valid_from: Option<IsoTime> as "validFrom",
        pub valid_until: Option<IsoTime> as "validUntil",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionCreated {
    pub promotion_id: String,
    pub code: String,
    pub created_at: IsoTime,
}

body! {
    /// A code for a tenant.
    pub struct Redeem {
        pub tenant_id: Uuid as "tenantId",
        pub code: Text<1, 64> as "code",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Redeemed {
    pub success: bool,
    /// In major units.
    pub credit_amount: f64,
    pub message: &'static str,
}
