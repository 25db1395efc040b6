//! What tenants pay. Amounts are thousandths of a US cent (see [`price`](super::price)), fees are cents.

use super::number::{Change, Direction};
use super::price::{Billable, major, of_cents};
use super::{Month, Service};

/// From when on a tenant pays a monthly fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeChange {
    /// Milliseconds.
    pub at: i64,
    /// US cents.
    pub fee: i64,
}

/// What a tenant pays for a month, in cents: the whole fee that is in force at the month's end (now, for the current
/// one). `changes` ascend; the first is the tenant's beginning. A month that has not begun has no fee.
pub fn fee_of_month(changes: &[FeeChange], month: Month, now: i64) -> i64 {
    if month.start() > now {
        return 0;
    }
    changes.iter().rev().find(|change| change.at < month.end() && change.at <= now).map_or(0, |change| change.fee)
}

/// What a period brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// Thousandths of a cent.
    pub metered: i64,
    /// Cents.
    pub fees: i64,
    /// Cents: credits that invoices of the period used.
    pub credits: i64,
}

impl Period {
    /// Thousandths of a cent.
    pub fn total(self) -> i64 {
        self.metered.saturating_add(of_cents(self.fees)).saturating_sub(of_cents(self.credits))
    }
}

/// In major units with 2 decimals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    pub total_revenue: f64,
    pub mrr: f64,
    pub arr: f64,
    pub growth: Change,
}

/// `monthly_fees` are those of all tenants now, in cents.
pub fn summary(current: Period, previous: Period, monthly_fees: i64) -> Summary {
    Summary {
        total_revenue: major(current.total()),
        mrr: major(of_cents(monthly_fees)),
        arr: major(of_cents(monthly_fees.saturating_mul(12))),
        growth: Change::between(previous.total(), current.total()),
    }
}

/// The group of subscription fees; the others are prefixes of operations.
pub const SUBSCRIPTION: &str = "subscription";

/// The group of a metered operation.
pub fn group_of(billable: Billable) -> &'static str {
    billable.service().map_or("", Service::prefix)
}

/// What a group brought, in thousandths of a cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    pub service: &'a str,
    pub current: i64,
    pub previous: i64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share<'a> {
    pub service: &'a str,
    /// In major units with 2 decimals.
    pub revenue: f64,
    /// 2 decimals; all of them are 100 together, or 0 when there is no revenue.
    pub percentage: f64,
    /// Against the previous period; less than 1 percent is stable.
    pub trend: Direction,
}

/// Groups that brought something in either period, by revenue descending, then name. Credits are no part of them.
pub fn by_service<'a>(groups: &[Group<'a>]) -> Vec<Share<'a>> {
    let is_shown = |group: &&Group<'_>| group.current != 0 || group.previous != 0;
    let mut groups: Vec<_> = groups.iter().filter(is_shown).copied().collect();
    groups.sort_by(|one, other| other.current.cmp(&one.current).then(one.service.cmp(other.service)));
    let amounts: Vec<_> = groups.iter().map(|group| group.current).collect();
    let share = |(group, hundredths): (&Group<'a>, i64)| Share {
        service: group.service,
        revenue: major(group.current),
        percentage: hundredths as f64 / 100.0,
        trend: Change::between(group.previous, group.current).direction,
    };
    groups.iter().zip(percentages(&amounts)).map(share).collect()
}

