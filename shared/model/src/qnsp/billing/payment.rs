//! Payments that failed, and what becomes of them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{body, ids::Uuid, time::IsoTime};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailedPayment {
    pub payment_id: String,
    pub tenant_id: String,
    /// In major units of the invoice's currency.
    pub amount: f64,
    /// When it failed first.
    pub failed_at: IsoTime,
    pub retry_count: i64,
    /// When it could be tried again; nothing does so by itself. `null` when retries are exhausted.
    pub next_retry_at: Option<IsoTime>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailedPayments {
    pub failed_payments: Vec<FailedPayment>,
}

body! {
    /// A payment to charge again.
    pub struct RetryPayment {
        pub payment_id: Uuid as "paymentId",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRetried {
    pub payment_id: String,
    /// `pending`, `succeeded` or `failed`.
    pub status: &'static str,
    pub retried_at: IsoTime,
}
