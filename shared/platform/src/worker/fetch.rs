//! The runtime's own `fetch`.

use axum::body::Body;
use http::{Request, Response};
use js_sys::Uint8Array;
use send_wrapper::SendWrapper;
use worker::{AbortController, Delay, HttpResponse, RequestInit, RequestRedirect};

use crate::{
    FetchError, Task,
    fetch::{Limits, race, read},
};

pub(crate) fn fetch(request: Request<Vec<u8>>, limits: Limits) -> Task<'static, Result<Response<Vec<u8>>, FetchError>> {
    Box::pin(SendWrapper::new(async move {
        let request = outgoing(&request).map_err(|_| FetchError::Malformed)?;
        let controller = AbortController::default();
        let signal = controller.signal();
        let work = async {
            let answer = worker::Fetch::Request(request).send_with_signal(&signal).await;
            let answer = answer.and_then(HttpResponse::try_from).map_err(|_| FetchError::Unreachable)?;
            let (parts, body) = answer.into_parts();
            Ok(Response::from_parts(parts, read(Body::new(body), limits).await?))
        };
        let answer = race(work, Delay::from(limits.time)).await;
        answer.unwrap_or_else(|| {
            controller.abort();
            Err(FetchError::TimedOut)
        })
    }))
}

fn outgoing(request: &Request<Vec<u8>>) -> worker::Result<worker::Request> {
    let mut init = RequestInit::new();
    init.with_method(request.method().to_string().into()).with_redirect(RequestRedirect::Manual);
    init.with_headers(request.headers().into());
    if !request.body().is_empty() {
        init.with_body(Some(Uint8Array::from(request.body().as_slice()).into()));
    }
    worker::Request::new_with_init(&request.uri().to_string(), &init)
}
