#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use model::time::{from_iso, to_iso};
use proptest::prelude::*;

use super::*;

const NOW: &str = "2027-04-10T12:00:00Z";

fn now() -> i64 {
    from_iso(NOW).unwrap()
}

fn today() -> i64 {
    day_of(now())
}

/// Rows of the days before today, by how many days.
fn rows(values: &[(i64, i64)]) -> Vec<DayValue> {
    values.iter().map(|(ago, value)| DayValue { day: today() - ago, value: *value }).collect()
}

fn forecast(of: Quota, values: &[(i64, i64)], current: i64, limit: i64, days: i64) -> (i64, Option<String>) {
    let forecast = quota(of, &rows(values), current, limit, days, now());
    (forecast.projected, forecast.exceeds_limit_at.map(to_iso))
}

#[test]
fn a_gauge_goes_on_along_its_line() {
    // Two a day.
    let growing = [(3, 10), (2, 12), (1, 14), (0, 16)];
    assert_eq!(forecast(Quota::Keys, &growing, 16, 100, 30), (76, None));
    assert_eq!(forecast(Quota::Keys, &growing, 16, 20, 30), (76, Some("2027-04-12T00:00:00.000Z".to_owned())));
    assert_eq!(forecast(Quota::Keys, &growing, 16, 21, 30).1.as_deref(), Some("2027-04-13T00:00:00.000Z"));
    assert_eq!(forecast(Quota::Keys, &growing, 16, 76, 30).1.as_deref(), Some("2027-05-10T00:00:00.000Z"), "day 30");
    assert_eq!(forecast(Quota::Keys, &growing, 16, 77, 30).1, None, "day 31");
    assert_eq!(forecast(Quota::Keys, &growing, 16, UNLIMITED, 365), (746, None));
}

#[test]
fn a_projection_is_never_below_what_is_used_and_is_rounded_half_away() {
    assert_eq!(forecast(Quota::Keys, &[(1, 10), (0, 5)], 5, 20, 30), (5, None));
    // Half a unit a day: 5, 5, 5.5, …
    let half = [(2, 4), (1, 5), (0, 5)];
    assert_eq!(forecast(Quota::Keys, &half, 5, 20, 1).0, 6);
    assert_eq!(forecast(Quota::Keys, &half, 5, 20, 2).0, 6);
    assert_eq!(forecast(Quota::Keys, &half, 5, 20, 3).0, 7);
}

#[test]
fn a_limit_that_is_reached_already_is_exceeded_now() {
    for current in [20, 21] {
        assert_eq!(
            forecast(Quota::Keys, &[(0, current)], current, 20, 30).1.as_deref(),
            Some("2027-04-10T12:00:00.000Z")
        );
        assert!(forecast(Quota::ApiCalls, &[(0, current)], current, 20, 30).1.is_some());
    }
    assert_eq!(forecast(Quota::Keys, &[], 0, 20, 30), (0, None), "without rows there is no slope");
}

#[test]
fn a_day_without_a_row_carries_the_last_value() {
    assert_eq!(carried(&rows(&[(4, 3), (1, 7)]), today()), [3, 3, 3, 7, 7]);
    let long = carried(&rows(&[(90, 3), (28, 7)]), today());
    assert_eq!(long.len(), 30, "no more than 30 days");
    assert_eq!((long.first(), long.get(1)), (Some(&3), Some(&7)), "a row from before the days lasts into them");
    assert!(carried(&[], today()).is_empty());
    assert_eq!(carried(&rows(&[(0, 1), (-1, 9)]), today()), [1], "what is not yet does not count");
}

#[test]
fn calls_are_projected_for_the_month_by_the_mean_day() {
    // 300 in three days; April has 30 days.
    let calls = [(2, 50), (1, 100), (0, 150)];
    assert_eq!(forecast(Quota::ApiCalls, &calls, 900, 10_000, 30), (3_000, None));
    assert_eq!(forecast(Quota::ApiCalls, &calls, 900, 1_100, 365).1.as_deref(), Some("2027-04-12T00:00:00.000Z"));
    assert_eq!(forecast(Quota::ApiCalls, &calls, 900, 2_900, 365).1.as_deref(), Some("2027-04-30T00:00:00.000Z"));
    assert_eq!(forecast(Quota::ApiCalls, &calls, 900, 2_901, 365).1, None, "the next month counts anew");
    assert_eq!(forecast(Quota::ApiCalls, &calls, 5_000, 10_000, 30).0, 5_000, "never below what is used");
    assert_eq!(forecast(Quota::ApiCalls, &[(2, 60), (0, 60)], 0, 10_000, 30).0, 1_200, "a day between has 0");
    assert_eq!(forecast(Quota::ApiCalls, &[(45, 9_000), (0, 60)], 0, 10_000, 30).0, 1_800, "30 days at most");
}

#[test]
fn scans_are_projected_for_the_day() {
    let scans = [(2, 30), (1, 60), (0, 60)];
    assert_eq!(forecast(Quota::Scans, &scans, 60, 100, 30), (60, None));
    assert_eq!(forecast(Quota::Scans, &scans, 10, 100, 30), (50, None), "tomorrow counts anew");
}

