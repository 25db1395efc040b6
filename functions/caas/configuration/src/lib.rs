//! Configuration of Config & Consent: one JSON document per context, read and changed by key paths, with its history.

mod access;
mod changes;
mod document;
mod handlers;
mod reads;

use std::sync::Arc;

use axum::{
    Extension, Router,
    routing::{delete, get, post, put},
};
use model::ids::KeyPath;
use platform::Host;
use service::{App, Cached, Error, Path, Shape};

pub async fn app(host: Host) -> Router {
    App::new(host).await.serve(router(), Shape::Kosmos)
}

platform::export!(app);

fn router() -> Router<App> {
    // `fetch` and `history` are resources, and key paths like any other.
    let set = |name: &'static str| {
        put(async move |signed, cached, expected, request| {
            let key_path = KeyPath::try_from(name.to_owned()).map_err(|error| Error::internal(error.0))?;
            handlers::set_config(signed, cached, Path(key_path), expected, request).await
        })
    };
    let cached: Arc<handlers::Documents> = Arc::new(Cached::new("configuration"));
    Router::new()
        .route("/caas/config", delete(handlers::remove_config))
        .route("/caas/config/fetch", post(handlers::fetch_config).merge(set("fetch")))
        .route("/caas/config/history", get(handlers::show_history).merge(set("history")))
        .route("/caas/config/{key_path}", put(handlers::set_config))
        .layer(Extension(cached))
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(handlers::fetch_config, handlers::set_config, handlers::remove_config, handlers::show_history))]
pub struct Operations;
