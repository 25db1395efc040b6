//! On generated policies that both can express, decisions are those of Cedar, and by the same policies.
//!
//! Cedar's `like` is held against the texts that patterns are held against. Its policies that fail, such as one that
//! compares a text with a number, do not apply, as a condition of ours that compares them does not hold. What Cedar cannot
//! express is left away: an order of texts, fractions, and null.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, fmt::Write, str::FromStr};

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet};
use model::qnsp::access::{Condition, Conditions, Effect, Operator, Rule};
use policy::qnsp::access::{Policy, Request, decide};
use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    sample::select,
};
use serde_json::{Map, Value, json};

/// Where conditions look, and where that is in Cedar.
const PATHS: [(&str, &str, &str); 7] = [
    ("env.n", "context.env", "n"),
    ("env.s", "context.env", "s"),
    ("resource.n", "resource", "n"),
    ("resource.s", "resource", "s"),
    ("principal.n", "principal", "n"),
    ("principal.type", "context", "principalType"),
    ("resource.id", "context", "resourceId"),
];

fn texts(alphabet: &'static str) -> impl Strategy<Value = String> {
    alphabet.prop_map(|text: String| text)
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0..4_i64).prop_map(Value::from),
        select(vec!["a", "ab", "user"]).prop_map(Value::from),
        any::<bool>().prop_map(Value::from)
    ]
}

fn members() -> impl Strategy<Value = Map<String, Value>> {
    btree_map(select(vec!["n".to_owned(), "s".to_owned()]), values(), 0..3)
        .prop_map(|members| members.into_iter().collect())
}

fn operators() -> impl Strategy<Value = (Operator, Value)> {
    let ordering = select(vec![Operator::Gt, Operator::Gte, Operator::Lt, Operator::Lte]);
    prop_oneof![
        values().prop_map(|value| (Operator::Eq, value)),
        values().prop_map(|value| (Operator::Ne, value)),
        vec(values(), 0..3).prop_map(|values| (Operator::In, Value::from(values))),
        (ordering, 0..4_i64).prop_map(|(operator, number)| (operator, Value::from(number))),
        select(vec!["", "a", "us"]).prop_map(|text| (Operator::StartsWith, Value::from(text))),
    ]
}

fn conditions() -> impl Strategy<Value = Conditions> {
    let condition = prop_oneof![
        values().prop_map(Condition::Equals),
        vec(operators(), 1..3).prop_map(|all| Condition::All(all.into_iter().collect::<BTreeMap<_, _>>())),
    ];
    let paths = select(PATHS.map(|(path, ..)| path.to_owned()).to_vec());
    btree_map(paths, condition, 0..3).prop_map(Conditions)
}

