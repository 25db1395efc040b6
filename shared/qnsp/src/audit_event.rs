//! An event as it is shown: what its entry says.

use crypto::{hash, merkle};
use model::{
    audit::Entry,
    qnsp::audit::{AuditEvent, Context, EventActor, EventResource, EventResult},
    time::{IsoTime, from_iso},
};
use platform::Row;
use policy::qnsp::Service;
use serde_json::Value;
use service::{Error, Result};

/// The columns that [`of_row`] reads.
pub const COLUMNS: &str = "leaf_index, entry";

pub fn of_row(row: &Row) -> Result<AuditEvent> {
    of(row.get("leaf_index")?, &row.get::<String>("entry")?)
}

/// The event by the index and the text of its entry.
pub fn of(index: i64, text: &str) -> Result<AuditEvent> {
    let entry: Entry = serde_json::from_str(text).map_err(|_| Error::internal("an event is no entry"))?;
    let mut detail = match entry.detail {
        Some(Value::Object(detail)) => detail,
        _ => return Err(Error::internal("an event has no detail")),
    };
    let payload = detail.remove("payload");
    let said = |name: &str| detail.get(name).and_then(Value::as_str).map(str::to_owned);
    let (kind, id) = match entry.subject.split_once('/') {
        Some((kind, id)) => (kind.to_owned(), Some(id.to_owned())),
        None => (entry.subject, None),
    };
    Ok(AuditEvent {
        event_id: said("eventId").unwrap_or_default(),
        topic: entry.action.clone(),
        source_service: service_of(&entry.action).to_owned(),
        timestamp: IsoTime(said("occurredAt").and_then(|at| from_iso(&at)).unwrap_or(entry.at)),
        tenant_id: entry.tenant,
        actor: EventActor {
            kind: said("actorType").unwrap_or_default(),
            id: entry.actor,
            ip: said("ip"),
            tenant_id: said("actorTenant").unwrap_or_default(),
        },
        resource: EventResource { kind, id, name: said("name") },
        action: entry.action.rsplit('.').next().unwrap_or_default().to_owned(),
        event_type: entry.action,
        result: if entry.outcome == "done" { EventResult::Success } else { EventResult::Failure },
        severity: said("severity").unwrap_or_default(),
        context: Context {
            request_id: entry.request_id,
            user_agent: said("userAgent"),
            source: said("source").unwrap_or_default(),
        },
        payload,
        sequence: index,
        hash: hash::hex(&merkle::leaf_hash(text.as_bytes())),
    })
}

fn service_of(event_type: &str) -> &str {
    let first = event_type.split('.').next().unwrap_or_default();
    match Service::of_event(event_type) {
        Some(service) => service.as_str(),
        None => first,
    }
}
