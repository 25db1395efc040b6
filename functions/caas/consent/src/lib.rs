//! Consents of Config & Consent: versions in a chain of immutable documents, and which of them is in force.

mod documents;
mod handlers;
mod node;
mod scope;
mod store;
mod templates;

use std::sync::Arc;

use axum::Router;
use platform::Host;
use service::{Access, Action, App, Shape};

use crate::node::Node;

pub async fn app(host: Host) -> Router {
    let node = Node::from_vars(host.vars.as_ref()).await.map(Arc::new);
    App::signed(host).await.serve(routes().extension(node), Shape::Kosmos)
}

platform::export!(app);

service::operations! {
    handlers: {
        show_consent_version => Access::Licence(&[Action::ReadConsent]), "consent.read";
        show_consent => Access::Licence(&[Action::ReadConsent]), "consent.read";
        put_consent => Access::Licence(&[Action::PutConsent]), "consent.put";
    }
}
