//! The tenant service: how well a tenant is, what it uses, how it comes to be, and how well it is isolated.

mod due;
mod health;
mod isolation;
mod isolation_addresses;
mod isolation_checks;
mod onboarding;
mod quotas;
mod steps;
mod workflow_store;

use axum::Router;
use platform::Host;
use policy::qnsp::{Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes().due(env!("CARGO_PKG_NAME"), due::ALL)).await
}

platform::export!(app, due);

const fn controls(least: Role) -> Controls {
    Controls::of(Service::Tenant, least)
}

const VIEWER: Access = Access::Qnsp(controls(Role::Viewer));

service::operations! {
    health: {
        record_snapshot => Access::Qnsp(controls(Role::Developer)), "tenant.health_snapshot.create";
        show_health => VIEWER, "tenant.health.get";
        show_trends => VIEWER, "tenant.health_trend.list";
    }
    quotas: {
        list_quotas => VIEWER, "tenant.quota.list";
        forecast_quotas => VIEWER, "tenant.quota.forecast";
        record_usage => Access::Qnsp(controls(Role::Developer).for_programs()), "tenant.quota_usage.create";
    }
    onboarding: {
        create_workflow => Access::Qnsp(controls(Role::Admin).entitled().for_new_tenant()), "tenant.onboarding_workflow.create";
        act_on_workflow => Access::Qnsp(controls(Role::Admin).entitled()), "tenant.onboarding_workflow.update";
        show_workflow => Access::Qnsp(controls(Role::Admin)), "tenant.onboarding_workflow.get";
        set_step_result => Access::Qnsp(controls(Role::PlatformAdmin)), "tenant.onboarding_step.update";
    }
    isolation: {
        start_audit => Access::Qnsp(controls(Role::Admin).entitled()), "tenant.isolation_audit.create";
        show_status => VIEWER, "tenant.isolation_status.get";
        show_audit => VIEWER, "tenant.isolation_audit.get";
    }
}
