//! Ordinary least squares through the values of successive days, without rounding.

use super::super::number::{clamp, divide};

/// No value that is fitted is larger: larger ones are no integers in JSON either, and squares of sums stay in range.
const MOST: i64 = 1 << 53;

/// The line through (0, first), (1, second), …
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    count: i128,
    sum: i128,
    /// The slope is `rise / run` a day; 0 with fewer than two values.
    pub(super) rise: i128,
    /// Positive.
    pub(super) run: i128,
    /// As `rise` and `run`, of the values against themselves.
    spread: i128,
}

impl Line {
    pub fn through(values: &[i64]) -> Self {
        let (mut sum, mut days, mut products, mut day_squares, mut squares) = (0_i128, 0_i128, 0_i128, 0_i128, 0_i128);
        for (day, value) in values.iter().enumerate() {
            let (day, value) = (day as i128, i128::from((*value).clamp(-MOST, MOST)));
            sum += value;
            days += day;
            products += day * value;
            day_squares += day * day;
            squares += value * value;
        }
        let count = values.len() as i128;
        let (rise, run) = (count * products - days * sum, count * day_squares - days * days);
        Self { count, sum, rise, run: run.max(1), spread: count * squares - sum * sum }
    }

    /// How much is gained a day.
    pub fn slope(self) -> f64 {
        self.rise as f64 / self.run as f64
    }

    /// The line's values on so many days after the last, summed and rounded.
    pub fn sum_of_next(self, days: i64) -> i64 {
        // A day of the line lies `slope` times its distance from the middle day above the mean.
        let days = i128::from(days);
        let of_mean = 2 * days * self.sum * self.run;
        let of_slope = self.rise * days * (self.count + days) * self.count;
        clamp(divide(of_mean + of_slope, 2 * self.count * self.run))
    }

    /// The share of the variance that the line explains, 0 to 1; 1 when the values are all equal.
    pub fn explained(self) -> f64 {
        if self.spread == 0 {
            return 1.0;
        }
        let rise = self.rise as f64;
        (rise * rise / (self.run as f64 * self.spread as f64)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fewer_than_two_values_have_no_slope() {
        for values in [&[][..], &[7]] {
            let line = Line::through(values);
            assert!(line.slope() == 0.0 && line.explained() == 1.0);
        }
        assert_eq!((Line::through(&[]).sum_of_next(3), Line::through(&[7]).sum_of_next(3)), (0, 21));
    }

    #[test]
    fn a_straight_line_goes_on() {
        let line = Line::through(&[10, 12, 14, 16]);
        assert!(line.slope() == 2.0 && line.explained() == 1.0);
        assert_eq!(line.sum_of_next(3), 18 + 20 + 22);
        assert_eq!(Line::through(&[5, 5, 5]).explained(), 1.0);
        assert_eq!(Line::through(&[1, 0, 1]).explained(), 0.0);
        assert_eq!(Line::through(&[3, 2, 1]).sum_of_next(5), -10);
    }

    proptest! {
        /// By the textbook: from deviations from the means.
        #[test]
        fn sums_are_those_of_the_textbook(values in prop::collection::vec(-1_000_000_i64..1_000_000, 2..=30), days in 1_i64..=365) {
            let line = Line::through(&values);
            let count = values.len() as f64;
            let (mean_day, mean) = ((count - 1.0) / 2.0, values.iter().sum::<i64>() as f64 / count);
            let deviations = || values.iter().enumerate().map(|(day, value)| (day as f64 - mean_day, *value as f64 - mean));
            let covariance: f64 = deviations().map(|(day, value)| day * value).sum();
            let variance: f64 = deviations().map(|(day, _)| day * day).sum();
            let slope = covariance / variance;
            prop_assert!((line.slope() - slope).abs() < 1e-6);
            let next = (1..=days).map(|day| mean + slope * (count - 1.0 + day as f64 - mean_day));
            let sum: f64 = next.sum();
            prop_assert!((line.sum_of_next(days) as f64 - sum).abs() <= 0.5 + sum.abs() * 1e-9 + 1e-3);
            let spread: f64 = deviations().map(|(_, value)| value * value).sum();
            if spread > 0.0 {
                prop_assert!((line.explained() - covariance * covariance / variance / spread).abs() < 1e-6);
            }
        }

        #[test]
        fn no_value_is_too_large(values in prop::collection::vec(any::<i64>(), 0..=30), days in 1_i64..=365) {
            let line = Line::through(&values);
            prop_assert!((0.0..=1.0).contains(&line.explained()) && line.slope().is_finite());
            line.sum_of_next(days);
        }
    }
}
