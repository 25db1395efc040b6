//! Storage: documents in versions, how they are classified, how long they are kept, and where their copies are.

mod classification;
mod classify;
mod copies;
mod create;
mod documents;
mod due;
mod expiry;
mod holds;
mod list;
mod policies;
mod replication;
mod retention;
mod scans;
mod store;

use axum::Router;
use platform::Host;
use policy::qnsp::{Controls, Role, Service};
use service::Access;

pub async fn app(host: Host) -> Router {
    qnsp::serve(host, routes().due(env!("CARGO_PKG_NAME"), due::ALL)).await
}

platform::export!(app, due);

const fn controls(least: Role) -> Controls {
    Controls::of(Service::Storage, least)
}

const ADMIN: Access = Access::Qnsp(controls(Role::Admin).entitled());
const ENTITLED_VIEWER: Access = Access::Qnsp(controls(Role::Viewer).entitled());
const DEVELOPER: Access = Access::Qnsp(controls(Role::Developer));
const VIEWER: Access = Access::Qnsp(controls(Role::Viewer));

// Lists of policies, statistics and health are no events.
service::operations! {
    policies: {
        create_classification_policy => ADMIN, "storage.classification_policy.create";
        list_classification_policies => ENTITLED_VIEWER;
    }
    scans: {
        start_classification_scan => Access::Qnsp(controls(Role::Developer).entitled()), "storage.classification_scan.create";
        show_classification_scan => VIEWER, "storage.classification_scan.get";
        show_classification_stats => ENTITLED_VIEWER;
    }
    retention: {
        create_storage_retention => ADMIN, "storage.retention_policy.create";
    }
    holds: {
        create_hold => ADMIN, "storage.retention_hold.create";
        release_hold => ADMIN, "storage.retention_hold.release";
    }
    replication: {
        create_replication => ADMIN, "storage.replication_configuration.create";
        show_replication_status => ENTITLED_VIEWER;
        show_replication_health => ENTITLED_VIEWER;
    }
    copies: {
        acknowledge_copy => DEVELOPER, "storage.replication_copy.acknowledge";
    }
    create: {
        create_document => DEVELOPER, "storage.document.create";
    }
    list: {
        list_documents => VIEWER, "storage.document.list";
    }
    documents: {
        show_document => VIEWER, "storage.document.get";
        read_document_version => DEVELOPER, "storage.document_content.get";
        delete_document => DEVELOPER, "storage.document.delete";
    }
}
