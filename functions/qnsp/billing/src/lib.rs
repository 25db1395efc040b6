//! The billing service: credits, promotions, tiers, meters, invoices, payments, dunning, forecasts, revenue, and how an SDK
//! begins.

mod activation;
mod adapter;
mod credits;
mod due;
mod dunning;
mod forecasting;
mod invoices;
mod meters;
mod payments;
mod promotions;
mod revenue;
mod scope;
mod tiers;

use axum::Router;
use platform::Host;
use policy::qnsp::{Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes().due(env!("CARGO_PKG_NAME"), due::ALL))
        .await
        .layer(axum::middleware::from_fn(activation::write_refusals))
}

platform::export!(app, due);

const fn controls(least: Role) -> Controls {
    Controls::of(Service::Billing, least)
}

/// Shown to whoever may see anything of the tenant.
const VIEWER: Access = Access::Qnsp(controls(Role::Viewer).entitled());

const ADMIN: Access = Access::Qnsp(controls(Role::Admin));

/// Written by the operator alone.
const OPERATOR: Access = Access::Qnsp(controls(Role::PlatformAdmin));

service::operations! {
    credits: {
        grant_credit => OPERATOR, "billing.credit.create";
        show_balance => VIEWER, "billing.credit_balance.get";
    }
    promotions: {
        create_promotion => OPERATOR, "billing.promotion.create";
        redeem_promotion => Access::Qnsp(controls(Role::Developer)), "billing.promotion.redeem";
    }
    tiers: {
        provision_tier => OPERATOR, "billing.tier.provision";
    }
    meters: {
        record_meters => OPERATOR, "billing.meter.create";
    }
    forecasting: {
        forecast_usage => VIEWER, "billing.usage_forecast.list";
        forecast_capacity => VIEWER, "billing.capacity_forecast.list";
    }
    revenue: {
        show_summary => ADMIN, "billing.revenue_summary.get";
        list_by_service => ADMIN, "billing.service_revenue.list";
    }
    invoices: {
        create_invoice => OPERATOR, "billing.invoice.create";
    }
    payments: {
        list_failed_payments => ADMIN, "billing.failed_payment.list";
        retry_payment => ADMIN, "billing.payment.retry";
    }
    dunning: {
        schedule_dunning => ADMIN, "billing.dunning_schedule.create";
    }
    activation: {
        activate_sdk => Access::Qnsp(controls(Role::Viewer).activation());
    }
}
