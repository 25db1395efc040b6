//! The wall clock.

/// Milliseconds since the Unix epoch.
pub fn now_ms() -> i64 {
    crate::runtime::now_ms()
}
