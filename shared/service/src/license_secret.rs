//! The secrets of licence keys at rest: sealed with the data key of one tenant, each for the key that it belongs to.
//! The hash under which a presented secret is found is in [`crate::Config::secret_hash`].

use crypto::{Zeroizing, seal::DataKey};
use platform::random;

use crate::{Error, Result};

/// The tenant whose data key seals the licence secrets, and whose log has the entries about licences.
pub const LICENSING_TENANT: &str = "licensing";

/// Seals the secret of the licence key with this `_id`.
pub fn seal(key: &DataKey, id: &str, secret: &str) -> Result<Vec<u8>> {
    Ok(key.seal(random::bytes()?, &aad(id), secret.as_bytes()))
}

/// Opens the secret of the licence key with this `_id`.
pub fn open(key: &DataKey, id: &str, sealed: &[u8]) -> Result<String> {
    let secret: Zeroizing<Vec<u8>> = key.open(&aad(id), sealed)?;
    let secret = std::str::from_utf8(&secret).map_err(|_| Error::internal("a licence secret is not UTF-8"))?;
    Ok(secret.to_owned())
}

fn aad(id: &str) -> [&[u8]; 2] {
    [b"license-secret", id.as_bytes()]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_secret_opens_only_for_its_own_key() {
        let key = DataKey::new([1; 16], [2; 32]);
        let sealed = seal(&key, "a", "secret").unwrap();
        assert_eq!(open(&key, "a", &sealed).unwrap(), "secret");
        assert!(open(&key, "b", &sealed).is_err());
    }
}
