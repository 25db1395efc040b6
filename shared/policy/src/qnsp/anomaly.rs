//! Whether the points of a series are an anomaly, and how grave it is. The database sums the points up; what follows from
//! the sums stands here.

use model::qnsp::{
    auth::Severity,
    observability::{Operator, Sensitivity},
};

use super::DAY_MS;

/// Rules see no older points.
pub const SEEN_MS: i64 = 30 * DAY_MS;

const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;

/// The ratio to its limit of what has no ratio.
const BEYOND: f64 = 3.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Condition {
    Threshold { operator: Operator, value: f64 },
    Deviation { window_minutes: i64, baseline_hours: i64 },
    Trend { window_hours: i64, min_slope_per_hour: f64 },
}

/// The points of a window, summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    pub count: i64,
    pub least: f64,
    pub most: f64,
    pub mean: f64,
    /// Of the squares of what each value is away from the mean.
    pub squares: f64,
}

/// The points of a window as a line: sums over (hours, value), each away from its mean.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fit {
    pub count: i64,
    pub products: f64,
    pub hour_squares: f64,
}

/// What a condition is judged by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Facts {
    /// The last value, if there is any.
    Threshold(Option<f64>),
    Deviation {
        window: Spread,
        baseline: Spread,
    },
    Trend(Fit),
}

impl Condition {
    /// The times since which points count: of the window, and of the baseline before it. The window of a threshold is
    /// all that rules see.
    pub fn since(&self, now: i64) -> (i64, i64) {
        match self {
            Self::Threshold { .. } => (now - SEEN_MS, now - SEEN_MS),
            Self::Deviation { window_minutes, baseline_hours } => {
                let window = now - window_minutes * MINUTE_MS;
                (window, (window - baseline_hours * HOUR_MS).max(now - SEEN_MS))
            }
            Self::Trend { window_hours, .. } => {
                let window = now - window_hours * HOUR_MS;
                (window, window)
            }
        }
    }

    /// How grave the anomaly is; `None` when there is none.
    pub fn judge(&self, facts: &Facts, sensitivity: Sensitivity) -> Option<Severity> {
        let ratio = match (self, facts) {
            (Self::Threshold { operator, value }, Facts::Threshold(last)) => breach(*operator, *value, (*last)?),
            (Self::Deviation { .. }, Facts::Deviation { window, baseline }) => deviation(window, baseline, sensitivity),
            (Self::Trend { min_slope_per_hour, .. }, Facts::Trend(fit)) => trend(*min_slope_per_hour, fit, sensitivity),
            _ => None,
        };
        ratio.map(severity)
    }
}

fn severity(ratio: f64) -> Severity {
    match ratio {
        ..1.5 => Severity::Low,
        ..2.0 => Severity::Medium,
        ..3.0 => Severity::High,
        _ => Severity::Critical,
    }
}

/// Of a budget, by the percentage that was crossed.
pub fn budget_severity(threshold: f64) -> Severity {
    match threshold {
        ..50.0 => Severity::Low,
        ..80.0 => Severity::Medium,
        ..100.0 => Severity::High,
        _ => Severity::Critical,
    }
}

fn breach(operator: Operator, limit: f64, value: f64) -> Option<f64> {
    let (is_beyond, ratio) = match operator {
        Operator::Gt => (value > limit, value / limit),
        Operator::Gte => (value >= limit, value / limit),
        Operator::Lt => (value < limit, limit / value),
        Operator::Lte => (value <= limit, limit / value),
    };
    is_beyond.then_some(if limit > 0.0 && value > 0.0 { ratio } else { BEYOND })
}

fn deviation(window: &Spread, baseline: &Spread, sensitivity: Sensitivity) -> Option<f64> {
    const LEAST_BASELINE: i64 = 8;
    if window.count < 1 || baseline.count < LEAST_BASELINE {
        return None;
    }
    let limit = match sensitivity {
        Sensitivity::Low => 3.0,
        Sensitivity::Medium => 2.5,
        Sensitivity::High => 2.0,
    };
    let distance = (window.mean() - baseline.mean()).abs();
    if baseline.least == baseline.most {
        return (distance > 0.0).then_some(BEYOND);
    }
    let sigma = (baseline.squares / baseline.count as f64).sqrt();
    let z = distance / sigma;
    (z >= limit).then_some(z / limit)
}

