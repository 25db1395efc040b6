//! POSIX TZ strings: the hours east or west of UTC, and the days on which summer time begins and ends.

use model::time::{Date, days_in_month};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// What a string like `CET-1CEST,M3.5.0,M10.5.0/3` says. Offsets are seconds east of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    standard: i64,
    summer: Option<Summer>,
}

/// Summer time need not be ahead of standard time: Ireland's standard time may be the one of its summer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Summer {
    offset: i64,
    start: Change,
    end: Change,
}

/// When clocks change every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    day: Day,
    /// Seconds of the local clock since the beginning of the day, from -167 to 167 hours.
    time: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    /// `Jn`: from 1, and the 29th of February is not counted.
    Julian(i64),
    /// `n`: from 0, and the 29th of February is counted.
    Ordinal(i64),
    /// `Mm.w.d`: that weekday (0 is Sunday) for the first to fourth time in the month, or in week 5 for the last time.
    Weekday { month: i64, week: i64, weekday: i64 },
}

impl Rules {
    pub const UTC: Self = Self { standard: 0, summer: None };

    /// Reads a string; a zone with summer time has to say when it begins and ends.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = name(text)?;
        let (west, rest) = time(rest)?;
        let standard = -west;
        if rest.is_empty() {
            return Some(Self { standard, summer: None });
        }
        let rest = name(rest)?;
        let (offset, rest) = match time(rest) {
            Some((west, rest)) => (-west, rest),
            None => (standard + HOUR, rest),
        };
        let (start, end) = rest.strip_prefix(',')?.split_once(',')?;
        Some(Self { standard, summer: Some(Summer { offset, start: Change::parse(start)?, end: Change::parse(end)? }) })
    }

    /// Seconds east of UTC at so many seconds since the epoch.
    pub fn offset(self, seconds: i64) -> i64 {
        let Some(summer) = self.summer else {
            return self.standard;
        };
        // The last change before counts. It may be one of last year, and one of next year may lie in this one.
        let year = Date::of(seconds.div_euclid(DAY)).year;
        let changes = (year - 1..=year + 1).flat_map(|year| {
            let starts = (summer.start.at(year) - self.standard, true);
            let ends = (summer.end.at(year) - summer.offset, false);
            [starts, ends]
        });
        match changes.filter(|(at, _)| *at <= seconds).max() {
            Some((_, true)) => summer.offset,
            _ => self.standard,
        }
    }
}

impl Change {
    fn parse(text: &str) -> Option<Self> {
        let (day, at) = match text.split_once('/') {
            Some((day, at)) => (day, time(at).filter(|(_, rest)| rest.is_empty())?.0),
            None => (text, 2 * HOUR),
        };
        Some(Self { day: Day::parse(day)?, time: at })
    }

    /// Seconds of the local clock since the epoch.
    fn at(self, year: i64) -> i64 {
        self.day.of(year) * DAY + self.time
    }
}

impl Day {
    fn parse(text: &str) -> Option<Self> {
        let within = |text: &str, least: i64, most: i64| {
            let (number, rest) = digits(text)?;
            (rest.is_empty() && (least..=most).contains(&number)).then_some(number)
        };
        if let Some(number) = text.strip_prefix('J') {
            return within(number, 1, 365).map(Self::Julian);
        }
        let Some(week) = text.strip_prefix('M') else {
            return within(text, 0, 365).map(Self::Ordinal);
        };
        let mut parts = week.splitn(3, '.');
        let month = within(parts.next()?, 1, 12)?;
        let week = within(parts.next()?, 1, 5)?;
        Some(Self::Weekday { month, week, weekday: within(parts.next()?, 0, 6)? })
    }

    /// Days since the epoch.
    fn of(self, year: i64) -> i64 {
        let first_of = |month| Date { year, month, day: 1 }.days();
        match self {
            Self::Julian(number) => {
                let is_behind_leap_day = number > 59 && days_in_month(year, 2) == 29;
                first_of(1) + number - 1 + i64::from(is_behind_leap_day)
            }
            Self::Ordinal(number) => first_of(1) + number,
            Self::Weekday { month, week, weekday } => {
                let first = first_of(month);
                // The epoch was a Thursday.
                let day = (weekday - first - 4).rem_euclid(7) + (week - 1) * 7;
                first + if day < days_in_month(year, month) { day } else { day - 7 }
            }
        }
    }
}

/// What follows a name: letters, or anything in angle brackets.
fn name(text: &str) -> Option<&str> {
    if let Some(quoted) = text.strip_prefix('<') {
        return quoted.split_once('>').map(|(_, rest)| rest);
    }
    let rest = text.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    (rest.len() < text.len()).then_some(rest)
}

