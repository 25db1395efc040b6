//! Applications of developers: what they are, which services they ask for, and the client credentials with which they
//! use them. Who may use a service is decided by operators, in `portal-admin`.

mod application_store;
mod applications;
mod client_credentials;
mod client_store;
mod instance_store;
mod instances;
mod list_query;
mod service_store;
mod services;

use axum::{Router, routing::get};
use platform::Host;
use service::{App, portal};

pub async fn app(host: Host) -> Router {
    portal::serve(host, router()).await
}

platform::export!(app);

fn router() -> Router<App> {
    let application = get(applications::get_application)
        .patch(applications::update_application)
        .delete(applications::delete_application);
    Router::new()
        .route("/applications", get(applications::list_applications).post(applications::create_application))
        .route("/applications/{id}", application)
        .route(
            "/applications/{id}/application_instances",
            get(services::list_services_of_application).post(instances::create_instance),
        )
        .route(
            "/applications/{id}/application_instances/{instance}",
            get(instances::get_instance).delete(instances::delete_instance),
        )
        .route(
            "/applications/{id}/credentials",
            get(client_credentials::list_credentials).post(client_credentials::create_credential),
        )
        .route(
            "/applications/{id}/credentials/{credential}",
            get(client_credentials::get_credential).delete(client_credentials::delete_credential),
        )
        .route("/application_services", get(services::list_services))
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    applications::list_applications,
    applications::create_application,
    applications::get_application,
    applications::update_application,
    applications::delete_application,
    services::list_services,
    services::list_services_of_application,
    instances::create_instance,
    instances::get_instance,
    instances::delete_instance,
    client_credentials::list_credentials,
    client_credentials::create_credential,
    client_credentials::get_credential,
    client_credentials::delete_credential,
))]
pub struct Operations;
