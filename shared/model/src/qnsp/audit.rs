//! The audit service: events.

mod event;

pub use event::{
    AuditEvent, Context, EventActor, EventResource, EventResult, EventType, Events, EventsRecorded, NewEvent,
    NewEvents, NewResource, Severity,
};