/// `[+-]hh[:mm[:ss]]` in seconds, and what follows it.
fn time(text: &str) -> Option<(i64, &str)> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (hours, mut rest) = digits(text)?;
    let mut seconds = hours * HOUR;
    for unit in [60, 1] {
        let Some(text) = rest.strip_prefix(':') else { break };
        let (number, behind) = digits(text)?;
        seconds += number * unit;
        rest = behind;
    }
    Some((sign * seconds, rest))
}

/// One to three digits, and what follows them.
fn digits(text: &str) -> Option<(i64, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(length)?;
    (1..=3).contains(&length).then(|| number.parse().ok())?.map(|number| (number, rest))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use jiff::{Timestamp, tz::TimeZone};
    use proptest::prelude::*;

    use super::*;

    /// Each form of a rule that the standard has, in the table or not. None changes so near the new year that the year
    /// of UTC is another: there the implementation that is compared with takes the rule of the wrong year.
    const STRINGS: [&str; 18] = [
        "UTC0",
        "<+0545>-5:45",
        "<-0930>9:30",
        "AAA12:34:56",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "EST5EDT,M3.2.0,M11.1.0",
        "NZST-12NZDT,M9.5.0,M4.1.0/3",
        "IST-1GMT0,M10.5.0,M3.5.0/1",
        "GMT0IST,M3.5.0/1,M10.5.0",
        "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45",
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
        "<+00>0<+02>-2,M3.5.0/1,M10.5.0/3",
        "EET-2EEST,M3.4.4/50,M10.4.4/50",
        "AAA3BBB,J60/0,J300",
        "AAA3BBB,59/0,299/24",
        "AAA-3BBB-5,J2/1,J59/-20",
        "AAA3BBB,M2.5.0/-167,M11.1.3/167",
        "<-04>4<-03>,M9.1.6/24,M4.1.6/24",
    ];

    #[test]
    fn a_day_is_counted_with_and_without_the_leap_day() {
        let date = |day: &str, year| {
            let Date { year: _, month, day } = Date::of(Day::parse(day).unwrap().of(year));
            (month, day)
        };
        assert_eq!([date("J59", 2028), date("J60", 2028), date("J60", 2027)], [(2, 28), (3, 1), (3, 1)]);
        assert_eq!([date("59", 2028), date("59", 2027), date("0", 2027)], [(2, 29), (3, 1), (1, 1)]);
        assert_eq!([date("J365", 2028), date("365", 2028)], [(12, 31), (12, 31)]);
        assert_eq!([date("M3.5.0", 2027), date("M2.5.0", 2027), date("M2.5.2", 2028)], [(3, 28), (2, 28), (2, 29)]);
        assert_eq!(date("M11.1.0", 2026), (11, 1));
    }

    #[test]
    fn summer_time_may_last_for_ever() {
        let rules = Rules::parse("XXX3EDT4,0/0,J365/23").unwrap();
        for day in 20_000..20_800 {
            assert_eq!(rules.offset(day * DAY), -4 * HOUR, "{day}");
        }
    }

    /// The year of a rule is that of the local clock.
    #[test]
    fn a_change_may_lie_in_another_year_of_utc() {
        let rules = Rules::parse("AAA-3BBB,J1/1,J59").unwrap();
        // 2036-12-31T22:00:00Z is one o'clock on the first day of 2037.
        assert_eq!((rules.offset(2_114_373_599), rules.offset(2_114_373_600)), (3 * HOUR, 4 * HOUR));
        let rules = Rules::parse("AAA3BBB,J60,J365/23").unwrap();
        // 2037-01-01T01:00:00Z is 23 o'clock of summer time on the last day of 2036.
        assert_eq!((rules.offset(2_114_384_399), rules.offset(2_114_384_400)), (-2 * HOUR, -3 * HOUR));
    }

    #[test]
    fn what_says_too_little_is_refused() {
        for text in [
            "",
            "UTC",
            "0",
            "<UTC0",
            "CET-1CEST",
            "CET-1CEST,M3.5.0",
            "CET-1CEST,M13.5.0,M10.5.0",
            "CET-1CEST,M3.6.0,M10.5.0",
            "CET-1CEST,M3.5.7,M10.5.0",
            "CET-1CEST,J0,J9",
            "CET-1CEST,J366,J9",
            "CET-1CEST,366,9",
            "CET-1CEST,M3.5.0/,M10.5.0",
            "CET-1CEST,M3.5.0,M10.5.0/3x",
            "CET-1CEST,M3.5,M10.5.0",
            "CET-1:",
        ] {
            assert_eq!(Rules::parse(text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8_192))]
        #[test]
        fn offsets_are_those_of_a_full_implementation(place in 0_usize..18, seconds in 1_767_225_600_i64..2_145_916_800) {
            let text = STRINGS.get(place).unwrap();
            let known = TimeZone::posix(text).unwrap().to_offset(Timestamp::from_second(seconds).unwrap());
            prop_assert_eq!(Rules::parse(text).unwrap().offset(seconds), i64::from(known.seconds()), "{}", text);
        }
    }
}
