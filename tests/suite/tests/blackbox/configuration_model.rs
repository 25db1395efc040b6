//! Random key-path operations on one configuration, beside the same on a value in memory. What fails is made as short as
//! it can be before an answer shows it.

use chancery_tests::runtime::Runtime;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestCaseError, TestError, TestRunner},
};
use serde_json::{Map, Value, json};

use crate::{
    answer::{ok, refused},
    case::caught,
    configuration::{COPY, FRESH, app},
    deployment::Deployment,
};

/// How many operations, unless `CHANCERY_OPERATIONS` says otherwise.
const OPERATIONS: usize = 400;

/// How many there are at most on one configuration.
const AT_MOST: usize = 50;

#[derive(Clone, Debug)]
enum Operation {
    Set(String, Value),
    Remove(Vec<String>),
    Fetch(Vec<String>),
}

/// Few names and few levels, so that paths meet.
fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "C_", "data"])
}

fn path() -> impl Strategy<Value = String> {
    vec(name(), 1..=4).prop_map(|names| names.join("."))
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    vec((name().prop_map(str::to_owned), value), 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect()))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (0..1000).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!({})),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            2 => object(inner.clone()),
            1 => inner.prop_map(|value| json!([value, null])),
        ]
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (path(), value()).prop_map(|(path, value)| Operation::Set(path, value)),
        1 => object(value()).prop_map(|value| Operation::Set("data".to_owned(), value)),
        2 => vec(path(), 1..=4).prop_map(Operation::Remove),
        3 => vec(path(), 0..=5).prop_map(Operation::Fetch),
    ]
}

pub fn run(t: &Deployment) {
    let wanted = std::env::var("CHANCERY_OPERATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(OPERATIONS);
    let done = std::cell::Cell::new(0);
    while done.get() < wanted {
        let config = Config { cases: 1, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
        let result = TestRunner::new(config).run(&vec(operation(), 1..=AT_MOST), |operations| {
            done.set(done.get() + operations.len());
            caught(|| carry_out(t, &operations)).map_err(TestCaseError::fail)
        });
        match result {
            Ok(()) => {}
            Err(TestError::Fail(reason, operations)) => panic!("{reason}\nafter {operations:#?}"),
            Err(TestError::Abort(reason)) => panic!("{reason}"),
        }
    }
}

/// On a configuration of its own.
fn carry_out(t: &Deployment, operations: &[Operation]) {
    let (caller, context, mut model) = (&t.service, app(), Value::Null);
    // Of one instance alone, even copies show every change.
    let fetches: &[&str] = if t.instance.runtime == Runtime::Component { &[FRESH] } else { &[COPY, FRESH, COPY] };
    for operation in operations {
        let step = format!("{operation:?} on {model}");
        match operation {
            Operation::Set(path, value) => {
                let reply = caller.put(&format!("/caas/config/{path}"), &json!({ "context": context, "data": value }));
                let possible = (path != "data" || value.is_object()) && set(&mut model, path, value);
                assert_eq!(reply.status == 200, possible, "{step}: {}", reply.status);
                if !possible {
                    refused(&reply, 400);
                }
            }
            Operation::Remove(paths) => {
                let body = json!({ "context": context, "key_paths": paths });
                let reply = caller.call("DELETE", "/caas/config", Some(&body));
                let hit = paths.iter().any(|path| get(&model, path).is_some());
                paths.iter().for_each(|path| remove(&mut model, path));
                if hit && model == json!({}) {
                    model = Value::Null;
                }
                assert_eq!(reply.status, if hit { 204 } else { 404 }, "{step}");
            }
            Operation::Fetch(paths) => {
                let found = paths.iter().filter_map(|path| Some((path.clone(), get(&model, path)?.clone())));
                let expected = match (paths.as_slice(), &model) {
                    ([], Value::Null) => json!({}),
                    ([], model) => model.clone(),
                    _ => Value::Object(found.collect()),
                };
                let body = json!({ "context": context, "key_paths": paths });
                for fetch in fetches {
                    assert_eq!(ok(&caller.post(fetch, &body), 200), expected, "{step}");
                }
            }
        }
    }
}

/// `Null` is the model of no configuration.
fn get<'a>(model: &'a Value, path: &str) -> Option<&'a Value> {
    if path == "data" {
        return Some(model).filter(|model| !model.is_null());
    }
    path.split('.').try_fold(model, |value, name| value.as_object()?.get(name))
}

fn set(model: &mut Value, path: &str, value: &Value) -> bool {
    if path == "data" {
        *model = value.clone();
        return true;
    }
    let mut copy = if model.is_null() { json!({}) } else { model.clone() };
    let (mut place, mut names) = (&mut copy, path.split('.').peekable());
    while let Some(name) = names.next() {
        let Some(fields) = place.as_object_mut() else { return false };
        let absent = if names.peek().is_some() { Value::Object(Map::new()) } else { Value::Null };
        place = fields.entry(name).or_insert(absent);
    }
    *place = value.clone();
    *model = copy;
    true
}

fn remove(model: &mut Value, path: &str) {
    if path == "data" {
        *model = Value::Null;
        return;
    }
    let (parent, name) = path.rsplit_once('.').map_or((None, path), |(parent, name)| (Some(parent), name));
    let mut names = parent.into_iter().flat_map(|parent| parent.split('.'));
    let place = names.try_fold(model, |place, name| place.as_object_mut()?.get_mut(name));
    if let Some(fields) = place.and_then(Value::as_object_mut) {
        fields.remove(name);
    }
}
