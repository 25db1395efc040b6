//! Consents of Config & Consent: versions in a chain of immutable documents, and which of them is in force.

mod documents;
mod handlers;
mod node;
mod store;
mod templates;

use std::sync::Arc;

use axum::{
    Extension, Router,
    routing::{get, put},
};
use platform::Host;
use service::{App, Shape};

use crate::node::Node;

pub async fn app(host: Host) -> Router {
    let node = Node::from_vars(host.vars.as_ref()).await.map(Arc::new);
    App::new(host).await.serve(router().layer(Extension(node)), Shape::Kosmos)
}

platform::export!(app);

fn router() -> Router<App> {
    Router::new()
        .route("/caas/tenants/{tenantId}/community/{communityId}/consents", put(handlers::put_consent))
        .route("/caas/tenants/{tenantId}/community/{communityId}/consents/{type}", get(handlers::show_consent))
        .route(
            "/caas/tenants/{tenantId}/community/{communityId}/consents/ipfs/{ipfsHash}",
            get(handlers::show_consent_version),
        )
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(handlers::show_consent_version, handlers::show_consent, handlers::put_consent))]
pub struct Operations;
