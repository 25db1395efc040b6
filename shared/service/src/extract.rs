//! Extractors for bodies, queries and paths, whose refusals are a 4xx in the API's shape. A body that fails on the way is
//! refused and never taken for an absent one.

use std::marker::PhantomData;

use axum::{
    extract::{FromRequest, FromRequestParts, Request, path::ErrorKind, rejection::PathRejection},
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_LENGTH, TRANSFER_ENCODING},
        request::Parts,
    },
};
use http_body_util::BodyExt as _;
use model::faults;
use serde::de::DeserializeOwned;

use crate::{App, Error, Result, query};

/// The longest body, unless a handler says otherwise.
pub const BODY_LIMIT: usize = 1 << 20;

/// How much of a body that is too long is read and thrown away.
const MAX_DRAIN: usize = 16 << 20;

/// Bodies up to this length are read even when nothing needs them.
const READ_AHEAD: usize = 64 * 1024;

/// A JSON body. A wrong one is a 400 that names the places.
pub struct Json<T, const LIMIT: usize = BODY_LIMIT>(pub T);

/// A JSON body; an absent one is an empty object.
pub struct JsonOrDefault<T, const LIMIT: usize = BODY_LIMIT>(pub T);

/// A JSON body that a handler parses after the caller is known; an absent one is an empty object.
pub struct Unparsed<T, const LIMIT: usize = BODY_LIMIT> {
    body: Vec<u8>,
    of: PhantomData<fn() -> T>,
}

/// The query string. A wrong one is a 400 that names the parameter.
pub struct Query<T>(pub T);

/// The parameters of the path. A wrong one is a 400 that says the rule.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned, const LIMIT: usize> FromRequest<App> for Json<T, LIMIT> {
    type Rejection = Error;

    async fn from_request(request: Request, _app: &App) -> Result<Self> {
        parse(&read_body(request, LIMIT).await?, "Body").map(Self)
    }
}

impl<T: DeserializeOwned, const LIMIT: usize> FromRequest<App> for JsonOrDefault<T, LIMIT> {
    type Rejection = Error;

    async fn from_request(request: Request, _app: &App) -> Result<Self> {
        parse(or_empty(&read_optional_body(request, LIMIT).await?), "Body").map(Self)
    }
}

impl<T, const LIMIT: usize> FromRequest<App> for Unparsed<T, LIMIT> {
    type Rejection = Error;

    async fn from_request(request: Request, _app: &App) -> Result<Self> {
        Ok(Self { body: read_optional_body(request, LIMIT).await?, of: PhantomData })
    }
}

impl<T: DeserializeOwned, const LIMIT: usize> Unparsed<T, LIMIT> {
    pub fn parse(&self) -> Result<T> {
        parse(or_empty(&self.body), "Body")
    }
}

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self> {
        Ok(Self(query::parse(parts.uri.query().unwrap_or_default())?))
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, app).await;
        path.map(|path| Self(path.0)).map_err(|error| Error::bad_request(path_rule(error)))
    }
}

/// The rule that a parameter of the path breaks, without its value.
fn path_rule(error: PathRejection) -> String {
    let PathRejection::FailedToDeserializePathParams(error) = error else {
        return "The path cannot be read".to_owned();
    };
    match error.into_kind() {
        ErrorKind::DeserializeError { message, .. } | ErrorKind::Message(message) => message,
        ErrorKind::ParseErrorAtKey { key, .. } => format!("{key} must be a whole number in its range"),
        ErrorKind::ParseErrorAtIndex { .. } | ErrorKind::ParseError { .. } => {
            "A number in the path must be a whole number in its range".to_owned()
        }
        _ => "The path cannot be read".to_owned(),
    }
}

/// Headers that name the caller. Their values contain no comma.
const CREDENTIALS: [&str; 4] = ["publickey", "licensekey", "requestid", "authorization"];

/// What holds for every request, before a handler sees it: its body is whole, as far as it is read here, and a header that
/// names the caller is sent once.
pub(crate) async fn check_request(request: Request) -> Result<Request> {
    let request = read_ahead(request).await?;
    for name in CREDENTIALS {
        let mut values = request.headers().get_all(name).iter();
        // Workers join the values of a header that is sent twice by a comma.
        let joined = values.next().is_some_and(|value| value.as_bytes().contains(&b','));
        if joined || values.next().is_some() {
            return Err(Error::bad_request(format!("The header {name} must be sent once, without a comma")));
        }
    }
    Ok(request)
}

/// Reads a small body before anything is decided. Every runtime closes the connection when an answer leaves a body
/// unread, and the next request of a kept-alive client would fail.
async fn read_ahead(request: Request) -> Result<Request> {
    if !announced(request.headers()).is_some_and(|length| (1..=READ_AHEAD).contains(&length)) {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let body = read_body(Request::from_parts(parts.clone(), body), READ_AHEAD).await?;
    Ok(Request::from_parts(parts, body.into()))
}

/// The length that the client announced.
fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads the body to its end, but keeps at most `limit` bytes: a client that is cut off while it sends would not read
/// the refusal. Beyond `MAX_DRAIN` it is cut off nevertheless.
pub(crate) async fn read_body(request: Request, limit: usize) -> Result<Vec<u8>> {
    let announced = announced(request.headers());
    let mut body = request.into_body();
    let (mut bytes, mut length) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| broken())?;
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length > MAX_DRAIN {
            break;
        }
        if length <= limit {
            bytes.extend_from_slice(&data);
        }
    }
    // Not every runtime reports a body that ends early.
    if announced.is_some_and(|announced| length < announced.min(MAX_DRAIN)) {
        return Err(broken());
    }
    if length > limit {
        let message = format!("The body may have at most {limit} bytes");
        return Err(Error::new(StatusCode::PAYLOAD_TOO_LARGE, message));
    }
    Ok(bytes)
}

/// A body that may be absent. A chunked body that is empty is refused: where a proxy forwards a broken body as one that
/// ended, it looks like that.
pub async fn read_optional_body(request: Request, limit: usize) -> Result<Vec<u8>> {
    let is_chunked = request.headers().contains_key(TRANSFER_ENCODING);
    let body = read_body(request, limit).await?;
    if is_chunked && body.is_empty() {
        return Err(Error::bad_request("The body is announced and empty"));
    }
    Ok(body)
}

fn broken() -> Error {
    Error::bad_request("The body ended early or is malformed")
}

/// An absent body is an empty object.
fn or_empty(body: &[u8]) -> &[u8] {
    if body.trim_ascii().is_empty() { b"{}" } else { body }
}

/// Reads an object; `name` is what a refusal calls it.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8], name: &str) -> Result<T> {
    faults::read(body, name).map_err(Error::from)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Body {
        #[expect(dead_code, reason = "only its type matters")]
        count: u8,
    }

    #[test]
    fn a_refusal_names_the_place_and_never_the_value() {
        for (body, message) in [
            (r#"{"count":"s3cret"}"#, "count must be a whole number from 0 to 255"),
            (r#"{"count":70000}"#, "count must be a whole number from 0 to 255"),
            ("{}", "count is required"),
            ("[1]", "Body must be an object"),
            (r#"{"count":1} x"#, "Body is not JSON"),
        ] {
            assert_eq!(parse::<Body>(body.as_bytes(), "Body").unwrap_err().message, message);
        }
    }
}
