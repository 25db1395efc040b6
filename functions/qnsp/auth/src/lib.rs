//! The auth service: how risky a sign-in is, and what identity providers report of sign-ins.

mod cross_tenant;
mod csv;
mod download;
mod due;
mod evaluate;
mod events;
mod facts;
mod hours;
mod pdf;
mod policies;
mod policy_store;
mod query;
mod report_counts;
mod reports;
mod retention;
mod signals;
mod stats;

use axum::Router;
use platform::Host;
use policy::qnsp::{Billable, Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes().due(env!("CARGO_PKG_NAME"), due::ALL)).await
}

platform::export!(app, due);

const ADMIN: Controls = Controls::of(Service::Auth, Role::Admin);
const DEVELOPER: Controls = Controls::of(Service::Auth, Role::Developer);
const VIEWER: Controls = Controls::of(Service::Auth, Role::Viewer).entitled();

service::operations! {
    evaluate: {
        evaluate_risk => Access::Qnsp(DEVELOPER.metered(Billable::RiskEvaluation)), "auth.risk.evaluate";
    }
    policies: {
        create_risk_policy => Access::Qnsp(ADMIN.entitled()), "auth.risk_policy.create";
        list_risk_policies => Access::Qnsp(VIEWER), "auth.risk_policy.list";
        change_risk_policy => Access::Qnsp(ADMIN), "auth.risk_policy.update";
    }
    signals: {
        record_signal => Access::Qnsp(DEVELOPER), "auth.signal.create";
        list_signals => Access::Qnsp(VIEWER), "auth.signal.list";
    }
    stats: {
        show_stats => Access::Qnsp(VIEWER), "auth.risk_stats.get";
    }
    events: {
        record_event => Access::Qnsp(DEVELOPER), "auth.federation_event.create";
    }
    query: {
        query_events => Access::Qnsp(VIEWER), "auth.federation_event.query";
    }
    reports: {
        create_report => Access::Qnsp(DEVELOPER.entitled()), "auth.federation_report.create";
        list_reports => Access::Qnsp(VIEWER), "auth.federation_report.list";
        show_report => Access::Qnsp(VIEWER), "auth.federation_report.get";
    }
    download: {
        download_report => Access::Anyone;
    }
    cross_tenant: {
        list_activity => Access::Qnsp(ADMIN.entitled()), "auth.federation_activity.list";
    }
}
