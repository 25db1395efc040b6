//! Times on the wire: ISO 8601 in UTC with milliseconds. Only these fixed forms, which is why they are read and written
//! here: a library for all of time would be a tenth of what a function ships. The tests compare with one.

#[cfg(not(target_family = "wasm"))]
use std::borrow::Cow;

use serde::{Deserialize, Serialize};
#[cfg(not(target_family = "wasm"))]
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type},
    },
};

use crate::ids::Invalid;

const DAY_MS: i64 = 86_400_000;

/// The first and the last millisecond that four digits can name the year of.
const FIRST: i64 = -62_167_219_200_000;
const LAST: i64 = 253_402_300_799_999;

/// Milliseconds since the epoch that stand as ISO 8601 on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IsoTime(pub i64);

#[cfg(not(target_family = "wasm"))]
impl PartialSchema for IsoTime {
    fn schema() -> RefOr<Schema> {
        let time = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(time)).into()
    }
}

#[cfg(not(target_family = "wasm"))]
impl ToSchema for IsoTime {
    fn name() -> Cow<'static, str> {
        "Inline_Time".into()
    }
}

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

/// When something ends: a moment, or a day, which means its beginning in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Expiry(pub i64);

impl TryFrom<String> for Expiry {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let is_day = text.len() == "2030-01-02".len();
        let time = if is_day { from_iso(&format!("{text}T00:00:00Z")) } else { from_iso(&text) };
        time.map(Self)
            .ok_or(Invalid("must be an ISO 8601 time like 2030-01-02T03:04:05.678Z, or a day like 2030-01-02"))
    }
}

/// An end of a span of time: a moment, or a day in UTC, all of which belongs to the span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum DayOrTime {
    /// Its first millisecond.
    Day(i64),
    Time(i64),
}

impl DayOrTime {
    /// The first millisecond, where a span begins.
    #[must_use]
    pub fn start(self) -> i64 {
        match self {
            Self::Day(ms) | Self::Time(ms) => ms,
        }
    }

    /// The last millisecond, where a span ends.
    #[must_use]
    pub fn end(self) -> i64 {
        match self {
            Self::Day(ms) => ms + DAY_MS - 1,
            Self::Time(ms) => ms,
        }
    }
}

impl TryFrom<String> for DayOrTime {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let is_day = text.len() == "2030-01-02".len();
        Expiry::try_from(text).map(|Expiry(ms)| if is_day { Self::Day(ms) } else { Self::Time(ms) })
    }
}

/// Milliseconds since the epoch as `2026-01-02T03:04:05.678Z`.
pub fn to_iso(ms: i64) -> String {
    let (days, ms) = split(ms);
    let Date { year, month, day } = Date::of(days);
    let (seconds, fraction) = (ms / 1000, ms % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:03}Z")
}

/// Reads an ISO 8601 time with an offset. `None` when the text is not one. Seconds may be left out, decimals beyond the
/// third are dropped, and a leap second counts as the one before it.
///
/// ```
/// use chancery_model::time::from_iso;
///
/// assert_eq!(from_iso("1970-01-01T00:00:01.500Z"), Some(1_500));
/// assert_eq!(from_iso("1970-01-01 01:00+01:00"), Some(0));
/// assert_eq!(from_iso("1970-01-01"), None);
/// assert_eq!(from_iso("tomorrow"), None);
/// ```
pub fn from_iso(text: &str) -> Option<i64> {
    let mut rest = Rest(text.as_bytes());
    let year = rest.number(4)?;
    rest.one_of(b"-")?;
    let month = rest.number(2).filter(|month| (1..=12).contains(month))?;
    rest.one_of(b"-")?;
    let day = rest.number(2).filter(|day| (1..=days_in_month(year, month)).contains(day))?;
    rest.one_of(b"Tt ")?;
    let hour = rest.number(2).filter(|hour| *hour < 24)?;
    rest.one_of(b":")?;
    let minute = rest.number(2).filter(|minute| *minute < 60)?;
    let (mut second, mut fraction) = (0, 0);
    if rest.one_of(b":").is_some() {
        second = rest.number(2).filter(|second| *second <= 60)?.min(59);
        if rest.one_of(b".,").is_some() {
            fraction = rest.fraction()?;
        }
    }
    let offset = rest.offset()?;
    let time = ((hour * 60 + minute - offset) * 60 + second) * 1000 + fraction;
    let ms = Date { year, month, day }.days() * DAY_MS + time;
    (FIRST..=LAST).contains(&ms).then_some(ms).filter(|_| rest.0.is_empty())
}

