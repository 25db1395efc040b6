//! The key management service: how keys are used, by whom, and alerts about it.

mod alerts;
mod applications;
mod period;
mod record;
mod rules;
mod summary;
mod usage;

use axum::Router;
use platform::Host;
use policy::qnsp::{Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes()).await
}

platform::export!(app);

const VIEWER: Access = Access::Qnsp(Controls::of(Service::Kms, Role::Viewer).entitled());

const DEVELOPER: Access = Access::Qnsp(Controls::of(Service::Kms, Role::Developer).entitled());

service::operations! {
    usage: {
        show_key_usage => VIEWER, "kms.key_usage.list";
    }
    applications: {
        list_applications => VIEWER, "kms.application.list";
    }
    summary: {
        show_key_summary => VIEWER, "kms.key_summary.get";
    }
    record: {
        record_key_use => DEVELOPER, "kms.key_usage.record";
    }
    alerts: {
        list_key_alerts => VIEWER, "kms.alert.list";
        acknowledge_key_alert => DEVELOPER, "kms.alert.acknowledge";
    }
    rules: {
        create_alert_rule => DEVELOPER, "kms.alert_rule.create";
        list_alert_rules => VIEWER, "kms.alert_rule.list";
        change_alert_rule => DEVELOPER, "kms.alert_rule.update";
        delete_alert_rule => DEVELOPER, "kms.alert_rule.delete";
    }
}
