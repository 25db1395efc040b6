//! What a request leaves behind on its way out, in one place. A request id is spent by whatever came of it: the gate
//! leaves the mark of a request that it admits; what was refused before or by the gate, or failed in it, is marked here,
//! with the entry that tells of the refusal. What was answered by a copy is marked after the answer. What was done tells
//! where its own entry stands, in headers.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use platform::Statement;

use crate::{
    App, Audit,
    audit::Place,
    unwritten::{self, Mark},
};

const AUDIT_ENTRY: HeaderName = HeaderName::from_static("audit-entry");
const AUDIT_TREE_SIZE: HeaderName = HeaderName::from_static("audit-tree-size");

/// Travels with the request.
#[derive(Clone, Default)]
pub(crate) struct Trail(Arc<Mutex<Traces>>);

#[derive(Default)]
struct Traces {
    /// From the moment that the request is signed until a batch has taken it.
    unspent: Option<Mark>,
    /// The mark may be written after the answer.
    put_off: bool,
    refusal: Option<Refusal>,
    entry: Option<Place>,
}

struct Refusal {
    audit: Audit,
    request_id: Option<String>,
    now: i64,
}

impl Trail {
    pub(crate) fn hold(&self, mark: Mark) {
        self.with(|traces| traces.unspent = Some(mark));
    }

    /// When the mark lies in storage, or is not worth it: nobody is known by the licence.
    pub(crate) fn spent(&self) -> Option<Mark> {
        self.with(|traces| traces.unspent.take())
    }

    /// Nothing was changed and nothing is told; the mark may follow the answer.
    pub(crate) fn put_off(&self) {
        self.with(|traces| traces.put_off = true);
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
    let extensions = request.extensions().clone();
    let mut response = next.run(request).await;
    let Traces { unspent, put_off, refusal, entry } = trail.with(std::mem::take);
    match unspent {
        Some(mark) if put_off => app.unwritten().add(&app, mark),
        unspent => spend(&app, unspent, refusal).await,
    }
    for task in app.take_later() {
        platform::later(&extensions, task);
    }
    if let Some(entry) = entry {
        let headers = response.headers_mut();
        headers.insert(AUDIT_ENTRY, header(&format!("{}/{}", escaped(&entry.tenant), entry.index)));
        headers.insert(AUDIT_TREE_SIZE, HeaderValue::from(entry.index + 1));
    }
    response
}

/// Marks what was refused, and tells of it.
async fn spend(app: &App, unspent: Option<Mark>, refusal: Option<Refusal>) {
    let refused = refusal.is_some();
    // A refused request that comes again finds its mark, and is not told twice: nobody fills the log with a copy.
    let refusal = refusal.map(|refusal| refusal.statement(unspent.is_some()));
    let id = unspent.as_ref().map(|mark| mark.id);
    let mark = unspent.map(|mark| unwritten::insert(&[mark]));
    let statements: Vec<_> = mark.into_iter().chain(refusal).collect();
    if statements.is_empty() {
        return;
    }
    let written = if refused { app.sql().batch(statements) } else { app.sql().read_batch(statements) };
    match (written.await, id) {
        // The instance remembers only who is known by the licence, so that others cannot fill its memory.
        (Ok(outcomes), Some(id)) if outcomes.first().is_some_and(|outcome| outcome.changes > 0) => {
            app.seen().claim(&id, platform::clock::now_ms());
        }
        (Ok(_), _) => {}
        (Err(error), _) => platform::log::error(&format!("a refused request could not be marked: {error}")),
    }
}

impl Refusal {
    fn statement(self, marked: bool) -> Statement {
        let audit = if marked { self.audit } else { self.audit.unconditionally() };
        audit.statement(None, self.request_id.as_deref(), self.now)
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
