//! Detection of leaked secrets: policies say what is looked for and where; scans look; what is found, or reported, is an
//! incident.

mod change;
mod check;
mod compared;
mod due;
mod file;
mod findings;
mod hosts;
mod incident_store;
mod incidents;
mod job;
mod policies;
mod policy_store;
mod report;
mod rules;
mod scan_store;
mod scans;
mod stats;
mod work;

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

// To look is no event.
service::operations! {
    policies: {
        create_leakage_policy => Access::Qnsp(ADMIN), "vault.leakage_policy.create";
        list_leakage_policies => Access::Qnsp(VIEWER);
        show_leakage_policy => Access::Qnsp(VIEWER);
        delete_leakage_policy => Access::Qnsp(ADMIN), "vault.leakage_policy.delete";
    }
    report: {
        report_leakage => Access::Qnsp(DEVELOPER), "vault.leakage_incident.create";
    }
    incidents: {
        list_leakage_incidents => Access::Qnsp(VIEWER);
        show_leakage_incident => Access::Qnsp(VIEWER);
    }
    change: {
        change_leakage_incident => Access::Qnsp(DEVELOPER), "vault.leakage_incident.update";
    }
    scans: {
        start_leakage_scan => Access::Qnsp(DEVELOPER.metered(Billable::LeakageScan)), "vault.leakage_scan.create";
        show_leakage_scan => Access::Qnsp(VIEWER);
    }
    stats: {
        show_leakage_stats => Access::Qnsp(VIEWER);
    }
    check: {
        check_secret => Access::Qnsp(VIEWER), "vault.secret.check";
    }
}
