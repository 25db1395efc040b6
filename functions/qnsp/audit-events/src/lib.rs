//! The audit service: the events of a tenant, which are entries of its audit log.

mod event;
mod events;
mod filter;

use axum::Router;
use platform::Host;
use policy::qnsp::{Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes()).await
}

platform::export!(app);

const VIEWER: Controls = Controls::of(Service::Audit, Role::Viewer);
const DEVELOPER: Controls = Controls::of(Service::Audit, Role::Developer);

// To read and to write events is no event.
service::operations! {
    events: {
        list_events => Access::Qnsp(VIEWER);
        record_events => Access::Qnsp(DEVELOPER);
    }
}
