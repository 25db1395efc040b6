//! What operators do for the developer portal, with licences of the platform: developers, the files of its pages, and
//! the outbox of its mails.

mod developer_store;
mod developers;
mod file_store;
mod files;
mod mail;

use axum::{Router, routing::get};
use platform::Host;
use service::{App, Shape, portal};

pub async fn app(host: Host) -> Router {
    let app = portal::app(host).await;
    let served = app.clone().serve(router(), Shape::Kosmos);
    served.layer(axum::middleware::from_fn_with_state(app, portal::send_later))
}

platform::export!(app);

fn router() -> Router<App> {
    let developer =
        get(developers::get_developer).patch(developers::update_developer).delete(developers::remove_developer);
    Router::new()
        .route("/caas/portal/developers", get(developers::list_developers))
        .route("/caas/portal/developers/{developer}", developer)
        .route("/caas/portal/files", get(files::list_portal_files))
        .route(
            "/caas/portal/files/{*path}",
            get(files::get_portal_file).put(files::put_portal_file).delete(files::delete_portal_file),
        )
        .route("/caas/portal/mail", get(mail::list_mail))
        .route("/caas/portal/mail/{id}", get(mail::get_mail))
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    developers::list_developers,
    developers::get_developer,
    developers::update_developer,
    developers::remove_developer,
    files::list_portal_files,
    files::get_portal_file,
    files::put_portal_file,
    files::delete_portal_file,
    mail::list_mail,
    mail::get_mail,
))]
pub struct Operations;
