//! Forgotten passwords: a token by mail, and a new password for it.

use axum::http::StatusCode;
use model::{
    faults::Faults,
    portal::{AccountEmail, MailedToken, PasswordReset, check_password, fold_email},
};
use service::{
    Anonymous, Audit, Result,
    portal::{self, Mail, MailKind, OneTimeToken, PORTAL_TENANT, PortalBody, Purpose, Source},
};

use crate::{demand, store, verification::unauthorized};

/// Ask for a mail with which a new password can be chosen. The answer is the same whether or not there is such an account.
#[utoipa::path(
    post, path = "/forgot-password", tag = "account", operation_id = "forgot-password", request_body = AccountEmail,
    responses((status = 200), (status = 400)),
)]
pub(crate) async fn forgot_password(caller: Anonymous, PortalBody(body): PortalBody) -> Result<StatusCode> {
    let (app, now) = (&caller.app, caller.now);
    let email = demand(&body, "email")?;
    let folded = fold_email(&email);
    let token = OneTimeToken::mint(app, Purpose::ResetPassword, now)?;
    let mail = Mail::with_token(app, MailKind::ResetPassword, &token, &email).await?;
    let known = store::developer_of(&caller, store::select_account(&folded)).await?.unwrap_or_default();
    // An answer that named the entry would reveal which accounts there are.
    let mut batch = Anonymous::background(app).batch();
    batch.push(store::sweep_tokens(&folded, now));
    let inserted = batch.push(store::insert_reset(&folded, &token, now));
    batch.record(Audit::new(PORTAL_TENANT, "developer.forgot-password", known), inserted);
    for statement in store::mail_or_decoy(mail, &token, &folded, now) {
        batch.push(statement);
    }
    batch.write().await?;
    Ok(StatusCode::OK)
}

/// Check a token for a new password without using it.
#[utoipa::path(
    post, path = "/validate-reset", tag = "account", operation_id = "validate-reset", request_body = MailedToken,
    responses((status = 200), (status = 400), (status = 401)),
)]
pub(crate) async fn validate_reset(caller: Anonymous, PortalBody(body): PortalBody) -> Result<StatusCode> {
    let token = OneTimeToken::open(&caller.app, Purpose::ResetPassword, &demand(&body, "token")?, caller.now)?;
    let token = token.ok_or_else(unauthorized)?;
    let developer = store::developer_of(&caller, store::select_owner(&token)).await?;
    developer.map(|_| StatusCode::OK).ok_or_else(unauthorized)
}

/// Choose a new password with a mailed token. It ends all sessions of the account and all other such tokens.
#[utoipa::path(
    post, path = "/reset-password", tag = "account", operation_id = "reset-password", request_body = PasswordReset,
    responses((status = 200), (status = 400), (status = 401)),
)]
pub(crate) async fn reset_password(
    caller: Anonymous,
    source: Source,
    PortalBody(body): PortalBody,
) -> Result<StatusCode> {
    let (app, now) = (&caller.app, caller.now);
    let (token, password) = (demand(&body, "token")?, demand(&body, "password")?);
    check_password(&password).map_err(|rule| portal::refused_fields(Faults::one("password", rule)))?;
    let token = OneTimeToken::open(app, Purpose::ResetPassword, &token, now)?.ok_or_else(unauthorized)?;
    let developer = store::developer_of(&caller, store::select_owner(&token)).await?.ok_or_else(unauthorized)?;
    let hash = portal::hash_password(app, &password)?;
    let mut batch = caller.batch();
    let changed = batch.push(store::reset_password((&token, &developer), &hash, now));
    batch.record(Audit::new(PORTAL_TENANT, "developer.reset-password", developer.as_str()).by(developer), changed);
    batch.push(store::end_sessions(&token));
    // Who reads the account's mail is no stranger, however many guesses strangers have made.
    if let Some(source) = source.key(app)? {
        batch.push(portal::know_source_of_owner(&token, &source, now));
    }
    batch.push(store::void_all_like(&token));
    match batch.write().await?.changed(changed) {
        true => Ok(StatusCode::OK),
        false => Err(unauthorized()),
    }
}
