//! What models cost, by category and in time, and what could be saved.

mod savings;

use std::{collections::BTreeMap, ops::Range};

use model::{
    qnsp::ai::GroupBy,
    time::{Date, to_iso},
};

pub use savings::{ModelFacts, Saved, savings};

use super::{
    DAY_MS,
    hours::HOUR_MS,
    number::{self, Change, clamp, divide},
    price::{REPLICA_HOUR, REPLICA_HOUR_GPU},
};

/// Characters that make up a token.
const CHARACTERS: usize = 4;

/// How many tokens so many characters are said to be.
pub fn tokens(characters: usize) -> i64 {
    i64::try_from(characters.div_ceil(CHARACTERS)).unwrap_or(i64::MAX)
}

/// US dollars as millionths, times the milliseconds of an hour: what replicas cost is added exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost(i128);

impl Cost {
    pub fn of_millionths(millionths: i64) -> Self {
        Self(i128::from(millionths) * i128::from(HOUR_MS))
    }

    /// Of one replica for so many milliseconds, or of several for as many together.
    pub fn of_replicas(milliseconds: i64, has_gpu: bool) -> Self {
        let price = if has_gpu { REPLICA_HOUR_GPU } else { REPLICA_HOUR };
        Self(i128::from(milliseconds) * i128::from(price))
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub fn millionths(self) -> i64 {
        clamp(divide(self.0, HOUR_MS.into()))
    }

    /// With 6 decimals.
    pub fn dollars(self) -> f64 {
        self.millionths() as f64 / 1e6
    }

    /// A percentage of it, with 2 decimals.
    fn share(self, percent: i128) -> f64 {
        number::divide(self.0.saturating_mul(percent), i128::from(HOUR_MS) * 100 * 10_000) as f64 / 100.0
    }
}

/// Costs and tokens by category.
#[derive(Debug, Default)]
pub struct Breakdown(BTreeMap<String, (Cost, i64)>);

impl Breakdown {
    pub fn add(&mut self, category: String, cost: Cost, tokens: i64) {
        let (sum, count) = self.0.entry(category).or_default();
        (*sum, *count) = (sum.plus(cost), count.saturating_add(tokens));
    }

    pub fn total(&self) -> Cost {
        self.0.values().fold(Cost::default(), |sum, (cost, _)| sum.plus(*cost))
    }

    /// The most expensive first, equal ones by name.
    pub fn sorted(self) -> Vec<(String, Cost, i64)> {
        let mut all: Vec<_> = self.0.into_iter().map(|(category, (cost, tokens))| (category, cost, tokens)).collect();
        all.sort_by(|(one, cost, _), (other, more, _)| (more.millionths(), one).cmp(&(cost.millionths(), other)));
        all
    }
}

/// From the cost of one period to that of the next.
pub fn change(previous: Cost, current: Cost) -> Change {
    Change::between(previous.millionths(), current.millionths())
}

/// Parts of time by which costs are grouped (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Hour,
    Day,
    /// From Monday.
    Week,
    Month,
}

impl Unit {
    /// `None` where costs are grouped by something else.
    pub fn of(group_by: GroupBy) -> Option<Self> {
        match group_by {
            GroupBy::Model | GroupBy::Provider | GroupBy::User => None,
            GroupBy::Hour => Some(Self::Hour),
            GroupBy::Day => Some(Self::Day),
            GroupBy::Week => Some(Self::Week),
            GroupBy::Month => Some(Self::Month),
        }
    }

    /// How the part that contains a time is called.
    pub fn name(self, time: i64) -> String {
        let text = to_iso(time);
        let first = |length: usize| text.get(..length).unwrap_or(&text).to_owned();
        match self {
            Self::Hour => first("YYYY-MM-DDTHH".len()),
            Self::Day => first("YYYY-MM-DD".len()),
            Self::Week => week(time.div_euclid(DAY_MS)),
            Self::Month => first("YYYY-MM".len()),
        }
    }

    /// Adds what replicas cost that ran from a time up to another, hour by hour or day by day.
    pub fn spread(self, breakdown: &mut Breakdown, ran: &Range<i64>, replicas: i64, has_gpu: bool) {
        let step = if self == Self::Hour { HOUR_MS } else { DAY_MS };
        let mut begin = ran.start;
        while begin < ran.end {
            let end = ((begin.div_euclid(step) + 1) * step).min(ran.end);
            let milliseconds = (end - begin).saturating_mul(replicas);
            breakdown.add(self.name(begin), Cost::of_replicas(milliseconds, has_gpu), 0);
            begin = end;
        }
    }
}

