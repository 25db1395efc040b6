//! Times on the wire: ISO 8601 in UTC with milliseconds, or epoch seconds.

use jiff::Timestamp;

/// Milliseconds since the epoch as `2026-01-02T03:04:05.678Z`.
pub fn to_iso(ms: i64) -> String {
    let timestamp = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
    format!("{timestamp:.3}")
}

/// Reads an ISO 8601 time with an offset. `None` when the text is not one.
///
/// ```
/// assert_eq!(chancery_model::time::from_iso("1970-01-01T00:00:01.500Z"), Some(1_500));
/// assert_eq!(chancery_model::time::from_iso("tomorrow"), None);
/// ```
pub fn from_iso(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_always_has_three_decimals_and_reads_back() {
        assert_eq!(to_iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(to_iso(1_767_323_045_678), "2026-01-02T03:04:05.678Z");
        assert_eq!(from_iso(&to_iso(1_767_323_045_670)), Some(1_767_323_045_670));
    }
}
