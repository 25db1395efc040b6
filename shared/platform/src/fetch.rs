//! Requests to other servers. Each is bounded in time and in the length of its answer, and redirects are answers
//! like any other, so that a request goes where it was sent and nowhere else.

use std::time::Duration;

use http::{Request, Response};

use crate::Task;

/// What a request may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first byte sent to the last byte read.
    pub time: Duration,
    /// The longest body that is read.
    pub bytes: usize,
}

/// Why there is no answer. Nothing of the request stands in it: addresses and headers may hold credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// The address or a header cannot be sent.
    Malformed,
    /// The host does not let this function reach that address.
    Denied,
    /// No connection, or one that broke.
    Unreachable,
    TimedOut,
    /// The answer is longer than the limit.
    TooLong,
}

/// Sends a request to the absolute URL in it. A status of any kind is an answer.
pub fn fetch(request: Request<Vec<u8>>, limits: Limits) -> Task<'static, Result<Response<Vec<u8>>, FetchError>> {
    crate::runtime::fetch(request, limits)
}

impl std::fmt::Display for FetchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the address or a header cannot be sent",
            Self::Denied => "this host does not allow requests to that address",
            Self::Unreachable => "the server cannot be reached, or the connection broke",
            Self::TimedOut => "no answer in time",
            Self::TooLong => "the answer is too long",
        })
    }
}

impl std::error::Error for FetchError {}

/// Waits for `work`, but no longer than for `delay`.
pub(crate) async fn race<T>(work: impl Future<Output = T>, delay: impl Future<Output = ()>) -> Option<T> {
    use std::task::Poll;
    let (mut work, mut delay) = (std::pin::pin!(work), std::pin::pin!(delay));
    std::future::poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        delay.as_mut().poll(context).map(|()| None)
    })
    .await
}

/// Reads a body, up to the limit.
#[cfg(target_family = "wasm")]
pub(crate) async fn read(body: axum::body::Body, limits: Limits) -> Result<Vec<u8>, FetchError> {
    use std::error::Error as _;
    match axum::body::to_bytes(body, limits.bytes).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) if error.source().is_some_and(|source| source.is::<http_body_util::LengthLimitError>()) => {
            Err(FetchError::TooLong)
        }
        Err(_) => Err(FetchError::Unreachable),
    }
}
