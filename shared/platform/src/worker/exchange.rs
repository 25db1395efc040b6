//! Requests and responses of the runtime as `http` types and back. What `worker` offers for this builds a stream in
//! JavaScript around every body; one that is here already crosses in one piece.

use axum::body::{Body, HttpBody as _, to_bytes};
use http::{
    HeaderName, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING},
};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsCast as _;
use worker::{EncodeBody, Headers, IntoResponse as _, ResponseBuilder, wasm_bindgen_futures::JsFuture, web_sys};

/// Up to this length a body is read before the request is handed on.
const SMALL: usize = 64 * 1024;

pub(super) async fn request(raw: web_sys::Request) -> worker::Result<http::Request<Body>> {
    let mut request = http::Request::builder().method(raw.method().as_str()).uri(raw.url()).body(Body::empty())?;
    for pair in Array::from(&raw.headers()) {
        let pair: Array = pair.unchecked_into();
        let (Some(name), Some(value)) = (pair.get(0).as_string(), pair.get(1).as_string()) else { continue };
        request
            .headers_mut()
            .append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_bytes(value.as_bytes())?);
    }
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    *request.body_mut() = match (length, raw.body()) {
        (_, None) => Body::empty(),
        (Some(1..=SMALL), _) => match JsFuture::from(raw.array_buffer()?).await {
            Ok(buffer) => Uint8Array::new(&buffer).to_vec().into(),
            // Shorter than its announced length, for which the service refuses it.
            Err(_) => Body::empty(),
        },
        (length, Some(stream)) => {
            if length.is_none() {
                // The runtime takes this header away, and the extractors need it to know an absent body.
                request.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            }
            Body::new(worker::Body::new(stream))
        }
    };
    Ok(request)
}

pub(super) async fn response(mut response: http::Response<Body>) -> worker::Result<web_sys::Response> {
    // What is encoded already must not be encoded once more.
    let encoded = response.headers().contains_key(CONTENT_ENCODING);
    let encode = if encoded { EncodeBody::Manual } else { EncodeBody::Automatic };
    let Some(length) = response.body().size_hint().exact() else {
        response.extensions_mut().insert(encode);
        return response.into_raw().map_err(|error| worker::Error::RustError(error.into().to_string()));
    };
    let (parts, body) = response.into_parts();
    let builder = ResponseBuilder::new()
        .with_status(parts.status.as_u16())
        .with_headers(Headers::from(parts.headers))
        .with_encode_body(encode);
    if length == 0 {
        return Ok(builder.empty().into());
    }
    let bytes = to_bytes(body, usize::MAX).await.map_err(|error| worker::Error::RustError(error.to_string()))?;
    Ok(builder.fixed(bytes.into()).into())
}
