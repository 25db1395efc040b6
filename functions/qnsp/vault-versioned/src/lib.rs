//! Secrets of the vault: versions that are sealed, read, rolled back, compared without being shown, and destroyed.

mod compare;
mod create;
mod due;
mod events;
mod history;
mod read;
mod retention;
mod rollback;
mod state;
mod stats;
mod store;

use axum::Router;
use platform::Host;
use policy::qnsp::{Billable, Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes().due(env!("CARGO_PKG_NAME"), due::ALL)).await
}

platform::export!(app, due);

const fn controls(least: Role) -> Controls {
    Controls::of(Service::Vault, least).entitled().bare()
}

const ADMIN: Controls = controls(Role::Admin);
const DEVELOPER: Controls = controls(Role::Developer);
const VIEWER: Controls = controls(Role::Viewer);

// To compare versions and to count them is no event.
service::operations! {
    create: {
        create_version => Access::Qnsp(DEVELOPER.metered(Billable::SecretVersionCreate)), "vault.secret_version.create";
    }
    history: {
        list_versions => Access::Qnsp(VIEWER), "vault.secret_version.list";
    }
    read: {
        read_version => Access::Qnsp(DEVELOPER.metered(Billable::SecretVersionRead)), "vault.secret_version.get";
    }
    state: {
        change_version_state => Access::Qnsp(DEVELOPER), "vault.secret_version.update";
    }
    rollback: {
        roll_back_secret => Access::Qnsp(DEVELOPER), "vault.secret.rollback";
    }
    compare: {
        compare_versions => Access::Qnsp(VIEWER);
    }
    retention: {
        set_secret_retention => Access::Qnsp(ADMIN), "vault.secret_retention.update";
        enforce_secret_retention => Access::Qnsp(ADMIN), "vault.secret_retention.enforce";
    }
    events: {
        list_secret_events => Access::Qnsp(VIEWER), "vault.secret_event.list";
    }
    stats: {
        show_secret_stats => Access::Qnsp(VIEWER);
    }
}
