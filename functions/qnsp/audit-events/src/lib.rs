//! The audit service: the events of a tenant, which are entries of its audit log.

mod archive;
mod erasure;
mod events;
mod filter;
mod policies;
mod policy_store;
mod retention;
mod selection;
mod stream;
mod streaming;
mod subscription_store;
mod subscriptions;

use axum::Router;
use platform::Host;
use policy::qnsp::{Billable, Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes().due(env!("CARGO_PKG_NAME"), &[qnsp::due::DELIVERIES])).await
}

platform::export!(app, due);

const fn controls(least: Role) -> Controls {
    Controls::of(Service::Audit, least)
}

/// The operations of the first catalogue.
const fn entitled(least: Role) -> Controls {
    controls(least).entitled().bare()
}

const VIEWER: Access = Access::Qnsp(controls(Role::Viewer));
const DEVELOPER: Access = Access::Qnsp(controls(Role::Developer));
const ADMIN: Access = Access::Qnsp(controls(Role::Admin));

// To read and to record events, to make a policy and to look at what it would do are no events.
service::operations! {
    events: {
        list_events => VIEWER;
        record_events => DEVELOPER;
    }
    streaming: {
        stream_events => Access::Qnsp(entitled(Role::Viewer));
        show_streaming => Access::Qnsp(entitled(Role::Viewer));
    }
    subscriptions: {
        create_subscription => Access::Qnsp(entitled(Role::Developer));
        list_subscriptions => VIEWER, "audit.subscription.list";
        update_subscription => DEVELOPER, "audit.subscription.update";
        delete_subscription => DEVELOPER, "audit.subscription.delete";
    }
    policies: {
        create_policy => Access::Qnsp(entitled(Role::Admin).admin());
        list_policies => VIEWER, "audit.retention_policy.list";
        update_policy => ADMIN, "audit.retention_policy.update";
        delete_policy => ADMIN, "audit.retention_policy.delete";
    }
    retention: {
        clean_up => Access::Qnsp(entitled(Role::Admin).admin().metered(Billable::RetentionCleanup)), "audit.retention.cleanup";
        preview_cleanup => Access::Qnsp(entitled(Role::Viewer));
        show_retention => Access::Qnsp(entitled(Role::Viewer));
    }
}
