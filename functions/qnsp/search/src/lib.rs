//! The search service: documents and the search over them, synonyms, how well searches go, maintenance, isolation.

mod analytics;
mod analytics_store;
mod document_store;
mod documents;
mod due;
mod health;
mod isolation;
mod maintenance;
mod ranking;
mod synonyms;
mod terms;
mod windows;

use axum::Router;
use platform::Host;
use policy::qnsp::{Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes().due(env!("CARGO_PKG_NAME"), due::ALL)).await
}

platform::export!(app, due);

const fn controls(least: Role) -> Controls {
    Controls::of(Service::Search, least)
}

const VIEWER: Access = Access::Qnsp(controls(Role::Viewer).entitled());

const DEVELOPER: Access = Access::Qnsp(controls(Role::Developer).entitled());

service::operations! {
    analytics: {
        show_metrics => VIEWER, "search.metrics.get";
        show_quality => VIEWER, "search.quality.get";
        record_query => Access::Qnsp(controls(Role::Developer)), "search.query.create";
        record_feedback => Access::Qnsp(controls(Role::Viewer)), "search.feedback.create";
    }
    synonyms: {
        create_group => DEVELOPER, "search.synonym_group.create";
        expand_term => VIEWER, "search.synonym.expand";
        look_up_term => VIEWER, "search.synonym.expand";
    }
    health: {
        show_indices => VIEWER, "search.index_health.get";
    }
    windows: {
        schedule_window => DEVELOPER, "search.maintenance_window.create";
    }
    isolation: {
        verify_isolation => DEVELOPER, "search.isolation.verify";
    }
    documents: {
        index_document => Access::Qnsp(controls(Role::Developer)), "search.document.create";
        search_documents => Access::Qnsp(controls(Role::Viewer)), "search.document.list";
    }
}
