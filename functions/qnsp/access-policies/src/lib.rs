//! Access policies: how they are stored, decisions by them, simulations of decisions, and what is seen across tenants.

mod anomalies;
mod asked;
mod compare;
mod evaluate;
mod graph;
mod history;
mod impact;
mod isolation;
mod named;
mod overview;
mod policies;
mod question;
mod simulate;

use axum::Router;
use platform::Host;
use policy::qnsp::{Billable, Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve_with_service_key(host, routes()).await
}

platform::export!(app);

const ADMIN: Controls = Controls::of(Service::AccessControl, Role::Admin);
const DEVELOPER: Controls = Controls::of(Service::AccessControl, Role::Developer).entitled();
const VIEWER: Controls = Controls::of(Service::AccessControl, Role::Viewer);

service::operations! {
    policies: {
        create_access_policy => Access::Qnsp(ADMIN), "access.policy.create";
        show_access_policy => Access::Qnsp(VIEWER), "access.policy.get";
        replace_access_policy => Access::Qnsp(ADMIN), "access.policy.update";
        delete_access_policy => Access::Qnsp(ADMIN), "access.policy.delete";
        list_access_policies => Access::Qnsp(VIEWER), "access.policy.list";
    }
    simulate: {
        simulate_access => Access::Qnsp(VIEWER), "access.simulation.create";
        simulate_batch => Access::Qnsp(VIEWER), "access.simulation_batch.create";
    }
    impact: {
        analyze_impact => Access::Qnsp(DEVELOPER.metered(Billable::PolicySimulation)), "access.policy_impact.analyze";
    }
    history: {
        list_simulations => Access::Qnsp(VIEWER), "access.simulation.list";
    }
    overview: {
        show_overview => Access::Qnsp(ADMIN.entitled()), "access.tenant_overview.get";
    }
    compare: {
        compare_tenants => Access::Qnsp(ADMIN.entitled()), "access.tenant.compare";
    }
    anomalies: {
        list_access_anomalies => Access::Qnsp(ADMIN.entitled()), "access.anomaly.list";
    }
    graph: {
        show_graph => Access::Qnsp(ADMIN.entitled()), "access.graph.get";
    }
    isolation: {
        audit_isolation => Access::Qnsp(ADMIN.entitled()), "access.isolation.audit";
    }
    evaluate: {
        evaluate_access => Access::Qnsp(VIEWER), "access.decision.evaluate";
    }
}
