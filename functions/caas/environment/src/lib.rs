//! The environment of a deployment: what it is, for everybody to read; its installation; and its communities.

mod community;
mod documents;
mod install;
mod show;
mod store;

use std::sync::Arc;

use axum::{
    Extension, Router,
    routing::{get, post},
};
use platform::Host;
use service::{App, Cached, Shape};

pub async fn app(host: Host) -> Router {
    App::new(host).await.serve(router(), Shape::Kosmos)
}

platform::export!(app);

pub fn router() -> Router<App> {
    let installation: Arc<show::CachedInstallation> = Arc::new(Cached::new("environment"));
    Router::new()
        .route("/caas/environment", get(show::show_environment))
        .route("/caas/environment/install", post(install::install_environment))
        .route("/caas/environment/create/community", post(community::create_community))
        .layer(Extension(installation))
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(show::show_environment, install::install_environment, community::create_community))]
pub struct Operations;
