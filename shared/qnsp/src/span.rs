//! The span of time that figures are of: a period up to now, or from a date to another.

use std::ops::Range;

use model::time::DayOrTime;
use serde::Deserialize;
use service::Result;
use utoipa::ToSchema;

use crate::{counters::DAY, refusal::impossible};

// Documentation here would stand in the document of the API.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
pub enum LongPeriod {
    #[serde(rename = "24h")]
    Day,
    #[serde(rename = "7d")]
    Week,
    #[default]
    #[serde(rename = "30d")]
    Month,
    #[serde(rename = "90d")]
    Quarter,
}

impl LongPeriod {
    /// Milliseconds.
    pub fn length(self) -> i64 {
        DAY * match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
        }
    }

    /// Up to and with now.
    pub fn until(self, now: i64) -> Range<i64> {
        now + 1 - self.length()..now + 1
    }
}

/// A span that is given by dates, in place of a period. Without an end it lasts until now, without a start as long as the
/// period.
pub fn span(
    period: Option<LongPeriod>,
    start: Option<DayOrTime>,
    end: Option<DayOrTime>,
    now: i64,
) -> Result<Range<i64>> {
    let period = period.unwrap_or_default();
    if start.is_none() && end.is_none() {
        return Ok(period.until(now));
    }
    let end = end.map_or(now, DayOrTime::end) + 1;
    let start = start.map_or(end - period.length(), DayOrTime::start);
    if start >= end {
        return Err(impossible("startDate", "must not be after endDate"));
    }
    Ok(start..end)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn dates_take_the_place_of_a_period() {
        let now = 1_000 * DAY;
        let (time, day) = (DayOrTime::Time, DayOrTime::Day);
        let of = |period, start, end| span(period, start, end, now).ok();
        assert_eq!(of(None, None, None), Some(now + 1 - 30 * DAY..now + 1));
        assert_eq!(of(Some(LongPeriod::Day), None, None), Some(now + 1 - DAY..now + 1));
        assert_eq!(of(Some(LongPeriod::Day), Some(time(5)), None), Some(5..now + 1));
        assert_eq!(of(Some(LongPeriod::Week), None, Some(time(now - 1))), Some(now - 7 * DAY..now));
        assert_eq!(of(None, Some(day(3 * DAY)), Some(day(4 * DAY))), Some(3 * DAY..5 * DAY));
        assert_eq!(of(None, Some(time(7)), Some(time(7))), Some(7..8));
        assert_eq!(of(None, Some(time(8)), Some(time(7))), None);
        assert_eq!(of(None, Some(time(now + 1)), None), None, "it lies in the future");
        assert_eq!(span(None, None, None, 0).unwrap().end, 1);
    }
}
