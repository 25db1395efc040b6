//! What functions must agree on that write rows of another function's tables.

use crypto::hash;
use model::configuration::{Context, Owner};

/// The caller by keyId; the infra licence has none. SQL over the request's nonce `m`.
pub const CALLER_KEY_ID: &str = "coalesce((SELECT key_id FROM service_keys WHERE tag = m.caller), m.caller)";

/// The key of a context's configuration. That of a community is the context itself, so that SQL can correct the id in
/// it; that of a person or an app is its hash, so that no person's id stands in the revisions and the copies.
pub fn config_key(context: &Context) -> String {
    match context.owner {
        Owner::Community { .. } => context.canonical(),
        Owner::Person { .. } | Owner::App(_) => context_hash(context),
    }
}

/// SHA-256 of a context, in hexadecimal digits.
pub fn context_hash(context: &Context) -> String {
    hash::hex(&hash::sha256(&[context.canonical().as_bytes()]))
}

/// What a secret of a community is bound to: it opens only where it was put.
pub fn secret_aad<'a>(tenant: &'a str, community: &'a str, tag: &'a str) -> [&'a [u8]; 4] {
    [b"secret", tenant.as_bytes(), community.as_bytes(), tag.as_bytes()]
}
