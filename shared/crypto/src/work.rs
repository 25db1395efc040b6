//! How much the hashes of passwords of a thread have cost: tests compare the work for somebody who exists with that for
//! somebody who does not, or ask whether there was any, which no clock tells on a busy machine. Counted with the feature
//! `hash-work` only.

#[cfg(feature = "hash-work")]
thread_local! {
    static DONE: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

#[cfg(feature = "hash-work")]
pub(crate) fn add(cost: u64) {
    DONE.set(DONE.get() + cost);
}

#[cfg(not(feature = "hash-work"))]
pub(crate) fn add(_: u64) {}

/// Memory times passes of Argon2 and rounds of PBKDF2, summed over all hashes that this thread has computed.
#[cfg(feature = "hash-work")]
#[must_use]
pub fn done() -> u64 {
    DONE.get()
}
