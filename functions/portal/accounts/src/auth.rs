//! Logging in, by e-mail address and password, and out.

use axum::{
    Json as Answer,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use crypto::base64;
use model::portal::{CookieFacts, ImportKind, Plugins, PortalConfig, SessionAnswer, SessionFacts, Status, fold_email};
use serde_json::json;
use service::{
    Actor, Anonymous, App, Error, Result,
    portal::{self, Attempt, Candidate, Cookie, Guess, Session, Source, Transport},
};

use crate::login_store as store;

/// How often a password is verified that another log-in stores at another cost meanwhile.
const VERIFICATIONS: usize = 2;

/// Create a session: log in with HTTP Basic, and keep the cookie of the answer.
#[utoipa::path(
    get, path = "/auth", tag = "authentication", operation_id = "create-session",
    responses((status = 204), (status = 401), (status = 429)),
)]
pub(crate) async fn create_session(
    caller: Anonymous,
    transport: Transport,
    session: Result<Session>,
    source: Source,
    headers: HeaderMap,
) -> Result<Response> {
    let Some(credentials) = headers.get(header::AUTHORIZATION) else {
        session?.check().await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let (email, password) = credentials.to_str().ok().and_then(basic).ok_or_else(wrong)?;
    let (app, now) = (&caller.app, caller.now);
    let guess = Guess::new(app, &fold_email(&email), &source, now)?;
    let mut found = match guess.attempt(caller.batch()).await? {
        Attempt::Refused(seconds) => return Ok(portal::too_many_guesses(seconds)),
        Attempt::Counted(found) => found,
    };
    for _ in 0..VERIFICATIONS {
        let developer = admitted(app, &guess, &password, found).await?;
        let renewed = portal::renewed_password(app, &password, &developer.password)?;
        let (cookie, text) = Cookie::mint(app, &developer.id, now)?;
        if store::log_in(&caller, &guess, &developer, &cookie, renewed).await? {
            return Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, transport.set(&text)?)]).into_response());
        }
        found = guess.account(caller.batch()).await?;
    }
    store::refuse(app, &guess, found.as_ref(), false).await?;
    Err(wrong())
}

/// The account, if this is its password and it may log in.
async fn admitted(app: &App, guess: &Guess, password: &str, found: Option<Candidate>) -> Result<Candidate> {
    let right = portal::verify_password(app, password, found.as_ref().map(|found| found.password.as_str()))?;
    let right = right && found.as_ref().is_some_and(|found| !found.is_locked);
    match found {
        Some(developer) if right && developer.status == Status::Approved => Ok(developer),
        found => {
            store::refuse(app, guess, found.as_ref(), right).await?;
            let status = found.filter(|_| right).map(|found| found.status).ok_or_else(wrong)?;
            let body = json!({ "message": status.refusal(), "status": status.number() });
            Err(Error::unauthorized(status.refusal()).with_body(body))
        }
    }
}

/// Delete the session. Its cookie is refused afterwards.
#[utoipa::path(
    delete, path = "/auth", tag = "authentication", operation_id = "delete-session",
    params(("session_logout" = Option<bool>, Query, description = "true; accepted missing")),
    responses((status = 200)),
)]
pub(crate) async fn delete_session(caller: Anonymous, transport: Transport, headers: HeaderMap) -> Result<Response> {
    if let Some(cookie) = Cookie::of(&caller.app, &headers)? {
        store::log_out(&caller, &cookie).await?;
    }
    Ok((StatusCode::OK, [(header::SET_COOKIE, transport.expire()?)]).into_response())
}

/// Get when the session ends.
#[utoipa::path(
    get, path = "/session", tag = "Chancery", operation_id = "get-session",
    responses((status = 200, body = SessionAnswer), (status = 401)),
)]
pub(crate) async fn get_session(session: Session) -> Result<Answer<SessionAnswer>> {
    let mut batch = session.batch();
    let end = batch.push(session.select_end());
    let ends_at: i64 = batch.read().await?.one(end)?.get("ends_at")?;
    let lifetime = session.app.portal().session_seconds;
    Ok(Answer(SessionAnswer {
        session: SessionFacts { expires: ends_at.div_euclid(1000), cookie: CookieFacts { renew: lifetime, lifetime } },
    }))
}

/// List the kinds of credentials that there are.
#[utoipa::path(
    get, path = "/config", tag = "Chancery", operation_id = "get-config", responses((status = 200, body = PortalConfig)),
)]
pub(crate) async fn get_config() -> Answer<PortalConfig> {
    Answer(PortalConfig { plugins: Plugins { enabled_in_cluster: vec![ImportKind::KeyAuth, ImportKind::Jwt] } })
}

/// E-mail address and password of an `Authorization` header.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(base64::decode_any(credentials.trim()).ok()?).ok()?;
    let (email, password) = text.split_once(':')?;
    Some((email.to_owned(), password.to_owned()))
}

/// One text for whatever is wrong with a pair.
fn wrong() -> Error {
    Error::unauthorized("Invalid authentication credentials")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_may_hold_colons() {
        let header = format!("basic {}", base64::encode(b"a@b.c:pass:word"));
        assert_eq!(basic(&header), Some(("a@b.c".to_owned(), "pass:word".to_owned())));
        for wrong in ["", "Basic", "Basic !", "Bearer YTpi", "Basic YQ=="] {
            assert_eq!(basic(wrong), None, "{wrong}");
        }
    }
}