/// Hundredths of a percent, 10,000 together: each is rounded down, and what is missing goes to the largest remainders,
/// of equal ones to the first. All 0 when the amounts are; negative amounts count as 0.
pub fn percentages(amounts: &[i64]) -> Vec<i64> {
    const WHOLE: i128 = 10_000;
    let amounts: Vec<_> = amounts.iter().map(|amount| i128::from((*amount).max(0))).collect();
    let total: i128 = amounts.iter().sum();
    if total == 0 {
        return vec![0; amounts.len()];
    }
    let mut shares: Vec<_> = amounts.iter().map(|amount| (amount * WHOLE / total, amount * WHOLE % total)).collect();
    let missing = WHOLE - shares.iter().map(|(share, _)| share).sum::<i128>();
    let mut by_remainder: Vec<_> = shares.iter_mut().collect();
    by_remainder.sort_by_key(|(_, remainder)| -*remainder);
    by_remainder.into_iter().zip(0..missing).for_each(|((share, _), _)| *share += 1);
    shares.into_iter().map(|(share, _)| share as i64).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use model::time::from_iso;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_month_has_the_whole_fee_of_its_end_from_the_first_month_on() {
        let change = |at, fee| FeeChange { at: from_iso(at).unwrap(), fee };
        let changes = [
            change("2027-02-20T00:00:00Z", 0),
            change("2027-03-05T00:00:00Z", 14_900),
            change("2027-03-31T23:59:59.999Z", 59_000),
            change("2027-05-01T00:00:00Z", 79_000),
        ];
        let now = from_iso("2027-05-01T00:00:00Z").unwrap();
        let fee = |month| fee_of_month(&changes, Month::parse(month).unwrap(), now);
        assert_eq!([fee("2027-01"), fee("2027-02"), fee("2027-03"), fee("2027-04")], [0, 0, 59_000, 59_000]);
        assert_eq!([fee("2027-05"), fee("2027-06")], [79_000, 0], "the current one, and one to come");
        let earlier = from_iso("2027-03-10T00:00:00Z").unwrap();
        assert_eq!(fee_of_month(&changes, Month::parse("2027-03").unwrap(), earlier), 14_900, "as it is now");
        assert_eq!(fee_of_month(&[], Month::parse("2027-03").unwrap(), now), 0);
    }

    #[test]
    fn revenue_is_metered_amounts_and_fees_without_credits() {
        let current = Period { metered: 1_234_567, fees: 14_900, credits: 5_000 };
        let previous = Period { metered: 0, fees: 14_900, credits: 0 };
        let summary = summary(current, previous, 14_900);
        assert_eq!(summary.total_revenue, 111.35, "12.34567 and 149 less 50");
        assert_eq!((summary.mrr, summary.arr), (149.0, 1_788.0));
        assert_eq!((summary.growth.percentage, summary.growth.direction), (-25.27, Direction::Down));
        let none = super::summary(Period::default(), Period::default(), 0);
        assert_eq!((none.growth.percentage, none.growth.direction), (0.0, Direction::Stable));
    }

    #[test]
    fn groups_are_ordered_and_add_up_to_100() {
        let group = |service, current, previous| Group { service, current, previous };
        let shares = by_service(&[
            group("vault", 100_000, 100_900),
            group("auth", 100_000, 0),
            group("kms", 0, 5),
            group("ai", 0, 0),
            group(SUBSCRIPTION, 100_000, 100_000),
        ]);
        let rows: Vec<_> = shares.iter().map(|share| (share.service, share.revenue, share.percentage)).collect();
        assert_eq!(
            rows,
            [("auth", 1.0, 33.34), ("subscription", 1.0, 33.33), ("vault", 1.0, 33.33), ("kms", 0.0, 0.0)]
        );
        let trends: Vec<_> = shares.iter().map(|share| share.trend.as_str()).collect();
        assert_eq!(trends, ["up", "stable", "stable", "down"]);
        assert!(by_service(&[]).is_empty());
        let nothing = by_service(&[group("kms", 0, 5)]);
        assert!(nothing.iter().all(|share| share.percentage == 0.0));
    }

    #[test]
    fn an_operation_is_grouped_by_its_first_word() {
        for billable in Billable::ALL {
            assert_eq!(Some(group_of(billable)), billable.as_str().split('.').next());
        }
    }

    proptest! {
        #[test]
        fn percentages_sum_to_100_and_are_off_by_less_than_a_hundredth(
            amounts in prop::collection::vec(0..i64::MAX / 64, 0..20),
        ) {
            let total: i128 = amounts.iter().map(|amount| i128::from(*amount)).sum();
            let shares = percentages(&amounts);
            prop_assert_eq!(shares.len(), amounts.len());
            prop_assert_eq!(shares.iter().sum::<i64>(), if total == 0 { 0 } else { 10_000 });
            for (amount, share) in amounts.iter().zip(&shares) {
                let off = i128::from(*share) * total - i128::from(*amount) * 10_000;
                prop_assert!(total == 0 || off.abs() < total);
            }
        }

        #[test]
        fn a_larger_amount_never_has_a_smaller_share(amounts in prop::collection::vec(0_i64..1_000_000, 2..20)) {
            let shares = percentages(&amounts);
            for (one, share) in amounts.iter().zip(&shares) {
                for (other, other_share) in amounts.iter().zip(&shares) {
                    prop_assert!(one <= other || share >= other_share);
                }
            }
        }
    }
}
