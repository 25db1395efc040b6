//! Attack paths over the graph of a tenant's assets: who gets where, over which weaknesses, and how likely. Every search
//! is bounded; one that was cut short says so.

mod paths;
mod simulation;

use std::collections::{BTreeMap, BTreeSet};

pub use paths::{MOST_PATHS, Path, Paths, Severity, paths};
pub use simulation::{Best, MOST_EDGES, Outcome, simulate};

/// The type of the assets that attackers begin from.
pub const USER: &str = "user";

/// What is weak about an asset, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    OpenIncident,
    ForbiddenAlgorithm,
    WildcardPolicy,
    DeprecatedAlgorithm,
    Unhealthy,
}

impl Flag {
    pub const ALL: [Self; 5] = [
        Self::OpenIncident,
        Self::ForbiddenAlgorithm,
        Self::WildcardPolicy,
        Self::DeprecatedAlgorithm,
        Self::Unhealthy,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenIncident => "open_incident",
            Self::ForbiddenAlgorithm => "forbidden_algorithm",
            Self::WildcardPolicy => "wildcard_policy",
            Self::DeprecatedAlgorithm => "deprecated_algorithm",
            Self::Unhealthy => "unhealthy",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.as_str() == word)
    }
}

/// What an attacker makes of an asset: of its worst flag, or of its being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weakness(Option<Flag>);

impl Weakness {
    /// From 1 to 4. Also how likely a step is, in fifths.
    pub fn weight(self) -> u32 {
        match self.0 {
            Some(Flag::OpenIncident) => 4,
            Some(Flag::ForbiddenAlgorithm | Flag::WildcardPolicy) => 3,
            Some(Flag::DeprecatedAlgorithm | Flag::Unhealthy) => 2,
            None => 1,
        }
    }

    pub fn vulnerability(self) -> &'static str {
        self.0.map_or("lateral_movement", Flag::as_str)
    }

    /// The technique of MITRE ATT&CK.
    pub fn technique(self) -> &'static str {
        match self.0 {
            Some(Flag::OpenIncident) => "T1552",
            Some(Flag::ForbiddenAlgorithm | Flag::DeprecatedAlgorithm) => "T1600",
            Some(Flag::WildcardPolicy) => "T1078",
            Some(Flag::Unhealthy) => "T1195",
            None => "T1021",
        }
    }

    /// What helps against the technique.
    pub fn mitigation(self) -> &'static str {
        match self.technique() {
            "T1552" => "Close the incident and rotate the secret that was found.",
            "T1600" => "Replace the key by one of an algorithm that is recommended.",
            "T1078" => "Name principals, resources and actions in the policies that allow everybody.",
            "T1195" => "Repair or replace what is unhealthy.",
            _ => "Separate the asset from those that lead to it.",
        }
    }
}

/// An asset of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    pub is_user: bool,
    pub is_external: bool,
    pub weakness: Weakness,
}

impl Asset {
    pub fn new(kind: &str, is_external: bool, flags: impl IntoIterator<Item = Flag>) -> Self {
        Self { is_user: kind == USER, is_external, weakness: Weakness(flags.into_iter().min()) }
    }
}

/// Assets by their ids, and where each leads to. What leads nowhere known is no edge.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    assets: BTreeMap<String, Asset>,
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    pub fn new(
        assets: impl IntoIterator<Item = (String, Asset)>,
        edges: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let assets: BTreeMap<_, _> = assets.into_iter().collect();
        let mut graph = Self { assets, edges: BTreeMap::new() };
        for (source, target) in edges {
            if source != target && graph.has(&source) && graph.has(&target) {
                graph.edges.entry(source).or_default().insert(target);
            }
        }
        graph
    }

    pub fn has(&self, id: &str) -> bool {
        self.assets.contains_key(id)
    }

    /// Where attackers begin: users, and what can be reached from outside if that is asked for; by their ids.
    fn entries(&self, with_external: bool) -> impl Iterator<Item = &str> {
        let is_entry = move |asset: &Asset| asset.is_user || (with_external && asset.is_external);
        self.assets.iter().filter(move |(_, asset)| is_entry(asset)).map(|(id, _)| id.as_str())
    }

    /// Where an asset leads to, by id.
    fn next(&self, id: &str) -> impl Iterator<Item = &str> {
        self.edges.get(id).into_iter().flatten().map(String::as_str)
    }

    fn weakness(&self, id: &str) -> Weakness {
        self.assets.get(id).map_or(Weakness(None), |asset| asset.weakness)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_flag_of_an_asset_counts() {
        let weakness = |flags: &[Flag]| Asset::new("key", false, flags.iter().copied()).weakness;
        for (flags, weight, vulnerability, technique) in [
            (&[][..], 1, "lateral_movement", "T1021"),
            (&[Flag::Unhealthy], 2, "unhealthy", "T1195"),
            (&[Flag::Unhealthy, Flag::DeprecatedAlgorithm], 2, "deprecated_algorithm", "T1600"),
            (&[Flag::DeprecatedAlgorithm, Flag::WildcardPolicy], 3, "wildcard_policy", "T1078"),
            (&[Flag::WildcardPolicy, Flag::ForbiddenAlgorithm], 3, "forbidden_algorithm", "T1600"),
            (&[Flag::Unhealthy, Flag::OpenIncident, Flag::WildcardPolicy], 4, "open_incident", "T1552"),
        ] {
            let found = weakness(flags);
            assert_eq!((found.weight(), found.vulnerability(), found.technique()), (weight, vulnerability, technique));
        }
        let techniques: BTreeSet<_> = Flag::ALL.iter().map(|flag| Weakness(Some(*flag)).mitigation()).collect();
        assert_eq!(techniques.len(), 4, "one sentence per technique");
        assert!(Flag::ALL.iter().all(|flag| Flag::parse(flag.as_str()) == Some(*flag)) && Flag::parse("").is_none());
    }
}
