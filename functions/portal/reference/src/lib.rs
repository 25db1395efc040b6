//! The API reference: a viewer and the OpenAPI documents of all APIs, embedded, so that it needs no other server.
//! Larger than any other function, since the viewer is.

use assets::Site;
use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, StatusCode},
    response::{Redirect, Response},
    routing::get,
};
use platform::Host;

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The viewer writes its styles into the page and draws images from memory; its scripts come from here alone, and it
/// can ask nobody but this origin.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
                      font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

static SITE: Site = Site { assets: ASSETS, version: VERSION, policy: POLICY };

pub async fn app(_host: Host) -> Router {
    router()
}

platform::export!(app);

pub fn router() -> Router {
    SITE.serve(
        Router::new()
            .route("/portal/reference", get(async || Redirect::temporary("/portal/reference/")))
            .route("/portal/reference/", get(async |headers: HeaderMap| SITE.page("index.html", &headers)))
            .route("/portal/reference/{document}", get(show_document))
            .route("/portal/reference/openapi/{file}", get(show_openapi))
            .route("/portal/reference/assets/{version}/{file}", get(show_file))
            .fallback(async || (StatusCode::NOT_FOUND, "There is no such page")),
    )
}

/// The viewer, which takes the document's name from the address.
async fn show_document(Path(document): Path<String>, headers: HeaderMap) -> Response {
    SITE.page(if SITE.has(&format!("{document}.json")) { "viewer.html" } else { "" }, &headers)
}

/// The document itself.
async fn show_openapi(Path(file): Path<String>, headers: HeaderMap) -> Response {
    SITE.page(if file.ends_with(".json") { &file } else { "" }, &headers)
}

async fn show_file(Path((version, file)): Path<(String, String)>, headers: HeaderMap) -> Response {
    SITE.file(&version, &file, &headers)
}
