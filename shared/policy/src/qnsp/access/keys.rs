//! Under which keys a policy is found by the requests that it may be about, so that a decision reads few policies of many.
//!
//! A policy stands under the patterns of one of its three lists: the one that says most. A key is a pattern up to its first
//! star; a request asks for its texts and for each of their beginnings with a star. What is found may still not apply.

use std::collections::BTreeSet;

use model::qnsp::access::Rule;

use super::Request;

/// No beginning of more characters stands in a key, so that the keys of a hundred requests fit into one parameter.
const LONGEST: usize = 24;

/// The list that a key is of.
const PRINCIPAL: char = 'p';
const RESOURCE: char = 'r';
const ACTION: char = 'a';

/// The keys under which a policy stands.
pub fn keys_of_rule(rule: &Rule) -> BTreeSet<String> {
    let lists = [(PRINCIPAL, &rule.principals), (RESOURCE, &rule.resources), (ACTION, &rule.actions)];
    // Of equal ones the last is taken: there are fewer policies about a resource than about an action.
    let best = lists.into_iter().rev().max_by_key(|(_, patterns)| patterns.iter().map(|text| says(text)).min());
    let keys = best.map(|(list, patterns)| patterns.iter().map(move |pattern| key(list, pattern)));
    keys.into_iter().flatten().collect()
}

/// Every key of a policy that may apply.
pub fn keys_of_request(request: &Request) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for (list, text) in [
        (PRINCIPAL, request.principal()),
        (RESOURCE, request.resource()),
        (RESOURCE, request.resource_of_sdk()),
        (ACTION, request.action.clone()),
    ] {
        let ends = text.char_indices().map(|(end, _)| end).chain([text.len()]);
        let beginnings = ends.take(LONGEST + 1).filter_map(|end| text.get(..end));
        keys.extend(beginnings.map(|beginning| format!("{list}{beginning}*")));
        keys.insert(format!("{list}{text}"));
    }
    keys
}

/// How much a pattern says: a whole text more than any beginning.
fn says(pattern: &str) -> usize {
    pattern.find('*').unwrap_or(usize::MAX)
}

fn key(list: char, pattern: &str) -> String {
    match pattern.split_once('*') {
        None => format!("{list}{pattern}"),
        Some((beginning, _)) => format!("{list}{}*", beginning.chars().take(LONGEST).collect::<String>()),
    }
}
