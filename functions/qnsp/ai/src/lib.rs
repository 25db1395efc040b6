//! The AI orchestrator: the registry of models and of their deployments, and what their use costs.

mod analytics;
mod cost_store;
mod deployment_store;
mod deployments;
mod models;
mod recommendations;
mod record;
mod report;

use axum::Router;
use platform::Host;
use policy::qnsp::{Billable, Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes()).await
}

platform::export!(app);

const fn controls(least: Role) -> Controls {
    Controls::of(Service::AiOrchestrator, least)
}

/// The operations of the first catalogue.
const fn entitled(least: Role) -> Controls {
    controls(least).entitled().bare()
}

const VIEWER: Access = Access::Qnsp(controls(Role::Viewer));
const DEVELOPER: Access = Access::Qnsp(controls(Role::Developer));

service::operations! {
    models: {
        register_model => Access::Qnsp(entitled(Role::Developer)), "ai.model.register";
        activate_model => Access::Qnsp(entitled(Role::Developer)), "ai.model.activate";
        deprecate_model => Access::Qnsp(entitled(Role::Developer)), "ai.model.deprecate";
    }
    deployments: {
        create_deployment => Access::Qnsp(entitled(Role::Developer).metered(Billable::ModelDeploy)), "ai.deployment.create";
        show_deployment => VIEWER, "ai.deployment.get";
    }
    report: {
        report_deployment => DEVELOPER, "ai.deployment.update";
        stop_deployment => DEVELOPER, "ai.deployment.stop";
    }
    analytics: {
        show_model_costs => Access::Qnsp(entitled(Role::Viewer)), "ai.cost_analytics.get";
    }
    record: {
        record_cost => DEVELOPER, "ai.cost.record";
    }
    recommendations: {
        list_recommendations => Access::Qnsp(entitled(Role::Viewer)), "ai.cost_recommendation.list";
        accept_recommendation => DEVELOPER, "ai.cost_recommendation.accept";
        reject_recommendation => DEVELOPER, "ai.cost_recommendation.reject";
    }
}
