//! The service directory of Config & Consent: under which URL which service is found.

mod directory;
mod handlers;
mod store;

use std::sync::Arc;

use axum::{Extension, Router, routing::get};
use platform::Host;
use service::{App, Cached, Shape};

pub async fn app(host: Host) -> Router {
    App::new(host).await.serve(router(), Shape::Kosmos)
}

platform::export!(app);

pub fn router() -> Router<App> {
    let overrides: Arc<store::CachedOverrides> = Arc::new(Cached::new("service-directory"));
    Router::new()
        .route("/caas/sd", get(handlers::show_directory).patch(handlers::patch_directory))
        .layer(Extension(overrides))
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(handlers::show_directory, handlers::patch_directory))]
pub struct Operations;
