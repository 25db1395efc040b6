//! All files of a function, and what holds for each answer: the policy of its pages, and that they can only be read.

use axum::{
    Router,
    body::Bytes,
    extract::rejection::BytesRejection,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
};

use crate::{Age, Asset};

#[derive(Clone, Copy, Debug)]
pub struct Site {
    pub assets: &'static [Asset],
    /// Of all files together; addresses that hold it may be kept for ever.
    pub version: &'static str,
    /// The Content-Security-Policy.
    pub policy: &'static str,
}

impl Site {
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// A page or document under an address that stays when its content changes.
    pub fn page(&self, name: &str, asked: &HeaderMap) -> Response {
        self.find(name).map_or_else(missing, |asset| asset.answer(asked, Age::Asked))
    }

    /// A file of a version. Other versions are answered with this one, so that a page that was open during a
    /// deployment works on.
    pub fn file(&self, version: &str, name: &str, asked: &HeaderMap) -> Response {
        let age = if version == self.version { Age::Immutable } else { Age::Asked };
        self.find(name).map_or_else(missing, |asset| asset.answer(asked, age))
    }

    /// Adds to a router of pages what holds for all of them.
    pub fn serve(self, router: Router) -> Router {
        router
            .method_not_allowed_fallback(refuse_method)
            .layer(middleware::map_response(move |response: Response| std::future::ready(self.guard(response))))
    }

    fn find(&self, name: &str) -> Option<&'static Asset> {
        self.assets.iter().find(|asset| asset.name == name)
    }

    fn guard(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_SECURITY_POLICY, self.policy),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_FRAME_OPTIONS, "DENY"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        response
    }
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "There is no such page").into_response()
}

/// The answer to any method but GET and HEAD. The body is read: left unread it would end the connection.
async fn refuse_method(_body: Result<Bytes, BytesRejection>) -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, "This page can only be read").into_response()
}
