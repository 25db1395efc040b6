//! Waiting for what comes by itself.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Far longer than anything takes here, since a machine may be busy with much else. Only what never comes waits as long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until this holds, and fails with these words when it does not come to hold.
#[track_caller]
pub fn until(holds: impl Fn() -> bool, otherwise: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{otherwise}");
        thread::sleep(Duration::from_millis(50));
    }
}
