//! What a request leaves behind on its way out, in one place. A request id is spent by whatever came of it: the gate
//! leaves the mark of a request that it admits; what was refused before or by the gate, or failed in it, is marked here,
//! with the entry that tells of the refusal. What was done tells where its own entry stands, in headers.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use platform::Statement;

use crate::{App, Audit, audit::Place};

const AUDIT_ENTRY: HeaderName = HeaderName::from_static("audit-entry");
const AUDIT_TREE_SIZE: HeaderName = HeaderName::from_static("audit-tree-size");

/// Travels with the request.
#[derive(Clone, Default)]
pub(crate) struct Trail(Arc<Mutex<Traces>>);

#[derive(Default)]
struct Traces {
    /// From the moment that the request is signed until a batch has taken it.
    unspent: Option<Mark>,
    refusal: Option<Refusal>,
    entry: Option<Place>,
}

struct Refusal {
    audit: Audit,
    request_id: Option<String>,
    now: i64,
}

pub(crate) struct Mark {
    pub mark: String,
    pub expires_at: i64,
    pub secret_hash: String,
    pub is_infra: bool,
}

impl Trail {
    pub(crate) fn hold(&self, mark: Mark) {
        self.with(|traces| traces.unspent = Some(mark));
    }

    /// When the mark lies in storage, or is not worth it: nobody is known by the licence.
    pub(crate) fn spent(&self) {
        self.with(|traces| traces.unspent = None);
    }

    /// Somebody who is known was refused.
    pub(crate) fn refuse(&self, audit: Audit, request_id: Option<&str>, now: i64) {
        let refusal = Refusal { audit, request_id: request_id.map(str::to_owned), now };
        self.with(|traces| traces.refusal = Some(refusal));
    }

    /// The entry of what was done.
    pub(crate) fn tell(&self, entry: Option<Place>) {
        self.with(|traces| traces.entry = entry);
    }

    fn with<T>(&self, change: impl FnOnce(&mut Traces) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The layer around every function.
pub(crate) async fn leave(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let trail = Trail::default();
    request.extensions_mut().insert(trail.clone());
    let mut response = next.run(request).await;
    let Traces { unspent, refusal, entry } = trail.with(std::mem::take);
    let refused = refusal.is_some();
    // A refused request that comes again finds its mark, and is not told twice: nobody fills the log with a copy.
    let refusal = refusal.map(|refusal| refusal.statement(unspent.is_some()));
    let statements: Vec<_> = unspent.map(Mark::insert).into_iter().chain(refusal).collect();
    if !statements.is_empty() {
        let written = if refused { app.sql().batch(statements) } else { app.sql().read_batch(statements) };
        if let Err(error) = written.await {
            platform::log::error(&format!("a refused request could not be marked: {error}"));
        }
    }
    if let Some(entry) = entry {
        let headers = response.headers_mut();
        headers.insert(AUDIT_ENTRY, header(&format!("{}/{}", escaped(&entry.tenant), entry.index)));
        headers.insert(AUDIT_TREE_SIZE, HeaderValue::from(entry.index + 1));
    }
    response
}

impl Refusal {
    fn statement(self, marked: bool) -> Statement {
        let audit = if marked { self.audit } else { self.audit.unconditionally() };
        audit.statement(None, self.request_id.as_deref(), self.now)
    }
}

impl Mark {
    /// Who cannot authenticate writes nothing.
    fn insert(self) -> Statement {
        Statement::new(
            "INSERT INTO request_marks (mark, expires_at, caller, level) SELECT ?1, ?2, '', '' \
             WHERE ?4 = 1 OR EXISTS (SELECT 1 FROM service_keys WHERE secret_hash = ?3) ON CONFLICT DO NOTHING",
        )
        .bind(self.mark)
        .bind(self.expires_at)
        .bind(self.secret_hash)
        .bind(self.is_infra)
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
