//! The audit log as it is read: entries, the tree above them, signed checkpoints, proofs and the export. Entries are
//! written by the batches that they tell of, in `service`; nothing here changes one.

mod checkpoints;
mod entries;
mod export;
mod key;
mod proofs;
mod tree;

use axum::{
    Router,
    routing::{get, post},
};
use platform::Host;
use policy::Action;
use service::{App, Gate, Shape, Signed};

pub async fn app(host: Host) -> Router {
    App::new(host).await.serve(router(), Shape::Kosmos)
}

platform::export!(app);

fn router() -> Router<App> {
    Router::new()
        .route("/caas/audit/key", get(key::show_audit_key))
        .route("/caas/audit/{tenant}/entries", get(entries::list_entries))
        .route("/caas/audit/{tenant}/hash", post(entries::hash_value))
        .route("/caas/audit/{tenant}/checkpoint", post(checkpoints::make_checkpoint))
        .route("/caas/audit/{tenant}/checkpoints", get(checkpoints::list_checkpoints))
        .route("/caas/audit/{tenant}/proof/inclusion", get(proofs::prove_inclusion))
        .route("/caas/audit/{tenant}/proof/consistency", get(proofs::prove_consistency))
        .route("/caas/audit/{tenant}/export", get(export::export_entries))
}

/// Who may read a tenant's log may do all of this. Reading it is no entry: it holds no values.
fn gate<'a>(signed: &'a Signed, tenant: &str) -> Gate<'a> {
    signed.gate(Action::ReadAudit).about(tenant, "audit")
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    key::show_audit_key,
    entries::list_entries,
    entries::hash_value,
    checkpoints::make_checkpoint,
    checkpoints::list_checkpoints,
    proofs::prove_inclusion,
    proofs::prove_consistency,
    export::export_entries,
))]
pub struct Operations;
