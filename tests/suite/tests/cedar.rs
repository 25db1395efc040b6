//! On generated policies that both can express, decisions are those of Cedar, and by the same policies.
//!
//! Cedar's `like` is held against the texts that patterns are held against. Its policies that fail, such as one that
//! compares a text with a number, do not apply, as a condition of ours that compares them does not hold. What Cedar cannot
//! express is left away: an order of texts, fractions, and null.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use chancery_tests::node;
use model::qnsp::access::{Condition, Conditions, Effect, Operator, Rule};
use policy::qnsp::access::{Policy, Request, decide};
use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    sample::select,
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use serde_json::{Map, Value, json};

/// How many are generated for each test.
const CASES: usize = 5_000;

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
        3 => (0..3_i64).prop_map(Value::from),
        1 => select(vec!["a", "ab", "user"]).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from)
    ]
}

fn members() -> impl Strategy<Value = Map<String, Value>> {
    btree_map(select(vec!["n".to_owned(), "s".to_owned()]), values(), 0..3)
        .prop_map(|members| members.into_iter().collect())
}

fn operators() -> impl Strategy<Value = (Operator, Value)> {
    let ordering = select(vec![Operator::Gt, Operator::Gte, Operator::Lt, Operator::Lte]);
    prop_oneof![
        1 => values().prop_map(|value| (Operator::Eq, value)),
        1 => values().prop_map(|value| (Operator::Ne, value)),
        1 => vec(values(), 0..3).prop_map(|values| (Operator::In, Value::from(values))),
        2 => (ordering, 0..3_i64).prop_map(|(operator, number)| (operator, Value::from(number))),
        1 => select(vec!["", "a", "us"]).prop_map(|text| (Operator::StartsWith, Value::from(text))),
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

fn in_cedar(rule: &Rule) -> String {
    let word = if rule.effect == Effect::Allow { "permit" } else { "forbid" };
    let mut clauses = vec![
        likes(&["context.principal"], &rule.principals),
        likes(&["context.resource", "context.resourceOfSdk"], &rule.resources),
        likes(&["context.action"], &rule.actions),
    ];
    clauses.extend(rule.conditions.0.iter().map(|(path, condition)| clause(path, condition)));
    format!("{word}(principal, action, resource) when {{ {} }};", clauses.join(" && "))
}

/// A call of Cedar's `isAuthorized`.
fn call(policies: &[Policy], request: &Request) -> Value {
    let (principal, resource) = (request.principal(), request.resource());
    let [p, a, r] =
        [("Principal", "p"), ("Action", "a"), ("Resource", "r")].map(|(kind, id)| json!({ "type": kind, "id": id }));
    let policies: Map<_, _> =
        policies.iter().map(|policy| (policy.id.clone(), in_cedar(&policy.rule).into())).collect();
    json!({
        "principal": p, "action": a, "resource": r,
        "context": {
            "principal": principal, "principalType": request.principal_type, "resource": resource,
            "resourceOfSdk": format!("{}:{}", request.resource_type, request.resource_id), "resourceId": request.resource_id,
            "action": request.action, "env": request.environment,
        },
        "policies": { "staticPolicies": policies },
        "entities": [
            { "uid": p, "attrs": request.principal_attributes, "parents": [] },
            { "uid": r, "attrs": request.resource_attributes, "parents": [] },
        ],
    })
}

/// The decision, and the policies that it is by.
fn by_us(policies: &[Policy], request: &Request) -> Value {
    let decision = decide(policies, request);
    let deciding = decision.reasons.iter().filter(|reason| reason.effect == decision.effect);
    let mut by: Vec<_> = deciding.map(|reason| reason.policy_id.to_owned()).collect();
    by.sort();
    json!({ "decision": decision.effect, "by": by })
}

fn policies(rules: Vec<Rule>) -> Vec<Policy> {
    let policy = |(index, rule)| Policy { id: format!("p{index}"), name: format!("p{index}"), rule };
    rules.into_iter().enumerate().map(policy).collect()
}

#[track_caller]
fn compare(generated: impl Strategy<Value = (Vec<Rule>, Request)>) {
    let mut runner = TestRunner::default();
    let cases: Vec<_> = (0..CASES)
        .map(|_| generated.new_tree(&mut runner).unwrap().current())
        .map(|(rules, request)| (policies(rules), request))
        .collect();
    let calls: Vec<_> = cases.iter().map(|(policies, request)| call(policies, request)).collect();
    let answers = node::answer("cedar.mjs", serde_json::to_vec(&calls).unwrap()).unwrap();
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), cases.len());
    for (((policies, request), call), by_cedar) in cases.iter().zip(calls).zip(answers) {
        assert_eq!(by_us(policies, request), *by_cedar, "{call:#}");
    }
    for decision in ["allow", "deny"] {
        let by_policies = |answer: &&Value| answer["decision"] == decision && answer["by"] != json!([]);
        assert!(answers.iter().filter(by_policies).count() > CASES / 100, "too few {decision}");
    }
}

#[test]
fn decisions_are_those_of_cedar() {
    compare((vec(rules(), 0..6), requests()));
}

/// What is generated without a plan seldom matches: here every list does, and the conditions alone decide.
#[test]
fn conditions_are_those_of_cedar() {
    let all = || vec!["*".to_owned()];
    let matching = move |rule| Rule { principals: all(), resources: all(), actions: all(), ..rule };
    let rules = vec(rules().prop_map(matching), 1..4);
    compare((rules, requests()));
}
