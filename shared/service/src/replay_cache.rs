//! What an instance remembers of the signed requests that it has seen, so that some can be answered without asking
//! storage: which request ids have been used, and which callers were admitted to what lately.

use std::collections::HashMap;

use crate::Recent;

/// How many request ids are remembered. They take a few megabytes, and are enough for a thousand requests a second.
const IDS: usize = 1 << 16;

/// How many admissions are remembered.
const ADMISSIONS: usize = 4096;

/// A request id, and the time from which on it is refused for its time.
#[derive(Clone, Copy)]
pub(crate) struct RequestId {
    /// The first half of the hash that its nonce in storage is.
    hash: [u8; 16],
    expires_at: i64,
}

impl RequestId {
    pub fn new(hash: &[u8; 32], expires_at: i64) -> Self {
        Self { hash: hash.first_chunk().copied().unwrap_or_default(), expires_at }
    }
}

/// An id is never forgotten as long as it would be accepted. When there are too many, new ones are not remembered.
pub(crate) struct ReplayCache {
    capacity: usize,
    ids: HashMap<[u8; 16], i64>,
    swept_at: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Seen for the first time, and remembered.
    First,
    /// Seen before.
    Repeated,
    /// Not seen, but not remembered either.
    Unknown,
}

impl Default for ReplayCache {
    fn default() -> Self {
        Self::with_capacity(IDS)
    }
}

impl ReplayCache {
    fn with_capacity(capacity: usize) -> Self {
        Self { capacity, ids: HashMap::new(), swept_at: i64::MIN }
    }

    pub fn claim(&mut self, id: &RequestId, now: i64) -> Use {
        if self.ids.contains_key(&id.hash) {
            return Use::Repeated;
        }
        // A sweep goes through everything, so there is one in a second at most.
        if self.ids.len() >= self.capacity && now - 1000 > self.swept_at {
            self.ids.retain(|_, expires_at| *expires_at > now);
            self.swept_at = now;
        }
        if self.ids.len() >= self.capacity {
            return Use::Unknown;
        }
        self.ids.insert(id.hash, id.expires_at);
        Use::First
    }
}

/// When a caller was last admitted to something by storage.
#[derive(Default)]
pub(crate) struct Admissions(Recent<String, i64, ADMISSIONS>);

impl Admissions {
    pub fn note(&mut self, what: String, at: i64) {
        self.0.put(what, at);
    }

    /// Whether it was within the lifetime, in milliseconds.
    pub fn holds(&mut self, what: &String, now: i64, lifetime: i64) -> bool {
        self.0.get(what).is_some_and(|at| (0..lifetime).contains(&(now - at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_passes_once_as_long_as_it_is_valid() {
        let mut cache = ReplayCache::with_capacity(2);
        let mut claim = |number: u8, expires_at, now| cache.claim(&RequestId::new(&[number; 32], expires_at), now);
        assert_eq!(claim(1, 60_000, 0), Use::First);
        assert_eq!(claim(1, 60_000, 59_999), Use::Repeated);
        assert_eq!(claim(2, 62_000, 0), Use::First);
        assert_eq!(claim(3, 90_000, 1000), Use::Unknown, "none that is valid is forgotten for it");
        assert_eq!(claim(1, 60_000, 1001), Use::Repeated);
        assert_eq!(claim(3, 90_000, 60_000), Use::First, "the first has expired");
        assert_eq!(claim(2, 62_000, 60_000), Use::Repeated);
    }

    #[test]
    fn an_admission_holds_for_its_lifetime_only() {
        let mut admissions = Admissions::default();
        let what = "who/what".to_owned();
        admissions.note(what.clone(), 1000);
        for (now, lifetime, holds) in
            [(1000, 1, true), (5999, 5000, true), (6000, 5000, false), (1000, 0, false), (999, 5000, false)]
        {
            assert_eq!(admissions.holds(&what, now, lifetime), holds, "{now} {lifetime}");
        }
        assert!(!admissions.holds(&"who/else".to_owned(), 1000, 5000));
    }
}
