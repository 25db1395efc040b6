//! What a change of one policy would change: every question that the change can be about is decided before and after it.

use std::collections::{BTreeSet, HashMap};

use model::qnsp::access::{Effect, Rule};

use super::{Policy, any_matches};
use crate::qnsp::glob;

/// The most questions that are decided.
const MOST: usize = 10_000;

/// A question: principal `type:id`, resource `type/id` and action. A pattern of a policy stands for itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Triple {
    pub principal: String,
    pub resource: String,
    pub action: String,
}

/// A policy before and after its change; `None` where there is none.
pub struct Change<'a> {
    pub old: Option<&'a Rule>,
    pub new: Option<&'a Rule>,
}

/// A question that is decided otherwise after the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub triple: Triple,
    pub new: Effect,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    /// By principal, resource and action.
    pub changed: Vec<Changed>,
    /// Whether there were more questions than are decided.
    pub is_truncated: bool,
}

/// Compares all decisions of the policies in force with those after the change. `others` are in force besides the policy
/// that changes, `named` are all rules whose combinations are asked about, `asked` what was asked or granted before.
/// Conditions count as met.
pub fn impact(change: &Change, others: &[&Policy], named: &[&Rule], asked: Vec<Triple>) -> Impact {
    let forms: Vec<_> = change.old.into_iter().chain(change.new).collect();
    let mut universe: BTreeSet<_> =
        asked.into_iter().filter(|triple| forms.iter().any(|form| matches(form, triple))).collect();
    let mut is_truncated = shorten(&mut universe);
    for form in &forms {
        for rule in named {
            is_truncated |= combine(form, rule, &mut universe);
        }
    }
    let mut others = Decider::of(others);
    let mut changed = Vec::new();
    for triple in universe {
        let other = others.decide(&triple);
        let with = |form: Option<&Rule>| {
            let form = form.filter(|form| matches(form, &triple)).map(|form| form.effect);
            // Denials come first.
            form.into_iter().chain(other).min().unwrap_or(Effect::Deny)
        };
        let (before, after) = (with(change.old), with(change.new));
        if before != after {
            changed.push(Changed { triple, new: after });
        }
    }
    Impact { changed, is_truncated }
}

/// Whether anything was beyond the bound.
fn shorten(universe: &mut BTreeSet<Triple>) -> bool {
    let mut is_shortened = false;
    while universe.len() > MOST {
        universe.pop_last();
        is_shortened = true;
    }
    is_shortened
}

fn matches(rule: &Rule, triple: &Triple) -> bool {
    any_matches(&rule.principals, &triple.principal)
        && any_matches(&rule.actions, &triple.action)
        && matches_resource(&rule.resources, &triple.resource)
}

/// A resource is written with a slash; patterns may be written with a colon.
fn matches_resource(patterns: &[String], resource: &str) -> bool {
    any_matches(patterns, resource) || any_matches(patterns, &resource.replacen('/', ":", 1))
}

/// A resource pattern as answers write resources, unless it has a slash.
fn with_slash(pattern: &str) -> String {
    if pattern.contains('/') { pattern.to_owned() } else { pattern.replacen(':', "/", 1) }
}

/// Adds the combinations of a rule that a form of the changed policy matches; says whether there were more than are kept.
/// They come in order, so that none is made which would be left away with all that follow.
fn combine(form: &Rule, rule: &Rule, universe: &mut BTreeSet<Triple>) -> bool {
    let principals: BTreeSet<_> = rule.principals.iter().filter(|text| any_matches(&form.principals, text)).collect();
    let resources = rule.resources.iter().map(|pattern| with_slash(pattern));
    let resources: BTreeSet<_> = resources.filter(|text| matches_resource(&form.resources, text)).collect();
    let actions: BTreeSet<_> = rule.actions.iter().filter(|text| any_matches(&form.actions, text)).collect();
    let mut is_truncated = false;
    for principal in principals {
        for resource in &resources {
            for action in &actions {
                let triple =
                    Triple { principal: principal.clone(), resource: resource.clone(), action: (*action).clone() };
                if universe.len() >= MOST && universe.last().is_some_and(|last| triple > *last) {
                    return true;
                }
                universe.insert(triple);
                is_truncated |= shorten(universe);
            }
        }
    }
    is_truncated
}

/// Decides many questions by the same policies. Each text is held against the patterns once.
struct Decider<'a> {
    effects: Vec<Effect>,
    principals: Matcher<'a>,
    resources: Matcher<'a>,
    actions: Matcher<'a>,
}

impl<'a> Decider<'a> {
    fn of(policies: &[&'a Policy]) -> Self {
        let rules = || policies.iter().map(|policy| &policy.rule);
        Self {
            effects: rules().map(|rule| rule.effect).collect(),
            principals: Matcher::of(rules().map(|rule| &rule.principals)),
            resources: Matcher::of(rules().map(|rule| &rule.resources)),
            actions: Matcher::of(rules().map(|rule| &rule.actions)),
        }
    }

    /// What the policies that apply say; `None` where none does.
    fn decide(&mut self, triple: &Triple) -> Option<Effect> {
        let of_sdk = triple.resource.replacen('/', ":", 1);
        let principals = self.principals.rules(&[&triple.principal]);
        let resources = self.resources.rules(&[&triple.resource, &of_sdk]);
        let actions = self.actions.rules(&[&triple.action]);
        let applying = principals.iter().zip(&resources).zip(&actions).map(|((a, b), c)| a & b & c);
        let effects = applying.zip(self.effects.chunks(BLOCK)).flat_map(|(bits, block)| {
            block.iter().enumerate().filter(move |(bit, _)| bits >> bit & 1 == 1).map(|(_, effect)| *effect)
        });
        effects.min()
    }
}

/// How many rules one number has bits of.
const BLOCK: usize = 64;

/// Of how many texts the answers are kept.
const KNOWN: usize = 1_000;

/// Which rules have a pattern that matches a text, as bits.
struct Matcher<'a> {
    blocks: usize,
    /// Patterns without a star, which match one text only.
    texts: HashMap<&'a str, Vec<usize>>,
    patterns: Vec<(usize, &'a str)>,
    /// What was asked before.
    known: HashMap<String, Vec<u64>>,
}

impl<'a> Matcher<'a> {
    fn of(lists: impl Iterator<Item = &'a Vec<String>>) -> Self {
        let mut matcher = Self { blocks: 0, texts: HashMap::new(), patterns: Vec::new(), known: HashMap::new() };
        for (rule, list) in lists.enumerate() {
            matcher.blocks = rule / BLOCK + 1;
            for pattern in list {
                if pattern.contains('*') {
                    matcher.patterns.push((rule, pattern));
                } else {
                    matcher.texts.entry(pattern).or_default().push(rule);
                }
            }
        }
        matcher
    }

    /// The rules that match one of the spellings of a text.
    fn rules(&mut self, spellings: &[&str]) -> Vec<u64> {
        let Some(first) = spellings.first() else { return Vec::new() };
        if let Some(known) = self.known.get(*first) {
            return known.clone();
        }
        let mut bits = vec![0_u64; self.blocks];
        let mut set = |rule: usize| {
            if let Some(block) = bits.get_mut(rule / BLOCK) {
                *block |= 1 << (rule % BLOCK);
            }
        };
        for spelling in spellings {
            self.texts.get(spelling).into_iter().flatten().for_each(|rule| set(*rule));
            let matching = self.patterns.iter().filter(|(_, pattern)| glob::matches(pattern, spelling));
            matching.for_each(|(rule, _)| set(*rule));
        }
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        self.known.insert((*first).to_owned(), bits.clone());
        bits
    }
}
