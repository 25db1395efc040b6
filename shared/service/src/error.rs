//! The one error type: an outer message for the caller, an inner one for the log.

use std::{borrow::Cow, panic::Location};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use model::faults::Faults;
use platform::{SqlError, random};

/// What a caller is told whose change was committed while the connection to the database broke.
const MADE: &str = "The change was made, but what it gave was lost on the way; read it before you ask again";

const SILENT: &str = "The storage did not answer; a change may have been made: read it before you ask again";

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An answer other than success. The API's [`crate::Shape`] renders it; the inner text only reaches the log.
#[derive(Clone, Debug)]
pub struct Error {
    pub status: StatusCode,
    pub message: Cow<'static, str>,
    /// The whole body, for an API whose refusals have more than a message.
    pub(crate) body: Option<Box<serde_json::Value>>,
    /// The word for it, where an API has several for one status.
    pub(crate) code: Option<&'static str>,
    /// All that is wrong with what the caller sent.
    faults: Option<Box<Faults>>,
    /// After how many seconds it makes sense to ask again.
    pub(crate) retry_after: Option<u64>,
    inner: Option<String>,
    location: &'static Location<'static>,
}

impl Error {
    #[track_caller]
    pub fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            message: message.into(),
            body: None,
            code: None,
            faults: None,
            retry_after: None,
            inner: None,
            location: Location::caller(),
        }
    }

    #[track_caller]
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    #[track_caller]
    pub fn unauthorized(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    /// The refusal of a licence that is unknown, disabled, expired or of too low a level: one text for all.
    #[track_caller]
    pub fn license() -> Self {
        Self::unauthorized("Invalid or Unauthorized License")
    }

    #[track_caller]
    pub(crate) fn replayed() -> Self {
        Self::unauthorized("This request was sent before; encrypt a new requestid")
    }

    #[track_caller]
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "This license may not do that")
    }

    #[track_caller]
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    #[track_caller]
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// A body with more than a message, for an API whose shape allows it.
    #[must_use]
    pub fn with_body(self, body: serde_json::Value) -> Self {
        Self { body: Some(Box::new(body)), ..self }
    }

    #[must_use]
    pub fn with_code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    #[must_use]
    pub fn with_retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    pub fn code(&self) -> Option<&'static str> {
        self.code
    }

    pub fn body(&self) -> Option<&serde_json::Value> {
        self.body.as_deref()
    }

    pub fn faults(&self) -> Option<&Faults> {
        self.faults.as_deref()
    }

    /// A fault of ours. The caller only learns that; `inner` goes to the log and must not hold a secret.
    #[track_caller]
    pub fn internal(inner: impl Into<String>) -> Self {
        Self {
            inner: Some(inner.into()),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side; the log says what")
        }
    }

    /// Something that every request needs does not answer. As with `internal`, only the log learns what.
    #[track_caller]
    pub fn unavailable(inner: impl Into<String>) -> Self {
        Self {
            inner: Some(inner.into()),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "Not all services are operational; try again in a while")
        }
    }

    /// What the log says about it, which may be more than the caller may learn.
    pub fn reason(&self) -> &str {
        self.inner.as_deref().unwrap_or(&self.message)
    }

    /// The line for the log, for faults of ours.
    pub fn log_line(&self) -> Option<String> {
        let inner = self.inner.as_ref()?;
        Some(format!("{} {inner} at {}:{}", self.status.as_u16(), self.location.file(), self.location.line()))
    }
}

impl From<Faults> for Error {
    /// The refusal of a body, a query or a path, with all that is wrong in it.
    #[track_caller]
    fn from(faults: Faults) -> Self {
        Self { faults: Some(Box::new(faults.clone())), ..Self::bad_request(faults.to_string()) }
    }
}

impl From<SqlError> for Error {
    #[track_caller]
    fn from(error: SqlError) -> Self {
        let inner = format!("storage: {error}");
        match error {
            SqlError::Committed => Self { message: MADE.into(), ..Self::internal(inner) },
            SqlError::Unanswered(_) => Self { message: SILENT.into(), ..Self::unavailable(inner) },
            error if error.is_busy() => Self::unavailable(inner),
            _ => Self::internal(inner),
        }
    }
}

impl From<random::Unavailable> for Error {
    #[track_caller]
    fn from(error: random::Unavailable) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<crypto::Error> for Error {
    /// For material of ours that does not open; what a caller sends is mapped where it is read.
    #[track_caller]
    fn from(error: crypto::Error) -> Self {
        Self::internal(format!("crypto: {error}"))
    }
}

/// Carries the error to the layer of [`crate::App::serve`], which knows the API's shape.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_others_hold_is_no_fault_of_ours() {
        let status = |text: &str| Error::from(SqlError::from_text(text)).status;
        assert_eq!(status("database is locked"), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status("no such table: t"), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
