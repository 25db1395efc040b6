//! The observability service: what resources cost and may cost, anomalies of recorded series, and dashboards of them.

mod allocation_store;
mod allocations;
mod anomalies;
mod anomaly_store;
mod asked;
mod budgets;
mod dashboard_store;
mod dashboards;
mod evaluation;
mod panels;
mod rules;
mod series;
mod summary;

use axum::Router;
use platform::Host;
use policy::qnsp::{Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes()).await
}

platform::export!(app);

/// The currency of prices and of sums.
const CURRENCY: &str = "USD";

const fn controls(least: Role) -> Controls {
    Controls::of(Service::Observability, least)
}

const VIEWER: Access = Access::Qnsp(controls(Role::Viewer).entitled());

const DEVELOPER: Access = Access::Qnsp(controls(Role::Developer).entitled());

service::operations! {
    allocations: {
        create_allocation => DEVELOPER, "observability.cost_allocation.create";
        list_allocations => VIEWER, "observability.cost_allocation.list";
    }
    budgets: {
        create_budget => Access::Qnsp(controls(Role::Admin).entitled()), "observability.budget.create";
    }
    summary: {
        show_costs => VIEWER, "observability.cost_summary.get";
    }
    rules: {
        create_rule => DEVELOPER, "observability.anomaly_rule.create";
        delete_rule => Access::Qnsp(controls(Role::Developer)), "observability.anomaly_rule.delete";
    }
    anomalies: {
        show_anomalies => VIEWER, "observability.anomaly.list";
        acknowledge_anomaly => Access::Qnsp(controls(Role::Developer)), "observability.anomaly.acknowledge";
    }
    dashboards: {
        create_dashboard => DEVELOPER, "observability.dashboard.create";
        list_dashboards => VIEWER, "observability.dashboard.list";
        show_dashboard => Access::Qnsp(controls(Role::Viewer)), "observability.dashboard.get";
        star_dashboard => Access::Qnsp(controls(Role::Viewer)), "observability.dashboard.star";
        share_dashboard => Access::Qnsp(controls(Role::Developer)), "observability.dashboard.share";
    }
}
