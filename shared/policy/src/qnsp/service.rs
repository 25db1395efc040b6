//! The thirteen services, the tier from which on each is included, and the add-ons.

use super::tier::Tier;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    Auth,
    AccessControl,
    Kms,
    Vault,
    Storage,
    Observability,
    SecurityMonitoring,
    CryptoInventory,
    AiOrchestrator,
    Tenant,
    Search,
    Billing,
    Audit,
}

impl Service {
    pub const ALL: [Self; 13] = [
        Self::Auth,
        Self::AccessControl,
        Self::Kms,
        Self::Vault,
        Self::Storage,
        Self::Observability,
        Self::SecurityMonitoring,
        Self::CryptoInventory,
        Self::AiOrchestrator,
        Self::Tenant,
        Self::Search,
        Self::Billing,
        Self::Audit,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AccessControl => "access-control",
            Self::Kms => "kms",
            Self::Vault => "vault",
            Self::Storage => "storage",
            Self::Observability => "observability",
            Self::SecurityMonitoring => "security-monitoring",
            Self::CryptoInventory => "crypto-inventory",
            Self::AiOrchestrator => "ai-orchestrator",
            Self::Tenant => "tenant",
            Self::Search => "search",
            Self::Billing => "billing",
            Self::Audit => "audit",
        }
    }

    /// The first word of the service's event types, and of its canonical paths.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::AccessControl => "access",
            Self::SecurityMonitoring => "security",
            Self::CryptoInventory => "crypto",
            Self::AiOrchestrator => "ai",
            named_alike => named_alike.as_str(),
        }
    }

    /// What a refusal for want of entitlement calls it.
    pub fn feature(self) -> &'static str {
        match self {
            Self::AiOrchestrator => "ai-inference",
            named_alike => named_alike.as_str(),
        }
    }

    /// The service of this name or of this prefix: callers use both.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.as_str() == word || service.prefix() == word)
    }

    /// The service that an event type belongs to; `None` for events that callers named themselves.
    pub fn of_event(event_type: &str) -> Option<Self> {
        let first = event_type.split('.').next()?;
        Self::ALL.into_iter().find(|service| service.prefix() == first)
    }

    /// The tier from which on operations under the control `entitlements` are included.
    pub fn least_tier(self) -> Tier {
        match self {
            Self::Kms | Self::Vault | Self::Storage | Self::Search | Self::Tenant | Self::Billing => Tier::Free,
            Self::CryptoInventory | Self::Observability => Tier::DevStarter,
            Self::Auth | Self::Audit | Self::AiOrchestrator => Tier::DevPro,
            Self::AccessControl | Self::SecurityMonitoring => Tier::BusinessTeam,
        }
    }
}

/// What a tenant may have besides its tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddOn {
    /// A connection to the tenant's own HSM.
    Byohsm,
    KeyEscrow,
}

impl AddOn {
    pub const ALL: [Self; 2] = [Self::Byohsm, Self::KeyEscrow];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Byohsm => "byohsm",
            Self::KeyEscrow => "key-escrow",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|add_on| add_on.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_found_by_its_name_and_by_its_prefix() {
        for service in Service::ALL {
            assert_eq!(Service::parse(service.as_str()), Some(service));
            assert_eq!(Service::parse(service.prefix()), Some(service));
            assert_eq!(Service::of_event(&format!("{}.thing.create", service.prefix())), Some(service));
        }
        assert_eq!(Service::parse("ai-inference"), None);
        assert_eq!(Service::of_event("access-control.policy.create"), None, "only prefixes begin event types");
        assert_eq!(Service::of_event("orders.created"), None);
    }

    #[test]
    fn prefixes_are_the_first_words_of_the_paths() {
        let prefixes = Service::ALL.map(Service::prefix).join(" ");
        assert_eq!(
            prefixes,
            "auth access kms vault storage observability security crypto ai tenant search billing audit"
        );
    }

    #[test]
    fn every_service_is_included_from_its_tier_on() {
        let new_on = |tier: Tier| -> Vec<_> {
            Service::ALL.into_iter().filter(|service| service.least_tier() == tier).map(Service::feature).collect()
        };
        assert_eq!(new_on(Tier::Free), ["kms", "vault", "storage", "tenant", "search", "billing"]);
        assert_eq!(new_on(Tier::DevStarter), ["observability", "crypto-inventory"]);
        assert_eq!(new_on(Tier::DevPro), ["auth", "ai-inference", "audit"]);
        assert_eq!(new_on(Tier::BusinessTeam), ["access-control", "security-monitoring"]);
        for service in Service::ALL {
            for tier in Tier::ALL {
                assert_eq!(tier.includes(service), tier >= service.least_tier());
            }
            assert!(Tier::BusinessTeam.includes(service), "{service:?}");
        }
    }

    #[test]
    fn add_ons_have_their_names() {
        assert_eq!(AddOn::ALL.map(AddOn::as_str), ["byohsm", "key-escrow"]);
        assert_eq!(AddOn::parse("key-escrow"), Some(AddOn::KeyEscrow));
        assert_eq!(AddOn::parse("escrow"), None);
    }
}
