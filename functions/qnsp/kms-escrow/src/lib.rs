//! Escrow of keys: a key is split among agents who each claim a share, and enough of them together give it again, when
//! somebody else than who asked for it has approved.

mod approve;
mod claim;
mod create;
mod due;
mod escrow_store;
mod escrows;
mod events;
mod execute;
mod initiate;
mod policies;
mod policy_store;
mod recovery_store;
mod seals;
mod show;
mod submit;

use axum::Router;
use platform::Host;
use policy::qnsp::{AddOn, Billable, Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes().due(env!("CARGO_PKG_NAME"), due::ALL)).await
}

platform::export!(app, due);

const fn escrow(least: Role) -> Controls {
    Controls::of(Service::Kms, least).entitled().add_on(AddOn::KeyEscrow)
}

const ADMIN: Controls = escrow(Role::Admin);
const DEVELOPER: Controls = escrow(Role::Developer);
const VIEWER: Controls = escrow(Role::Viewer);
/// What is not of the seed needs neither tier nor add-on.
const FEEDER: Controls = Controls::of(Service::Kms, Role::Viewer);

service::operations! {
    policies: {
        create_escrow_policy => Access::Qnsp(ADMIN), "kms.escrow_policy.create";
        list_escrow_policies => Access::Qnsp(VIEWER), "kms.escrow_policy.list";
        show_escrow_policy => Access::Qnsp(VIEWER), "kms.escrow_policy.get";
        change_escrow_policy => Access::Qnsp(ADMIN), "kms.escrow_policy.update";
    }
    create: {
        escrow_key => Access::Qnsp(ADMIN.metered(Billable::EscrowCreate)), "kms.escrow.create";
    }
    escrows: {
        list_escrowed_keys => Access::Qnsp(VIEWER), "kms.escrow.list";
        show_escrowed_key => Access::Qnsp(FEEDER), "kms.escrow.get";
    }
    claim: {
        claim_share => Access::Qnsp(FEEDER.personal()), "kms.escrow_share.claim";
    }
    initiate: {
        initiate_recovery => Access::Qnsp(ADMIN), "kms.escrow_recovery.initiate";
    }
    submit: {
        submit_share => Access::Qnsp(DEVELOPER), "kms.escrow_share.submit";
    }
    approve: {
        approve_recovery => Access::Qnsp(ADMIN), "kms.escrow_recovery.approve";
    }
    execute: {
        execute_recovery => Access::Qnsp(ADMIN.metered(Billable::EscrowRecover).personal()), "kms.escrow_recovery.execute";
    }
    show: {
        show_recovery => Access::Qnsp(VIEWER), "kms.escrow_recovery.get";
    }
    events: {
        list_escrow_events => Access::Qnsp(VIEWER), "kms.escrow_event.list";
    }
}
