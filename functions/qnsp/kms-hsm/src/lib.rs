//! Hardware security modules: connections to them, and what is done with the keys on them.

mod change;
mod connections;
mod keys;
mod operations;
mod sign;
mod uses;
mod validate;
mod wrap;

use axum::Router;
use platform::Host;
use policy::qnsp::{AddOn, Billable, Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes()).await
}

platform::export!(app);

const ADMIN: Controls = Controls::of(Service::Kms, Role::Admin).entitled().add_on(AddOn::Byohsm);
const DEVELOPER: Controls = Controls::of(Service::Kms, Role::Developer).entitled().add_on(AddOn::Byohsm);
const VIEWER: Controls = Controls::of(Service::Kms, Role::Viewer).entitled().add_on(AddOn::Byohsm);

service::operations! {
    connections: {
        create_hsm_connection => Access::Qnsp(ADMIN), "kms.byohsm_connection.create";
        list_hsm_connections => Access::Qnsp(VIEWER), "kms.byohsm_connection.list";
        show_hsm_connection => Access::Qnsp(VIEWER), "kms.byohsm_connection.get";
        delete_hsm_connection => Access::Qnsp(ADMIN), "kms.byohsm_connection.delete";
    }
    change: {
        change_hsm_connection => Access::Qnsp(ADMIN), "kms.byohsm_connection.update";
    }
    validate: {
        validate_hsm_connection => Access::Qnsp(DEVELOPER), "kms.byohsm_connection.validate";
    }
    operations: {
        list_hsm_operations => Access::Qnsp(VIEWER), "kms.byohsm_operation.list";
    }
    keys: {
        show_key => Access::Qnsp(VIEWER), "kms.byohsm_key.get";
        delete_key => Access::Qnsp(ADMIN), "kms.byohsm_key.delete";
    }
    wrap: {
        wrap_key => Access::Qnsp(DEVELOPER.metered(Billable::HsmWrap)), "kms.byohsm_key.wrap";
        unwrap_key => Access::Qnsp(DEVELOPER.metered(Billable::HsmUnwrap)), "kms.byohsm_key.unwrap";
    }
    sign: {
        sign_data => Access::Qnsp(DEVELOPER.metered(Billable::HsmSign)), "kms.byohsm_key.sign";
        verify_signature => Access::Qnsp(VIEWER), "kms.byohsm_key.verify";
    }
}
