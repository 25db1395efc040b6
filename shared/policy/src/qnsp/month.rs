//! Calendar months in UTC, as periods of billing and windows of quotas are.

use model::time::{Date, days_in_month};

use super::DAY_MS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    year: i64,
    /// From 1.
    number: i64,
}

impl Month {
    /// Reads `YYYY-MM`.
    ///
    /// ```
    /// use chancery_policy::qnsp::Month;
    ///
    /// assert_eq!(Month::parse("2026-02").map(Month::days), Some(28));
    /// assert_eq!(Month::parse("2026-2"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let (year, number) = text.split_once('-')?;
        let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(number, 2) {
            return None;
        }
        let (year, number) = (year.parse().ok()?, number.parse().ok()?);
        (1..=12).contains(&number).then_some(Self { year, number })
    }

    /// The month of a time in milliseconds.
    pub fn of(ms: i64) -> Self {
        let Date { year, month, .. } = Date::of(ms.div_euclid(DAY_MS));
        Self { year, number: month }
    }

    pub fn previous(self) -> Self {
        match self.number {
            1 => Self { year: self.year - 1, number: 12 },
            number => Self { number: number - 1, ..self },
        }
    }

    /// The first millisecond.
    pub fn start(self) -> i64 {
        Date { year: self.year, month: self.number, day: 1 }.days() * DAY_MS
    }

    /// The first millisecond of the next month.
    pub fn end(self) -> i64 {
        self.start() + self.days() * DAY_MS
    }

    pub fn days(self) -> i64 {
        days_in_month(self.year, self.number)
    }
}

/// `YYYY-MM`.
impl std::fmt::Display for Month {
    fn fmt(&self, text: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(text, "{:04}-{:02}", self.year, self.number)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use model::time::{from_iso, to_iso};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_month_is_from_its_first_day_to_the_next_month() {
        let month = Month::parse("2028-02").unwrap();
        assert_eq!(to_iso(month.start()), "2028-02-01T00:00:00.000Z");
        assert_eq!(to_iso(month.end()), "2028-03-01T00:00:00.000Z");
        assert_eq!((month.days(), month.to_string()), (29, "2028-02".to_owned()));
        assert_eq!(Month::parse("2027-01").unwrap().previous().to_string(), "2026-12");
        assert_eq!(Month::of(from_iso("2026-12-31T23:59:59.999Z").unwrap()).to_string(), "2026-12");
        assert_eq!(Month::of(-1).to_string(), "1969-12");
    }

    #[test]
    fn another_form_is_no_month() {
        for text in ["", "2026", "2026-00", "2026-13", "2026-1", "26-01", "2026-01-01", "2026/01", "+026-01", "2026-+1"]
        {
            assert_eq!(Month::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn months_follow_each_other_without_a_gap(ms in 0_i64..250_000_000_000_000) {
            let month = Month::of(ms);
            prop_assert!(month.start() <= ms && ms < month.end());
            prop_assert_eq!(month.previous().end(), month.start());
            prop_assert_eq!(Month::of(month.end()).previous(), month);
            prop_assert_eq!(Month::parse(&month.to_string()), Some(month));
        }
    }
}
