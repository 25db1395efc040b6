//! What a handler stands on: the application state, extractors, the batch that authorises and executes a request in one
//! storage round trip, errors and their rendering, data keys, audit entries and caches.

mod anonymous;
mod app;
mod audit;
pub mod audit_tree;
mod authorization;
mod batch;
mod bearer;
mod blob;
mod cached;
mod call;
mod client_address;
mod conditional;
pub mod config;
mod copies;
pub mod data_keys;
mod deferred_nonces;
pub mod due;
mod envelope;
mod error;
mod extract;
mod guard;
pub mod license_secret;
pub mod nonces;
mod operation;
pub mod portal;
mod query;
mod recent;
mod replay_cache;
mod request_id;
mod request_log;
pub mod root_keys;
mod root_license;
mod serve;
mod shape;
mod shared_rows;
mod signed;
mod signing;

pub use anonymous::Anonymous;
pub use app::{Api, App};
pub use audit::{Audit, PLATFORM_TENANT};
pub use authorization::{Authorization, INFRA_TAG};
pub use batch::{Actor, Batch, DataKeySlot, Outcomes, Slot};
pub use bearer::Bearer;
pub use blob::{Blob, blob, is_short_blob};
pub use cached::Cached;
pub use call::Call;
pub use client_address::client_address;
pub use conditional::{Condition, EntityTag, Preconditions};
pub use config::Config;
pub use copies::Freshness;
pub use due::Due;
pub use envelope::{Envelope, Sealed};
pub use error::{Error, Result};
pub use extract::{BODY_LIMIT, Json, JsonOrDefault, Path, Query, Unparsed, read_optional_body};
pub use guard::Guard;
pub use operation::Routes;
#[doc(hidden)]
pub use pastey;
pub use policy::{Access, Action};
pub use query::parse as parse_query;
pub use recent::Recent;
pub use request_id::RequestId;
pub use request_log::RequestLog;
pub use shape::Shape;
pub use shared_rows::{CALLER_KEY_ID, config_key, context_hash, secret_aad};
pub use signed::{Signed, Unlicensed};
pub use signing::Signing;

/// A new id: a random UUID.
pub fn new_id() -> Result<String> {
    Ok(model::ids::random_uuid(platform::random::bytes()?))
}
