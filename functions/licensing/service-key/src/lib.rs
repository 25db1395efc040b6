//! Service keys, the licences of Licensing: read, list, create, update and delete them.
//! What a key may do in a community is the room of `key-authorization`.

mod credentials;
mod infra;
mod keys;
mod store;

use axum::{
    Router,
    routing::{get, post},
};
use platform::Host;
use service::{App, Shape};

pub async fn app(host: Host) -> Router {
    App::new(host).await.serve(router(), Shape::Kosmos)
}

platform::export!(app);

pub fn router() -> Router<App> {
    let one_key = get(keys::get_service_key)
        .put(keys::create_service_key)
        .patch(keys::update_service_key)
        .delete(keys::delete_service_key);
    Router::new()
        .route("/licenses/servicekey", one_key)
        .route("/licenses/servicekey/current", get(keys::get_current_service_key))
        .route("/licenses/servicekey/fetch", post(keys::fetch_service_keys))
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    keys::get_service_key,
    keys::get_current_service_key,
    keys::fetch_service_keys,
    keys::create_service_key,
    keys::update_service_key,
    keys::delete_service_key,
))]
pub struct Operations;
