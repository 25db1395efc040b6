//! The Secret Store of Config & Consent, and the rotation of the root key that guards it.

mod root_key;
mod secrets;
mod store;

use axum::{
    Router,
    routing::{delete, get, post, put},
};
use platform::Host;
use service::{App, Shape};

pub async fn app(host: Host) -> Router {
    App::new(host).await.serve(router(), Shape::Kosmos)
}

platform::export!(app);

fn router() -> Router<App> {
    Router::new()
        .route("/caas/tenants/{tenantId}/community/{communityId}/secrets/fetch", post(secrets::fetch_secrets))
        .route("/caas/tenants/{tenantId}/community/{communityId}/secrets", put(secrets::put_secret))
        .route("/caas/tenants/{tenantId}/community/{communityId}/secrets/{tag}", delete(secrets::delete_secret))
        .route("/caas/root-key", get(root_key::show_root_key))
        .route("/caas/root-key/rewrap", post(root_key::rewrap_data_keys))
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    secrets::fetch_secrets,
    secrets::put_secret,
    secrets::delete_secret,
    root_key::show_root_key,
    root_key::rewrap_data_keys,
))]
pub struct Operations;
