//! The audit service: events, how long they are kept, and who is told of them.

mod event;
mod retention;
mod subscription;

pub use event::{
    AuditEvent, Context, EventActor, EventResource, EventResult, EventType, Events, EventsRecorded, EventsToRecord,
    NewEvent, NewEvents, NewResource, Severity,
};
pub use retention::{
    AgeCounts, ArchiveConfig, AskPreview, CleanUp, CleanedUp, NewArchiveConfig, NewPolicy, NewScope, Policies, Policy,
    PolicyCreated, PolicyUpdated, Preview, RetentionMetrics, RetentionSavings, Scope, UpdatePolicy,
};
pub use subscription::{
    Config, Destination, DestinationType, Filters, NewDestination, NewFilters, NewSubscription, Status,
    StreamingMetrics, Subscription, SubscriptionCreated, SubscriptionMetrics, SubscriptionUpdated, Subscriptions,
    UpdateSubscription,
};
