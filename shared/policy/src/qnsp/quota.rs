//! The quotas of a tenant: how much of each its tier allows, and how much of that is left.

use super::number;
use super::tier::{Tier, UNLIMITED};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quota {
    Keys,
    Secrets,
    StorageBytes,
    ApiCalls,
    Policies,
    ServiceAccounts,
    Deployments,
    Scans,
}

/// Over which time a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// What there is at present.
    Gauge,
    /// What happened in the calendar month (UTC).
    Month,
    /// What happened in the day (UTC).
    Day,
}

/// How much of a quota is used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// Never negative; [`UNLIMITED`] without a limit.
    pub remaining: i64,
    /// 2 decimals, beyond 100 when more is used than allowed; 0 without a limit.
    pub percentage: f64,
}

impl Quota {
    /// In the order of the contract.
    pub const ALL: [Self; 8] = [
        Self::Keys,
        Self::Secrets,
        Self::StorageBytes,
        Self::ApiCalls,
        Self::Policies,
        Self::ServiceAccounts,
        Self::Deployments,
        Self::Scans,
    ];

    /// In the order of their names.
    pub const BY_NAME: [Self; 8] = [
        Self::ApiCalls,
        Self::Deployments,
        Self::Keys,
        Self::Policies,
        Self::Scans,
        Self::Secrets,
        Self::ServiceAccounts,
        Self::StorageBytes,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Secrets => "secrets",
            Self::StorageBytes => "storageBytes",
            Self::ApiCalls => "apiCalls",
            Self::Policies => "policies",
            Self::ServiceAccounts => "serviceAccounts",
            Self::Deployments => "deployments",
            Self::Scans => "scans",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quota| quota.as_str() == name)
    }

    /// A name to read.
    pub fn display_name(self) -> &'static str {
        match self {
            Self::Keys => "Keys",
            Self::Secrets => "Secrets",
            Self::StorageBytes => "Storage (bytes)",
            Self::ApiCalls => "API calls",
            Self::Policies => "Policies",
            Self::ServiceAccounts => "Service accounts",
            Self::Deployments => "Deployments",
            Self::Scans => "Scans",
        }
    }

    /// How much a tier allows; [`UNLIMITED`] without a limit.
    pub fn limit(self, tier: Tier) -> i64 {
        let terms = tier.terms();
        match self {
            Self::Keys => terms.keys,
            Self::Secrets => terms.secrets,
            Self::StorageBytes if terms.storage_gb == UNLIMITED => UNLIMITED,
            Self::StorageBytes => terms.storage_gb << 30,
            Self::ApiCalls => terms.api_calls,
            Self::Policies => 500,
            Self::ServiceAccounts => 100,
            Self::Deployments => 20,
            Self::Scans => 100,
        }
    }

    pub fn span(self) -> Span {
        match self {
            Self::ApiCalls => Span::Month,
            Self::Scans => Span::Day,
            _ => Span::Gauge,
        }
    }
}

/// What is left of a limit.
pub fn usage(used: i64, limit: i64) -> Usage {
    if limit == UNLIMITED {
        return Usage { remaining: UNLIMITED, percentage: 0.0 };
    }
    Usage { remaining: limit.saturating_sub(used).max(0), percentage: number::percentage(used, limit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_found_by_name_and_listed_in_both_orders() {
        assert_eq!(
            Quota::ALL.map(Quota::as_str).join(" "),
            "keys secrets storageBytes apiCalls policies serviceAccounts deployments scans"
        );
        assert!(Quota::BY_NAME.map(Quota::as_str).is_sorted());
        for quota in Quota::ALL {
            assert!(Quota::BY_NAME.contains(&quota));
            assert_eq!(Quota::parse(quota.as_str()), Some(quota));
        }
        assert_eq!(Quota::parse("storage"), None);
        assert_eq!(Quota::ApiCalls.display_name(), "API calls");
    }

    #[test]
    fn limits_are_those_of_the_tier_or_fixed() {
        let limits = |tier| Quota::ALL.map(|quota| quota.limit(tier));
        assert_eq!(limits(Tier::Free), [20, 25, 10_737_418_240, 50_000, 500, 100, 20, 100]);
        assert_eq!(limits(Tier::Specialized), [5_000, 20_000, -1, -1, 500, 100, 20, 100]);
    }

    #[test]
    fn calls_count_by_month_and_scans_by_day() {
        let windows: Vec<_> = Quota::ALL.into_iter().filter(|quota| quota.span() != Span::Gauge).collect();
        assert_eq!(windows, [Quota::ApiCalls, Quota::Scans]);
        assert_eq!((Quota::ApiCalls.span(), Quota::Scans.span()), (Span::Month, Span::Day));
    }

    #[test]
    fn what_is_left_is_never_negative_and_the_percentage_may_exceed_100() {
        assert_eq!(usage(5, 20), Usage { remaining: 15, percentage: 25.0 });
        assert_eq!(usage(1, 3), Usage { remaining: 2, percentage: 33.33 });
        assert_eq!(usage(30, 20), Usage { remaining: 0, percentage: 150.0 });
        assert_eq!(usage(30, UNLIMITED), Usage { remaining: -1, percentage: 0.0 });
    }
}
