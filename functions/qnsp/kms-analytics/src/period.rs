//! A period of time as the counters that make it up: whole hours, and minutes before and behind them. Minutes are not kept
//! for ever; of an hour without minutes the whole counts.

use std::ops::Range;

const MINUTE: i64 = 60_000;

/// Hours and minutes, counted from the epoch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Counters {
    pub hours: Range<i64>,
    pub minutes: [Range<i64>; 2],
}

impl Counters {
    /// Of the minutes that have a part in the period. Since `kept`, there are minutes.
    pub(crate) fn of(start: i64, end: i64, kept: i64) -> Self {
        let (first, last) = (start.div_euclid(MINUTE), ceil(end, MINUTE));
        let (first_hour, before) = if first < kept {
            (first.div_euclid(60), 0..0)
        } else {
            let hour = ceil(first, 60);
            (hour, first..last.min(hour * 60))
        };
        let (last_hour, behind) = if last < kept {
            (ceil(last, 60), 0..0)
        } else {
            let hour = last.div_euclid(60);
            (hour, hour.max(first_hour) * 60..last)
        };
        Self { hours: first_hour..last_hour, minutes: [before, behind] }
    }
}

fn ceil(number: i64, unit: i64) -> i64 {
    -(-number).div_euclid(unit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minutes(counters: &Counters) -> Vec<i64> {
        let hours = counters.hours.clone().flat_map(|hour| hour * 60..(hour + 1) * 60);
        let mut all: Vec<_> = counters.minutes.iter().cloned().flatten().chain(hours).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn where_no_minutes_are_kept_hours_are_whole() {
        let counters = Counters::of(90 * MINUTE, 150 * MINUTE, 100_000);
        assert_eq!(counters, Counters { hours: 1..3, minutes: [0..0, 0..0] });
        let counters = Counters::of(90 * MINUTE, 250 * MINUTE, 200);
        assert_eq!(counters, Counters { hours: 1..4, minutes: [0..0, 240..250] });
    }

    proptest! {
        #[test]
        fn each_minute_counts_once(start in -1_000_000..100_000_000_i64, length in 0..50_000_000_i64) {
            let end = start + length;
            let expected: Vec<_> = (start.div_euclid(MINUTE)..ceil(end, MINUTE)).collect();
            prop_assert_eq!(minutes(&Counters::of(start, end, i64::MIN)), expected);
        }

        #[test]
        fn no_minute_counts_twice_wherever_minutes_end(
            start in 0..100_000_000_i64, length in 1..50_000_000_i64, kept in 0..3_000_i64,
        ) {
            let end = start + length;
            let all = minutes(&Counters::of(start, end, kept));
            prop_assert!(all.is_sorted_by(|one, next| one < next));
            let missing = (start.div_euclid(MINUTE)..ceil(end, MINUTE)).find(|minute| !all.contains(minute));
            prop_assert_eq!(missing, None);
        }
    }
}
