//! The simple paths to an asset, the shortest first.

use std::collections::{BTreeMap, BTreeSet};

use super::{Graph, Weakness};

/// How many paths are listed.
pub const MOST_PATHS: usize = 50;

/// How many steps one search takes. A graph can have more simple paths than anybody could go through.
const MOST_STEPS: usize = 200_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// By the mean of the weights: 3, 2 and 1.5 are the limits.
    fn of(weaknesses: &[Weakness]) -> Self {
        let twice: u32 = weaknesses.iter().map(|weakness| 2 * weakness.weight()).sum();
        let steps = u32::try_from(weaknesses.len()).unwrap_or(u32::MAX);
        let is_at_least = |half: u32| twice >= half.saturating_mul(steps);
        if is_at_least(6) {
            Self::Critical
        } else if is_at_least(4) {
            Self::High
        } else if is_at_least(3) {
            Self::Medium
        } else {
            Self::Low
        }
    }
}

/// A way of an attacker, from where it begins to the asset, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'a> {
    pub steps: Vec<(&'a str, Weakness)>,
}

impl Path<'_> {
    pub fn severity(&self) -> Severity {
        let weaknesses: Vec<_> = self.steps.iter().map(|(_, weakness)| *weakness).collect();
        Severity::of(&weaknesses)
    }

    /// One sentence per technique, in the order of the steps.
    pub fn mitigations(&self) -> Vec<&'static str> {
        let mut sentences = Vec::new();
        for (_, weakness) in &self.steps {
            if !sentences.contains(&weakness.mitigation()) {
                sentences.push(weakness.mitigation());
            }
        }
        sentences
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths<'a> {
    /// The shortest first, those of one length by their ids.
    pub found: Vec<Path<'a>>,
    /// Whether there are more, or the search was given up before it had looked everywhere.
    pub is_cut: bool,
}

/// The simple paths of at most so many edges to an asset, from users and, if that is asked for, from what can be reached
/// from outside.
pub fn paths<'a>(graph: &'a Graph, target: &'a str, depth: usize, with_external: bool) -> Paths<'a> {
    let entries: BTreeSet<_> = graph.entries(with_external).collect();
    let mut search = Search { graph, target, leading: leading(graph, target, depth), found: Vec::new(), steps: 0 };
    for edges in 0..=depth {
        for entry in &entries {
            if search.is_over() {
                break;
            }
            search.go_on(&mut vec![entry], edges);
        }
    }
    let is_cut = search.is_over();
    let mut found = search.found;
    found.truncate(MOST_PATHS);
    Paths { found, is_cut }
}

/// By a number of edges, the assets from which so many lead to the target: others need not be visited.
fn leading<'a>(graph: &'a Graph, target: &'a str, depth: usize) -> Vec<BTreeSet<&'a str>> {
    let mut sources: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (source, targets) in &graph.edges {
        for next in targets {
            sources.entry(next.as_str()).or_default().push(source.as_str());
        }
    }
    let mut leading = vec![BTreeSet::from([target])];
    for _ in 0..depth {
        let last = leading.last().into_iter().flatten();
        // A path ends where it comes to the target.
        let before = last.flat_map(|id| sources.get(id).into_iter().flatten().copied()).filter(|id| *id != target);
        let before = before.collect();
        leading.push(before);
    }
    leading
}

struct Search<'a> {
    graph: &'a Graph,
    target: &'a str,
    leading: Vec<BTreeSet<&'a str>>,
    found: Vec<Path<'a>>,
    steps: usize,
}

impl<'a> Search<'a> {
    /// One path more than is listed is looked for, to know that there are more.
    fn is_over(&self) -> bool {
        self.found.len() > MOST_PATHS || self.steps > MOST_STEPS
    }