/// The week of ISO 8601, which belongs to the year of its Thursday.
fn week(day: i64) -> String {
    // The epoch was a Thursday.
    let thursday = (day + 3).div_euclid(7) * 7;
    let year = Date::of(thursday).year;
    let number = (thursday - Date { year, month: 1, day: 1 }.days()) / 7 + 1;
    format!("{year:04}-W{number:02}")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use model::time::from_iso;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> i64 {
        from_iso(text).unwrap()
    }

    #[test]
    fn a_token_is_four_characters_or_what_is_left_of_them() {
        assert_eq!([0, 1, 4, 5, 65_536].map(tokens), [0, 1, 1, 2, 16_384]);
    }

    #[test]
    fn replicas_cost_by_the_hour() {
        assert_eq!(Cost::of_replicas(HOUR_MS, false).dollars(), 0.1);
        assert_eq!(Cost::of_replicas(HOUR_MS / 2, true).dollars(), 1.25);
        assert_eq!(Cost::of_replicas(3 * HOUR_MS, false).dollars(), 0.3);
        // A millisecond is less than a millionth, and counts.
        let many = (0..36).fold(Cost::default(), |sum, _| sum.plus(Cost::of_replicas(1, false)));
        assert_eq!((Cost::of_replicas(1, false).millionths(), many.millionths()), (0, 1));
        assert_eq!(Cost::of_millionths(1_234_567).plus(Cost::of_replicas(HOUR_MS, true)).dollars(), 3.734_567);
    }

    #[test]
    fn parts_of_time_have_names() {
        let names =
            |text: &str| [Unit::Hour, Unit::Day, Unit::Week, Unit::Month].map(|unit| unit.name(at(text))).join(" ");
        assert_eq!(names("2026-11-27T11:59:59.999Z"), "2026-11-27T11 2026-11-27 2026-W48 2026-11");
        // The first days of a year may be of the last week of the year before, and the other way round.
        assert_eq!(names("2027-01-03T00:00:00Z"), "2027-01-03T00 2027-01-03 2026-W53 2027-01");
        assert_eq!(names("2024-12-30T00:00:00Z"), "2024-12-30T00 2024-12-30 2025-W01 2024-12");
        assert_eq!(Unit::Week.name(at("1970-01-01T00:00:00Z")), "1970-W01");
    }

    #[test]
    fn weeks_are_those_of_a_calendar() {
        for day in -4_000..40_000_i64 {
            let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap().iso_week_date();
            let expected = format!("{:04}-W{:02}", date.year(), date.week());
            assert_eq!(week(day), expected, "{day}");
        }
    }

    #[test]
    fn a_breakdown_begins_with_the_most_expensive() {
        let mut breakdown = Breakdown::default();
        for (name, cost, tokens) in [("b", 5, 1), ("a", 5, 2), ("c", 6, 0), ("b", 0, 3)] {
            breakdown.add(name.to_owned(), Cost::of_millionths(cost), tokens);
        }
        assert_eq!(breakdown.total().millionths(), 16);
        let sorted: Vec<_> =
            breakdown.sorted().into_iter().map(|(name, cost, tokens)| (name, cost.millionths(), tokens)).collect();
        assert_eq!(sorted, [("c".to_owned(), 6, 0), ("a".to_owned(), 5, 2), ("b".to_owned(), 5, 4)]);
    }

    #[test]
    fn a_change_is_of_rounded_costs() {
        let change = |previous, current| change(Cost::of_millionths(previous), Cost::of_millionths(current));
        assert_eq!((change(0, 0).percentage, change(0, 0).direction.as_str()), (0.0, "stable"));
        assert_eq!((change(200, 150).percentage, change(200, 150).direction.as_str()), (-25.0, "down"));
        assert_eq!(change(0, 1).percentage, 100.0);
    }

    proptest! {
        #[test]
        fn what_is_spread_is_the_whole(start in 0..DAY_MS * 400, length in 0..DAY_MS * 3, replicas in 1..100_i64) {
            let whole = Cost::of_replicas(length * replicas, true);
            for unit in [Unit::Hour, Unit::Day, Unit::Week, Unit::Month] {
                let mut breakdown = Breakdown::default();
                unit.spread(&mut breakdown, &(start..start + length), replicas, true);
                prop_assert_eq!(breakdown.total(), whole);
            }
        }
    }
}
