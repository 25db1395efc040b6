//! What a logged-in developer does with its own account: look, change password, address and meta, delete.

mod account;
mod changes;
mod store;

use axum::{
    Router,
    routing::{get, patch},
};
use platform::Host;
use service::{App, portal};

pub async fn app(host: Host) -> Router {
    portal::serve(host, router()).await
}

platform::export!(app);

fn router() -> Router<App> {
    Router::new()
        .route("/developer", get(account::get_developer).delete(account::delete_developer))
        .route("/developer/meta_fields", get(account::get_meta_fields))
        .route("/developer/password", patch(changes::update_password))
        .route("/developer/email", patch(changes::update_email))
        .route("/developer/meta", patch(changes::update_meta).put(changes::replace_meta))
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    account::get_developer,
    account::delete_developer,
    account::get_meta_fields,
    changes::update_password,
    changes::update_email,
    changes::update_meta,
    changes::replace_meta,
))]
pub struct Operations;
