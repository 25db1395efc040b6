//! Nonces of signed requests that no batch has stored, as statements. A stored nonce makes its request a replay when it
//! comes again.

use std::sync::atomic::{AtomicI64, Ordering};

use crypto::hash;
use platform::Statement;
use serde::Serialize;

use crate::{App, replay_cache::RequestId};

/// Every so many signed requests of an instance, expired nonces are deleted: twice as many as have come in.
const SWEEP_EVERY: i64 = 64;

/// How many signed requests have come to an instance.
#[derive(Default)]
struct SignedRequests(AtomicI64);

/// A request id to be stored.
#[derive(Serialize)]
pub(crate) struct Nonce {
    pub nonce: String,
    #[serde(skip)]
    pub id: RequestId,
    pub secret_hash: String,
    /// The caller is known although no licence is stored for it.
    pub is_known: bool,
}

/// The key of a request in `request_nonces`: when it was signed, in seconds, and half of the hash of its request id, which
/// still tells requests apart. So nonces lie in the order of time, and one index serves to find them and to delete the old.
pub(crate) fn name(ts: i64, digest: &[u8; 32]) -> String {
    let (half, _) = digest.split_at(16);
    format!("{}{}", signed_at(ts), hash::hex(half))
}

fn signed_at(ts: i64) -> String {
    format!("{:08x}", ts.max(0))
}

/// The name from which on nonces are kept, with `span` seconds in which a request is accepted: each is kept for as long
/// again and more, as clocks of instances differ.
pub fn kept_from(span: i64, now: i64) -> String {
    signed_at(now.div_euclid(1000) - 2 * (span + 1))
}

/// Stores nonces. An unknown caller stores nothing.
pub(crate) fn insert(nonces: &[Nonce]) -> Statement {
    let insert = Statement::new(
        "INSERT INTO request_nonces (nonce, caller, level) \
         SELECT n.value ->> 'nonce', '', '' FROM json_each(?1) n \
         WHERE n.value ->> 'is_known' \
         OR EXISTS (SELECT 1 FROM service_keys WHERE secret_hash = n.value ->> 'secret_hash') ON CONFLICT DO NOTHING",
    );
    insert.bind(serde_json::to_string(nonces).unwrap_or_default())
}

/// Deletes expired nonces when it is due, for so many new ones.
pub(crate) fn sweep(app: &App, new: usize, now: i64) -> Option<Statement> {
    let new = i64::try_from(new).unwrap_or(SWEEP_EVERY);
    let before = app.part::<SignedRequests>().0.fetch_add(new, Ordering::Relaxed) + SWEEP_EVERY / 2;
    let due = (before + new) / SWEEP_EVERY - before / SWEEP_EVERY;
    let span = app.signing().ok()?.allowed_time_span;
    let sweep = Statement::new(
        "DELETE FROM request_nonces WHERE nonce IN \
         (SELECT nonce FROM request_nonces WHERE nonce < ?1 ORDER BY nonce LIMIT ?2)",
    );
    (due > 0).then(|| sweep.bind(kept_from(span, now)).bind(2 * SWEEP_EVERY * due))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_time_and_are_kept_longer_than_their_requests_are_accepted() {
        let (now, span) = (1_800_000_000_999, 60);
        let signed = |seconds: i64| name(1_800_000_000 + seconds, &[0xab; 32]);
        assert_eq!(signed(0), format!("6b49d200{}", "ab".repeat(16)));
        assert!(signed(-span) > kept_from(span, now), "it is still accepted");
        assert!(signed(-2 * span - 2) > kept_from(span, now));
        assert!(signed(-2 * span - 3) < kept_from(span, now));
        assert!(name(0, &[0; 32]) < name(i64::from(u32::MAX), &[0; 32]));
    }
}
