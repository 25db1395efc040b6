//! A simulated attack: for each objective the most likely way from where the attacker begins.

use std::collections::{BTreeMap, BTreeSet};

use super::Graph;
use crate::qnsp::number;

/// The longest way that is looked for.
pub const MOST_EDGES: usize = 10;

/// A step takes four hours, divided by how likely it is.
const STEP_SECONDS: u64 = 4 * 3_600;

/// A step succeeds in so many of five cases as its asset weighs.
const CASES: u64 = 5;

/// The most likely way to an objective.
#[derive(Clone, Debug, PartialEq)]
pub struct Best<'a> {
    pub objective: &'a str,
    /// From where the attacker begins, which is in their hands already.
    pub assets: Vec<&'a str>,
    /// 4 decimals.
    pub probability: f64,
}

/// What comes of the attack.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<'a> {
    /// Of the objectives that can be reached, in their order.
    pub best: Vec<Best<'a>>,
    /// That all objectives are reached; 4 decimals.
    pub probability: f64,
    /// All that lies on those ways, by id.
    pub compromised: BTreeSet<&'a str>,
    /// `None` where an objective cannot be reached.
    pub seconds: Option<u64>,
}

/// Simulates an attack. Ways of the same likelihood are told apart by their length, then by their ids.
pub fn simulate<'a>(graph: &'a Graph, entries: &[&'a str], objectives: &[&'a str]) -> Outcome<'a> {
    let layers = layers(graph, entries);
    let mut outcome = Outcome { best: Vec::new(), probability: 1.0, compromised: BTreeSet::new(), seconds: Some(0) };
    for objective in objectives {
        let Some(assets) = way(&layers, objective) else {
            (outcome.probability, outcome.seconds) = (0.0, None);
            continue;
        };
        let weights = || assets.iter().skip(1).map(|id| u64::from(graph.weakness(id).weight()));
        let probability: f64 = weights().map(|weight| weight as f64 / CASES as f64).product();
        let seconds: u64 = weights().map(|weight| STEP_SECONDS * CASES / weight).sum();
        outcome.probability *= probability;
        outcome.seconds = outcome.seconds.map(|total| total + seconds);
        outcome.compromised.extend(assets.iter().copied());
        outcome.best.push(Best { objective, assets, probability: number::round(probability, 4) });
    }
    outcome.probability = number::round(outcome.probability, 4);
    outcome
}

/// The best way of some number of edges to an asset.
struct Way<'a> {
    /// The product of the weights on it: of ways with as many edges, the most likely has the greatest.
    weights: u64,
    before: Option<&'a str>,
}

type Layer<'a> = BTreeMap<&'a str, Way<'a>>;

/// By a number of edges, the best ways to all assets. A way that comes back to an asset is less likely than the same
/// without the detour, so it is never the best of all.
fn layers<'a>(graph: &'a Graph, entries: &[&'a str]) -> Vec<Layer<'a>> {
    let first = entries.iter().filter(|id| graph.has(id)).map(|id| (*id, Way { weights: 1, before: None })).collect();
    let mut layers: Vec<Layer> = vec![first];
    for edges in 0..MOST_EDGES {
        let mut next = Layer::new();
        for (id, way) in layers.get(edges).into_iter().flatten() {
            for to in graph.next(id) {
                let weights = way.weights * u64::from(graph.weakness(to).weight());
                let is_better = next.get(to).is_none_or(|known| {
                    weights > known.weights
                        || (weights == known.weights
                            && trace(&layers, edges, Some(id)) < trace(&layers, edges, known.before))
                });
                if is_better {
                    next.insert(to, Way { weights, before: Some(id) });
                }
            }
        }
        layers.push(next);
    }
    layers
}

/// The way with so many edges that ends at an asset.
fn trace<'a>(layers: &[Layer<'a>], edges: usize, end: Option<&'a str>) -> Vec<&'a str> {
    let mut way = Vec::new();
    let mut here = end;
    for layer in layers.iter().take(edges + 1).rev() {
        let Some(id) = here else { break };
        way.push(id);
        here = layer.get(id).and_then(|way| way.before);
    }
    way.reverse();
    way
}

