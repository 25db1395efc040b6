//! Logging in, by e-mail address and password, and out.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use crypto::base64;
use model::portal::{CookieFacts, SessionAnswer, SessionFacts, Status, fold_email};
use serde_json::{Value, json};
use service::{
    App, Error, Result,
    portal::{self, Cookie, Session, Transport},
};

use crate::store;

/// Create a session: log in with HTTP Basic, and keep the cookie of the answer.
#[utoipa::path(
    get, path = "/auth", tag = "authentication", operation_id = "create-session",
    responses((status = 204), (status = 401)),
)]
pub(crate) async fn create_session(
    State(app): State<App>,
    transport: Transport,
    session: Result<Session>,
    headers: HeaderMap,
) -> Result<Response> {
    let Some(credentials) = headers.get(header::AUTHORIZATION) else {
        session?.read(Vec::new()).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let (email, password) = credentials.to_str().ok().and_then(basic).ok_or_else(wrong)?;
    let now = platform::clock::now_ms();
    let found = store::candidate(&app, &fold_email(&email)).await?;
    let right = portal::verify_password(&app, &password, found.as_ref().map(|found| found.password.as_str()))?;
    let developer = found.filter(|found| right && !found.is_locked).ok_or_else(wrong)?;
    if developer.status != Status::Approved {
        let refusal = developer.status.refusal();
        let body = json!({ "message": refusal, "status": developer.status.number() });
        store::clear_attempts(&app, &developer).await?;
        return Err(Error::unauthorized(refusal).with_body(body));
    }
    let renewed = portal::renewed_password(&app, &password, &developer.password)?;
    let (cookie, text) = Cookie::mint(&app, &developer.id, now)?;
    store::log_in(&app, &developer, &cookie, renewed, now).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, transport.set(&text)?)]).into_response())
}

/// Delete the session: its cookie is worth nothing afterwards.
#[utoipa::path(
    delete, path = "/auth", tag = "authentication", operation_id = "delete-session",
    params(("session_logout" = Option<bool>, Query, description = "true; accepted missing")),
    responses((status = 200)),
)]
pub(crate) async fn delete_session(
    State(app): State<App>,
    transport: Transport,
    headers: HeaderMap,
) -> Result<Response> {
    if let Some(cookie) = Cookie::of(&app, &headers)? {
        store::log_out(&app, &cookie).await?;
    }
    Ok((StatusCode::OK, [(header::SET_COOKIE, transport.expire()?)]).into_response())
}

/// Tell when the session ends.
#[utoipa::path(
    get, path = "/session", tag = "Chancery", operation_id = "get-session",
    responses((status = 200, body = SessionAnswer), (status = 401)),
)]
pub(crate) async fn get_session(session: Session) -> Result<Answer<SessionAnswer>> {
    session.read(Vec::new()).await?;
    let lifetime = session.app.portal().session_seconds;
    Ok(Answer(SessionAnswer {
        session: SessionFacts {
            expires: session.expires_at().div_euclid(1000),
            cookie: CookieFacts { renew: lifetime, lifetime },
        },
    }))
}

/// Tell which kinds of credentials there are.
#[utoipa::path(
    get, path = "/config", tag = "Chancery", operation_id = "get-config", responses((status = 200, body = Object)),
)]
pub(crate) async fn get_config() -> Answer<Value> {
    Answer(json!({ "plugins": { "enabled_in_cluster": ["key-auth", "jwt"] } }))
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
