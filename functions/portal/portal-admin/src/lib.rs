//! What operators do for the developer portal, with licences of the platform: developers, the files of its pages, the
//! services that applications may use and who may, credentials from elsewhere, and the outbox of its mails.

mod developer_store;
mod developers;
mod file_store;
mod files;
mod imports;
mod instances;
mod mail;
mod services;
mod tokens;

use axum::{
    Router,
    routing::{delete, get, patch, post},
};
use platform::Host;
use service::{App, Shape, portal};

pub async fn app(host: Host) -> Router {
    let app = portal::signed_app(host).await;
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
        .route("/caas/portal/services", get(services::list_portal_services))
        .route(
            "/caas/portal/services/{service}",
            get(services::get_portal_service).put(services::put_portal_service).delete(services::delete_portal_service),
        )
        .route("/caas/portal/application-instances", get(instances::list_instances))
        .route("/caas/portal/application-instances/{instance}", patch(instances::update_instance))
        .route("/caas/portal/credentials", post(imports::import_credential))
        .route("/caas/portal/tokens", get(tokens::list_admin_tokens).post(tokens::create_admin_token))
        .route("/caas/portal/tokens/{id}", delete(tokens::revoke_admin_token))
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
    services::list_portal_services,
    services::get_portal_service,
    services::put_portal_service,
    services::delete_portal_service,
    instances::list_instances,
    instances::update_instance,
    imports::import_credential,
    tokens::create_admin_token,
    tokens::list_admin_tokens,
    tokens::revoke_admin_token,
    mail::list_mail,
    mail::get_mail,
))]
pub struct Operations;
