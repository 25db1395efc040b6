//! Invoices, which are settled by credits and a payment.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    body,
    ids::Uuid,
    qnsp::{Currency, Text, Whole},
    time::IsoTime,
};

/// The most minor units of one line.
const MOST: i64 = 100_000_000_000;

body! {
    /// A line of an invoice. Cents are minor units of its currency.
    #[derive(Serialize)]
    pub struct LineItem {
        pub description: Option<Text<0, 2000>> as "description",
        /// Not negative.
        pub quantity: Option<f64> as "quantity",
        #[schema(value_type = Option<i64>)]
        pub unit_price_cents: Option<Whole<0, MOST>> as "unitPriceCents",
        #[schema(value_type = i64)]
        pub total_cents: Whole<0, MOST> as "totalCents",
    } where faults {
        if let Some(Some(quantity)) = &quantity {
            faults.check(*quantity >= 0.0, "quantity", "must not be negative");
        }
    }
}

body! {
    /// How an invoice is paid.
    pub struct PaymentMethod {
        pub method: Text<1, 128> as "method",
    }
}

body! {
    /// An invoice of 1 to 200 lines.
    pub struct NewInvoice {
        pub tenant_id: Uuid as "tenantId",
        pub period_start: IsoTime as "periodStart",
        pub period_end: IsoTime as "periodEnd",
        /// USD if not given.
        pub currency: Option<Currency> as "currency",
        pub line_items: Vec<LineItem> as "lineItems",
        /// What credits leave stays open if not given.
        pub payment: Option<PaymentMethod> as "payment",
    } where faults {
        if let Some(items) = &line_items {
            faults.check((1..=200).contains(&items.len()), "lineItems", "must have 1 to 200 items");
        }
    }
}

impl NewInvoice {
    /// In minor units.
    #[must_use]
    pub fn subtotal(&self) -> i64 {
        self.line_items.iter().map(|item| item.total_cents.0).sum()
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvoiceCreated {
    pub invoice_id: String,
    pub subtotal_cents: i64,
    pub credit_applied_cents: i64,
    pub total_cents: i64,
    /// `paid`, `failed`, `pending` or `open`.
    pub status: String,
    pub payment_id: Option<String>,
}