/// The most likely way to an asset; of equal ones the shortest.
fn way<'a>(layers: &[Layer<'a>], objective: &'a str) -> Option<Vec<&'a str>> {
    let longest = layers.len();
    let ways = layers.iter().enumerate().filter_map(|(edges, layer)| {
        let way = layer.get(objective)?;
        // As if each way had the most edges: those that are missing would succeed in all five cases.
        let missing = u32::try_from(longest - edges).unwrap_or_default();
        Some((way.weights.saturating_mul(CASES.saturating_pow(missing)), edges))
    });
    let (_, edges) = ways.max_by_key(|(likelihood, edges)| (*likelihood, longest - edges))?;
    let (&end, _) = layers.get(edges)?.get_key_value(objective)?;
    Some(trace(layers, edges, Some(end)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]
    use proptest::prelude::*;

    use super::super::{Asset, Flag};
    use super::*;

    fn graph(assets: &[(&str, &[Flag])], edges: &[(&str, &str)]) -> Graph {
        let assets =
            assets.iter().map(|(id, flags)| ((*id).to_owned(), Asset::new("node", false, flags.iter().copied())));
        Graph::new(assets, edges.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())))
    }

    #[test]
    fn the_most_likely_way_counts_and_its_steps_take_time() {
        let graph = graph(
            &[
                ("in", &[Flag::OpenIncident]),
                ("weak", &[Flag::OpenIncident]),
                ("plain", &[]),
                ("goal", &[Flag::WildcardPolicy]),
                ("island", &[]),
            ],
            &[("in", "plain"), ("in", "weak"), ("plain", "goal"), ("weak", "goal"), ("goal", "in")],
        );
        let outcome = simulate(&graph, &["in"], &["goal"]);
        let best = Best { objective: "goal", assets: vec!["in", "weak", "goal"], probability: 0.48 };
        assert_eq!((&outcome.best, outcome.probability), (&vec![best], 0.48));
        assert_eq!(outcome.seconds, Some(18_000 + 24_000), "4 h by .8 and by .6");
        assert_eq!(outcome.compromised.iter().copied().collect::<Vec<_>>(), ["goal", "in", "weak"]);
        let held = simulate(&graph, &["in", "goal"], &["goal"]);
        assert_eq!((held.probability, held.seconds, held.best[0].assets.clone()), (1.0, Some(0), vec!["goal"]));
        let both = simulate(&graph, &["in"], &["goal", "plain"]);
        assert_eq!((both.probability, both.seconds), (0.096, Some(42_000 + 72_000)));
        let none = simulate(&graph, &["in"], &["island", "goal"]);
        assert_eq!((none.probability, none.seconds, none.best.len()), (0.0, None, 1));
    }

    #[test]
    fn equal_ways_are_told_apart_by_length_and_then_by_id() {
        let same = graph(
            &[("in", &[]), ("b", &[]), ("a", &[]), ("goal", &[])],
            &[("in", "b"), ("in", "a"), ("b", "goal"), ("a", "goal")],
        );
        assert_eq!(simulate(&same, &["in"], &["goal"]).best[0].assets, ["in", "a", "goal"]);
        let names: Vec<_> = (0..12).map(|number| format!("n{number:02}")).collect();
        let nodes: Vec<_> = names.iter().map(|name| (name.as_str(), &[Flag::OpenIncident][..])).collect();
        let chain: Vec<_> = names.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
        let long = graph(&nodes, &chain);
        assert_eq!(simulate(&long, &["n00"], &["n10"]).best[0].assets.len(), 11, "ten edges");
        assert_eq!(simulate(&long, &["n00"], &["n11"]).seconds, None, "eleven are too many");
    }

    proptest! {
        /// Against all simple paths, found by brute force.
        #[test]
        fn the_best_way_is_the_best_of_all_simple_paths(
            edges in proptest::collection::vec((0..6_usize, 0..6_usize), 0..20),
            flags in proptest::collection::vec(proptest::option::of(0..5_usize), 6),
        ) {
            let name = |number: usize| format!("n{number}");
            let flag = |number: usize| flags[number].map(|flag| Flag::ALL[flag]);
            let assets = (0..6).map(|number| (name(number), Asset::new("node", false, flag(number))));
            let graph = Graph::new(assets, edges.iter().map(|(from, to)| (name(*from), name(*to))));
            let weight = |number: usize| u64::from(graph.weakness(&name(number)).weight());
            let likelihood = |path: &[usize]| {
                let steps = path.iter().skip(1).map(|number| weight(*number)).product::<u64>();
                steps * CASES.pow(6 - u32::try_from(path.len()).unwrap_or(0))
            };
            let mut all = Vec::new();
            let mut open = vec![vec![0], vec![1]];
            while let Some(path) = open.pop() {
                if path.last() == Some(&5) {
                    all.push(path);
                    continue;
                }
                for next in 0..6 {
                    if !path.contains(&next) && edges.contains(&(path[path.len() - 1], next)) {
                        open.push([path.as_slice(), &[next]].concat());
                    }
                }
            }
            all.sort_by_key(|path| (std::cmp::Reverse(likelihood(path)), path.len(), path.clone()));
            let expected = all.first().map(|path| path.iter().map(|number| name(*number)).collect::<Vec<_>>());
            let outcome = simulate(&graph, &["n0", "n1"], &["n5"]);
            let found = outcome.best.first().map(|best| best.assets.iter().map(|id| (*id).to_owned()).collect());
            prop_assert_eq!(found, expected);
        }
    }
}
