//! The twelve tiers: how much of what a tenant may have, what that costs a month, and what comes with it.

use super::service::Service;

/// In ascending order: a later tier has all that an earlier one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    Free,
    DevStarter,
    DevPro,
    DevElite,
    DevTeam,
    BusinessTeam,
    BusinessAdvanced,
    BusinessElite,
    EnterpriseStandard,
    EnterprisePro,
    EnterpriseElite,
    Specialized,
}

/// Stands for a quota without a limit.
pub const UNLIMITED: i64 = -1;

/// A row of the table; quotas may be [`UNLIMITED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    pub keys: i64,
    pub secrets: i64,
    /// GiB.
    pub storage_gb: i64,
    /// A calendar month.
    pub api_calls: i64,
    /// US cents a month; `None` where it is agreed with the tenant.
    pub monthly_fee: Option<i64>,
}

impl Tier {
    pub const ALL: [Self; 12] = [
        Self::Free,
        Self::DevStarter,
        Self::DevPro,
        Self::DevElite,
        Self::DevTeam,
        Self::BusinessTeam,
        Self::BusinessAdvanced,
        Self::BusinessElite,
        Self::EnterpriseStandard,
        Self::EnterprisePro,
        Self::EnterpriseElite,
        Self::Specialized,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::DevStarter => "dev-starter",
            Self::DevPro => "dev-pro",
            Self::DevElite => "dev-elite",
            Self::DevTeam => "dev-team",
            Self::BusinessTeam => "business-team",
            Self::BusinessAdvanced => "business-advanced",
            Self::BusinessElite => "business-elite",
            Self::EnterpriseStandard => "enterprise-standard",
            Self::EnterprisePro => "enterprise-pro",
            Self::EnterpriseElite => "enterprise-elite",
            Self::Specialized => "specialized",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == name)
    }

    #[rustfmt::skip]
    pub fn terms(self) -> Terms {
        match self {
            //                                  keys   secrets storage   API calls     USD a month
            Self::Free               => terms(    20,     25,      10,      50_000, Some(0)),
            Self::DevStarter         => terms(    30,     75,     100,     100_000, Some(149)),
            Self::DevPro             => terms(    60,    200,     250,     500_000, Some(590)),
            Self::DevElite           => terms(    90,    350,     500,     750_000, Some(790)),
            Self::DevTeam            => terms(   125,    500,   1_000,   1_000_000, Some(1_499)),
            Self::BusinessTeam       => terms(   300,  1_000,   5_000,   1_500_000, Some(2_199)),
            Self::BusinessAdvanced   => terms(   600,  2_000,  10_000,   7_500_000, Some(5_499)),
            Self::BusinessElite      => terms( 1_000,  4_000,  15_000,  10_000_000, Some(8_499)),
            Self::EnterpriseStandard => terms( 2_000,  8_000,  20_000,  15_000_000, Some(12_999)),
            Self::EnterprisePro      => terms( 3_500, 14_000,  25_000,  30_000_000, Some(19_999)),
            Self::EnterpriseElite |
            Self::Specialized        => terms( 5_000, 20_000, UNLIMITED, UNLIMITED, None),
        }
    }

    /// US cents a month. `agreed` counts only where the fee is agreed with the tenant.
    pub fn monthly_fee(self, agreed: i64) -> i64 {
        self.terms().monthly_fee.unwrap_or(agreed)
    }

    /// Whether the fee is agreed with the tenant.
    pub fn has_agreed_fee(self) -> bool {
        self.terms().monthly_fee.is_none()
    }

    /// Whether a service's operations under the control `entitlements` are on this tier.
    pub fn includes(self, service: Service) -> bool {
        self >= service.least_tier()
    }

    pub fn ai_inference_enabled(self) -> bool {
        self >= Self::DevPro
    }

    pub fn sse_enabled(self) -> bool {
        self >= Self::DevPro
    }

    pub fn enclaves_enabled(self) -> bool {
        self >= Self::EnterpriseStandard
    }

    pub fn ai_training_enabled(self) -> bool {
        self >= Self::EnterprisePro
    }
}

fn terms(keys: i64, secrets: i64, storage_gb: i64, api_calls: i64, dollars: Option<i64>) -> Terms {
    Terms { keys, secrets, storage_gb, api_calls, monthly_fee: dollars.map(|dollars| dollars * 100) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_have_their_names_in_ascending_order() {
        assert!(Tier::ALL.is_sorted());
        for tier in Tier::ALL {
            assert_eq!(Tier::parse(tier.as_str()), Some(tier));
        }
        for unknown in ["", "Free", "enterprise", "dev_pro"] {
            assert_eq!(Tier::parse(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_later_tier_has_all_that_an_earlier_one_has() {
        let size = |quota: i64| if quota == UNLIMITED { i64::MAX } else { quota };
        for (earlier, later) in Tier::ALL.iter().zip(Tier::ALL.iter().skip(1)) {
            let (less, more) = (earlier.terms(), later.terms());
            assert!(less.keys <= more.keys && less.secrets <= more.secrets, "{later:?}");
            assert!(size(less.storage_gb) <= size(more.storage_gb), "{later:?}");
            assert!(size(less.api_calls) <= size(more.api_calls), "{later:?}");
            assert!(!earlier.enclaves_enabled() || later.enclaves_enabled());
            assert!(!earlier.ai_training_enabled() || later.ai_training_enabled());
        }
    }

    #[test]
    fn rows_are_those_of_the_table() {
        let free = Terms { keys: 20, secrets: 25, storage_gb: 10, api_calls: 50_000, monthly_fee: Some(0) };
        assert_eq!(Tier::Free.terms(), free);
        let team = Tier::BusinessTeam.terms();
        assert_eq!((team.keys, team.secrets, team.storage_gb, team.api_calls), (300, 1_000, 5_000, 1_500_000));
        assert_eq!(team.monthly_fee, Some(219_900));
        let elite = Tier::EnterpriseElite.terms();
        assert_eq!((elite.keys, elite.secrets, elite.storage_gb, elite.api_calls), (5_000, 20_000, -1, -1));
        assert_eq!(elite, Tier::Specialized.terms());
    }

    #[test]
    fn only_the_two_highest_tiers_agree_on_a_fee() {
        let agreed: Vec<_> = Tier::ALL.into_iter().filter(|tier| tier.has_agreed_fee()).collect();
        assert_eq!(agreed, [Tier::EnterpriseElite, Tier::Specialized]);
        assert_eq!((Tier::Specialized.monthly_fee(5_000), Tier::Specialized.monthly_fee(0)), (5_000, 0));
        assert_eq!(Tier::DevPro.monthly_fee(5_000), 59_000);
    }

    #[test]
    fn flags_begin_at_their_tier() {
        let first = |has: fn(Tier) -> bool| Tier::ALL.into_iter().find(|tier| has(*tier));
        assert_eq!(first(Tier::ai_inference_enabled), Some(Tier::DevPro));
        assert_eq!(first(Tier::sse_enabled), Some(Tier::DevPro));
        assert_eq!(first(Tier::enclaves_enabled), Some(Tier::EnterpriseStandard));
        assert_eq!(first(Tier::ai_training_enabled), Some(Tier::EnterprisePro));
    }
}
