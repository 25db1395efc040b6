//! Extractors for bodies, queries and paths, whose refusals are a 4xx in the API's shape.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::{App, Error, Result};

/// The longest body, unless a handler says otherwise.
const BODY_LIMIT: usize = 1 << 20;

/// A JSON body. A wrong one is a 400 that names the place.
pub struct Json<T, const LIMIT: usize = BODY_LIMIT>(pub T);

/// A JSON body, or the default when there is none.
pub struct JsonOrDefault<T, const LIMIT: usize = BODY_LIMIT>(pub T);

/// The query string. A wrong one is a 400 that names the parameter.
pub struct Query<T>(pub T);

/// The parameters of the path. A wrong one is a 400 that says the rule.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned, const LIMIT: usize> FromRequest<App> for Json<T, LIMIT> {
    type Rejection = Error;

    async fn from_request(request: Request, _app: &App) -> Result<Self> {
        parse(&read(request, LIMIT).await?).map(Self)
    }
}

impl<T: DeserializeOwned + Default, const LIMIT: usize> FromRequest<App> for JsonOrDefault<T, LIMIT> {
    type Rejection = Error;

    async fn from_request(request: Request, _app: &App) -> Result<Self> {
        let body = read(request, LIMIT).await?;
        if body.trim_ascii().is_empty() { Ok(Self(T::default())) } else { parse(&body).map(Self) }
    }
}

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self> {
        let query = parts.uri.query().unwrap_or_default();
        serde_urlencoded::from_str(query).map(Self).map_err(|error| Error::bad_request(format!("Query: {error}")))
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, app).await;
        path.map(|path| Self(path.0)).map_err(|error| Error::bad_request(error.body_text()))
    }
}

async fn read(request: Request, limit: usize) -> Result<Bytes> {
    let too_large = || Error::new(StatusCode::PAYLOAD_TOO_LARGE, format!("The body may have at most {limit} bytes"));
    let announced = request.headers().get(axum::http::header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    axum::body::to_bytes(request.into_body(), limit).await.map_err(|_| too_large())
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let reason = error.into_inner();
        if path == "." {
            Error::bad_request(format!("Body: {reason}"))
        } else {
            Error::bad_request(format!("{path}: {reason}"))
        }
    })?;
    json.end().map_err(|error| Error::bad_request(format!("Body: {error}")))?;
    Ok(value)
}
