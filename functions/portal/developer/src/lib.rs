//! What a logged-in developer does with its own account: look, change password, address and meta, delete.

mod account;
mod changes;
mod store;

use axum::Router;
use platform::Host;
use service::{Access, portal};

pub async fn app(host: Host) -> Router {
    portal::serve_accounts(host, routes()).await
}

platform::export!(app);

service::operations! {
    account: {
        get_developer => Access::Session, "developer.read";
        delete_developer => Access::Session, "developer.delete";
        get_meta_fields => Access::Anyone;
    }
    changes: {
        update_password => Access::Session, "developer.password";
        update_email => Access::Session, "developer.email";
        update_meta => Access::Session, "developer.meta";
        replace_meta => Access::Session, "developer.meta";
    }
}
