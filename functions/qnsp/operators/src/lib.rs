//! The tenants of the QNSP API and their keys, made and looked after by licences of the platform. What a key may do is
//! judged where it is used.

mod bodies;
mod key_store;
mod keys;
mod names;
mod tenant_store;
mod tenants;

use axum::Router;
use platform::Host;
use service::{Access, Action, App, Shape};

pub async fn app(host: Host) -> Router {
    App::signed(host).await.serve(routes(), Shape::Kosmos)
}

platform::export!(app);

/// How many rows one answer lists.
const PAGE: usize = 100;

const OPERATOR: Access = Access::Licence(&[Action::ManageQnsp]);

service::operations! {
    tenants: {
        create_qnsp_tenant => OPERATOR, "qnsp-tenant.create";
        list_qnsp_tenants => OPERATOR, "qnsp-tenant.list";
        update_qnsp_tenant => OPERATOR, "qnsp-tenant.update";
        show_qnsp_webhook_secret => OPERATOR, "qnsp-webhook-secret.read";
    }
    keys: {
        issue_qnsp_key => OPERATOR, "qnsp-key.create";
        list_qnsp_keys => OPERATOR, "qnsp-key.list";
        revoke_qnsp_key => OPERATOR, "qnsp-key.revoke";
    }
}
