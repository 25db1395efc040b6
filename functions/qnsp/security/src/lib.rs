//! The security monitoring service: playbooks, attack paths over the graph of assets, compliance.

mod actions;
mod approve;
mod assess;
mod assets;
mod attacks;
mod checks;
mod connections;
mod controls;
mod derived;
mod due;
mod execute;
mod executions;
mod graph;
mod outcome;
mod playbook_store;
mod playbooks;
mod results;
mod rotate;
mod run;
mod triggers;

use axum::Router;
use platform::Host;
use policy::qnsp::{Billable, Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve_with_service_key(host, routes().due(env!("CARGO_PKG_NAME"), due::ALL)).await
}

platform::export!(app, due);

const ADMIN: Controls = Controls::of(Service::SecurityMonitoring, Role::Admin);
const DEVELOPER: Controls = Controls::of(Service::SecurityMonitoring, Role::Developer);
const VIEWER: Controls = Controls::of(Service::SecurityMonitoring, Role::Viewer);

service::operations! {
    playbooks: {
        create_playbook => Access::Qnsp(ADMIN.entitled()), "security.playbook.create";
        list_playbooks => Access::Qnsp(VIEWER);
        show_playbook => Access::Qnsp(VIEWER);
        change_playbook => Access::Qnsp(ADMIN), "security.playbook.update";
        delete_playbook => Access::Qnsp(ADMIN), "security.playbook.delete";
    }
    execute: {
        execute_playbook => Access::Qnsp(DEVELOPER.entitled().metered(Billable::PlaybookExecute)), "security.playbook.execute";
    }
    executions: {
        list_executions => Access::Qnsp(VIEWER);
    }
    approve: {
        approve_execution => Access::Qnsp(ADMIN), "security.playbook.approve";
    }
    assets: {
        create_asset => Access::Qnsp(DEVELOPER), "security.asset.create";
        list_assets => Access::Qnsp(VIEWER);
        delete_asset => Access::Qnsp(DEVELOPER), "security.asset.delete";
    }
    connections: {
        connect_assets => Access::Qnsp(DEVELOPER), "security.asset_connection.create";
        list_connections => Access::Qnsp(VIEWER);
        delete_connection => Access::Qnsp(DEVELOPER), "security.asset_connection.delete";
    }
    attacks: {
        analyze_attack => Access::Qnsp(DEVELOPER.entitled().metered(Billable::AttackPathAnalysis)), "security.attack_surface.analyze";
        simulate_attack => Access::Qnsp(DEVELOPER.entitled().metered(Billable::AttackSimulation)), "security.attack_surface.simulate";
    }
    controls: {
        create_control => Access::Qnsp(ADMIN.entitled()), "security.compliance_control.create";
        show_control => Access::Qnsp(VIEWER);
        change_control => Access::Qnsp(ADMIN), "security.compliance_control.update";
        delete_control => Access::Qnsp(ADMIN), "security.compliance_control.delete";
    }
    assess: {
        assess_compliance => Access::Qnsp(DEVELOPER.entitled().metered(Billable::ComplianceAssessment)), "security.compliance.assess";
    }
}