    /// Goes on from the end of a path with exactly so many edges. No deeper than the depth of the search.
    fn go_on(&mut self, path: &mut Vec<&'a str>, edges: usize) {
        self.steps += 1;
        let Some(here) = path.last().copied().filter(|here| self.leads(here, edges)) else { return };
        if edges == 0 {
            let steps = path.iter().map(|id| (*id, self.graph.weakness(id))).collect();
            self.found.push(Path { steps });
            return;
        }
        let graph = self.graph;
        for next in graph.next(here) {
            if self.is_over() {
                return;
            }
            if !path.contains(&next) && (next != self.target || edges == 1) {
                path.push(next);
                self.go_on(path, edges - 1);
                path.pop();
            }
        }
    }

    fn leads(&self, id: &str, edges: usize) -> bool {
        self.leading.get(edges).is_some_and(|leading| leading.contains(id))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Asset, Flag};
    use super::*;

    fn graph(assets: &[(&str, &str, bool, &[Flag])], edges: &[(&str, &str)]) -> Graph {
        let assets = assets.iter().map(|(id, kind, is_external, flags)| {
            ((*id).to_owned(), Asset::new(kind, *is_external, flags.iter().copied()))
        });
        Graph::new(assets, edges.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())))
    }

    fn ids(paths: &Paths) -> Vec<String> {
        let text = |path: &Path| path.steps.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(">");
        paths.found.iter().map(text).collect()
    }

    fn small() -> Graph {
        graph(
            &[
                ("u1", "user", false, &[]),
                ("u2", "user", false, &[]),
                ("web", "server", true, &[Flag::Unhealthy]),
                ("db", "db", false, &[Flag::OpenIncident]),
                ("key", "key", false, &[Flag::ForbiddenAlgorithm]),
            ],
            &[
                ("u1", "db"),
                ("u2", "u1"),
                ("u1", "web"),
                ("web", "db"),
                ("db", "key"),
                ("key", "db"),
                ("u2", "nowhere"),
            ],
        )
    }

    #[test]
    fn paths_are_simple_and_the_shortest_come_first() {
        let graph = small();
        let found = paths(&graph, "key", 5, false);
        assert_eq!(ids(&found), ["u1>db>key", "u1>web>db>key", "u2>u1>db>key", "u2>u1>web>db>key"]);
        assert!(!found.is_cut);
        assert_eq!(ids(&paths(&graph, "key", 2, false)), ["u1>db>key"], "no deeper than is asked for");
        let external = paths(&graph, "key", 3, true);
        assert_eq!(ids(&external), ["u1>db>key", "web>db>key", "u1>web>db>key", "u2>u1>db>key"]);
        assert_eq!(ids(&paths(&graph, "web", 1, true)), ["web", "u1>web"], "what is an entry is reached at once");
        assert_eq!(ids(&paths(&graph, "u2", 5, false)), ["u2"]);
        assert_eq!(ids(&paths(&graph, "unknown", 5, true)), [""; 0]);
    }

    #[test]
    fn the_mean_of_the_weights_is_the_severity() {
        let graph = small();
        let found = paths(&graph, "key", 5, false);
        // 1 + 4 + 3 of 3; 1 + 2 + 4 + 3 of 4; 1 + 1 + 4 + 3 of 4; 1 + 1 + 2 + 4 + 3 of 5.
        let severities: Vec<_> = found.found.iter().map(|path| path.severity().as_str()).collect();
        assert_eq!(severities, ["high", "high", "high", "high"]);
        let of = |flags: &[Option<Flag>]| Severity::of(&flags.iter().map(|flag| Weakness(*flag)).collect::<Vec<_>>());
        let (four, three, two, one) =
            (Some(Flag::OpenIncident), Some(Flag::WildcardPolicy), Some(Flag::Unhealthy), None);
        assert_eq!(of(&[three]), Severity::Critical);
        assert_eq!(of(&[four, two]), Severity::Critical, "exactly 3");
        assert_eq!(of(&[three, two]), Severity::High);
        assert_eq!(of(&[two]), Severity::High, "exactly 2");
        assert_eq!(of(&[two, one]), Severity::Medium, "exactly 1.5");
        assert_eq!(of(&[two, one, one]), Severity::Low);
        let longest = found.found.last().map(Path::mitigations).unwrap_or_default();
        assert_eq!(longest.len(), 4, "one sentence for each of T1021, T1195, T1552 and T1600");
    }

    #[test]
    fn a_search_is_cut_after_fifty_paths_and_after_its_steps() {
        let names: Vec<_> = (0..60).map(|number| format!("n{number:02}")).collect();
        let node = |id: &str| (id.to_owned(), Asset::new("node", false, []));
        let mut assets: Vec<_> = names.iter().map(|name| node(name)).collect();
        assets.push(("u".to_owned(), Asset::new("user", false, [])));
        assets.push(node("target"));
        let through =
            names.iter().flat_map(|name| [("u".to_owned(), name.clone()), (name.clone(), "target".to_owned())]);
        let wide = Graph::new(assets.clone(), through);
        let found = paths(&wide, "target", 5, false);
        assert_eq!((found.found.len(), found.is_cut), (50, true));
        assert_eq!(ids(&found).first().map(String::as_str), Some("u>n00>target"));
        // Everything leads to everything but the target, which one asset leads to that nothing leads to.
        let all = names.iter().flat_map(|from| names.iter().map(move |to| (from.clone(), to.clone())));
        let mut edges: Vec<_> = all.collect();
        edges.push(("u".to_owned(), "n00".to_owned()));
        let blind = Graph::new(assets.clone(), edges.clone());
        let found = paths(&blind, "target", 10, false);
        assert_eq!((found.found.len(), found.is_cut), (0, false), "what leads nowhere is not gone through");
        // The only way on leads back over where the path has been.
        edges.push(("u".to_owned(), "target".to_owned()));
        edges.extend(names.iter().map(|name| (name.clone(), "u".to_owned())));
        let back = Graph::new(assets, edges);
        let found = paths(&back, "target", 10, false);
        assert_eq!((ids(&found), found.is_cut), (vec!["u>target".to_owned()], true), "given up, and it says so");
    }

    proptest! {
        /// Against all simple paths, found by brute force.
        #[test]
        fn paths_are_all_simple_paths_in_order(
            edges in proptest::collection::vec((0..6_usize, 0..6_usize), 0..20),
            users in proptest::collection::vec(any::<bool>(), 6),
            depth in 1..6_usize,
        ) {
            let name = |number: usize| format!("n{number}");
            let assets = users.iter().enumerate().map(|(number, is_user)| {
                (name(number), Asset::new(if *is_user { "user" } else { "node" }, false, []))
            });
            let graph = Graph::new(assets, edges.iter().map(|(from, to)| (name(*from), name(*to))));
            let mut expected = Vec::new();
            let mut open: Vec<Vec<usize>> =
                (0..6).filter(|number| users.get(*number) == Some(&true)).map(|number| vec![number]).collect();
            while let Some(path) = open.pop() {
                if path.last() == Some(&5) {
                    expected.push(path);
                } else if path.len() <= depth {
                    for next in 0..6 {
                        if !path.contains(&next) && path.last().is_some_and(|last| edges.contains(&(*last, next))) {
                            open.push([path.as_slice(), &[next]].concat());
                        }
                    }
                }
            }
            expected.sort_by_key(|path| (path.len(), path.clone()));
            let total = expected.len();
            expected.truncate(MOST_PATHS);
            let text = |path: &Vec<usize>| path.iter().map(|number| name(*number)).collect::<Vec<_>>().join(">");
            let found = paths(&graph, "n5", depth, false);
            prop_assert_eq!(ids(&found), expected.iter().map(text).collect::<Vec<_>>());
            prop_assert_eq!(found.is_cut, total > MOST_PATHS);
        }
    }
}
