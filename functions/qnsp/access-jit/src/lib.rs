//! Just-in-time access: it is asked for, approved by somebody else or by the policies, and ends by itself.

mod check;
mod due;
mod grant_store;
mod grants;
mod policies;
mod policy_store;
mod process;
mod request_store;
mod requests;
mod stats;
mod terms;

use axum::Router;
use platform::Host;
use policy::qnsp::{Billable, Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes().due(env!("CARGO_PKG_NAME"), due::ALL)).await
}

platform::export!(app, due);

const ADMIN: Controls = Controls::of(Service::AccessControl, Role::Admin);
const DEVELOPER: Controls = Controls::of(Service::AccessControl, Role::Developer).entitled();
const VIEWER: Controls = Controls::of(Service::AccessControl, Role::Viewer);

service::operations! {
    policies: {
        create_jit_policy => Access::Qnsp(ADMIN.entitled()), "access.jit_policy.create";
        list_jit_policies => Access::Qnsp(VIEWER), "access.jit_policy.list";
        delete_jit_policy => Access::Qnsp(ADMIN), "access.jit_policy.delete";
    }
    requests: {
        request_access => Access::Qnsp(DEVELOPER.metered(Billable::JitRequest)), "access.jit_request.create";
        list_requests => Access::Qnsp(VIEWER), "access.jit_request.list";
    }
    process: {
        process_request => Access::Qnsp(DEVELOPER), "access.jit_request.process";
    }
    grants: {
        list_grants => Access::Qnsp(VIEWER), "access.jit_grant.list";
        revoke_grant => Access::Qnsp(DEVELOPER), "access.jit_grant.revoke";
    }
    check: {
        check_access => Access::Qnsp(VIEWER), "access.jit_grant.check";
    }
    stats: {
        show_jit_stats => Access::Qnsp(VIEWER), "access.jit_stats.get";
    }
}
