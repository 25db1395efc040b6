//! Cursors: where a list goes on, opaque to callers and bound to their tenant and filters.

use crypto::{base64, hash};
use model::faults::Faults;
use serde::{Serialize, de::DeserializeOwned};
use service::{Error, Result};

use crate::Caller;

/// How much of the authentication code is kept.
const CODE: usize = 16;

/// A position in a list that was asked for with these filters.
pub struct Cursor<'a> {
    caller: &'a Caller,
    /// Everything that selects the rows of the list, as JSON.
    filters: String,
}

impl<'a> Cursor<'a> {
    pub fn of<F: Serialize>(caller: &'a Caller, filters: &F) -> Result<Self> {
        let filters = serde_json::to_string(&(caller.event_type(), filters));
        Ok(Self { caller, filters: filters.map_err(|_| Error::internal("filters that are not JSON"))? })
    }

    pub fn write<T: Serialize>(&self, position: &T) -> Result<String> {
        let position = serde_json::to_vec(position).map_err(|_| Error::internal("a position that is not JSON"))?;
        let code = self.code(&position)?;
        Ok(base64::encode_url(&[code.as_slice(), &position].concat()))
    }

    /// The position, or a refusal of a cursor that was not written for this list.
    pub fn read<T: DeserializeOwned>(&self, cursor: &str) -> Result<T> {
        let refused = || Error::from(Faults::one("cursor", "must be the cursor of a page with the same filters"));
        let bytes = base64::decode_any(cursor).map_err(|_| refused())?;
        let (code, position) = bytes.split_at_checked(CODE).ok_or_else(refused)?;
        if !hash::equal(code, &self.code(position)?) {
            return Err(refused());
        }
        serde_json::from_slice(position).map_err(|_| refused())
    }

    fn code(&self, position: &[u8]) -> Result<Vec<u8>> {
        let key = self.caller.app.config().derived_key("qnsp-cursors")?;
        let parts = [self.caller.tenant().as_bytes(), b"\0", self.filters.as_bytes(), b"\0", position];
        let mut code = hash::hmac_sha256(&*key, &parts).to_vec();
        code.truncate(CODE);
        Ok(code)
    }
}
