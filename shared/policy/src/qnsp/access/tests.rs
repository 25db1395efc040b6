#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::collections::BTreeMap;

use model::qnsp::access::{Condition, Conditions, Operator};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

use super::*;

const TIME: i64 = 1_767_225_600_000; // 2026-01-01T00:00:00Z, a Thursday.

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn policy(name: &str, effect: Effect, lists: [&[&str]; 3], conditions: &Value) -> Policy {
    let [principals, resources, actions] = lists.map(texts);
    let conditions = serde_json::from_value(conditions.clone()).unwrap();
    let rule = Rule { effect, principals, resources, actions, conditions };
    Policy { id: format!("id-{name}"), name: name.to_owned(), rule }
}

fn request() -> Request {
    let members = |value: Value| value.as_object().unwrap().clone();
    Request {
        principal_type: "user".to_owned(),
        principal_id: "alice".to_owned(),
        principal_attributes: members(json!({ "level": 3, "team": { "name": "blue" } })),
        resource_type: "document".to_owned(),
        resource_id: "a/b".to_owned(),
        resource_attributes: members(json!({ "owner": "alice", "size": 10, "tags": ["x"], "gone": null })),
        action: "read".to_owned(),
        environment: members(json!({ "ip": "10.0.0.1", "network": { "zone": "inner" }, "a.b": 1, "size": 99 })),
        at: TIME,
    }
}

fn effect(policies: &[Policy]) -> Effect {
    decide(policies, &request()).effect
}

#[test]
fn all_three_lists_must_match_with_stars_for_any_run_of_characters() {
    for (lists, expected) in [
        ([&["user:alice"][..], &["document/a/b"], &["read"]], Effect::Allow),
        ([&["*"], &["*"], &["*"]], Effect::Allow),
        ([&["user:*"], &["document/*"], &["re*"]], Effect::Allow),
        ([&["user:*"], &["document:a/b"], &["read"]], Effect::Allow),
        ([&["user:bob", "user:a*e"], &["*/b"], &["write", "read"]], Effect::Allow),
        ([&["service:alice"], &["*"], &["*"]], Effect::Deny),
        ([&["alice"], &["*"], &["*"]], Effect::Deny),
        ([&["*"], &["document"], &["*"]], Effect::Deny),
        ([&["*"], &["*"], &["Read"]], Effect::Deny),
        ([&["*"], &["*"], &[]], Effect::Deny),
    ] {
        assert_eq!(effect(&[policy("p", Effect::Allow, lists, &json!({}))]), expected, "{lists:?}");
    }
}

#[test]
fn conditions_find_their_values_and_compare_without_conversion() {
    for (condition, holds) in [
        (json!({}), true),
        (json!({ "env.ip": "10.0.0.1" }), true),
        (json!({ "env.network.zone": "inner" }), true),
        (json!({ "env.a.b": 1 }), true),
        (json!({ "resource.type": "document", "resource.id": "a/b" }), true),
        (json!({ "principal.type": "user", "principal.id": "alice", "principal.team.name": "blue" }), true),
        (json!({ "owner": "alice" }), true),
        (json!({ "ip": "10.0.0.1" }), true),
        // The attribute of the resource comes before the environment.
        (json!({ "size": 10 }), true),
        (json!({ "size": 10.0 }), true),
        (json!({ "tags": ["x"] }), true),
        (json!({ "time.hour": 0, "time.weekday": 4 }), true),
        (json!({ "size": "10" }), false),
        (json!({ "missing": { "ne": 1 } }), false),
        (json!({ "gone": { "ne": 1 } }), false),
        (json!({ "gone": null }), false),
        (json!({ "owner": { "ne": 1 } }), true),
        (json!({ "owner": { "ne": "alice" } }), false),
        (json!({ "owner": { "in": ["bob", "alice"] } }), true),
        (json!({ "owner": { "in": [] } }), false),
        (json!({ "size": { "gt": 9, "lt": 10.5, "gte": 10, "lte": 10 } }), true),
        (json!({ "size": { "gt": 10 } }), false),
        (json!({ "size": { "gt": "1" } }), false),
        (json!({ "owner": { "gt": "Zoe", "lt": "b" } }), true),
        (json!({ "owner": { "startsWith": "al" } }), true),
        (json!({ "size": { "startsWith": "1" } }), false),
        (json!({ "owner": "alice", "size": 11 }), false),
        (json!({ "principal.team": { "eq": { "name": "blue" } } }), true),
    ] {
        let expected = Effect::of(holds);
        assert_eq!(effect(&[policy("p", Effect::Allow, [&["*"]; 3], &condition)]), expected, "{condition}");
    }
}

