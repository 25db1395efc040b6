//! Dynamic secrets of the vault service: users of a database, or keys of this API, that end by themselves.

mod asked;
mod claim;
mod config_store;
mod configs;
mod credentials;
mod due;
mod issue;
mod lease_store;
mod leases;
mod renew;
mod revoke;
mod stats;

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

const VIEWER: Access = Access::Qnsp(controls(Role::Viewer));
const DEVELOPER: Access = Access::Qnsp(controls(Role::Developer));

// To look at the counts is no event.
service::operations! {
    configs: {
        create_dynamic_config => Access::Qnsp(controls(Role::Admin)), "vault.dynamic_secret_config.create";
        list_dynamic_configs => VIEWER, "vault.dynamic_secret_config.list";
    }
    credentials: {
        generate_credentials => Access::Qnsp(controls(Role::Developer).metered(Billable::DynamicSecretGenerate)),
            "vault.dynamic_secret_lease.generate";
    }
    leases: {
        list_leases => VIEWER, "vault.dynamic_secret_lease.list";
    }
    renew: {
        renew_lease => DEVELOPER, "vault.dynamic_secret_lease.renew";
    }
    revoke: {
        revoke_lease => DEVELOPER, "vault.dynamic_secret_lease.revoke";
    }
    stats: {
        show_dynamic_stats => VIEWER;
    }
}
