//! The public keys of the service.

use axum::{
    Json as Answer,
    extract::{OriginalUri, State},
    http::{HeaderName, header},
};
use model::system::PublicKeys;
use service::{Api, App, Result};

/// Clients keep the key for as long as this allows; it changes only with the configuration.
const CACHE: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "public, max-age=600")];

/// Get the service's public key.
#[utoipa::path(get, path = "/publickeys", tag = "System", responses((status = 200, body = PublicKeys)))]
pub(crate) async fn show_public_key(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
) -> Result<([(HeaderName, &'static str); 1], Answer<PublicKeys>)> {
    let public_key = app.signing()?.public_key(Api::of(uri.path()))?.to_owned();
    Ok((CACHE, Answer(PublicKeys { public_key })))
}
