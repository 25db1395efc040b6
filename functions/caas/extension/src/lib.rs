//! Extensions of browsers: activate, deactivate, tell the status.

mod activator;
mod extensions;
mod introspection;
mod store;

use axum::{Router, routing::post};
use platform::Host;
use service::{App, Shape};

pub async fn app(host: Host) -> Router {
    App::new(host).await.serve(router(), Shape::Kosmos)
}

platform::export!(app);

pub fn router() -> Router<App> {
    Router::new()
        .route("/caas/extension/activate", post(extensions::activate_extension))
        .route("/caas/extension/deactivate", post(extensions::deactivate_extension))
        .route("/caas/extension/status", post(extensions::show_extension))
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(extensions::activate_extension, extensions::deactivate_extension, extensions::show_extension))]
pub struct Operations;
