//! Keys on hardware security modules: they are made here, which may take long, and listed.

mod create;
mod list;

use axum::Router;
use platform::Host;
use policy::qnsp::{AddOn, Billable, Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes()).await
}

platform::export!(app);

const DEVELOPER: Controls = Controls::of(Service::Kms, Role::Developer).entitled().add_on(AddOn::Byohsm);
const VIEWER: Controls = Controls::of(Service::Kms, Role::Viewer).entitled().add_on(AddOn::Byohsm);

service::operations! {
    create: {
        create_key => Access::Qnsp(DEVELOPER.metered(Billable::HsmKeyCreate)), "kms.byohsm_key.create";
    }
    list: {
        list_keys => Access::Qnsp(VIEWER), "kms.byohsm_key.list";
    }
}
