//! How a router of handlers becomes a served function. The layer around every function finds the row of the operation,
//! stores the nonce of a request that was refused with the entry of the refusal, defers the nonce of a request that was
//! answered by a copy, and names the entry of a change or refusal in the headers of the answer.

use std::sync::Arc;

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode},
    middleware::{self, Next},
    response::Response,
};
use policy::Operation;

use crate::{
    App, Error, Routes, Shape,
    audit::AuditPosition,
    batch::unasked,
    deferred_nonces, extract,
    nonces::{self, Nonce},
    replay_cache::ReplayCache,
    request_log::{Recorded, Refusal, RequestLog},
};

const AUDIT_ENTRY: HeaderName = HeaderName::from_static("audit-entry");
const AUDIT_TREE_SIZE: HeaderName = HeaderName::from_static("audit-tree-size");

/// The rows of the operations that a function serves.
struct Operations(Vec<Arc<Operation>>);

impl App {
    /// Serves the operations: state, answers to unknown paths and methods, errors in the API's shape, headers.
    pub fn serve(self, routes: impl Into<Routes>, shape: Shape) -> Router {
        let (router, operations) = routes.into().into_parts();
        self.set(Operations(operations));
        router
            .fallback(async || Error::not_found("No such resource"))
            .method_not_allowed_fallback(async || {
                Error::new(StatusCode::METHOD_NOT_ALLOWED, "This resource does not have that method")
            })
            .layer(middleware::map_request(extract::check_request))
            .layer(middleware::from_fn(move |request: Request, next: Next| shape.answer(request, next)))
            .layer(middleware::from_fn_with_state(self.clone(), finish_request))
            .with_state(self)
    }
}

/// The layer around every function.
async fn finish_request(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let log = RequestLog::new(operation(&app, &request));
    request.extensions_mut().insert(log.clone());
    let extensions = request.extensions().clone();
    let mut response = next.run(request).await;
    let Recorded { nonce, is_deferred, refusal, mut entry } = log.take();
    match nonce {
        Some(nonce) if is_deferred => deferred_nonces::add(&app, nonce),
        nonce => {
            let refused = store_refused(&app, nonce, refusal).await;
            entry = refused.or(entry);
        }
    }
    for task in app.take_deferred() {
        platform::later(&extensions, task);
    }
    if let Some(entry) = entry {
        let headers = response.headers_mut();
        headers.insert(AUDIT_ENTRY, header(&format!("{}/{}", escaped(&entry.tenant), entry.index)));
        headers.insert(AUDIT_TREE_SIZE, HeaderValue::from(entry.index + 1));
    }
    response
}

fn operation(app: &App, request: &Request) -> Option<Arc<Operation>> {
    let path = request.extensions().get::<MatchedPath>()?;
    // The router answers HEAD as it does GET.
    let method = if request.method() == Method::HEAD { "GET" } else { request.method().as_str() };
    app.get::<Operations>()?.0.iter().find(|operation| operation.is(method, path.as_str())).cloned()
}

/// Stores the nonce of a refused request, and the entry of its refusal, and says where that is.
async fn store_refused(app: &App, nonce: Option<Nonce>, refusal: Option<Refusal>) -> Option<AuditPosition> {
    // A refused request that comes again finds its nonce, and is not recorded twice: a copy cannot fill the log.
    let audit = refusal.as_ref().map(|refusal| refusal.audit.clone());
    let entry = refusal.map(|refusal| refusal.statement(nonce.is_none()));
    let id = nonce.as_ref().map(|nonce| nonce.id);
    let nonce = nonce.map(|nonce| nonces::insert(&[nonce]));
    if nonce.is_none() && entry.is_none() {
        return None;
    }
    let stored = match unasked::store_refused(app, nonce, entry).await {
        Ok(stored) => stored,
        Err(error) => {
            platform::log::error(&format!("the refusal of a request could not be stored: {error}"));
            return None;
        }
    };
    // The instance remembers only callers who are known by the licence, so that others cannot fill its memory.
    if let Some(id) = id
        && stored.is_new
    {
        app.lock::<ReplayCache>().claim(&id, platform::clock::now_ms());
    }
    audit?.position(&stored.entry?)
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// A tenant's name as it stands in a path: all but letters, digits and `-._~` by its bytes.
fn escaped(tenant: &str) -> String {
    let escape = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    tenant.bytes().map(escape).collect()
}
