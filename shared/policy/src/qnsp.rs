//! QNSP: what the contract computes from facts. Tables and arithmetic alone; no I/O, no SQL, no clock.

pub mod access;
pub mod adoption;
pub mod algorithm;
pub mod anomaly;
pub mod attack;
pub mod compliance;
mod controls;
pub mod cost;
pub mod crypto_compliance;
pub mod dunning;
pub mod duration;
mod event_filter;
pub mod federation;
pub mod forecast;
pub mod glob;
pub mod health;
pub mod hsm;
pub mod inventory;
pub mod jit;
mod key_facts;
pub mod lease;
pub mod metric;
pub mod migration_plan;
pub mod month;
pub mod number;
mod outbound;
pub mod place;
pub mod playbook;
pub mod postgres_url;
pub mod price;
pub mod quantum_risk;
pub mod quota;
pub mod readiness;
pub mod revenue;
pub mod risk;
pub mod role;
pub mod search;
pub mod service;
pub mod tier;
pub mod zone;

pub use algorithm::Algorithm;
pub use controls::Controls;
pub use event_filter::EventFilter;
pub use key_facts::KeyFacts;
pub use metric::Metric;
pub use month::Month;
pub use outbound::{OutboundHosts, Refused};
pub use price::Billable;
pub use quota::Quota;
pub use role::Role;
pub use service::{AddOn, Service};
pub use tier::Tier;
pub use zone::Zone;

/// A day in milliseconds.
pub const DAY_MS: i64 = 86_400_000;
