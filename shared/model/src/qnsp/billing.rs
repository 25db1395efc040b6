//! The billing service: credits, promotions, tiers, meters, invoices, payments, dunning, forecasts and revenue.

mod activation;
mod analytics;
mod credit;
mod dunning;
mod invoice;
mod meter;
mod payment;
mod promotion;
mod tier;

pub use activation::{ActivateSdk, SdkActivated, SdkLimits, SdkRefused, SdkRuntime};
pub use analytics::{
    ByService, CapacityForecast, CapacityForecasts, Growth, ServiceRevenue, Summary, UsageForecast, UsageForecasts,
};
pub use credit::{Balance, CreditGranted, CreditType, ExpiringCredit, NewCredit};
pub use dunning::{DunningAction, DunningScheduled, DunningStep, NewDunningSchedule};
pub use invoice::{InvoiceCreated, LineItem, NewInvoice, PaymentMethod};
pub use meter::{Meter, MetersAccepted, NewMeters};
pub use payment::{FailedPayment, FailedPayments, PaymentRetried, RetryPayment};
pub use promotion::{NewPromotion, PromotionCreated, Redeem, Redeemed};
pub use tier::{AddOnName, ProvisionTier, TierProvisioned};
