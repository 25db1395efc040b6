//! Pages of other origins: who is listed in `PORTAL_ORIGINS` may use the portal with a visitor's session, everybody else
//! may not change anything. The cookie's `SameSite=Strict` says the same to browsers; this does not rely on them.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{App, Error, Shape};

/// The layer around every function of the portal.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let listed = origin.as_ref().filter(|origin| is_listed(&app.portal().origins, origin)).cloned();
    let mut response = match (&origin, &listed) {
        (Some(_), Some(_)) if is_preflight(&request) => StatusCode::NO_CONTENT.into_response(),
        (origin, None) if changes(request.method()) && !is_own(&request, origin.as_ref()) => {
            let refusal = Error::forbidden_origin().into_response();
            let _ = axum::body::to_bytes(request.into_body(), 64 * 1024).await;
            Shape::Kong.finish(refusal, None)
        }
        _ => next.run(request).await,
    };
    if let Some(origin) = listed {
        allow(response.headers_mut(), origin);
    }
    response
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_preflight(request: &Request<Body>) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn is_listed(origins: &[String], origin: &HeaderValue) -> bool {
    origins.iter().any(|listed| listed.as_bytes().eq_ignore_ascii_case(origin.as_bytes()))
}

/// Whether a request comes from our own origin or from no page at all. Behind a proxy that ends TLS our own scheme is not
/// known, so hosts are compared.
fn is_own(request: &Request<Body>, origin: Option<&HeaderValue>) -> bool {
    let Some(origin) = origin else {
        let site = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
        return !matches!(site, Some(b"cross-site" | b"same-site"));
    };
    let host = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    let host_header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let named = request.uri().authority().map(axum::http::uri::Authority::as_str);
    host.is_some_and(|host| [host_header, named].into_iter().flatten().any(|own| own.eq_ignore_ascii_case(host)))
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
        (header::VARY, "Origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

impl Error {
    #[track_caller]
    fn forbidden_origin() -> Self {
        Self::new(StatusCode::FORBIDDEN, "Pages of this origin may not do that; list it in PORTAL_ORIGINS")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn our_own_origin_is_known_by_its_host() {
        let request = |headers: &[(&str, &str)]| {
            let mut request = Request::builder().method("POST").uri("/register");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let request = request.body(Body::empty()).unwrap();
            is_own(&request, request.headers().get("origin"))
        };
        assert!(request(&[("host", "a.example")]));
        assert!(request(&[("host", "a.example"), ("origin", "https://A.example")]));
        assert!(request(&[("host", "a.example:8787"), ("origin", "http://a.example:8787")]));
        for origin in ["null", "https://b.example", "https://a.example.b", "https://a.example:1", "a.example"] {
            assert!(!request(&[("host", "a.example"), ("origin", origin)]), "{origin}");
        }
        assert!(!request(&[("host", "a.example"), ("sec-fetch-site", "cross-site")]));
    }
}
