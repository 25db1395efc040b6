//! RSA by the host: several times faster than code compiled to WebAssembly. Always with SHA-256 for all hashes.

use crate::Task;

/// How a signature is padded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RsaPadding {
    /// With a salt of 32 bytes.
    Pss,
    Pkcs1,
}

/// What was encrypted does not open with the key. Why is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoesNotOpen;

/// The PKCS#8 of a new key pair with the public exponent 65537; `None` where the host makes none, and the function computes it.
pub fn generate_rsa_key(bits: u32) -> Task<'static, Option<Vec<u8>>> {
    crate::runtime::generate_rsa_key(bits)
}

/// The signature over a message by a key in PKCS#8; `None` where the host makes none, and the function computes it.
pub fn sign_rsa<'a>(pkcs8: &'a [u8], padding: RsaPadding, message: &'a [u8]) -> Task<'a, Option<Vec<u8>>> {
    crate::runtime::sign_rsa(pkcs8, padding, message)
}

/// What was encrypted by OAEP with an empty label, opened by a key in PKCS#8; `None` where the host opens none, and the
/// function does.
pub fn decrypt_rsa<'a>(pkcs8: &'a [u8], encrypted: &'a [u8]) -> Task<'a, Option<Result<Vec<u8>, DoesNotOpen>>> {
    crate::runtime::decrypt_rsa(pkcs8, encrypted)
}