#[test]
fn whole_numbers_beyond_doubles_are_told_apart() {
    let mut request = request();
    request.resource_attributes.insert("n".to_owned(), json!(9_007_199_254_740_993_i64));
    for (n, expected) in [(9_007_199_254_740_993_i64, Effect::Allow), (9_007_199_254_740_992, Effect::Deny)] {
        let policies = [policy("p", Effect::Allow, [&["*"]; 3], &json!({ "n": n }))];
        assert_eq!(decide(&policies, &request).effect, expected, "{n}");
    }
}

#[test]
fn hours_and_weekdays_are_those_of_utc() {
    let at = |at: i64| Request { at, ..request() }.hour_and_weekday();
    assert_eq!(at(TIME), (0, 4));
    assert_eq!(at(TIME - 1), (23, 3));
    assert_eq!(at(TIME + 3 * 86_400_000), (0, 7));
    assert_eq!(at(TIME + 4 * 86_400_000 + 13 * HOUR_MS), (13, 1));
    assert_eq!(at(-1), (23, 3), "1969-12-31 was a Wednesday");
}

#[test]
fn reasons_are_all_that_apply_denials_first_then_by_name() {
    let all: [&[&str]; 3] = [&["*"]; 3];
    let policies = [
        policy("b", Effect::Allow, all, &json!({ "owner": "alice", "env.ip": { "ne": "x" } })),
        policy("z", Effect::Deny, all, &json!({})),
        policy("a", Effect::Allow, all, &json!({})),
        policy("c", Effect::Deny, all, &json!({ "owner": "bob" })),
    ];
    let decision = decide(&policies, &request());
    let reasons: Vec<_> = decision.reasons.iter().map(|reason| (reason.policy_name, reason.effect)).collect();
    assert_eq!(decision.effect, Effect::Deny);
    assert_eq!(reasons, [("z", Effect::Deny), ("a", Effect::Allow), ("b", Effect::Allow)]);
    assert_eq!(decision.reasons.last().unwrap().conditions, ["env.ip", "owner"]);
    let nothing = decide(&[], &request());
    assert_eq!((nothing.effect, nothing.reasons.len()), (Effect::Deny, 0));
}

const PRINCIPALS: [&str; 7] = ["*", "user:*", "user:a", "user:b", "service:a", "u*a", "group:*"];
const RESOURCES: [&str; 8] = ["*", "doc/*", "doc:*", "doc/1", "doc:1", "doc/1*", "key/1", "*/1"];
const ACTIONS: [&str; 5] = ["*", "read", "write", "re*", "*e"];

fn some(patterns: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    vec(select(patterns).prop_map(str::to_owned), 1..3)
}

fn conditions() -> impl Strategy<Value = Conditions> {
    let operators = [Operator::Eq, Operator::Ne, Operator::Lt, Operator::Gte];
    let one = prop_oneof![
        (0..3_i64).prop_map(|wanted| Condition::Equals(json!(wanted))),
        (select(operators.to_vec()), 0..3_i64)
            .prop_map(|(operator, wanted)| Condition::All(BTreeMap::from([(operator, json!(wanted))]))),
    ];
    proptest::collection::btree_map(select(vec!["env.n".to_owned(), "resource.n".to_owned()]), one, 0..2)
        .prop_map(Conditions)
}

