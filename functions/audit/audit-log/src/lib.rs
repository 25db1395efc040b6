//! The audit log as it is read: entries, the tree above them, signed checkpoints, proofs and the export. Entries are
//! written by the batches that they record, in `service`; nothing here changes one. What is erased of them keeps its leaf.

mod checkpoints;
mod entries;
mod export;
mod key;
mod proofs;
mod tlog;

use axum::Router;
use platform::Host;
use service::{Access, Action, App, Authorization, Result, Shape, Signed, audit_tree as tree};

pub async fn app(host: Host) -> Router {
    App::signed(host).await.serve(routes(), Shape::Kosmos)
}

platform::export!(app);

const READ: Access = Access::Licence(&[Action::ReadAudit]);

service::operations! {
    key: {
        show_audit_key => Access::Anyone;
    }
    entries: {
        list_entries => READ, "audit.read";
        hash_value => READ, "audit.read";
    }
    checkpoints: {
        make_checkpoint => READ, "audit.read";
        list_checkpoints => READ, "audit.read";
    }
    proofs: {
        prove_inclusion => READ, "audit.read";
        prove_consistency => READ, "audit.read";
    }
    export: {
        export_entries => READ, "audit.read";
    }
    tlog: {
        show_verifier => Access::Anyone;
        show_note => READ, "audit.read";
        show_tile => READ, "audit.read";
    }
}

/// A caller who may read a tenant's log may do all of this. Reading it is no entry: it holds no values.
fn authorize<'a>(signed: &'a Signed, tenant: &str) -> Result<Authorization<'a>> {
    Ok(signed.authorize()?.about(tenant, "audit"))
}
