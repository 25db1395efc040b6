//! Credits, and what is left of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    ids::Uuid,
    qnsp::{Currency, Money, Text, Whole},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum CreditType {
    Promotional,
    Refund,
    Goodwill,
    Referral,
}

body! {
    /// A credit. `amountCents` may stand for `amount`, and `description` for `reason`.
    pub struct NewCredit {
        pub tenant_id: Uuid as "tenantId",
        /// In major units, greater than 0.
        pub amount: Option<Money> as "amount",
        pub amount_cents: Option<Whole<1, 100_000_000_000>> as "amountCents",
        pub currency: Currency as "currency",
        pub credit_type: CreditType as "type",
        pub expires_at: Option<IsoTime> as "expiresAt",
        pub reason: Option<Text<1, 2000>> as "reason",
        pub description: Option<Text<1, 2000>> as "description",
    } where faults {
        if let (Some(None), Some(None)) = (&amount, &amount_cents) {
            faults.add("amount", "is required");
        }
        if let Some(Some(amount)) = &amount {
            faults.check(amount.minor > 0, "amount", "must be greater than 0");
        }
        if let (Some(None), Some(None)) = (&reason, &description) {
            faults.add("reason", "is required");
        }
    }
}

impl NewCredit {
    /// In minor units. 0 when there is none, which no body passes with.
    #[must_use]
    pub fn minor(&self) -> i64 {
        let cents = self.amount_cents.map(|cents| cents.0);
        self.amount.map(|amount| amount.minor).or(cents).unwrap_or_default()
    }

    #[must_use]
    pub fn reason(&self) -> &str {
        self.reason.as_ref().or(self.description.as_ref()).map_or("", Text::as_str)
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreditGranted {
    pub credit_id: String,
    pub amount: f64,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExpiringCredit {
    pub amount: f64,
    pub expires_at: IsoTime,
}

/// Amounts are in major units.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Balance {
    pub tenant_id: String,
    pub balance: f64,
    pub currency: &'static str,
    /// Of that currency, within 30 days.
    pub expiring_credits: Vec<ExpiringCredit>,
    /// What is left in other currencies.
    pub by_currency: BTreeMap<String, f64>,
}
