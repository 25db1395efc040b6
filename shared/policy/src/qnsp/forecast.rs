//! What will be used if things go on as they did: of quotas, and of what is metered. Days are counted since the epoch,
//! in UTC. Lines are fitted in integers, so that a projection is rounded once and a limit is met on the right day.

mod line;

pub use line::Line;

use super::number::{self, clamp, divide};
use super::quota::{Quota, Span};
use super::tier::UNLIMITED;
use super::{DAY_MS, Month};

/// The most days that a forecast looks back, today included.
pub const DAYS: i64 = 30;

/// A recorded day and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayValue {
    pub day: i64,
    pub value: i64,
}

/// The day of a time in milliseconds.
pub fn day_of(ms: i64) -> i64 {
    ms.div_euclid(DAY_MS)
}

/// The first day that a forecast of `today` looks at.
pub fn first_day(today: i64) -> i64 {
    today - (DAYS - 1)
}

/// Of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Never below what is used now.
    pub projected: i64,
    /// Milliseconds; now when the limit is reached already.
    pub exceeds_limit_at: Option<i64>,
}

/// The forecast of a quota for `days` days (a quota that counts over a window: for the running window). `rows` ascend
/// by day; for a gauge, the last row before [`first_day`] belongs to them, for its value lasts.
pub fn quota(quota: Quota, rows: &[DayValue], current: i64, limit: i64, days: i64, now: i64) -> Forecast {
    let today = day_of(now);
    let (growth, window_end) = match quota.span() {
        Span::Gauge => (Growth::of_line(Line::through(&carried(rows, today)), days), today + days + 1),
        Span::Month => (Growth::of_mean(&with_zeros(rows, today), Month::of(now).days()), day_of(Month::of(now).end())),
        Span::Day => (Growth::of_mean(&with_zeros(rows, today), 1), today + 1),
    };
    let base = if quota.span() == Span::Gauge { current } else { 0 };
    let grown = i128::from(base) + divide(growth.per_day * i128::from(growth.days), growth.divisor);
    let exceeds_limit_at = if limit == UNLIMITED {
        None
    } else if current >= limit {
        Some(now)
    } else {
        growth
            .days_to_gain(limit.saturating_sub(current))
            .map(|days| today.saturating_add(days))
            .filter(|day| *day < window_end)
            .map(|day| day * DAY_MS)
    };
    Forecast { projected: current.max(clamp(grown)), exceeds_limit_at }
}

/// How much is gained a day, as a fraction, and for how many days.
struct Growth {
    per_day: i128,
    divisor: i128,
    days: i64,
}

impl Growth {
    fn of_line(line: Line, days: i64) -> Self {
        Self { per_day: line.rise, divisor: line.run, days }
    }

    fn of_mean(series: &[i64], days: i64) -> Self {
        let sum = series.iter().map(|value| i128::from(*value)).sum();
        Self { per_day: sum, divisor: (series.len() as i128).max(1), days }
    }

    /// After how many days the gain is reached; `None` when there is none.
    fn days_to_gain(&self, gain: i64) -> Option<i64> {
        let needed = i128::from(gain) * self.divisor;
        (self.per_day > 0).then(|| clamp((needed + self.per_day - 1) / self.per_day))
    }
}

/// Values of the last days from the first row on; a day without a row has the value of the one before.
fn carried(rows: &[DayValue], today: i64) -> Vec<i64> {
    let mut rows = rows.iter().filter(|row| row.day <= today).peekable();
    let first = rows.peek().map_or(today + 1, |row| row.day.max(first_day(today)));
    let mut value = 0;
    let value_of = |day| {
        while let Some(row) = rows.next_if(|row| row.day <= day) {
            value = row.value;
        }
        value
    };
    (first..=today).map(value_of).collect()
}

/// Values of the last days from the first row among them on; a day without a row has 0.
fn with_zeros(rows: &[DayValue], today: i64) -> Vec<i64> {
    let mut rows = rows.iter().filter(|row| (first_day(today)..=today).contains(&row.day)).peekable();
    let first = rows.peek().map_or(today + 1, |row| row.day);
    let value_of = |day| {
        let mut value = 0_i64;
        while let Some(row) = rows.next_if(|row| row.day <= day) {
            value = value.saturating_add(row.value);
        }
        value
    };
    (first..=today).map(value_of).collect()
}

/// Of one metered operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UsageForecast {
    /// Metered in the last days.
    pub current: i64,
    /// In the days to come; never negative.
    pub forecasted: i64,
    /// 0 to 1 with 4 decimals: how much of the ups and downs the line explains.
    pub confidence: f64,
    /// Milliseconds: the beginning of the last of these days.
    pub date: i64,
}

/// A line through fewer days than this with anything metered says nothing.
const LEAST_DAYS: usize = 7;

/// The forecast of an operation for `horizon` days after `today`. `rows` ascend by day.
pub fn usage(rows: &[DayValue], today: i64, horizon: i64) -> UsageForecast {
    let series = with_zeros(rows, today);
    let line = Line::through(&series);
    let days_with_usage = series.iter().filter(|value| **value != 0).count();
    UsageForecast {
        current: series.iter().fold(0, |sum: i64, value| sum.saturating_add(*value)),
        forecasted: line.sum_of_next(horizon).max(0),
        confidence: if days_with_usage < LEAST_DAYS { 0.0 } else { number::round(line.explained(), 4) },
        date: (today + horizon) * DAY_MS,
    }
}

/// What is to be done about a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CapacityAction {
    None,
    Monitor,
    UpgradeSoon,
    UpgradeNow,
}

impl CapacityAction {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Monitor => "monitor",
            Self::UpgradeSoon => "upgrade_soon",
            Self::UpgradeNow => "upgrade_now",
        }
    }
}

/// Shares of a limit with 4 decimals, beyond 1 when more is used than allowed; 0 without a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    pub current: f64,
    pub projected: f64,
    pub action: CapacityAction,
}

/// The projected share, as shown, decides: from 0.7 monitor, from 0.85 upgrade soon, from 1 upgrade now.
pub fn capacity(used: i64, projected: i64, limit: i64) -> Capacity {
    if limit == UNLIMITED {
        return Capacity { current: 0.0, projected: 0.0, action: CapacityAction::None };
    }
    let share = divide(i128::from(projected) * 10_000, i128::from(limit));
    let action = match share {
        10_000.. => CapacityAction::UpgradeNow,
        8_500..10_000 => CapacityAction::UpgradeSoon,
        7_000..8_500 => CapacityAction::Monitor,
        _ => CapacityAction::None,
    };
    Capacity { current: number::rate(used, limit), projected: share as f64 / 10_000.0, action }
}

#[cfg(test)]
mod tests;
