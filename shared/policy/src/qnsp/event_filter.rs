//! Which events a retention policy or a subscription is about. An empty list lets everything through.

use super::{Service, glob};

/// All lists must let an event through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Patterns; `*` stands for any run of characters.
    pub event_types: Vec<String>,
    /// Names or prefixes of services, or first words of callers' own types.
    pub services: Vec<String>,
    pub severities: Vec<String>,
}

impl EventFilter {
    /// Whether events of this type may be let through.
    pub fn has_type(&self, event_type: &str) -> bool {
        let first = event_type.split('.').next().unwrap_or_default();
        let is_of = |word: &String| match Service::parse(word) {
            Some(service) => service.prefix() == first,
            None => word == first,
        };
        let matches = |pattern: &String| glob::matches(pattern, event_type);
        (self.event_types.is_empty() || self.event_types.iter().any(matches))
            && (self.services.is_empty() || self.services.iter().any(is_of))
    }

    pub fn lets_through(&self, event_type: &str, severity: &str) -> bool {
        let is_named = self.severities.is_empty() || self.severities.iter().any(|named| named == severity);
        is_named && self.has_type(event_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(event_types: &[&str], services: &[&str], severities: &[&str]) -> EventFilter {
        let [event_types, services, severities] =
            [event_types, services, severities].map(|list| list.iter().map(|word| (*word).to_owned()).collect());
        EventFilter { event_types, services, severities }
    }

    #[test]
    fn an_empty_list_lets_everything_through() {
        assert!(EventFilter::default().lets_through("kms.key.create", "low"));
        assert!(filter(&["kms.*"], &[], &[]).lets_through("kms.key.create", "low"));
        assert!(filter(&[], &[], &["low"]).lets_through("kms.key.create", "low"));
    }

    #[test]
    fn all_lists_must_let_an_event_through() {
        let all = filter(&["*.create", "x"], &["kms"], &["low", "high"]);
        assert!(all.lets_through("kms.key.create", "high"));
        assert!(!all.lets_through("kms.key.delete", "high"));
        assert!(!all.lets_through("vault.key.create", "high"));
        assert!(!all.lets_through("kms.key.create", "info"));
    }

    #[test]
    fn a_service_is_named_by_its_name_its_prefix_or_a_callers_own_word() {
        for (service, event_type) in [
            ("ai-orchestrator", "ai.model.create"),
            ("ai", "ai.model.create"),
            ("access-control", "access.policy.get"),
            ("orders", "orders.created"),
            ("login", "login"),
        ] {
            assert!(filter(&[], &[service], &[]).has_type(event_type), "{service}");
        }
        assert!(!filter(&[], &["order"], &[]).has_type("orders.created"));
        assert!(!filter(&[], &["ai-inference"], &[]).has_type("ai.model.create"));
    }
}
