//! Changes of one's own account.

use axum::{
    Json as Answer,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use model::{
    faults::Faults,
    portal::{
        Developer, EmailChange, INVALID_EMAIL, MetaChange, PasswordChange, check_password, fold_email, is_email,
        meta_too_long,
    },
};
use service::{
    Error, Result,
    portal::{self, Attempt, Guess, Mail, MailKind, OneTimeToken, PortalBody, Purpose, Session, Source},
};

use crate::store;

/// Change the password. All other sessions of the developer end. Wrong old passwords are counted as those of log-ins.
#[utoipa::path(
    patch, path = "/developer/password", tag = "developer", operation_id = "update-password", request_body = PasswordChange,
    responses((status = 204), (status = 400), (status = 401), (status = 429)),
)]
pub(crate) async fn update_password(
    session: Session,
    source: Source,
    PortalBody(body): PortalBody,
) -> Result<Response> {
    let mut batch = session.batch();
    let found = batch.push(store::select(&session));
    let email = store::developer(batch.read().await?.one(found)?)?.email;
    let mut faults = Faults::default();
    let (password, old) = (body.required("password", &mut faults), body.required("old_password", &mut faults));
    if let Err(rule) = check_password(&password) {
        faults.add("password", rule);
    }
    faults.result().map_err(portal::refused_fields)?;
    let app = &session.app;
    let wrong = || Error::bad_request("Old password is invalid");
    let guess = Guess::new(app, &fold_email(&email), &source, session.now)?;
    let found = match guess.attempt(session.batch()).await? {
        Attempt::Refused(seconds) => {
            session.refuse();
            return Ok(portal::too_many_guesses(seconds));
        }
        // Otherwise, another request has set another address in the meantime.
        Attempt::Counted(found) => found.filter(|found| found.id == session.developer).ok_or_else(wrong)?,
    };
    if !portal::verify_password(app, &old, Some(&found.password))? || found.is_locked {
        session.refuse();
        return Err(wrong());
    }
    let hash = portal::hash_password(app, &password)?;
    let mut batch = session.batch();
    let updated = store::set_password(&mut batch, &found.password, &hash);
    batch.record(session.audit(session.developer.as_str()), updated);
    batch.push(guess.give_back());
    // Without a change, another request has set another password in the meantime.
    if !batch.write().await?.changed(updated) {
        return Err(wrong());
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Change the e-mail address. Where addresses are verified, a new one must be before the next login; the address that
/// stands changes nothing.
#[utoipa::path(
    patch, path = "/developer/email", tag = "developer", operation_id = "update-email", request_body = EmailChange,
    responses((status = 200, body = Developer), (status = 400), (status = 401), (status = 409)),
)]
pub(crate) async fn update_email(session: Session, PortalBody(body): PortalBody) -> Result<Answer<Developer>> {
    let mut faults = Faults::default();
    let email = body.required("email", &mut faults);
    faults.check(is_email(&email), "email", INVALID_EMAIL);
    let email = session.checked(faults.result().map(|()| email)).await?;
    let mut batch = session.batch();
    let found = batch.push(store::select(&session));
    let current = store::developer(batch.read().await?.one(found)?)?;
    if current.email == email {
        return Ok(Answer(current));
    }
    let app = &session.app;
    // The same address in another spelling needs no proof.
    let verifies = app.portal().accounts()?.email_verification && fold_email(&current.email) != fold_email(&email);
    let mut batch = session.batch();
    batch.push(store::forget_tokens(&session));
    if verifies {
        let token = OneTimeToken::mint(app, Purpose::VerifyAccount, session.now)?;
        let mail = Mail::with_token(app, MailKind::VerifyAccount, &token, &email).await?;
        batch.push(store::insert_verification(&session, &token));
        batch.push(mail.to(&email, &session.developer, session.now));
    }
    let updated = batch.push(store::set_email(&session, &email, verifies));
    let found = batch.push(store::select(&session));
    batch.record(session.audit(session.developer.as_str()), updated);
    batch.on_duplicate("portal_developers.email_folded", portal::taken("email", &email));
    store::developer(batch.write().await?.one(found)?).map(Answer)
}

/// Change meta fields: the given ones replace the stored ones.
#[utoipa::path(
    patch, path = "/developer/meta", tag = "developer", operation_id = "update-meta", request_body = MetaChange,
    responses((status = 200), (status = 400), (status = 401)),
)]
pub(crate) async fn update_meta(session: Session, body: PortalBody) -> Result<StatusCode> {
    change_meta(session, body).await
}

/// Change meta fields, in the form that Kong's portal pages use.
#[utoipa::path(
    put, path = "/developer/meta", tag = "Chancery", operation_id = "replace-meta", request_body = MetaChange,
    responses((status = 200), (status = 400), (status = 401)),
)]
pub(crate) async fn replace_meta(session: Session, body: PortalBody) -> Result<StatusCode> {
    change_meta(session, body).await
}

async fn change_meta(session: Session, PortalBody(body): PortalBody) -> Result<StatusCode> {
    let meta = session.checked(session.app.portal().accounts()?.meta_fields()?.of_change(&body)).await?;
    let mut batch = session.batch();
    let updated = batch.push(store::merge_meta(&session, meta.as_str()));
    batch.record(session.audit(session.developer.as_str()), updated);
    if !batch.write().await?.changed(updated) {
        return Err(portal::refused_fields(meta_too_long()));
    }
    Ok(StatusCode::OK)
}
