//! What a tenant has.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    ids::Uuid,
    qnsp::{Money, Text},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum AddOnName {
    Byohsm,
    KeyEscrow,
}

body! {
    /// A tier for a tenant.
    pub struct ProvisionTier {
        pub tenant_id: Uuid as "tenantId",
        pub tier: Text<1, 64> as "tier",
        /// Unchanged if not given.
        pub add_ons: Option<Vec<AddOnName>> as "addOns",
        /// In US dollars, for tiers whose fee is agreed; 0 if not given.
        pub monthly_fee: Option<Money> as "monthlyFee",
        pub reason: Option<Text<0, 2000>> as "reason",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TierProvisioned {
    pub tenant_id: String,
    pub tier: &'static str,
    pub add_ons: Vec<String>,
    pub monthly_fee: f64,
    pub updated_at: IsoTime,
}