/// The same date and time so many years later; the 29th of February becomes the 28th where it must.
pub fn plus_years(ms: i64, years: i64) -> i64 {
    let (days, ms) = split(ms);
    let Date { year, month, day } = Date::of(days);
    let year = year.saturating_add(years);
    if !(0..=9999).contains(&year) {
        return LAST;
    }
    Date { year, month, day: day.min(days_in_month(year, month)) }.days() * DAY_MS + ms
}

/// Days since the epoch, and milliseconds of the day.
fn split(ms: i64) -> (i64, i64) {
    let ms = ms.clamp(FIRST, LAST);
    (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS))
}

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    pub year: i64,
    /// From 1.
    pub month: i64,
    /// From 1.
    pub day: i64,
}

/// The usual arithmetic: a year that begins in March has its leap day at the end, and 400 years have 146,097 days.
impl Date {
    /// Days since the epoch.
    pub fn days(&self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let day_of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
    }

    /// The day that is so many days after the epoch.
    pub fn of(days: i64) -> Self {
        let days = days + 719_468;
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        Self { year: era * 400 + year + i64::from(month <= 2), month, day }
    }
}

pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// What has not been read yet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first().filter(|(first, _)| wanted.contains(first))?;
        self.0 = rest;
        Some(*first)
    }

    fn digit(&mut self) -> Option<i64> {
        self.one_of(b"0123456789").map(|digit| i64::from(digit - b'0'))
    }

    fn number(&mut self, digits: u32) -> Option<i64> {
        (0..digits).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    /// One to nine decimals as milliseconds.
    fn fraction(&mut self) -> Option<i64> {
        let mut nanoseconds = self.digit()? * 100_000_000;
        let mut place = 10_000_000;
        while let Some(digit) = self.digit() {
            nanoseconds += digit * place;
            place /= 10;
            // A tenth decimal has no place any more.
            if place == 0 && self.0.first().is_some_and(u8::is_ascii_digit) {
                return None;
            }
        }
        Some(nanoseconds / 1_000_000)
    }

    /// Minutes east of UTC: `Z`, `+01:00`, `+0100` or `+01`.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hours = self.number(2).filter(|hours| *hours < 24)?;
        let minutes = if self.one_of(b":").is_some() || !self.0.is_empty() { self.number(2)? } else { 0 };
        (minutes < 60).then_some(sign * (hours * 60 + minutes))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use jiff::{Span, Timestamp, tz::Offset};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn years_are_those_of_the_calendar() {
        let later = |text, years| from_iso(text).map(|ms| to_iso(plus_years(ms, years)));
        assert_eq!(later("2026-03-01T10:00:00Z", 2).as_deref(), Some("2028-03-01T10:00:00.000Z"));
        assert_eq!(later("2028-02-29T10:00:00Z", 2).as_deref(), Some("2030-02-28T10:00:00.000Z"));
        assert_eq!(later("9999-02-28T10:00:00Z", 1).as_deref(), Some("9999-12-31T23:59:59.999Z"));
    }

    #[test]
    fn a_time_always_has_three_decimals_and_reads_back() {
        assert_eq!(to_iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(to_iso(1_767_323_045_678), "2026-01-02T03:04:05.678Z");
        assert_eq!(from_iso(&to_iso(1_767_323_045_670)), Some(1_767_323_045_670));
        assert_eq!((to_iso(i64::MIN), to_iso(i64::MAX)), (to_iso(FIRST), to_iso(LAST)));
        assert_eq!(to_iso(LAST), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn an_expiry_may_be_a_day() {
        let expiry = |text: &str| Expiry::try_from(text.to_owned()).map(|expiry| to_iso(expiry.0));
        assert_eq!(expiry("2028-01-08").unwrap(), "2028-01-08T00:00:00.000Z");
        assert_eq!(expiry("2028-01-08T01:00:00+01:00").unwrap(), "2028-01-08T00:00:00.000Z");
        for bad in ["2028-02-30", "2028-1-8", "2028-01-8", "20280108", "2028-01-08T", "tomorrow", ""] {
            assert!(expiry(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_day_belongs_to_a_span_as_a_whole() {
        let edge =
            |text: &str| DayOrTime::try_from(text.to_owned()).map(|edge| (to_iso(edge.start()), to_iso(edge.end())));
        let (start, end) = edge("2028-02-29").unwrap();
        assert_eq!((start.as_str(), end.as_str()), ("2028-02-29T00:00:00.000Z", "2028-02-29T23:59:59.999Z"));
        let (start, end) = edge("2028-02-29T12:00:00Z").unwrap();
        assert_eq!((start.as_str(), end.as_str()), ("2028-02-29T12:00:00.000Z", "2028-02-29T12:00:00.000Z"));
        assert!(edge("2027-02-29").is_err() && edge("").is_err());
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2030-01-02",
            "2030-01-02T03:04:05",
            "2030-01-02T03Z",
            "2030-13-02T03:04:05Z",
            "2030-00-02T03:04:05Z",
            "2030-02-29T03:04:05Z",
            "2030-04-31T03:04:05Z",
            "2030-01-00T03:04:05Z",
            "2030-01-02T24:00:00Z",
            "2030-01-02T03:60:00Z",
            "2030-01-02T03:04:61Z",
            "2030-01-02T03:04:05.Z",
            "2030-01-02T03:04:05.1234567891Z",
            "2030-01-02T03:04:05+24:00",
            "2030-01-02T03:04:05+01:60",
            "2030-01-02T03:04:05+1",
            "2030-01-02T03:04:05+01:",
            "2030-01-02T03:04:05Z ",
            " 2030-01-02T03:04:05Z",
            "2030-1-2T03:04:05Z",
            "+2030-01-02T03:04:05Z",
            "0000-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
        ] {
            assert_eq!(from_iso(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_is_written_and_read_as_the_calendar_has_it(ms in FIRST..LAST - 2 * DAY_MS, years in 0_i64..40) {
            let known = Timestamp::from_millisecond(ms).unwrap();
            prop_assert_eq!(to_iso(ms), format!("{known:.3}"));
            prop_assert_eq!(from_iso(&to_iso(ms)), Some(ms));
            let later = Offset::UTC.to_datetime(known).checked_add(Span::new().years(years));
            if let Some(later) = later.ok().and_then(|later| Offset::UTC.to_timestamp(later).ok()) {
                prop_assert_eq!(plus_years(ms, years), later.as_millisecond());
            }
        }

        #[test]
        fn what_looks_like_a_time_is_one_exactly_when_the_calendar_says_so(
            year in 1970_u32..9999, month in 0_u32..14, day in 0_u32..33, hour in 0_u32..26, minute in 0_u32..62,
            second in 0_u32..62, fraction in "(\\.[0-9]{1,10})?", offset in "Z|z|[+-]([01][0-9]|2[0-3])(:?[0-6][0-9])?",
            separator in "[Tt ]",
        ) {
            let text = format!(
                "{year:04}-{month:02}-{day:02}{separator}{hour:02}:{minute:02}:{second:02}{fraction}{offset}"
            );
            let known = text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond);
            prop_assert_eq!(from_iso(&text), known, "{}", text);
        }
    }
}
