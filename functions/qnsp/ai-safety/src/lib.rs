//! The AI orchestrator: how fair models are to the groups of a protected attribute, and prompts that attack them.

mod analyze;
mod due;
mod evaluation_store;
mod evaluations;
mod job;
mod patterns;
mod source;
mod stats;
mod summary;

use axum::Router;
use platform::Host;
use policy::qnsp::{Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes().due(env!("CARGO_PKG_NAME"), due::ALL)).await
}

platform::export!(app, due);

const fn controls(least: Role) -> Controls {
    Controls::of(Service::AiOrchestrator, least)
}

/// The operations of the first catalogue.
const fn entitled(least: Role) -> Controls {
    controls(least).entitled().bare()
}

const DEVELOPER: Access = Access::Qnsp(controls(Role::Developer));

service::operations! {
    evaluations: {
        create_evaluation => Access::Qnsp(entitled(Role::Developer)), "ai.bias_evaluation.create";
        start_evaluation => Access::Qnsp(entitled(Role::Developer)), "ai.bias_evaluation.start";
        show_evaluation => Access::Qnsp(controls(Role::Viewer)), "ai.bias_evaluation.get";
    }
    summary: {
        show_bias => Access::Qnsp(entitled(Role::Viewer)), "ai.bias_summary.get";
    }
    patterns: {
        create_pattern => Access::Qnsp(entitled(Role::Developer)), "ai.injection_pattern.create";
        change_pattern => DEVELOPER, "ai.injection_pattern.update";
        delete_pattern => DEVELOPER, "ai.injection_pattern.delete";
    }
    analyze: {
        analyze_prompt => Access::Qnsp(entitled(Role::Viewer)), "ai.injection.analyze";
    }
    stats: {
        show_injections => Access::Qnsp(entitled(Role::Viewer)), "ai.injection_stats.get";
    }
}