fn trend(least: f64, fit: &Fit, sensitivity: Sensitivity) -> Option<f64> {
    const LEAST_POINTS: i64 = 3;
    if fit.count < LEAST_POINTS {
        return None;
    }
    let slope = if fit.hour_squares > 0.0 { fit.products / fit.hour_squares } else { 0.0 };
    let limit = least
        * match sensitivity {
            Sensitivity::Low => 1.5,
            Sensitivity::Medium => 1.0,
            Sensitivity::High => 0.75,
        };
    let is_steep = if limit < 0.0 { slope <= limit } else { slope >= limit };
    is_steep.then_some(if limit == 0.0 { BEYOND } else { slope / limit })
}

impl Spread {
    /// Exact when all values are equal: the mean of many equal fractions need not be that fraction.
    fn mean(&self) -> f64 {
        if self.least == self.most { self.least } else { self.mean }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spread(values: &[f64]) -> Spread {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        Spread {
            count: i64::try_from(values.len()).unwrap_or_default(),
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            most: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            mean,
            squares: values.iter().map(|value| (value - mean).powi(2)).sum(),
        }
    }

    fn fit(points: &[(f64, f64)]) -> Fit {
        let count = points.len() as f64;
        let mean_hour = points.iter().map(|point| point.0).sum::<f64>() / count;
        let mean = points.iter().map(|point| point.1).sum::<f64>() / count;
        Fit {
            count: i64::try_from(points.len()).unwrap_or_default(),
            products: points.iter().map(|(hour, value)| (hour - mean_hour) * (value - mean)).sum(),
            hour_squares: points.iter().map(|(hour, _)| (hour - mean_hour).powi(2)).sum(),
        }
    }

    fn threshold(operator: Operator, limit: f64, last: f64) -> Option<Severity> {
        let condition = Condition::Threshold { operator, value: limit };
        condition.judge(&Facts::Threshold(Some(last)), Sensitivity::Medium)
    }

    #[test]
    fn a_threshold_is_breached_by_the_last_point_and_the_ratio_is_the_severity() {
        use Operator::{Gt, Gte, Lt, Lte};
        for (operator, limit, last, expected) in [
            (Gt, 100.0, 100.0, None),
            (Gt, 100.0, 101.0, Some(Severity::Low)),
            (Gte, 100.0, 100.0, Some(Severity::Low)),
            (Gt, 100.0, 150.0, Some(Severity::Medium)),
            (Gt, 100.0, 200.0, Some(Severity::High)),
            (Gt, 100.0, 300.0, Some(Severity::Critical)),
            (Gt, 0.0, 1.0, Some(Severity::Critical)),
            (Gt, -5.0, -4.0, Some(Severity::Critical)),
            (Lt, 10.0, 10.0, None),
            (Lte, 10.0, 10.0, Some(Severity::Low)),
            (Lt, 10.0, 5.0, Some(Severity::High)),
            (Lt, 10.0, 0.0, Some(Severity::Critical)),
        ] {
            assert_eq!(threshold(operator, limit, last), expected, "{operator:?} {limit} {last}");
        }
        let condition = Condition::Threshold { operator: Lt, value: 1.0 };
        assert_eq!(condition.judge(&Facts::Threshold(None), Sensitivity::High), None, "no point is no breach");
    }

    #[test]
    fn a_deviation_needs_eight_points_before_the_window_and_is_measured_in_sigmas() {
        let condition = Condition::Deviation { window_minutes: 60, baseline_hours: 24 };
        // Mean 10, sigma 1.
        let baseline = [9.0, 11.0, 9.0, 11.0, 9.0, 11.0, 9.0, 11.0];
        let judge = |window: &[f64], baseline: &[f64], sensitivity| {
            let facts = Facts::Deviation { window: spread(window), baseline: spread(baseline) };
            condition.judge(&facts, sensitivity)
        };
        for (mean, sensitivity, expected) in [
            (12.9, Sensitivity::Low, None),
            (13.0, Sensitivity::Low, Some(Severity::Low)),
            (12.5, Sensitivity::Medium, Some(Severity::Low)),
            (12.0, Sensitivity::High, Some(Severity::Low)),
            (7.5, Sensitivity::Medium, Some(Severity::Low)),
            (14.0, Sensitivity::High, Some(Severity::High)),
            (17.5, Sensitivity::Medium, Some(Severity::Critical)),
        ] {
            assert_eq!(judge(&[mean], &baseline, sensitivity), expected, "{mean} {sensitivity:?}");
        }
        assert_eq!(judge(&[99.0], &baseline[..7], Sensitivity::High), None);
        let facts = Facts::Deviation { window: Spread::default(), baseline: spread(&baseline) };
        assert_eq!(condition.judge(&facts, Sensitivity::High), None);
        let constant = [0.1; 10];
        assert_eq!(judge(&[0.1; 3], &constant, Sensitivity::High), None, "equal fractions have an equal mean");
        assert_eq!(judge(&[0.2], &constant, Sensitivity::Low), Some(Severity::Critical));
    }

    #[test]
    fn a_trend_needs_three_points_and_is_as_steep_as_its_limit() {
        let judge = |least: f64, slope: f64, sensitivity| {
            let points: Vec<_> = (0..3).map(|hour| (f64::from(hour), 5.0 + slope * f64::from(hour))).collect();
            let condition = Condition::Trend { window_hours: 24, min_slope_per_hour: least };
            condition.judge(&Facts::Trend(fit(&points)), sensitivity)
        };
        for (least, slope, sensitivity, expected) in [
            (2.0, 2.0, Sensitivity::Medium, Some(Severity::Low)),
            (2.0, 1.9, Sensitivity::Medium, None),
            (2.0, 1.5, Sensitivity::High, Some(Severity::Low)),
            (2.0, 2.0, Sensitivity::Low, None),
            (2.0, 3.0, Sensitivity::Low, Some(Severity::Low)),
            (2.0, 6.0, Sensitivity::Medium, Some(Severity::Critical)),
            (-2.0, -4.0, Sensitivity::Medium, Some(Severity::High)),
            (-2.0, 4.0, Sensitivity::Medium, None),
            (0.0, 0.0, Sensitivity::Medium, Some(Severity::Critical)),
        ] {
            assert_eq!(judge(least, slope, sensitivity), expected, "{least} {slope} {sensitivity:?}");
        }
        let condition = Condition::Trend { window_hours: 24, min_slope_per_hour: 0.1 };
        let two = Facts::Trend(fit(&[(0.0, 0.0), (1.0, 9.0)]));
        assert_eq!(condition.judge(&two, Sensitivity::High), None);
        let at_once = Facts::Trend(fit(&[(1.0, 0.0), (1.0, 9.0), (1.0, 5.0)]));
        assert_eq!(condition.judge(&at_once, Sensitivity::High), None, "points of one moment have no slope");
    }

    #[test]
    fn windows_reach_back_as_far_as_points_are_seen() {
        let now = 100 * DAY_MS;
        let deviation = |window_minutes, baseline_hours| {
            let (window, baseline) = Condition::Deviation { window_minutes, baseline_hours }.since(now);
            (now - window, now - baseline)
        };
        assert_eq!(deviation(60, 24), (HOUR_MS, 25 * HOUR_MS));
        assert_eq!(deviation(60, 720), (HOUR_MS, SEEN_MS));
        let trend = Condition::Trend { window_hours: 24, min_slope_per_hour: 1.0 };
        assert_eq!(trend.since(now).0, now - DAY_MS);
        let threshold = Condition::Threshold { operator: Operator::Gt, value: 1.0 };
        assert_eq!(threshold.since(now).0, now - SEEN_MS);
    }

    #[test]
    fn a_budget_is_the_graver_the_more_of_it_was_spent() {
        let severities = [1.0, 49.99, 50.0, 79.9, 80.0, 99.9, 100.0, 1000.0].map(budget_severity);
        use Severity::{Critical, High, Low, Medium};
        assert_eq!(severities, [Low, Low, Medium, Medium, High, High, Critical, Critical]);
    }

    proptest! {
        #[test]
        fn whoever_is_more_sensitive_sees_all_that_others_see(
            window in prop::collection::vec(-1e6..1e6_f64, 1..9), baseline in prop::collection::vec(-1e6..1e6_f64, 8..30),
        ) {
            let condition = Condition::Deviation { window_minutes: 60, baseline_hours: 24 };
            let facts = Facts::Deviation { window: spread(&window), baseline: spread(&baseline) };
            let [low, medium, high] = [Sensitivity::Low, Sensitivity::Medium, Sensitivity::High]
                .map(|sensitivity| condition.judge(&facts, sensitivity));
            prop_assert!(low <= medium && medium <= high);
        }

        #[test]
        fn a_breach_is_at_least_low_and_never_without_a_number(limit in any::<f64>(), last in any::<f64>()) {
            for operator in [Operator::Gt, Operator::Gte, Operator::Lt, Operator::Lte] {
                let is_beyond = match operator {
                    Operator::Gt => last > limit,
                    Operator::Gte => last >= limit,
                    Operator::Lt => last < limit,
                    Operator::Lte => last <= limit,
                };
                prop_assert_eq!(threshold(operator, limit, last).is_some(), is_beyond);
            }
        }
    }
}
