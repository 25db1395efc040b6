//! What a handler stands on: the application state, extractors, the gate that authorises and executes a signed
//! request in one storage round trip, errors and their rendering, data keys, audit and caches.

mod app;
mod audit;
mod bearer;
mod bounded;
mod cached;
mod config;
mod data_keys;
mod envelope;
mod error;
mod extract;
mod gate;
pub mod license_secret;
mod place;
pub mod portal;
mod root_license;
mod seen;
mod shared_rows;
mod signed;
mod trail;
mod unwritten;

pub use app::{Api, App, Shape};
pub use audit::{Audit, PLATFORM_TENANT};
pub use bearer::{Bearer, Holder};
pub use cached::Cached;
pub use config::{Config, Introspection};
pub use data_keys::DataKeys;
pub use envelope::{Envelope, Sealed};
pub use error::{Error, Result};
pub use extract::{Json, JsonOrDefault, Path, Query};
pub use gate::{Gate, INFRA_TAG};
pub use shared_rows::{CALLER_KEY_ID, config_key, secret_aad};
pub use signed::{Signed, Unlicensed};
