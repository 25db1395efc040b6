//! How well a tenant is, by the metrics that it reports.

use super::number;
use super::tier::UNLIMITED;

/// A reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// Milliseconds.
    pub api_latency_p99: f64,
    /// 0 to 1.
    pub error_rate: f64,
    /// Bytes.
    pub storage_usage: i64,
}

/// In ascending order of health.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Critical,
    Degraded,
    Healthy,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Degraded => "degraded",
            Self::Healthy => "healthy",
        }
    }

    fn of(score: f64) -> Self {
        match score {
            80.0.. => Self::Healthy,
            50.0.. => Self::Degraded,
            _ => Self::Critical,
        }
    }
}

/// What takes points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Issue {
    pub code: &'static str,
    pub metric: Option<&'static str>,
    pub value: f64,
    /// 2 decimals.
    pub penalty: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// 0 to 100 with 2 decimals.
    pub score: f64,
    pub status: Status,
    pub issues: Vec<Issue>,
}

/// Without any reading.
impl Default for Health {
    fn default() -> Self {
        Self { score: 100.0, status: Status::Healthy, issues: Vec::new() }
    }
}

/// A reading that is older says nothing about now.
const STALE_MS: i64 = 3_600_000;

impl Health {
    /// 100 without the penalties: a point for every 20 ms of latency beyond 200 ms (30 at most), 5 for every percent of
    /// errors (50 at most), 10 from 90 percent of the tier's storage on and 20 from all of it. Rounded at the end.
    pub fn of(metrics: Metrics, storage_limit: i64) -> Self {
        let Metrics { api_latency_p99, error_rate, storage_usage } = metrics;
        let latency = ((api_latency_p99 - 200.0).max(0.0) / 20.0).min(30.0);
        let errors = (error_rate * 500.0).clamp(0.0, 50.0);
        let storage = storage_penalty(storage_usage, storage_limit);
        let issues = [
            ("latency_high", "apiLatencyP99", api_latency_p99, latency),
            ("error_rate_high", "errorRate", error_rate, errors),
            ("storage_quota_high", "storageUsage", storage_usage as f64, storage),
        ];
        let issues = issues.into_iter().filter(|(_, _, _, penalty)| *penalty > 0.0);
        let issues = issues.map(|(code, metric, value, penalty)| Issue {
            code,
            metric: Some(metric),
            value,
            penalty: number::round(penalty, 2),
        });
        let score = number::round(100.0 - latency - errors - storage, 2);
        Self { score, status: Status::of(score), issues: issues.collect() }
    }

    /// The health that is shown when its reading is `age_ms` old: after an hour at most degraded, and an issue says so.
    #[must_use]
    pub fn at_age(mut self, age_ms: i64) -> Self {
        if age_ms > STALE_MS {
            let age_seconds = (age_ms / 1_000) as f64;
            self.issues.push(Issue { code: "stale_data", metric: None, value: age_seconds, penalty: 0.0 });
            self.status = self.status.min(Status::Degraded);
        }
        self
    }
}

fn storage_penalty(usage: i64, limit: i64) -> f64 {
    if limit == UNLIMITED {
        return 0.0;
    }
    let (usage, limit) = (i128::from(usage), i128::from(limit));
    if usage >= limit {
        20.0
    } else if usage * 10 >= limit * 9 {
        10.0
    } else {
        0.0
    }
}

/// The most points that a trend shows.
const POINTS: usize = 500;

