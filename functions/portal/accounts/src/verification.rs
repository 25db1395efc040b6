//! Verification of an e-mail address, by a token that was mailed to it.

use axum::{Json as Answer, http::StatusCode};
use model::{
    faults::Faults,
    portal::{AccountEmail, MailedToken, Verified, fold_email},
};
use service::{
    Anonymous, Audit, Error, Result,
    portal::{Mail, MailKind, OneTimeToken, PORTAL_TENANT, PortalBody, Purpose, refused_fields},
};

use crate::{demand, store};

/// Verify an account with the token that was mailed. A token is good once.
#[utoipa::path(
    post, path = "/verify-account", tag = "account", operation_id = "verify-account", request_body = MailedToken,
    responses((status = 200, body = Verified), (status = 400), (status = 401)),
)]
pub(crate) async fn verify_account(caller: Anonymous, PortalBody(body): PortalBody) -> Result<Answer<Verified>> {
    let (app, now) = (&caller.app, caller.now);
    let token = OneTimeToken::open(app, Purpose::VerifyAccount, &demand(&body, "token")?, now)?;
    let token = token.ok_or_else(unauthorized)?;
    let developer = store::developer_of(&caller, store::select_owner(&token)).await?.ok_or_else(unauthorized)?;
    let mut batch = caller.batch();
    let verified = batch.push(store::verify((&token, &developer), now));
    for admin in &app.portal().accounts()?.admins {
        batch.push(store::notify(Mail::new(app, MailKind::RequestAccess).await?, admin, &token, now));
    }
    batch.push(store::void_all_like(&token));
    batch.record(Audit::new(PORTAL_TENANT, "developer.verify", developer.as_str()).by(developer.as_str()), verified);
    let outcomes = batch.write().await?;
    let row = outcomes.row(verified).ok_or_else(unauthorized)?;
    Ok(Answer(Verified { status: row.get("status")? }))
}

/// Send the verification mail again. The answer is the same whether or not there is such an account.
#[utoipa::path(
    post, path = "/resend-account-verification", tag = "account", operation_id = "resend-account-verification",
    request_body = AccountEmail, responses((status = 204)),
)]
pub(crate) async fn resend_account_verification(caller: Anonymous, PortalBody(body): PortalBody) -> Result<StatusCode> {
    let (app, now) = (&caller.app, caller.now);
    let mut faults = Faults::default();
    let email = body.text("email", &mut faults);
    faults.result().map_err(refused_fields)?;
    let Some(email) = email else { return Ok(StatusCode::NO_CONTENT) };
    let folded = fold_email(&email);
    let token = OneTimeToken::mint(app, Purpose::VerifyAccount, now)?;
    let mail = Mail::with_token(app, MailKind::VerifyAccount, &token, &email).await?;
    let known = store::developer_of(&caller, store::select_account(&folded)).await?.unwrap_or_default();
    // An answer that named the entry would reveal which accounts there are.
    let mut batch = Anonymous::background(app).batch();
    batch.push(store::void_verifications(&folded));
    let inserted = batch.push(store::insert_verification(&folded, &token));
    batch.record(Audit::new(PORTAL_TENANT, "developer.resend-verification", known), inserted);
    for statement in store::mail_or_decoy(mail, &token, &folded, now) {
        batch.push(statement);
    }
    batch.write().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Invalidate a verification token.
#[utoipa::path(
    post, path = "/invalidate-account-verification", tag = "account", operation_id = "invalidate-account-verification",
    request_body = MailedToken, responses((status = 204), (status = 401)),
)]
pub(crate) async fn invalidate_account_verification(
    caller: Anonymous,
    PortalBody(body): PortalBody,
) -> Result<StatusCode> {
    let mut faults = Faults::default();
    let token = body.text("token", &mut faults);
    faults.result().map_err(refused_fields)?;
    let token = token.ok_or_else(|| Error::unauthorized("token is required"))?;
    let token = OneTimeToken::open(&caller.app, Purpose::VerifyAccount, &token, caller.now)?;
    let token = token.ok_or_else(unauthorized)?;
    let developer = store::developer_of(&caller, store::select_owner(&token)).await?.ok_or_else(unauthorized)?;
    let mut batch = caller.batch();
    let deleted = batch.push(store::delete_token(&token));
    let audit = Audit::new(PORTAL_TENANT, "developer.invalidate-verification", developer.as_str());
    batch.record(audit.by(developer), deleted);
    match batch.write().await?.changed(deleted) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unauthorized()),
    }
}

pub(crate) fn unauthorized() -> Error {
    Error::unauthorized("Unauthorized")
}
