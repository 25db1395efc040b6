//! Forgotten passwords: a token by mail, and a new password for it.

use axum::{extract::State, http::StatusCode};
use model::portal::{FieldErrors, check_password, fold_email};
use service::{
    App, Result,
    portal::{self, Mail, MailKind, OneTimeToken, PortalBody, Purpose, Source},
};

use crate::{demand, store, verification::unauthorized};

/// Ask for a mail with which a new password can be chosen. The answer does not tell whether there is such an account.
#[utoipa::path(
    post, path = "/forgot-password", tag = "account", operation_id = "forgot-password", request_body = Object,
    responses((status = 200), (status = 400)),
)]
pub(crate) async fn forgot_password(State(app): State<App>, PortalBody(body): PortalBody) -> Result<StatusCode> {
    let now = platform::clock::now_ms();
    let email = demand(&body, "email")?;
    let token = OneTimeToken::mint(&app, Purpose::ResetPassword, now)?;
    let mail = Mail::with_token(&app, MailKind::ResetPassword, &token, email).await?;
    store::forget(&app, &fold_email(email), &token, mail, now).await?;
    Ok(StatusCode::OK)
}

/// Check a token for a new password, without using it up.
#[utoipa::path(
    post, path = "/validate-reset", tag = "account", operation_id = "validate-reset", request_body = Object,
    responses((status = 200), (status = 400), (status = 401)),
)]
pub(crate) async fn validate_reset(State(app): State<App>, PortalBody(body): PortalBody) -> Result<StatusCode> {
    let now = platform::clock::now_ms();
    let token = OneTimeToken::open(&app, Purpose::ResetPassword, demand(&body, "token")?, now)?;
    let token = token.ok_or_else(unauthorized)?;
    store::owner_of(&app, &token).await?.map(|_| StatusCode::OK).ok_or_else(unauthorized)
}

/// Choose a new password with a mailed token. It ends all sessions of the account and all other such tokens.
#[utoipa::path(
    post, path = "/reset-password", tag = "account", operation_id = "reset-password", request_body = Object,
    responses((status = 200), (status = 400), (status = 401)),
)]
pub(crate) async fn reset_password(
    State(app): State<App>,
    source: Source,
    PortalBody(body): PortalBody,
) -> Result<StatusCode> {
    let now = platform::clock::now_ms();
    let (token, password) = (demand(&body, "token")?, demand(&body, "password")?);
    check_password(password).map_err(|rule| FieldErrors::one("password", rule))?;
    let token = OneTimeToken::open(&app, Purpose::ResetPassword, token, now)?.ok_or_else(unauthorized)?;
    let developer = store::owner_of(&app, &token).await?.ok_or_else(unauthorized)?;
    let hash = portal::hash_password(&app, password)?;
    let source = source.key(&app)?;
    if store::reset(&app, (&token, &developer), &hash, source.as_deref(), now).await? {
        Ok(StatusCode::OK)
    } else {
        Err(unauthorized())
    }
}
