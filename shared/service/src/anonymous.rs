//! A caller who shows no credential, and work that no caller asked for. The operation itself decides, by conditions inside
//! its statements, what it does for whom.

use std::ops::Deref;

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{Actor, App, Audit, Batch, Call, Error, PLATFORM_TENANT, Result};

#[derive(Clone)]
pub struct Anonymous {
    call: Call,
    request_id: Option<String>,
}

impl Anonymous {
    /// For work beside the requests: its entries are named in no answer.
    pub fn background(app: &App) -> Self {
        Self { call: Call::background(app), request_id: None }
    }

    /// On behalf of the request with this id.
    #[must_use]
    pub(crate) fn for_request(self, id: &str) -> Self {
        Self { request_id: Some(id.to_owned()), ..self }
    }

    pub fn batch(&self) -> Batch<Self> {
        Batch::new(self.clone())
    }
}

impl FromRequestParts<App> for Anonymous {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        Ok(Self { call: Call::of(parts, app), request_id: None })
    }
}

impl Deref for Anonymous {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

impl Actor for Anonymous {
    fn name(&self) -> Option<String> {
        Some("anonymous".to_owned())
    }

    fn asked(&self) -> Audit {
        self.audit(PLATFORM_TENANT, "")
    }

    fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Nobody is refused.
    async fn check(&self) -> Result<()> {
        Ok(())
    }
}
