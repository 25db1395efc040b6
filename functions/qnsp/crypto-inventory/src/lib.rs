//! The crypto inventory: deprecation policies and the assets that they affect, hardware, and how ready a tenant is for
//! post-quantum cryptography.

mod assets;
mod device_store;
mod hardware;
mod lists;
mod policies;
mod policy_store;
mod readiness;

use axum::Router;
use platform::Host;
use policy::qnsp::{Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes()).await
}

platform::export!(app);

const VIEWER: Controls = Controls::of(Service::CryptoInventory, Role::Viewer);
const DEVELOPER: Controls = Controls::of(Service::CryptoInventory, Role::Developer);
const ADMIN: Controls = Controls::of(Service::CryptoInventory, Role::Admin);

service::operations! {
    policies: {
        create_deprecation_policy => Access::Qnsp(ADMIN.entitled()), "crypto.deprecation_policy.create";
        list_deprecation_policies => Access::Qnsp(VIEWER), "crypto.deprecation_policy.list";
        show_deprecation_policy => Access::Qnsp(VIEWER), "crypto.deprecation_policy.get";
        change_deprecation_policy => Access::Qnsp(ADMIN), "crypto.deprecation_policy.update";
        delete_deprecation_policy => Access::Qnsp(ADMIN), "crypto.deprecation_policy.delete";
    }
    assets: {
        list_affected_assets => Access::Qnsp(VIEWER.entitled()), "crypto.affected_asset.list";
        show_deprecation_summary => Access::Qnsp(VIEWER.entitled()), "crypto.deprecation_summary.get";
    }
    hardware: {
        create_hardware => Access::Qnsp(DEVELOPER.entitled()), "crypto.hardware.create";
        list_hardware => Access::Qnsp(VIEWER), "crypto.hardware.list";
        show_hardware_summary => Access::Qnsp(VIEWER.entitled()), "crypto.hardware_summary.get";
        show_hardware => Access::Qnsp(VIEWER), "crypto.hardware.get";
        change_hardware => Access::Qnsp(DEVELOPER), "crypto.hardware.update";
        delete_hardware => Access::Qnsp(ADMIN), "crypto.hardware.delete";
        record_hardware_health => Access::Qnsp(DEVELOPER.entitled()), "crypto.hardware_health.create";
    }
    readiness: {
        show_readiness_score => Access::Qnsp(VIEWER.entitled()), "crypto.pqc_readiness.get";
        list_readiness_recommendations => Access::Qnsp(VIEWER.entitled()), "crypto.recommendation.list";
    }
}
