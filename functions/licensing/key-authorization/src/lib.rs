//! Authorisations of keys in communities: the licence check, list, add, update and remove.
//! The keys themselves are the room of `service-key`.

mod authorizations;
mod check;
mod store;

use axum::{
    Router,
    routing::{get, patch, post, put},
};
use platform::Host;
use service::{App, Shape};

pub async fn app(host: Host) -> Router {
    App::new(host).await.serve(router(), Shape::Kosmos)
}

platform::export!(app);

pub fn router() -> Router<App> {
    Router::new()
        .route("/licenses/community/{communityId}/licensecheck", get(check::check_license))
        .route("/licenses/community/{communityId}/servicekey/fetch", post(authorizations::fetch_community_keys))
        .route("/licenses/community/servicekey", put(authorizations::add_to_community))
        .route(
            "/licenses/community/{communityId}/servicekey/{tag}",
            patch(authorizations::update_in_community).delete(authorizations::remove_from_community),
        )
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    check::check_license,
    authorizations::fetch_community_keys,
    authorizations::add_to_community,
    authorizations::update_in_community,
    authorizations::remove_from_community,
))]
pub struct Operations;