fn effects() -> impl Strategy<Value = Effect> {
    any::<bool>().prop_map(Effect::of)
}

fn rules() -> impl Strategy<Value = Rule> {
    (effects(), some(&PRINCIPALS), some(&RESOURCES), some(&ACTIONS), conditions()).prop_map(
        |(effect, principals, resources, actions, conditions)| Rule {
            effect,
            principals,
            resources,
            actions,
            conditions,
        },
    )
}

fn policies() -> impl Strategy<Value = Vec<Policy>> {
    vec(rules(), 0..8).prop_map(|rules| {
        let policies = rules.into_iter().enumerate();
        policies.map(|(n, rule)| Policy { id: format!("{n}"), name: format!("{}", n % 3), rule }).collect()
    })
}

fn requests() -> impl Strategy<Value = Request> {
    let numbers =
        || proptest::option::of(0..3_i64).prop_map(|n| n.map(|n| ("n".to_owned(), json!(n))).into_iter().collect());
    (
        select(vec!["user", "service", "group"]),
        select(vec!["a", "b"]),
        select(vec!["doc", "key"]),
        select(vec!["1", "12", "2"]),
        select(vec!["read", "write", "delete"]),
        numbers(),
        numbers(),
    )
        .prop_map(|(principal_type, principal_id, resource_type, resource_id, action, first, second)| Request {
            principal_type: principal_type.to_owned(),
            principal_id: principal_id.to_owned(),
            principal_attributes: Map::new(),
            resource_type: resource_type.to_owned(),
            resource_id: resource_id.to_owned(),
            resource_attributes: first,
            action: action.to_owned(),
            environment: second,
            at: TIME,
        })
}

