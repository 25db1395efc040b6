//! The public half of an API's service key: what callers encrypt their headers for.

use axum::{
    Json as Answer, Router,
    extract::State,
    http::{HeaderName, Uri, header},
    routing::get,
};
use model::system::PublicKeys;
use platform::Host;
use service::{Api, App, Result, Shape};

pub async fn app(host: Host) -> Router {
    App::new(host).await.serve(router(), Shape::Kosmos)
}

platform::export!(app);

pub fn router() -> Router<App> {
    Router::new().route("/caas/publickeys", get(show_public_key)).route("/licenses/publickeys", get(show_public_key))
}

/// The operations of this function, for the OpenAPI document. Their paths are relative to each API that has them.
#[derive(utoipa::OpenApi)]
#[openapi(paths(show_public_key))]
pub struct Operations;

/// Clients keep the key for as long as this allows; it changes only with the configuration.
const CACHE: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "public, max-age=600")];

/// The public key to agree with.
#[utoipa::path(get, path = "/publickeys", tag = "System", responses((status = 200, body = PublicKeys)))]
async fn show_public_key(
    State(app): State<App>,
    uri: Uri,
) -> Result<([(HeaderName, &'static str); 1], Answer<PublicKeys>)> {
    let public_key = app.config().public_key(Api::of(uri.path()))?.to_owned();
    Ok((CACHE, Answer(PublicKeys { public_key })))
}
