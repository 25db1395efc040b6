//! Crypto agility: which algorithms the keys of a tenant are of, what a quantum computer would mean for them, and the plans
//! by which they are replaced.

mod adoption;
mod compliance;
mod plan_store;
mod plans;
mod readiness;
mod risk;
mod usage;

use axum::Router;
use platform::Host;
use policy::qnsp::{Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve_with_service_key(host, routes()).await
}

platform::export!(app);

const DEVELOPER: Controls = Controls::of(Service::Kms, Role::Developer).entitled();
const VIEWER: Controls = Controls::of(Service::Kms, Role::Viewer).entitled();

service::operations! {
    usage: {
        list_algorithm_usage => Access::Qnsp(VIEWER), "kms.algorithm_usage.list";
    }
    readiness: {
        show_migration_readiness => Access::Qnsp(VIEWER), "kms.migration_readiness.get";
    }
    adoption: {
        show_pqc_adoption => Access::Qnsp(VIEWER), "kms.pqc_adoption.get";
    }
    compliance: {
        show_crypto_compliance => Access::Qnsp(VIEWER), "kms.crypto_compliance.get";
    }
    risk: {
        assess_quantum_risk => Access::Qnsp(VIEWER), "kms.quantum_risk.assess";
    }
    plans: {
        create_migration_plan => Access::Qnsp(DEVELOPER), "kms.migration_plan.create";
        list_migration_plans => Access::Qnsp(VIEWER), "kms.migration_plan.list";
        show_migration_plan => Access::Qnsp(VIEWER), "kms.migration_plan.get";
        change_migration_plan => Access::Qnsp(DEVELOPER), "kms.migration_plan.update";
    }
}