proptest! {
    #[test]
    fn a_denial_overrides_whatever_allows(policies in policies(), request in requests()) {
        let decision = decide(&policies, &request);
        let denies = decision.reasons.iter().any(|reason| reason.effect == Effect::Deny);
        let allows = decision.reasons.iter().any(|reason| reason.effect == Effect::Allow);
        prop_assert_eq!(decision.effect, Effect::of(allows && !denies));
    }

    #[test]
    fn another_denial_never_allows_more(policies in policies(), more in rules(), request in requests()) {
        let with = with(&policies, Rule { effect: Effect::Deny, ..more });
        prop_assert!(decide(&with, &request).effect <= decide(&policies, &request).effect);
    }

    #[test]
    fn another_permission_never_allows_less(policies in policies(), more in rules(), request in requests()) {
        let with = with(&policies, Rule { effect: Effect::Allow, ..more });
        prop_assert!(decide(&with, &request).effect >= decide(&policies, &request).effect);
    }

    #[test]
    fn the_order_of_policies_never_matters(
        (policies, shuffled) in policies().prop_flat_map(|policies| (Just(policies.clone()), Just(policies).prop_shuffle())),
        request in requests(),
    ) {
        prop_assert_eq!(decide(&policies, &request), decide(&shuffled, &request));
    }

    /// The keys are only there to read few policies: those that are not read never matter.
    #[test]
    fn a_decision_by_keys_is_that_by_all_policies(policies in policies(), request in requests()) {
        let wanted = keys_of_request(&request);
        let found = policies.iter().filter(|policy| !keys_of_rule(&policy.rule).is_disjoint(&wanted));
        prop_assert_eq!(decide(found, &request), decide(&policies, &request));
    }

    #[test]
    fn any_pattern_is_found_by_a_text_that_it_matches(text in "[ab*é/]{0,60}", cut in 0..60_usize, rest in "[ab]{0,4}") {
        let beginning: String = text.chars().take(cut).collect();
        let request = Request { resource_type: text.clone(), resource_id: rest.clone(), ..request() };
        let full = request.resource();
        for pattern in [full.clone(), format!("{beginning}*"), format!("{beginning}*{rest}"), "*".to_owned()] {
            let rule = Rule { resources: vec![pattern.clone()], ..policy("p", Effect::Deny, [&["*"]; 3], &json!({})).rule };
            if glob::matches(&pattern, &full) {
                prop_assert!(!keys_of_rule(&rule).is_disjoint(&keys_of_request(&request)), "{}", pattern);
            }
        }
    }

    #[test]
    fn an_impact_is_the_difference_of_all_decisions(
        policies in policies(),
        old in proptest::option::of(rules()),
        new in proptest::option::of(rules()),
        asked in vec(requests(), 0..12),
    ) {
        let unconditional = |rule: &Rule| Rule { conditions: Conditions::default(), ..rule.clone() };
        let others: Vec<_> =
            policies.iter().map(|policy| Policy { rule: unconditional(&policy.rule), ..policy.clone() }).collect();
        let asked: Vec<_> = asked.iter().map(|request| Triple {
            principal: request.principal(), resource: request.resource(), action: request.action.clone(),
        }).collect();
        let named: Vec<_> = policies.iter().map(|policy| &policy.rule).collect();
        let found = impact(
            &Change { old: old.as_ref(), new: new.as_ref() }, &others.iter().collect::<Vec<_>>(), &named, asked.clone(),
        );
        let decided = |form: &Option<Rule>, triple: &Triple| {
            let (principal_type, principal_id) = triple.principal.split_once(':').unwrap();
            let (resource_type, resource_id) = triple.resource.split_once('/').unwrap();
            let request = Request {
                principal_type: principal_type.to_owned(), principal_id: principal_id.to_owned(),
                resource_type: resource_type.to_owned(), resource_id: resource_id.to_owned(),
                action: triple.action.clone(), ..request()
            };
            let form = form.iter().map(|rule| Policy { id: "x".into(), name: "x".into(), rule: unconditional(rule) });
            let all: Vec<_> = others.iter().cloned().chain(form).collect();
            decide(&all, &request).effect
        };
        prop_assert!(!found.is_truncated);
        // What was asked before is decided as the evaluator does, and only changes are told of.
        for triple in asked {
            let (before, after) = (decided(&old, &triple), decided(&new, &triple));
            let told = found.changed.iter().find(|changed| changed.triple == triple).map(|changed| changed.new);
            prop_assert_eq!(told, (before != after).then_some(after), "{:?}", triple);
        }
        prop_assert!(found.changed.is_sorted_by(|a, b| a.triple < b.triple));
    }
}

fn with(policies: &[Policy], rule: Rule) -> Vec<Policy> {
    policies.iter().cloned().chain([Policy { id: "more".into(), name: "more".into(), rule }]).collect()
}

#[test]
fn combinations_of_policies_are_asked_about_and_cut_in_their_order() {
    let many = |prefix: &str, count: usize| -> Vec<String> { (0..count).map(|n| format!("{prefix}{n:03}")).collect() };
    let wide = Rule {
        effect: Effect::Allow,
        principals: many("user:", 100),
        resources: many("doc:", 100),
        actions: texts(&["b", "a"]),
        conditions: Conditions::default(),
    };
    let everything = policy("new", Effect::Deny, [&["*"]; 3], &json!({})).rule;
    let stored = Policy { id: "1".into(), name: "wide".into(), rule: wide };
    let change = Change { old: None, new: Some(&everything) };
    let found = impact(&change, &[&stored], &[&stored.rule, &everything], Vec::new());
    assert!(found.is_truncated);
    // One of the first ten thousand is the new policy's own, which nothing allowed before.
    assert_eq!(found.changed.len(), 9_999);
    let first = &found.changed.first().unwrap().triple;
    let last = &found.changed.last().unwrap().triple;
    let shown = |triple: &Triple| format!("{} {} {}", triple.principal, triple.resource, triple.action);
    assert_eq!(shown(first), "user:000 doc/000 a");
    assert_eq!(shown(last), "user:049 doc/099 a");
    let removed = Change { old: Some(&stored.rule), new: None };
    assert_eq!(impact(&removed, &[], &[], Vec::new()), Impact::default(), "nothing is asked about");
}
