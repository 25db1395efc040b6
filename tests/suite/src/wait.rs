//! Waiting for what comes by itself.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Waits until this holds, and fails with these words when it does not within the time.
#[track_caller]
pub fn until(time: Duration, holds: impl Fn() -> bool, otherwise: &str) {
    let deadline = Instant::now() + time;
    while !holds() {
        assert!(Instant::now() < deadline, "{otherwise}");
        thread::sleep(Duration::from_millis(50));
    }
}
