//! RSA keys made by the host.

use crate::Task;

/// The PKCS#8 of a new key pair with the public exponent 65537; `None` where the host makes none, and the function computes it.
pub fn generate_rsa_key(bits: u32) -> Task<'static, Option<Vec<u8>>> {
    crate::runtime::generate_rsa_key(bits)
}
