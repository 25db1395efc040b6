//! What every type of caller knows of the request.

use axum::http::request::Parts;
use policy::Operation;

use crate::{App, Audit, request_log::RequestLog};

/// A request, or work that no request asked for, whoever the caller is.
#[derive(Clone)]
pub struct Call {
    pub app: App,
    /// Milliseconds since the epoch; one reading per request.
    pub now: i64,
    pub(crate) log: RequestLog,
}

impl Call {
    pub fn of(parts: &Parts, app: &App) -> Self {
        Self { log: RequestLog::of(parts), ..Self::background(app) }
    }

    /// For work beside the requests: its entries are named in no answer.
    pub(crate) fn background(app: &App) -> Self {
        Self { app: app.clone(), now: platform::clock::now_ms(), log: RequestLog::default() }
    }

    /// The row of the operation that was called.
    pub fn operation(&self) -> Option<&Operation> {
        self.log.operation()
    }

    /// An entry under the word of the operation's row.
    pub fn audit(&self, tenant: impl Into<String>, subject: impl Into<String>) -> Audit {
        Audit::new(tenant, self.log.audit_word(), subject)
    }
}