#[test]
fn usage_goes_on_along_its_line() {
    let days: Vec<_> = (0..10).rev().map(|ago| (ago, 100 - 5 * ago)).collect();
    let forecast = usage(&rows(&days), today(), 2);
    assert_eq!((forecast.current, forecast.forecasted, forecast.confidence), (775, 105 + 110, 1.0));
    assert_eq!(to_iso(forecast.date), "2027-04-12T00:00:00.000Z");
}

#[test]
fn usage_that_ends_is_forecasted_as_nothing_and_the_sum_is_clamped_not_the_days() {
    let days: Vec<_> = (0..10).map(|ago| (9 - ago, 10 - ago)).collect();
    assert_eq!(usage(&rows(&days), today(), 30).forecasted, 0);
    // The line is 7, 6, … 1, and then 0, -1.
    let seven: Vec<_> = (0..7).map(|ago| (6 - ago, 9 - ago)).collect();
    assert_eq!(usage(&rows(&seven), today(), 5).forecasted, 2 + 1 - 1 - 2);
    assert_eq!(usage(&rows(&seven), today(), 3).forecasted, 3);
}

#[test]
fn usage_begins_with_its_first_day_among_the_last_30() {
    assert_eq!(with_zeros(&rows(&[(30, 9), (3, 1), (0, 2)]), today()), [1, 0, 0, 2]);
    let forecast = usage(&rows(&[(30, 9), (29, 1)]), today(), 1);
    assert_eq!(forecast.current, 1);
    let none = usage(&[], today(), 30);
    assert_eq!((none.current, none.forecasted, none.confidence), (0, 0, 0.0));
}

#[test]
fn confidence_needs_seven_days_with_usage() {
    let days = |count: i64, value| (0..count).rev().map(|ago| (ago, value)).collect::<Vec<_>>();
    assert_eq!(usage(&rows(&days(6, 5)), today(), 30).confidence, 0.0);
    assert_eq!(usage(&rows(&days(7, 5)), today(), 30).confidence, 1.0, "a constant series");
    let ragged: Vec<_> = (0..8).rev().map(|ago| (ago, 10 + ago % 2)).collect();
    assert_eq!(usage(&rows(&ragged), today(), 30).confidence, 0.0476);
}

#[test]
fn the_projected_share_decides_what_is_to_be_done() {
    let action = |projected| capacity(0, projected, 10_000).action.as_str();
    assert_eq!([action(0), action(6_999), action(7_000)], ["none", "none", "monitor"]);
    assert_eq!([action(8_499), action(8_500)], ["monitor", "upgrade_soon"]);
    assert_eq!([action(9_999), action(10_000), action(90_000)], ["upgrade_soon", "upgrade_now", "upgrade_now"]);
    let shares = capacity(1, 2, 3);
    assert_eq!((shares.current, shares.projected), (0.3333, 0.6667));
    let unlimited = Capacity { current: 0.0, projected: 0.0, action: CapacityAction::None };
    assert_eq!(capacity(7, 9, UNLIMITED), unlimited);
    assert_eq!(capacity(0, 199_999, 200_000).action, CapacityAction::UpgradeNow, "1 with 4 decimals");
}

proptest! {
    #[test]
    fn a_forecast_is_never_below_what_is_used_nor_before_now(
        values in prop::collection::vec((0_i64..60, 0_i64..2_000_000), 0..40),
        current in 0_i64..2_000_000, limit in 1_i64..3_000_000, days in 1_i64..=365, place in 0_usize..8,
    ) {
        let mut values = values;
        values.sort_by_key(|(ago, _)| -ago);
        values.dedup_by_key(|(ago, _)| *ago);
        let of = *Quota::ALL.get(place).unwrap();
        let forecast = quota(of, &rows(&values), current, limit, days, now());
        prop_assert!(forecast.projected >= current);
        match forecast.exceeds_limit_at {
            Some(at) => {
                prop_assert!(at >= now());
                prop_assert!(at == now() || at % DAY_MS == 0);
                prop_assert_eq!(at == now(), current >= limit);
                let is_in_time = of.span() != Span::Gauge || at <= (today() + days) * DAY_MS;
                prop_assert!(is_in_time);
                // On that day the limit is met, so that the projection for the end has met it as well.
                if of.span() == Span::Gauge {
                    prop_assert!(forecast.projected >= limit);
                }
            }
            None => prop_assert!(current < limit && (of.span() != Span::Gauge || forecast.projected <= limit)),
        }
    }

    #[test]
    fn a_longer_forecast_is_never_lower(values in prop::collection::vec(0_i64..1_000, 1..30), days in 1_i64..365) {
        let values: Vec<_> = values.into_iter().rev().enumerate().map(|(ago, value)| (ago as i64, value)).rev().collect();
        let (rows, current) = (rows(&values), values.last().map_or(0, |(_, value)| *value));
        let one = quota(Quota::Secrets, &rows, current, UNLIMITED, days, now());
        let other = quota(Quota::Secrets, &rows, current, UNLIMITED, days + 1, now());
        prop_assert!(one.projected <= other.projected);
        let usage = usage(&rows, today(), days);
        prop_assert!(usage.forecasted >= 0 && (0.0..=1.0).contains(&usage.confidence));
    }

    #[test]
    fn more_use_never_asks_for_less(one in 0_i64..3_000, more in 0_i64..3_000, limit in 1_i64..3_000) {
        prop_assert!(capacity(0, one, limit).action <= capacity(0, one + more, limit).action);
    }
}
