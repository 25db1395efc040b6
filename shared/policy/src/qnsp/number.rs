//! Rounding, always half away from zero. A ratio of integers is rounded as integers, so that no half is lost.

/// `part / whole`, rounded to an integer; 0 when `whole` is 0.
pub fn divide(part: i128, whole: i128) -> i128 {
    let (part, whole) = if whole < 0 { (part.saturating_neg(), whole.saturating_neg()) } else { (part, whole) };
    if whole == 0 {
        return 0;
    }
    let (quotient, rest) = (part / whole, part % whole);
    // Compared without doubling, which could overflow.
    let is_half_or_more = rest.saturating_abs() >= whole - rest.saturating_abs();
    quotient + if is_half_or_more { rest.signum() } else { 0 }
}

/// `part / whole` as a fraction with 4 decimals; 0 when `whole` is 0.
pub fn rate(part: i64, whole: i64) -> f64 {
    divide(i128::from(part) * 10_000, i128::from(whole)) as f64 / 10_000.0
}

/// `part / whole` in percent with 2 decimals; 0 when `whole` is 0.
pub fn percentage(part: i64, whole: i64) -> f64 {
    divide(i128::from(part) * 10_000, i128::from(whole)) as f64 / 100.0
}

/// `total / count` with 2 decimals; 0 when `count` is 0.
pub fn average(total: i64, count: i64) -> f64 {
    divide(i128::from(total) * 100, i128::from(count)) as f64 / 100.0
}

/// `value` with so many decimals, never -0. For what is no ratio of integers.
pub fn round(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale + 0.0
}

/// An `i128` as the nearest `i64`.
pub(super) fn clamp(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// From one value to the next, in percent, and where that goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// 2 decimals.
    pub percentage: f64,
    pub direction: Direction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
    Stable,
}

impl Direction {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Stable => "stable",
        }
    }
}

impl Change {
    /// (current − previous) / previous; 100 after 0, 0 when both are 0. Less than 1 percent is stable. A negative
    /// previous value counts by its size, so that up is always up.
    pub fn between(previous: i64, current: i64) -> Self {
        let difference = i128::from(current) - i128::from(previous);
        let hundredths = if previous == 0 {
            difference.signum() * 10_000
        } else {
            divide(difference * 10_000, i128::from(previous).abs())
        };
        let direction = match hundredths {
            100.. => Direction::Up,
            ..=-100 => Direction::Down,
            _ => Direction::Stable,
        };
        Self { percentage: hundredths as f64 / 100.0, direction }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn halves_go_away_from_zero() {
        assert_eq!([5, -5, 4, -4, 15].map(|part| divide(part, 10)), [1, -1, 0, 0, 2]);
        assert_eq!((divide(5, -10), divide(1, 0), divide(i128::MAX, 1)), (-1, 0, i128::MAX));
        assert_eq!([0.125, -0.125, 2.675, -0.001].map(|value| round(value, 2)), [0.13, -0.13, 2.68, 0.0]);
        assert!(round(-0.001, 2).is_sign_positive());
    }

    #[test]
    fn rates_have_four_decimals_and_percentages_two() {
        assert_eq!((rate(1, 3), rate(2, 3), rate(1, 0)), (0.3333, 0.6667, 0.0));
        assert_eq!((percentage(1, 3), percentage(3, 2), percentage(1, 0)), (33.33, 150.0, 0.0));
        assert_eq!((rate(5, 100_000), percentage(5, 100_000)), (0.0001, 0.01), "a half of the last decimal");
    }

    #[test]
    fn averages_have_two_decimals() {
        assert_eq!((average(7, 3), average(5, 2), average(0, 4), average(3, 0)), (2.33, 2.5, 0.0, 0.0));
    }

    #[test]
    fn a_change_below_one_percent_is_stable() {
        let change = |previous, current| {
            let Change { percentage, direction } = Change::between(previous, current);
            (percentage, direction.as_str())
        };
        assert_eq!(change(0, 0), (0.0, "stable"));
        assert_eq!(change(0, 7), (100.0, "up"));
        assert_eq!(change(0, -7), (-100.0, "down"));
        assert_eq!(change(1_000, 1_009), (0.9, "stable"));
        assert_eq!(change(1_000, 1_010), (1.0, "up"));
        assert_eq!(change(1_000, 990), (-1.0, "down"));
        assert_eq!(change(3, 4), (33.33, "up"));
        assert_eq!(change(-10, 10), (200.0, "up"));
        assert_eq!(change(i64::MIN, i64::MAX).1, "up");
    }

    proptest! {
        #[test]
        fn rounding_is_off_by_half_at_most_and_symmetric(part in any::<i64>(), whole in 1..i64::MAX) {
            let (part, whole) = (i128::from(part), i128::from(whole));
            let rounded = divide(part, whole);
            prop_assert!((rounded * whole - part).abs() * 2 <= whole);
            prop_assert_eq!(divide(-part, whole), -rounded);
            prop_assert_eq!(divide(-part, -whole), rounded);
        }

        #[test]
        fn a_rounded_number_is_the_nearest_double_of_its_decimals(cents in -1_000_000_000_i64..1_000_000_000) {
            let value = cents as f64 / 100.0;
            prop_assert_eq!(round(value, 2), value);
        }
    }
}
