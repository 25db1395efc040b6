//! How each API renders an answer that is no success, in one place.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use model::time;
use serde_json::{Map, Value, json};

use crate::{Error, RequestId};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How an API writes its errors.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// `{statusCode, error, message}`
    Kosmos,
    /// `{error}`
    Cognipeer,
    /// `{message}`, or `{fields, code}` where fields of a body are refused
    Kong,
    /// `{statusCode, error, message, details, requestId, timestamp}`; every answer names its request in `x-request-id`
    Qnsp,
}

impl Shape {
    /// Answers a request: an error in this shape, with the headers that every answer has.
    pub(crate) async fn answer(self, mut request: Request, next: Next) -> Response {
        let id = matches!(self, Self::Qnsp).then(|| RequestId::of(request.headers()));
        if let Some(id) = &id {
            request.extensions_mut().insert(id.clone());
        }
        let mut response = self.finish(next.run(request).await, id.as_ref());
        if let Some(id) = id.and_then(|id| HeaderValue::from_str(id.as_str()).ok()) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }

    pub(crate) fn finish(self, mut response: Response, id: Option<&RequestId>) -> Response {
        if let Some(error) = response.extensions_mut().remove::<Error>() {
            match (error.log_line(), id) {
                (Some(line), Some(id)) => platform::log::error(&format!("{line} (request {})", id.as_str())),
                (Some(line), None) => platform::log::error(&line),
                (None, _) => {}
            }
            // What a layer has said in headers stays.
            let mut headers = std::mem::take(response.headers_mut());
            response = self.render(&error, id);
            headers.remove(header::CONTENT_LENGTH);
            headers.extend(std::mem::take(response.headers_mut()));
            *response.headers_mut() = headers;
            if let Some(seconds) = error.retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
        }
        let headers = response.headers_mut();
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if matches!(self, Self::Cognipeer) {
            headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        }
        response
    }

    fn render(self, error: &Error, id: Option<&RequestId>) -> Response {
        let body = match self {
            Self::Kosmos => json!({
                "statusCode": error.status.as_u16(),
                "error": error.status.canonical_reason().unwrap_or("Error"),
                "message": error.message,
            }),
            Self::Cognipeer => json!({ "error": error.message }),
            Self::Kong => match &error.body {
                Some(body) => body.as_ref().clone(),
                None => json!({ "message": error.message }),
            },
            Self::Qnsp => json!({
                "statusCode": error.status.as_u16(),
                "error": error.code.unwrap_or_else(|| name(error.status)),
                "message": error.message,
                "details": details(error),
                "requestId": id.map(RequestId::as_str),
                "timestamp": time::to_iso(platform::clock::now_ms()),
            }),
        };
        let content_type = [(header::CONTENT_TYPE, "application/json")];
        (error.status, content_type, Body::from(body.to_string())).into_response()
    }
}

/// The word for a status.
fn name(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "BAD_REQUEST",
        StatusCode::UNAUTHORIZED => "UNAUTHORIZED",
        StatusCode::FORBIDDEN => "FORBIDDEN",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::METHOD_NOT_ALLOWED => "METHOD_NOT_ALLOWED",
        StatusCode::CONFLICT => "CONFLICT",
        StatusCode::GONE => "GONE",
        StatusCode::PAYLOAD_TOO_LARGE => "PAYLOAD_TOO_LARGE",
        StatusCode::UNPROCESSABLE_ENTITY => "UNPROCESSABLE_ENTITY",
        StatusCode::TOO_MANY_REQUESTS => "TOO_MANY_REQUESTS",
        StatusCode::SERVICE_UNAVAILABLE => "SERVICE_UNAVAILABLE",
        _ => "INTERNAL_ERROR",
    }
}

/// Each fault under its path; else what was said besides the message.
fn details(error: &Error) -> Value {
    match (error.faults(), error.body()) {
        (Some(faults), _) => {
            let faults = faults.iter().map(|fault| (fault.path.clone(), Value::from(fault.message.as_ref())));
            Value::Object(faults.collect())
        }
        (None, Some(body)) => body.clone(),
        (None, None) => Value::Object(Map::new()),
    }
}
