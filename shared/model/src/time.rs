//! Times on the wire: ISO 8601 in UTC with milliseconds, or epoch seconds.

use jiff::{Span, Timestamp, tz::Offset};
use serde::{Deserialize, Serialize};

use crate::ids::Invalid;

/// Milliseconds since the epoch that stand as ISO 8601 on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IsoTime(pub i64);

impl From<IsoTime> for String {
    fn from(time: IsoTime) -> Self {
        to_iso(time.0)
    }
}

impl TryFrom<String> for IsoTime {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        from_iso(&text)
            .map(Self)
            .ok_or(Invalid("a time must be ISO 8601 with an offset, like 2030-01-02T03:04:05.678Z"))
    }
}

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

/// The same date and time so many years later; the 29th of February becomes the 28th where it must.
pub fn plus_years(ms: i64, years: i64) -> i64 {
    let timestamp = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
    let later = Span::new().try_years(years).and_then(|span| Offset::UTC.to_datetime(timestamp).checked_add(span));
    later.and_then(|later| Offset::UTC.to_timestamp(later)).unwrap_or(Timestamp::MAX).as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_those_of_the_calendar() {
        let later = |text, years| from_iso(text).map(|ms| to_iso(plus_years(ms, years)));
        assert_eq!(later("2026-03-01T10:00:00Z", 2).as_deref(), Some("2028-03-01T10:00:00.000Z"));
        assert_eq!(later("2028-02-29T10:00:00Z", 2).as_deref(), Some("2030-02-28T10:00:00.000Z"));
    }

    #[test]
    fn a_time_always_has_three_decimals_and_reads_back() {
        assert_eq!(to_iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(to_iso(1_767_323_045_678), "2026-01-02T03:04:05.678Z");
        assert_eq!(from_iso(&to_iso(1_767_323_045_670)), Some(1_767_323_045_670));
    }
}
