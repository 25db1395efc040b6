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

use axum::Router;
use platform::Host;
use service::{Access, portal};

pub async fn app(host: Host) -> Router {
    portal::serve(host, routes()).await
}

platform::export!(app);

service::operations! {
    applications: {
        list_applications => Access::Session, "application.list";
        create_application => Access::Session, "application.create";
        get_application => Access::Session, "application.read";
        update_application => Access::Session, "application.update";
        delete_application => Access::Session, "application.delete";
    }
    services: {
        list_services => Access::Session, "service.list";
        list_services_of_application => Access::Session, "application-instance.list";
    }
    instances: {
        create_instance => Access::Session, "application-instance.create";
        get_instance => Access::Session, "application-instance.read";
        delete_instance => Access::Session, "application-instance.delete";
    }
    client_credentials: {
        list_credentials => Access::Session, "application-credential.list";
        create_credential => Access::Session, "application-credential.create";
        get_credential => Access::Session, "application-credential.read";
        delete_credential => Access::Session, "application-credential.delete";
    }
}
