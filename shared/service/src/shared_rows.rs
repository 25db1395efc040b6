//! What functions must agree on that write rows of another function's tables.

use crypto::hash;
use model::configuration::Context;

/// The caller by keyId; the infra licence has none. SQL over the request's nonce `m`.
pub const CALLER_KEY_ID: &str = "coalesce((SELECT key_id FROM service_keys WHERE tag = m.caller), m.caller)";

/// The key of a context's configuration.
pub fn config_key(context: &Context) -> String {
    hash::hex(&hash::sha256(&[context.canonical().as_bytes()]))
}

/// What a secret of a community is bound to: it opens only where it was put.
pub fn secret_aad<'a>(tenant: &'a str, community: &'a str, tag: &'a str) -> [&'a [u8]; 4] {
    [b"secret", tenant.as_bytes(), community.as_bytes(), tag.as_bytes()]
}
