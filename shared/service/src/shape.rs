//! How each API renders an answer that is no success, in one place.

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::Error;

/// How an API writes its errors.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// `{statusCode, error, message}`
    Kosmos,
    /// `{error}`
    Cognipeer,
    /// `{message}`, or `{fields, code}` where fields of a body are refused
    Kong,
}

impl Shape {
    /// Renders an error in this shape, and adds the headers that every answer has.
    pub(crate) fn finish(self, mut response: Response) -> Response {
        if let Some(error) = response.extensions_mut().remove::<Error>() {
            if let Some(line) = error.log_line() {
                platform::log::error(&line);
            }
            let allow = response.headers_mut().remove(header::ALLOW);
            response = self.render(&error);
            if let Some(allow) = allow {
                response.headers_mut().insert(header::ALLOW, allow);
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

    fn render(self, error: &Error) -> Response {
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
        };
        let content_type = [(header::CONTENT_TYPE, "application/json")];
        (error.status, content_type, Body::from(body.to_string())).into_response()
    }
}
