//! The wall clock, and waiting.

use std::time::Duration;

use crate::Task;

/// Milliseconds since the Unix epoch.
pub fn now_ms() -> i64 {
    crate::runtime::now_ms()
}

/// Lets time pass. It is waited for within a request or a task that follows one.
pub fn sleep(time: Duration) -> Task<'static, ()> {
    crate::runtime::sleep(time)
}