fn patterns(kind: &'static str) -> impl Strategy<Value = Vec<String>> {
    vec(prop_oneof![texts(kind), texts(r#"[ab/:*"\\é]{0,5}"#), Just("*".to_owned())], 1..3)
}

fn rules() -> impl Strategy<Value = Rule> {
    let effects = select(vec![Effect::Allow, Effect::Deny]);
    (
        effects,
        patterns("(user|service):[ab*]{1,2}"),
        patterns("[ab][/:][ab*]{1,2}"),
        patterns("[ab*]{1,2}"),
        conditions(),
    )
        .prop_map(|(effect, principals, resources, actions, conditions)| Rule {
            effect,
            principals,
            resources,
            actions,
            conditions,
        })
}

fn requests() -> impl Strategy<Value = Request> {
    let kinds = || select(vec!["user".to_owned(), "service".to_owned()]);
    (
        kinds(),
        texts("[ab]{1,2}"),
        members(),
        texts("[ab]"),
        texts(r#"[ab"\\*é]{1,2}"#),
        members(),
        texts("[ab]{1,2}"),
        members(),
    )
        .prop_map(
            |(
                principal_type,
                principal_id,
                principal_attributes,
                resource_type,
                resource_id,
                resource_attributes,
                action,
                environment,
            )| Request {
                principal_type,
                principal_id,
                principal_attributes,
                resource_type,
                resource_id,
                resource_attributes,
                action,
                environment,
                at: 0,
            },
        )
}

/// A text of Cedar. In a pattern a star stays what it is.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted + "\""
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn likes(texts: &[&str], patterns: &[String]) -> String {
    let like =
        |text: &&str| patterns.iter().map(|pattern| format!("{text} like {}", quoted(pattern))).collect::<Vec<_>>();
    format!("({})", texts.iter().flat_map(like).collect::<Vec<_>>().join(" || "))
}

/// A condition in Cedar's words.
fn clause(path: &str, condition: &Condition) -> String {
    let (_, object, member) = PATHS.iter().find(|(of, ..)| *of == path).unwrap();
    let found = format!("{object}.{member}");
    let holds = |operator: Operator, wanted: &Value| match operator {
        Operator::Eq => format!("{found} == {}", literal(wanted)),
        Operator::Ne => format!("{found} != {}", literal(wanted)),
        Operator::In => format!("{}.contains({found})", literal(wanted)),
        Operator::Gt => format!("{found} > {}", literal(wanted)),
        Operator::Gte => format!("{found} >= {}", literal(wanted)),
        Operator::Lt => format!("{found} < {}", literal(wanted)),
        Operator::Lte => format!("{found} <= {}", literal(wanted)),
        Operator::StartsWith => format!("{found} like {}", quoted(&format!("{}*", wanted.as_str().unwrap()))),
    };
    let all = match condition {
        Condition::Equals(wanted) => vec![holds(Operator::Eq, wanted)],
        Condition::All(operators) => operators.iter().map(|(operator, wanted)| holds(*operator, wanted)).collect(),
    };
    format!("{object} has {member} && {}", all.join(" && "))
}

fn in_cedar(policies: &[Policy]) -> PolicySet {
    let mut text = String::new();
    for Policy { id, rule, .. } in policies {
        let word = if rule.effect == Effect::Allow { "permit" } else { "forbid" };
        let mut clauses = vec![
            likes(&["context.principal"], &rule.principals),
            likes(&["context.resource", "context.resourceOfSdk"], &rule.resources),
            likes(&["context.action"], &rule.actions),
        ];
        clauses.extend(rule.conditions.0.iter().map(|(path, condition)| clause(path, condition)));
        writeln!(text, "@id({}) {word}(principal, action, resource) when {{ {} }};", quoted(id), clauses.join(" && "))
            .unwrap();
    }
    let set = PolicySet::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut named = PolicySet::new();
    for policy in set.policies() {
        named.add(policy.new_id(policy.annotation("id").unwrap().parse().unwrap())).unwrap();
    }
    named
}

/// The decision of Cedar, and the policies that it is by.
fn by_cedar(policies: &[Policy], request: &Request) -> (Effect, Vec<String>) {
    let uid = |text: &str| EntityUid::from_str(text).unwrap();
    let (principal, resource) = (request.principal(), request.resource());
    let context = json!({
        "principal": principal, "principalType": request.principal_type, "resource": resource,
        "resourceOfSdk": format!("{}:{}", request.resource_type, request.resource_id), "resourceId": request.resource_id,
        "action": request.action, "env": request.environment,
    });
    let entities = json!([
        { "uid": { "type": "Principal", "id": "p" }, "attrs": request.principal_attributes, "parents": [] },
        { "uid": { "type": "Resource", "id": "r" }, "attrs": request.resource_attributes, "parents": [] },
    ]);
    let asked = cedar_policy::Request::new(
        uid(r#"Principal::"p""#),
        uid(r#"Action::"a""#),
        uid(r#"Resource::"r""#),
        Context::from_json_value(context, None).unwrap(),
        None,
    );
    let entities = Entities::from_json_value(entities, None).unwrap();
    let response = Authorizer::new().is_authorized(&asked.unwrap(), &in_cedar(policies), &entities);
    let mut by: Vec<_> = response.diagnostics().reason().map(ToString::to_string).collect();
    by.sort();
    (Effect::of(response.decision() == Decision::Allow), by)
}

fn by_us(policies: &[Policy], request: &Request) -> (Effect, Vec<String>) {
    let decision = decide(policies, request);
    let deciding = decision.reasons.iter().filter(|reason| reason.effect == decision.effect);
    let mut by: Vec<_> = deciding.map(|reason| reason.policy_id.to_owned()).collect();
    by.sort();
    (decision.effect, by)
}

fn policies(rules: Vec<Rule>) -> Vec<Policy> {
    let policy = |(index, rule)| Policy { id: format!("p{index}"), name: format!("p{index}"), rule };
    rules.into_iter().enumerate().map(policy).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn decisions_are_those_of_cedar(rules in vec(rules(), 0..6), request in requests()) {
        let policies = policies(rules);
        prop_assert_eq!(by_us(&policies, &request), by_cedar(&policies, &request));
    }

    /// What is generated without a plan seldom matches: here every list does, and the conditions alone decide.
    #[test]
    fn conditions_are_those_of_cedar(rules in vec(rules(), 1..4), request in requests()) {
        let all = || vec!["*".to_owned()];
        let rules = rules.into_iter().map(|rule| Rule { principals: all(), resources: all(), actions: all(), ..rule });
        let policies = policies(rules.collect());
        prop_assert_eq!(by_us(&policies, &request), by_cedar(&policies, &request));
    }
}
