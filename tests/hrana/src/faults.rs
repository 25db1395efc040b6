//! What can go wrong between a caller and the server.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::Duration,
};

use axum::{body::Body, response::Response};

/// Set by a test while the server runs.
#[derive(Default)]
pub struct Faults {
    lost: AtomicU32,
    late: AtomicU32,
    late_ms: AtomicU64,
}

impl Faults {
    /// Executes the next requests, and breaks their connections instead of answering.
    pub fn lose_answers(&self, requests: u32) {
        self.lost.store(requests, Ordering::SeqCst);
    }

    /// Breaks the connections of the next requests, and executes them so much later.
    pub fn execute_late(&self, requests: u32, delay: Duration) {
        self.late_ms.store(delay.as_millis().try_into().unwrap_or(u64::MAX), Ordering::SeqCst);
        self.late.store(requests, Ordering::SeqCst);
    }

    /// How long this request waits before it is executed, if its connection breaks at once.
    pub(crate) fn is_late(&self) -> Option<Duration> {
        take(&self.late).then(|| Duration::from_millis(self.late_ms.load(Ordering::SeqCst)))
    }

    pub(crate) fn is_lost(&self) -> bool {
        take(&self.lost)
    }
}

fn take(count: &AtomicU32) -> bool {
    count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| count.checked_sub(1)).is_ok()
}

/// An answer whose connection breaks before its body has come.
pub(crate) fn broken_answer() -> Response {
    let broken = std::io::Error::other("the connection breaks here");
    let body = futures_util::stream::once(std::future::ready(Err::<Vec<u8>, _>(broken)));
    Response::new(Body::from_stream(body))
}
