//! What is recorded of a request besides its own batch, in one place: the layer around every function finds the row of
//! the operation, stores the nonce of a request that was refused with the entry of the refusal, defers the nonce of a
//! request that was answered by a copy, and names the entry of a change or refusal in the headers of the answer.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, request::Parts},
    middleware::Next,
    response::Response,
};
use platform::Statement;
use policy::Operation;

use crate::{
    App, Audit,
    audit::AuditPosition,
    batch::unasked,
    nonces::{self, Nonce},
};

const AUDIT_ENTRY: HeaderName = HeaderName::from_static("audit-entry");
const AUDIT_TREE_SIZE: HeaderName = HeaderName::from_static("audit-tree-size");

/// Travels with the request.
#[derive(Clone, Default)]
pub struct RequestLog {
    operation: Option<Arc<Operation>>,
    state: Arc<Mutex<Recorded>>,
}

#[derive(Default)]
struct Recorded {
    /// From the moment that the signature is verified until a batch has stored it.
    nonce: Option<Nonce>,
    /// The nonce may be stored after the answer.
    is_deferred: bool,
    refusal: Option<Refusal>,
    entry: Option<AuditPosition>,
}

struct Refusal {
    audit: Audit,
    request_id: Option<String>,
    now: i64,
}

impl RequestLog {
    /// The one that the layer put into the request; one of its own where there is no layer.
    pub(crate) fn of(parts: &Parts) -> Self {
        parts.extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// The row of the operation that was called.
    pub fn operation(&self) -> Option<&Operation> {
        self.operation.as_deref()
    }

    /// The word of the operation in the audit log.
    pub(crate) fn audit_word(&self) -> &'static str {
        self.operation().and_then(|operation| operation.audit).unwrap_or("request")
    }

    pub(crate) fn hold_nonce(&self, nonce: Nonce) {
        self.with(|recorded| recorded.nonce = Some(nonce));
    }

    /// When the nonce is stored, or need not be: the licence is unknown.
    pub(crate) fn take_nonce(&self) -> Option<Nonce> {
        self.with(|recorded| recorded.nonce.take())
    }

    /// Nothing was changed and nothing is recorded; the nonce may follow the answer.
    pub(crate) fn defer_nonce(&self) {
        self.with(|recorded| recorded.is_deferred = true);
    }

    /// A known caller was refused.
    pub(crate) fn refuse(&self, audit: Audit, request_id: Option<&str>, now: i64) {
        let refusal = Refusal { audit, request_id: request_id.map(str::to_owned), now };
        self.with(|recorded| recorded.refusal = Some(refusal));
    }

    /// Where the entry of what was done is.
    pub(crate) fn record(&self, entry: Option<AuditPosition>) {
        self.with(|recorded| recorded.entry = entry);
    }

    fn with<T>(&self, change: impl FnOnce(&mut Recorded) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The layer around every function.
pub(crate) async fn finish_request(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let log = RequestLog { operation: operation(&app, &request), ..RequestLog::default() };
    request.extensions_mut().insert(log.clone());
    let extensions = request.extensions().clone();
    let mut response = next.run(request).await;
    let Recorded { nonce, is_deferred, refusal, mut entry } = log.with(std::mem::take);
    match nonce {
        Some(nonce) if is_deferred => app.deferred_nonces().add(&app, nonce),
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
    app.operations().iter().find(|operation| operation.is(method, path.as_str())).cloned()
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
        app.replay_cache().claim(&id, platform::clock::now_ms());
    }
    audit?.position(&stored.entry?)
}

impl Refusal {
    /// Right behind the nonce, if there is one, and then only if that was new.
    fn statement(self, always: bool) -> Statement {
        self.audit.append(None, self.request_id.as_deref(), self.now, always)
    }
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
