//! Registration of a developer.

use axum::Json as Answer;
use model::{
    faults::Faults,
    portal::{
        Developer, INVALID_EMAIL, MailReport, Reference, Registered, Registration, Status, check_password, is_email,
    },
};
use service::{
    Anonymous, Audit, Result,
    portal::{self, Mail, MailKind, OneTimeToken, PORTAL_TENANT, PortalBody, Purpose},
};

use crate::store::{self, NewDeveloper};

/// Register an account. Depending on the portal's settings it has to be verified by mail, approved, or neither.
#[utoipa::path(
    post, path = "/register", tag = "account", operation_id = "register", request_body = Registration,
    responses((status = 200, body = Registered), (status = 400), (status = 409)),
)]
pub(crate) async fn register(caller: Anonymous, PortalBody(body): PortalBody) -> Result<Answer<Registered>> {
    let (app, now) = (&caller.app, caller.now);
    let mut faults = Faults::default();
    let password = body.text("password", &mut faults);
    match password.as_deref().map(check_password) {
        None => faults.add("password", "password is required"),
        Some(Err(rule)) => faults.add("password", rule),
        Some(Ok(())) => {}
    }
    let email = body.required("email", &mut faults);
    faults.check(is_email(&email), "email", INVALID_EMAIL);
    let settings = app.portal().accounts()?;
    let meta = settings.meta_fields()?.of_new(&body);
    faults.add_within("", meta.as_ref().err().cloned().unwrap_or_default());
    faults.result().map_err(portal::refused_fields)?;
    let (email, password) = (email.as_str(), password.unwrap_or_default());
    let meta = meta.map_err(portal::refused_fields)?;

    let admitted = if settings.auto_approve { Status::Approved } else { Status::Requested };
    let status = if settings.email_verification { Status::Unverified } else { admitted };
    let developer = NewDeveloper {
        id: portal::new_id()?,
        consumer: portal::new_id()?,
        email,
        password: portal::hash_password(app, &password)?,
        meta: meta.as_str().to_owned(),
        status,
        status_after: admitted,
        now,
    };
    let recipients: Vec<&str> = match status {
        Status::Unverified => vec![email],
        Status::Requested => settings.admins.iter().map(String::as_str).collect(),
        Status::Approved | Status::Rejected | Status::Revoked => Vec::new(),
    };
    let token = match status {
        Status::Unverified => Some(OneTimeToken::mint(app, Purpose::VerifyAccount, now)?),
        _ => None,
    };
    let mut batch = caller.batch();
    let inserted = batch.push(store::insert_developer(&developer));
    batch.push(store::insert_consumer(&developer));
    batch.push(Mail::sweep(now));
    if let Some(token) = &token {
        batch.push(store::insert_token(&developer.id, Purpose::VerifyAccount, token));
    }
    for recipient in &recipients {
        let mail = match &token {
            Some(token) => Mail::with_token(app, MailKind::VerifyAccount, token, email).await?,
            None => Mail::new(app, MailKind::RequestAccess).await?,
        };
        batch.push(mail.to(recipient, &developer.id, now));
    }
    batch.on_duplicate("portal_developers.email_folded", portal::taken("email", email));
    let id = developer.id.as_str();
    batch.record(Audit::new(PORTAL_TENANT, "developer.register", id).by(id), inserted);
    batch.write().await?;
    let seconds = now.div_euclid(1000);
    Ok(Answer(Registered {
        email: MailReport::sent_to(recipients),
        developer: Developer {
            id: developer.id,
            email: email.to_owned(),
            meta: developer.meta,
            status: status.number(),
            created_at: seconds,
            updated_at: seconds,
            consumer: Reference { id: developer.consumer },
        },
    }))
}
