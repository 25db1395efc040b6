//! Outgoing requests of WASI. The manifest lists the hosts that a component may reach.

use axum::body::{Body, Bytes};
use http::{HeaderValue, Request, Response, header};
use send_wrapper::SendWrapper;
use spin_sdk::{
    http::{FullBody, body::IncomingBodyExt as _, send},
    time::sleep,
    wasip3::http::types::ErrorCode,
};

use crate::{
    FetchError, Task,
    fetch::{Limits, race, read},
};

pub(crate) fn fetch(
    mut request: Request<Vec<u8>>,
    limits: Limits,
) -> Task<'static, Result<Response<Vec<u8>>, FetchError>> {
    Box::pin(SendWrapper::new(async move {
        // Without a length the body would go in chunks, which not every server takes.
        let length = HeaderValue::from(request.body().len());
        request.headers_mut().insert(header::CONTENT_LENGTH, length);
        let work = async {
            let (parts, body) = send(request.map(|body| FullBody::new(Bytes::from(body)))).await?.into_parts();
            let body = Body::from_stream(SendWrapper::new(body.stream()));
            Ok(Response::from_parts(parts, read(body, limits).await?))
        };
        race(work, sleep(limits.time)).await.unwrap_or(Err(FetchError::TimedOut))
    }))
}

impl From<ErrorCode> for FetchError {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => Self::Denied,
            ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestMethodInvalid => Self::Malformed,
            ErrorCode::DnsTimeout | ErrorCode::ConnectionTimeout | ErrorCode::HttpResponseTimeout => Self::TimedOut,
            _ => Self::Unreachable,
        }
    }
}
