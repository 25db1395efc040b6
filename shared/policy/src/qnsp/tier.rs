//! Placeholder until the tiers are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    Free,
    DevStarter,
    DevPro,
    BusinessTeam,
    EnterprisePro,
    Specialized,
}
impl Tier {
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == name)
    }
    pub const ALL: [Self; 6] =
        [Self::Free, Self::DevStarter, Self::DevPro, Self::BusinessTeam, Self::EnterprisePro, Self::Specialized];
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::DevStarter => "dev-starter",
            Self::DevPro => "dev-pro",
            Self::BusinessTeam => "business-team",
            Self::EnterprisePro => "enterprise-pro",
            Self::Specialized => "specialized",
        }
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Auth,
    Audit,
    Tenant,
    Billing,
}
impl Service {
    pub fn feature(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Audit => "audit",
            Self::Tenant => "tenant",
            Self::Billing => "billing",
        }
    }
    pub fn least_tier(self) -> Tier {
        match self {
            Self::Tenant | Self::Billing => Tier::Free,
            _ => Tier::DevPro,
        }
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddOn {
    Byohsm,
    KeyEscrow,
}
impl AddOn {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Byohsm => "byohsm",
            Self::KeyEscrow => "key-escrow",
        }
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    Keys,
    Secrets,
    StorageBytes,
    ApiCalls,
    Policies,
    ServiceAccounts,
    Deployments,
    Scans,
}
impl Resource {
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
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == name)
    }
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
    pub fn limit(self, _tier: Tier) -> i64 {
        20
    }
}
