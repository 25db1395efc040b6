//! Verification of an e-mail address, by a token that was mailed to it.

use axum::{Json as Answer, extract::State, http::StatusCode};
use model::portal::{Verified, fold_email};
use service::{
    App, Error, Result,
    portal::{Mail, MailKind, OneTimeToken, PortalBody, Purpose},
};

use crate::{demand, store};

/// Verify an account with the token that was mailed. A token is good once.
#[utoipa::path(
    post, path = "/verify-account", tag = "account", operation_id = "verify-account", request_body = Object,
    responses((status = 200, body = Verified), (status = 400), (status = 401)),
)]
pub(crate) async fn verify_account(State(app): State<App>, PortalBody(body): PortalBody) -> Result<Answer<Verified>> {
    let now = platform::clock::now_ms();
    let token = demand(&body, "token")?;
    let token = OneTimeToken::open(&app, Purpose::VerifyAccount, token, now)?.ok_or_else(unauthorized)?;
    let developer = store::owner_of(&app, &token).await?.ok_or_else(unauthorized)?;
    let mut notices = Vec::new();
    for admin in &app.portal().admins {
        notices.push((Mail::new(&app, MailKind::RequestAccess).await?, admin.as_str()));
    }
    let status = store::verify(&app, (&token, &developer), notices, now).await?.ok_or_else(unauthorized)?;
    Ok(Answer(Verified { status }))
}

/// Send the verification mail again. The answer does not tell whether there is such an account.
#[utoipa::path(
    post, path = "/resend-account-verification", tag = "account", operation_id = "resend-account-verification",
    request_body = Object, responses((status = 204)),
)]
pub(crate) async fn resend_account_verification(
    State(app): State<App>,
    PortalBody(body): PortalBody,
) -> Result<StatusCode> {
    let now = platform::clock::now_ms();
    if let Some(email) = body.text("email")? {
        let token = OneTimeToken::mint(&app, Purpose::VerifyAccount, now)?;
        let mail = Mail::with_token(&app, MailKind::VerifyAccount, &token, email).await?;
        store::resend(&app, &fold_email(email), &token, mail, now).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Make a verification token worthless.
#[utoipa::path(
    post, path = "/invalidate-account-verification", tag = "account", operation_id = "invalidate-account-verification",
    request_body = Object, responses((status = 204), (status = 401)),
)]
pub(crate) async fn invalidate_account_verification(
    State(app): State<App>,
    PortalBody(body): PortalBody,
) -> Result<StatusCode> {
    let now = platform::clock::now_ms();
    let token = body.text("token")?.ok_or_else(|| Error::unauthorized("token is required"))?;
    let token = OneTimeToken::open(&app, Purpose::VerifyAccount, token, now)?.ok_or_else(unauthorized)?;
    if store::delete_token(&app, &token).await? { Ok(StatusCode::NO_CONTENT) } else { Err(unauthorized()) }
}

pub(crate) fn unauthorized() -> Error {
    Error::unauthorized("Unauthorized")
}