/// Which of `count` snapshots a trend shows: all, or 500 spread evenly, the first and the last among them.
pub fn shown_points(count: usize) -> impl Iterator<Item = usize> {
    let shown = count.min(POINTS);
    let step = move |point: usize| if count > POINTS { point * (count - 1) / (POINTS - 1) } else { point };
    (0..shown).map(step)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn metrics(api_latency_p99: f64, error_rate: f64, storage_usage: i64) -> Metrics {
        Metrics { api_latency_p99, error_rate, storage_usage }
    }

    fn score(api_latency_p99: f64, error_rate: f64, storage_usage: i64) -> f64 {
        Health::of(metrics(api_latency_p99, error_rate, storage_usage), 1_000).score
    }

    #[test]
    fn latency_errors_and_storage_take_points() {
        assert_eq!(score(200.0, 0.0, 0), 100.0);
        assert_eq!(score(201.0, 0.0, 0), 99.95);
        assert_eq!(score(800.0, 0.0, 0), 70.0);
        assert_eq!(score(90_000.0, 0.0, 0), 70.0, "30 at most");
        assert_eq!(score(0.0, 0.01, 0), 95.0);
        assert_eq!(score(0.0, 0.1, 0), 50.0);
        assert_eq!(score(0.0, 1.0, 0), 50.0, "50 at most");
        assert_eq!([score(0.0, 0.0, 899), score(0.0, 0.0, 900), score(0.0, 0.0, 999)], [100.0, 90.0, 90.0]);
        assert_eq!(score(0.0, 0.0, 1_000), 80.0);
        assert_eq!(score(9_000.0, 1.0, 2_000), 0.0);
        assert_eq!(Health::of(metrics(0.0, 0.0, i64::MAX), UNLIMITED).score, 100.0);
        assert_eq!(score(233.4, 0.012345, 0), 92.16, "1.67 and 6.1725, rounded once");
    }

    #[test]
    fn the_score_decides_the_status() {
        let status = |errors| Health::of(metrics(0.0, errors, 0), 1_000).status.as_str();
        assert_eq!([status(0.0), status(0.04), status(0.0401)], ["healthy", "healthy", "degraded"]);
        assert_eq!(status(0.1), "degraded");
        assert_eq!(Health::of(metrics(201.0, 0.1, 0), 1_000).status.as_str(), "critical");
    }

    #[test]
    fn every_penalty_is_an_issue() {
        let all = Health::of(metrics(233.4, 0.012345, 950), 1_000).issues;
        let issue = |code, metric, value, penalty| Issue { code, metric: Some(metric), value, penalty };
        assert_eq!(
            all,
            [
                issue("latency_high", "apiLatencyP99", 233.4, 1.67),
                issue("error_rate_high", "errorRate", 0.012345, 6.17),
                issue("storage_quota_high", "storageUsage", 950.0, 10.0),
            ]
        );
        assert!(Health::of(metrics(200.0, 0.0, 0), 1_000).issues.is_empty());
    }

    #[test]
    fn a_reading_older_than_an_hour_is_at_most_degraded() {
        assert_eq!(Health::default().at_age(3_600_000), Health::default());
        let stale = Health::default().at_age(3_600_999 + 1);
        assert_eq!((stale.score, stale.status), (100.0, Status::Degraded));
        assert_eq!(stale.issues, [Issue { code: "stale_data", metric: None, value: 3_601.0, penalty: 0.0 }]);
        let critical = Health::of(metrics(201.0, 0.1, 0), 1_000).at_age(9_000_000);
        assert_eq!(critical.status, Status::Critical, "never better than it was");
    }

    #[test]
    fn a_trend_shows_at_most_500_points() {
        assert_eq!(shown_points(3).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(shown_points(500).count(), 500);
        let many: Vec<_> = shown_points(1_001).collect();
        assert_eq!((many.len(), many.first(), many.get(1), many.last()), (500, Some(&0), Some(&2), Some(&1_000)));
        assert_eq!(shown_points(0).count(), 0);
    }

    proptest! {
        #[test]
        fn a_score_is_within_bounds_and_worse_metrics_never_help(
            latency in 0.0_f64..5_000.0, errors in 0.0_f64..=1.0, storage in 0_i64..2_000, more in 0.0_f64..1.0,
        ) {
            let health = Health::of(metrics(latency, errors, storage), 1_000);
            prop_assert!((0.0..=100.0).contains(&health.score));
            let taken: f64 = health.issues.iter().map(|issue| issue.penalty).sum();
            prop_assert!((100.0 - taken - health.score).abs() < 0.02);
            prop_assert!(score(latency + more * 100.0, errors, storage) <= health.score);
            prop_assert!(score(latency, (errors + more).min(1.0), storage) <= health.score);
            prop_assert!(score(latency, errors, storage + (more * 100.0) as i64) <= health.score);
        }

        #[test]
        fn shown_points_ascend(count in 0_usize..100_000) {
            let points: Vec<_> = shown_points(count).collect();
            prop_assert!(points.is_sorted_by(|one, next| one < next));
            prop_assert_eq!(points.last().copied(), count.checked_sub(1));
        }
    }
}
