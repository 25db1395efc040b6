//! Keys and credentials at rest: sealed by the data key of their tenant, each for its own row.

use crypto::seal::DataKey;
use platform::random;
use service::Result;
use zeroize::Zeroizing;

fn material_aad<'a>(tenant: &'a str, key: &'a str) -> [&'a [u8]; 3] {
    [b"qnsp-hsm-key", tenant.as_bytes(), key.as_bytes()]
}

fn credentials_aad<'a>(tenant: &'a str, connection: &'a str) -> [&'a [u8]; 3] {
    [b"qnsp-hsm-credentials", tenant.as_bytes(), connection.as_bytes()]
}

pub fn seal_material(data_key: &DataKey, tenant: &str, key: &str, material: &[u8]) -> Result<Vec<u8>> {
    Ok(data_key.seal(random::bytes()?, &material_aad(tenant, key), material))
}

/// The bytes of a key: an AES key itself, PKCS#8 of others.
pub fn open_material(data_key: &DataKey, tenant: &str, key: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    Ok(data_key.open(&material_aad(tenant, key), sealed)?)
}

pub fn seal_credentials(data_key: &DataKey, tenant: &str, connection: &str, json: &str) -> Result<Vec<u8>> {
    Ok(data_key.seal(random::bytes()?, &credentials_aad(tenant, connection), json.as_bytes()))
}

/// The JSON object that was given.
pub fn open_credentials(
    data_key: &DataKey,
    tenant: &str,
    connection: &str,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    Ok(data_key.open(&credentials_aad(tenant, connection), sealed)?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_own_row_only() {
        let key = DataKey::new([1; 16], [2; 32]);
        let sealed = seal_material(&key, "t", "k", b"bytes").unwrap();
        assert!(!sealed.windows(5).any(|window| window == b"bytes"));
        assert_eq!(*open_material(&key, "t", "k", &sealed).unwrap(), b"bytes");
        assert!(open_material(&key, "t", "other", &sealed).is_err());
        assert!(open_material(&key, "other", "k", &sealed).is_err());
        assert!(open_credentials(&key, "t", "k", &sealed).is_err());
    }
}
