//! Accounts of the developer portal before and around a session: registration, verification, forgotten passwords,
//! logging in and out. What a logged-in developer does to its account is in `developer`.

mod auth;
mod guesses;
mod login_store;
mod registration;
mod reset;
mod store;
mod verification;

use axum::{
    Router,
    routing::{get, post},
};
use model::portal::Body;
use platform::Host;
use service::{App, Error, Result, portal};

pub async fn app(host: Host) -> Router {
    portal::serve(host, router()).await
}

platform::export!(app);

fn router() -> Router<App> {
    Router::new()
        .route("/auth", get(auth::create_session).delete(auth::delete_session))
        .route("/session", get(auth::get_session))
        .route("/config", get(auth::get_config))
        .route("/register", post(registration::register))
        .route("/verify-account", post(verification::verify_account))
        .route("/resend-account-verification", post(verification::resend_account_verification))
        .route("/invalidate-account-verification", post(verification::invalidate_account_verification))
        .route("/forgot-password", post(reset::forgot_password))
        .route("/validate-reset", post(reset::validate_reset))
        .route("/reset-password", post(reset::reset_password))
}

/// A text that must be there; its absence is told in words.
fn demand<'a>(body: &'a Body, name: &'static str) -> Result<&'a str> {
    body.text(name)?.ok_or_else(|| Error::bad_request(format!("{name} is required")))
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    auth::create_session,
    auth::delete_session,
    auth::get_session,
    auth::get_config,
    registration::register,
    verification::verify_account,
    verification::resend_account_verification,
    verification::invalidate_account_verification,
    reset::forgot_password,
    reset::validate_reset,
    reset::reset_password,
))]
pub struct Operations;
