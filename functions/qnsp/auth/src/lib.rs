//! The auth service: threat signals, and what is computed of them.

mod signals;

use axum::Router;
use platform::Host;
use policy::qnsp::{Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes()).await
}

platform::export!(app);

const VIEWER: Controls = Controls::of(Service::Auth, Role::Viewer).entitled();
const DEVELOPER: Controls = Controls::of(Service::Auth, Role::Developer);

service::operations! {
    signals: {
        record_signal => Access::Qnsp(DEVELOPER), "auth.signal.create";
        list_signals => Access::Qnsp(VIEWER), "auth.signal.list";
    }
}
