//! What is recorded of a request besides its own batch. The layer around every function ([`crate::App::serve`]) stores it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::request::Parts;
use platform::Statement;
use policy::Operation;

use crate::{Audit, audit::AuditPosition, nonces::Nonce};

/// Travels with the request.
#[derive(Clone, Default)]
pub struct RequestLog {
    operation: Option<Arc<Operation>>,
    state: Arc<Mutex<Recorded>>,
}

#[derive(Default)]
pub(crate) struct Recorded {
    /// From the moment that the signature is verified until a batch has stored it.
    pub nonce: Option<Nonce>,
    /// The nonce may be stored after the answer.
    pub is_deferred: bool,
    pub refusal: Option<Refusal>,
    pub entry: Option<AuditPosition>,
}

pub(crate) struct Refusal {
    pub audit: Audit,
    request_id: Option<String>,
    now: i64,
}

impl Refusal {
    /// Right behind the nonce, if there is one, and then only if that was new.
    pub fn statement(self, always: bool) -> Statement {
        self.audit.append(None, self.request_id.as_deref(), self.now, always)
    }
}

impl RequestLog {
    /// One of a request to this operation.
    pub(crate) fn new(operation: Option<Arc<Operation>>) -> Self {
        Self { operation, ..Self::default() }
    }

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

    /// All that was recorded.
    pub(crate) fn take(&self) -> Recorded {
        self.with(std::mem::take)
    }

    fn with<T>(&self, change: impl FnOnce(&mut Recorded) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
