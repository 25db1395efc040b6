//! The event of a call: an entry of the audit log with an id of its own.

use axum::http::StatusCode;
use model::time::to_iso;
use policy::qnsp::Role;
use serde_json::Value;
use service::{Audit, Error, Result};

use crate::{Caller, caller::Subject, new_id};

/// An event that a caller records of its own.
pub struct Recorded<'a> {
    pub event_type: &'a str,
    /// The type of what it is about, without a slash.
    pub resource: &'a str,
    pub id: Option<String>,
    pub name: Option<String>,
    /// A JSON object.
    pub payload: &'a str,
    pub severity: &'static str,
    pub is_failure: bool,
    /// When it happened, if that was not now.
    pub occurred_at: Option<i64>,
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

    /// An event that the caller records, with its id.
    pub fn recorded_event(&self, event: Recorded) -> Result<(String, Audit)> {
        let id = new_id()?;
        let payload: Value =
            serde_json::from_str(event.payload).map_err(|_| Error::internal("a payload that is not JSON"))?;
        let audit =
            Audit::new(self.tenant(), event.event_type.to_owned(), subject(event.resource, event.id.as_deref()))
                .outcome(if event.is_failure { "failed" } else { "done" });
        let mut audit = self.described(audit, &id, event.name, event.severity).detail("payload", payload);
        if let Some(at) = event.occurred_at {
            audit = audit.detail("occurredAt", to_iso(at));
        }
        Ok((id.clone(), audit.event(id, event.occurred_at)))
    }

    fn event_of(&self, event_type: &'static str, about: Subject, status: StatusCode) -> Result<Audit> {
        let resource = event_type.split('.').nth_back(1).unwrap_or(event_type);
        let id = new_id()?;
        let audit = Audit::new(self.tenant(), event_type, subject(resource, about.id.as_deref()));
        let audit = audit.outcome(outcome(status));
        let mut audit = self.described(audit, &id, about.name, self.severity(status));
        if let Some(payload) = about.payload {
            audit = audit.detail("payload", payload);
        }
        Ok(audit.event(id, None))
    }

    /// What every event says of itself and of who has called.
    fn described(&self, audit: Audit, id: &str, name: Option<String>, severity: &'static str) -> Audit {
        let actor_type = if self.role() == Some(Role::Service) { "service" } else { "user" };
        audit
            .detail("eventId", id)
            .detail("actorType", actor_type)
            .detail("actorTenant", self.own_tenant())
            .detail("ip", self.ip())
            .detail("name", name)
            .detail("severity", severity)
            .detail("userAgent", self.user_agent())
            .detail("source", "api")
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

/// An event that no call asks for, about an object of a tenant.
pub fn system_event(tenant: &str, event_type: &'static str, object: &str, payload: Value) -> Result<Audit> {
    let resource = event_type.split('.').nth_back(1).unwrap_or(event_type);
    let id = new_id()?;
    let audit = Audit::new(tenant, event_type, subject(resource, Some(object)))
        .by("system")
        .detail("eventId", id.as_str())
        .detail("actorType", "system")
        .detail("actorTenant", tenant)
        .detail("severity", "info")
        .detail("source", "system")
        .detail("payload", payload);
    Ok(audit.event(id, None))
}

/// The subject of an entry about an object, or about a kind of objects.
fn subject(resource: &str, id: Option<&str>) -> String {
    id.map_or_else(|| resource.to_owned(), |id| format!("{resource}/{id}"))
}

fn outcome(status: StatusCode) -> &'static str {
    match status {
        StatusCode::FORBIDDEN => "refused",
        status if status.is_success() => "done",
        _ => "failed",
    }
}
