//! RSA by the host: several times faster than code compiled to WebAssembly. Always with SHA-256 for all hashes.

use crate::Task;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use crate::runtime::rsa as host;

/// Whether the host makes RSA keys. Where it does, a function need not know how.
pub const RSA_KEYS_ARE_THE_HOSTS: bool = cfg!(all(target_arch = "wasm32", target_os = "unknown"));

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

/// The PKCS#8 of a new key pair with the public exponent 65537; `None` where the host makes none: see
/// [`RSA_KEYS_ARE_THE_HOSTS`].
pub fn generate_rsa_key(bits: u32) -> Task<'static, Option<Vec<u8>>> {
    host::generate_rsa_key(bits)
}

/// The signature over a message by a key in PKCS#8; `None` where the host makes none, and the function computes it.
pub fn sign_rsa<'a>(pkcs8: &'a [u8], padding: RsaPadding, message: &'a [u8]) -> Task<'a, Option<Vec<u8>>> {
    host::sign_rsa(pkcs8, padding, message)
}

/// What was encrypted by OAEP with an empty label, opened by a key in PKCS#8; `None` where the host opens none, and the
/// function does.
pub fn decrypt_rsa<'a>(pkcs8: &'a [u8], encrypted: &'a [u8]) -> Task<'a, Option<Result<Vec<u8>, DoesNotOpen>>> {
    host::decrypt_rsa(pkcs8, encrypted)
}

/// Other hosts have no RSA.
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod host {
    use std::future::ready;

    use super::{DoesNotOpen, RsaPadding, Task};

    pub(super) fn generate_rsa_key(_bits: u32) -> Task<'static, Option<Vec<u8>>> {
        Box::pin(ready(None))
    }

    pub(super) fn sign_rsa<'a>(_: &'a [u8], _: RsaPadding, _: &'a [u8]) -> Task<'a, Option<Vec<u8>>> {
        Box::pin(ready(None))
    }

    pub(super) fn decrypt_rsa<'a>(_: &'a [u8], _: &'a [u8]) -> Task<'a, Option<Result<Vec<u8>, DoesNotOpen>>> {
        Box::pin(ready(None))
    }
}
