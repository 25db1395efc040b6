//! Accounts of the developer portal before and around a session: registration, verification, forgotten passwords,
//! logging in and out. What a logged-in developer does to its account is in `developer`.

mod auth;
mod login_store;
mod registration;
mod reset;
mod store;
mod verification;

use axum::Router;
use model::{faults::Faults, portal::Body};
use platform::Host;
use service::{Access, Error, Result, portal};

pub async fn app(host: Host) -> Router {
    portal::serve_accounts(host, routes()).await
}

platform::export!(app);

service::operations! {
    auth: {
        create_session => Access::Anyone, "developer.log-in";
        delete_session => Access::Anyone, "developer.log-out";
        get_session => Access::Session, "session.read";
        get_config => Access::Anyone;
    }
    registration: {
        register => Access::Anyone, "developer.register";
    }
    verification: {
        verify_account => Access::Anyone, "developer.verify";
        resend_account_verification => Access::Anyone;
        invalidate_account_verification => Access::Anyone, "developer.invalidate-verification";
    }
    reset: {
        forgot_password => Access::Anyone;
        validate_reset => Access::Anyone;
        reset_password => Access::Anyone, "developer.reset-password";
    }
}

/// A text that must be there; the refusal says that it is missing.
fn demand(body: &Body, name: &'static str) -> Result<String> {
    let mut faults = Faults::default();
    let text = body.text(name, &mut faults);
    faults.result().map_err(portal::refused_fields)?;
    text.ok_or_else(|| Error::bad_request(format!("{name} is required")))
}
