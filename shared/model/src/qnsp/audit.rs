//! The audit service: events, and how long they are kept.

mod event;
mod retention;

pub use event::{
    AuditEvent, Context, EventActor, EventResource, EventResult, EventType, Events, EventsRecorded, NewEvent,
    NewEvents, NewResource, Severity,
};
pub use retention::{
    AgeCounts, ArchiveConfig, AskPreview, CleanUp, CleanedUp, NewArchiveConfig, NewPolicy, NewScope, Policies, Policy,
    PolicyCreated, PolicyUpdated, Preview, RetentionMetrics, RetentionSavings, Scope, UpdatePolicy,
};
