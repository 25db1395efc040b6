//! Costs by the calendar: what of an allocation belongs to each month, and the calendar period of a budget.

use model::{qnsp::observability::BudgetPeriod, time::Date};

use super::{
    DAY_MS, Month,
    number::{clamp, divide},
};

/// What of an amount belongs to a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub month: Month,
    pub amount: i64,
}

/// An amount of the time from `start` to `end`, by the months that have a part of it, the month of `end` included. A
/// month's part is the share of the time that lies in it, and all parts together are the amount.
pub fn by_month(amount: i64, start: i64, end: i64) -> Vec<Share> {
    let length = i128::from(end) - i128::from(start);
    let until = |time: i64| {
        let elapsed = i128::from(time.min(end)) - i128::from(start);
        clamp(divide(i128::from(amount) * elapsed, length))
    };
    let (mut month, mut before, mut shares) = (Month::of(start), 0, Vec::new());
    loop {
        let now = until(month.end());
        shares.push(Share { month, amount: now - before });
        if month.end() > end {
            return shares;
        }
        (month, before) = (Month::of(month.end()), now);
    }
}

/// The calendar period that contains a time: its first millisecond, and that of the next one.
pub fn calendar(period: BudgetPeriod, now: i64) -> (i64, i64) {
    let Date { year, month, .. } = Date::of(now.div_euclid(DAY_MS));
    let months = match period {
        BudgetPeriod::Monthly => 1,
        BudgetPeriod::Quarterly => 3,
        BudgetPeriod::Yearly => 12,
    };
    let first = (month - 1) / months * months + 1;
    let (next_year, next) = if first + months > 12 { (year + 1, 1) } else { (year, first + months) };
    let start = |year, month| Date { year, month, day: 1 }.days() * DAY_MS;
    (start(year, first), start(next_year, next))
}

/// The service of a type of resources: what stands before the first `_` or `.`, in lower case.
///
/// ```
/// use chancery_policy::qnsp::cost::service_of;
///
/// assert_eq!(service_of("KMS_key"), "kms");
/// assert_eq!(service_of("storage.object"), "storage");
/// assert_eq!(service_of("vm"), "vm");
/// ```
pub fn service_of(resource_type: &str) -> String {
    resource_type.split(['_', '.']).next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use model::time::{from_iso, to_iso};
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> i64 {
        from_iso(text).unwrap()
    }

    fn shares(amount: i64, start: &str, end: &str) -> Vec<(String, i64)> {
        by_month(amount, at(start), at(end)).iter().map(|share| (share.month.to_string(), share.amount)).collect()
    }

    #[test]
    fn an_amount_is_shared_by_the_time_in_each_month() {
        let whole = shares(100, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
        assert_eq!(whole, [("2026-01".to_owned(), 100), ("2026-02".to_owned(), 0)]);
        let days = shares(30, "2026-01-22T00:00:00Z", "2026-02-21T00:00:00Z");
        assert_eq!(days, [("2026-01".to_owned(), 10), ("2026-02".to_owned(), 20)]);
        let inside = shares(7, "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z");
        assert_eq!(inside, [("2026-01".to_owned(), 7)]);
    }

    #[test]
    fn a_budget_lasts_a_calendar_month_quarter_or_year() {
        let of = |period, now: &str| {
            let (start, end) = calendar(period, at(now));
            [to_iso(start), to_iso(end)].map(|time| time.split('T').next().unwrap_or_default().to_owned())
        };
        for (period, now, expected) in [
            (BudgetPeriod::Monthly, "2026-02-28T23:59:59.999Z", ["2026-02-01", "2026-03-01"]),
            (BudgetPeriod::Monthly, "2026-12-01T00:00:00Z", ["2026-12-01", "2027-01-01"]),
            (BudgetPeriod::Quarterly, "2026-03-31T12:00:00Z", ["2026-01-01", "2026-04-01"]),
            (BudgetPeriod::Quarterly, "2026-11-01T00:00:00Z", ["2026-10-01", "2027-01-01"]),
            (BudgetPeriod::Yearly, "2028-02-29T00:00:00Z", ["2028-01-01", "2029-01-01"]),
        ] {
            assert_eq!(of(period, now), expected, "{period:?} {now}");
        }
    }

    proptest! {
        #[test]
        fn the_parts_of_an_amount_are_the_amount(
            amount in 0..=1_000_000_000_000_000_i64, start in 0..4_102_444_800_000_i64, length in 1..=3_155_760_000_000_i64,
        ) {
            let end = start + length;
            let shares = by_month(amount, start, end);
            prop_assert_eq!(shares.iter().map(|share| share.amount).sum::<i64>(), amount);
            prop_assert_eq!(shares.first().map(|share| share.month), Some(Month::of(start)));
            prop_assert_eq!(shares.last().map(|share| share.month), Some(Month::of(end)));
            for share in shares {
                let overlap = share.month.end().min(end) - share.month.start().max(start);
                let exact = amount as f64 * overlap.max(0) as f64 / length as f64;
                prop_assert!((share.amount as f64 - exact).abs() <= 1.0 + exact * 1e-9);
            }
        }

        #[test]
        fn a_period_contains_its_time(now in 0..4_102_444_800_000_i64) {
            for period in BudgetPeriod::ALL {
                let (start, end) = calendar(period, now);
                prop_assert!(start <= now && now < end);
                prop_assert_eq!(calendar(period, end).0, end);
            }
        }
    }
}
