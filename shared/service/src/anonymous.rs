//! A caller who shows no credential, and work that no caller asked for. The operation itself decides, by conditions inside
//! its statements, what it does for whom.

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{
    App, Audit, Error, PLATFORM_TENANT, Result,
    batch::{Actor, Batch},
    request_log::RequestLog,
};

#[derive(Clone)]
pub struct Anonymous {
    pub app: App,
    /// Milliseconds since the epoch; one reading per request.
    pub now: i64,
    request_id: Option<String>,
    log: RequestLog,
}

impl Anonymous {
    /// For work beside the requests: its entries are named in no answer.
    pub fn background(app: &App) -> Self {
        Self { app: app.clone(), now: platform::clock::now_ms(), request_id: None, log: RequestLog::default() }
    }

    /// On behalf of the request with this id.
    #[must_use]
    pub(crate) fn for_request(self, id: &str) -> Self {
        Self { request_id: Some(id.to_owned()), ..self }
    }

    pub fn batch(&self) -> Batch<Self> {
        Batch::new(self.clone())
    }

    /// An entry under the word of the operation's row; its actor is to be said.
    pub fn audit(&self, tenant: impl Into<String>, subject: impl Into<String>) -> Audit {
        Audit::new(tenant, self.log.audit_word(), subject)
    }
}

impl FromRequestParts<App> for Anonymous {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let log = RequestLog::of(parts);
        Ok(Self { log, ..Self::background(app) })
    }
}

impl Actor for Anonymous {
    fn app(&self) -> &App {
        &self.app
    }

    fn log(&self) -> &RequestLog {
        &self.log
    }

    fn now(&self) -> i64 {
        self.now
    }

    fn name(&self) -> Option<String> {
        Some("anonymous".to_owned())
    }

    fn asked(&self) -> Audit {
        Audit::new(PLATFORM_TENANT, self.log.audit_word(), "")
    }

    fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    async fn check(&self) -> Result<()> {
        Ok(())
    }
}
