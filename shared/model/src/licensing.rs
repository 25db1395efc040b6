//! Licensing: bodies of service keys and of their authorisations in communities, with the rules that they obey.
//! How a key's credentials come about is decided by the function that creates it.

mod authorization;
mod modules;
mod page;
mod service_key;

pub use authorization::{AddAuthorizationRequest, LicenseAuth, LicenseCheck, UpdateAuthorizationRequest};
pub use modules::Modules;
pub use page::{Page, PageQuery, Paged};
pub use service_key::{
    CreateServiceKeyRequest, KeyQuery, KeyType, ListedServiceKey, ServiceKey, UpdateServiceKeyRequest,
};

use serde::{Deserialize, Deserializer};

use crate::{ids::Invalid, time};

/// For how many years a key or an authorisation is valid when nobody says.
const DEFAULT_YEARS: i64 = 2;

const NOT_FUTURE: Invalid = Invalid("expiry must lie in the future");

/// The expiry to store: the given one, or two years from now.
fn expiry_or_default(given: Option<time::IsoTime>, now: i64) -> Result<i64, Invalid> {
    match given {
        None => Ok(time::plus_years(now, DEFAULT_YEARS)),
        Some(expiry) if expiry.0 > now => Ok(expiry.0),
        Some(_) => Err(NOT_FUTURE),
    }
}

/// For fields of a change: absent leaves the value alone, so `null` must not pass for absent.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
