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

use axum::Router;
use platform::Host;
use service::{Access, Action, portal};

pub async fn app(host: Host) -> Router {
    portal::serve_operators(host, routes().due(env!("CARGO_PKG_NAME"), &[portal::DUE_MAILS])).await
}

platform::export!(app, due);

const OPERATOR: Access = Access::Licence(&[Action::ManagePortal]);

service::operations! {
    developers: {
        list_developers => OPERATOR, "developer.list";
        get_developer => OPERATOR, "developer.read";
        update_developer => OPERATOR, "developer.update";
        remove_developer => OPERATOR, "developer.remove";
    }
    files: {
        list_portal_files => OPERATOR, "file.list";
        get_portal_file => OPERATOR, "file.read";
        put_portal_file => OPERATOR, "file.put";
        delete_portal_file => OPERATOR, "file.delete";
    }
    services: {
        list_portal_services => OPERATOR, "service.list";
        get_portal_service => OPERATOR, "service.read";
        put_portal_service => OPERATOR, "service.put";
        delete_portal_service => OPERATOR, "service.delete";
    }
    instances: {
        list_instances => OPERATOR, "application-instance.list";
        update_instance => OPERATOR, "application-instance.update";
    }
    imports: {
        import_credential => OPERATOR, "credential.import";
    }
    tokens: {
        create_admin_token => OPERATOR, "admin-token.create";
        list_admin_tokens => OPERATOR, "admin-token.list";
        revoke_admin_token => OPERATOR, "admin-token.revoke";
    }
    mail: {
        list_mail => OPERATOR, "mail.list";
        get_mail => OPERATOR, "mail.read";
    }
}
