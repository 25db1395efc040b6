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

use crate::{
    faults::Faults,
    time::{self, Expiry},
};

/// For how many years a key or an authorisation is valid when nobody says.
const DEFAULT_YEARS: i64 = 2;

const NOT_FUTURE: &str = "must lie in the future";
const READ_ONLY: &str = "is read-only; leave it out or as it is";

/// The expiry to store: the given one, or two years from now.
fn expiry_or_default(given: Option<Expiry>, now: i64) -> Result<i64, Faults> {
    let Some(Expiry(expiry)) = given else { return Ok(time::plus_years(now, DEFAULT_YEARS)) };
    if expiry > now { Ok(expiry) } else { Err(Faults::one("expiry", NOT_FUTURE)) }
}
