//! The event of a call: an entry of the audit log with an id of its own.

use axum::http::StatusCode;
use policy::qnsp::Role;
use serde_json::Value;
use service::{Audit, Result};

use crate::{Caller, new_id};

/// What the call is about.
#[derive(Clone, Default)]
pub(crate) struct Subject {
    pub id: Option<String>,
    pub name: Option<String>,
    pub payload: Option<Value>,
}

impl Caller {
    /// The event of this call with the status that is answered; `None` when its calls are no events.
    pub(crate) fn event(&self, status: StatusCode) -> Result<Option<Audit>> {
        let Some(event_type) = self.event_type() else { return Ok(None) };
        let subject = self.state(|state| state.subject.clone());
        self.event_of(event_type, subject, status).map(Some)
    }

    /// An event that comes with this call, besides its own.
    pub fn other_event(&self, event_type: &'static str, id: Option<String>) -> Result<Audit> {
        self.event_of(event_type, Subject { id, ..Subject::default() }, StatusCode::OK)
    }

    fn event_of(&self, event_type: &'static str, subject: Subject, status: StatusCode) -> Result<Audit> {
        let resource = event_type.split('.').nth_back(1).unwrap_or(event_type);
        let about = match &subject.id {
            Some(id) => format!("{resource}/{id}"),
            None => resource.to_owned(),
        };
        let id = new_id()?;
        let actor_type = if self.role() == Some(Role::Service) { "service" } else { "user" };
        let mut audit = Audit::new(self.tenant(), event_type, about)
            .outcome(outcome(status))
            .detail("eventId", id.as_str())
            .detail("actorType", actor_type)
            .detail("actorTenant", self.own_tenant())
            .detail("ip", self.ip())
            .detail("name", subject.name)
            .detail("severity", self.severity(status))
            .detail("userAgent", self.user_agent())
            .detail("source", "api");
        if let Some(payload) = subject.payload {
            audit = audit.detail("payload", payload);
        }
        Ok(audit.event(id, None))
    }

    fn severity(&self, status: StatusCode) -> &'static str {
        if status == StatusCode::FORBIDDEN || (status.is_success() && self.is_grave()) {
            "medium"
        } else if status.is_success() {
            "info"
        } else {
            "low"
        }
    }

    /// A success that is more than information.
    fn is_grave(&self) -> bool {
        self.controls().admin || self.route().starts_with("DELETE ")
    }
}

fn outcome(status: StatusCode) -> &'static str {
    match status {
        StatusCode::FORBIDDEN => "refused",
        status if status.is_success() => "done",
        _ => "failed",
    }
}
