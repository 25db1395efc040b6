//! The examples in the OpenAPI documents: what a sample of each operation asked, and what was answered. They stand in
//! `examples/`, a file for each document, are recorded by
//!
//! `UPDATE_EXAMPLES=1 CHANCERY_RUNTIMES=native cargo test --workspace --test blackbox has_an_example`
//!
//! and must be of the shape that is answered now.

use std::{collections::BTreeMap, env, fs, path::PathBuf, sync::Arc};

use chancery::client::Reply;
use chancery_tests::{documented, rows, runtime::Runtime, variables::Variables};
use policy::Operation;
use serde_json::{Map, Value, json};

use super::{
    callers::{self, Credentials, Expected},
    sample, states,
    world::World,
};
use crate::{deployment::Deployment, environment::installation};

pub fn every_operation_has_an_example(shared: &Deployment) {
    if shared.instance.runtime != Runtime::Native {
        return;
    }
    // Nobody else lives in them: a step of due work does what is due of all tenants, and one that is installed knows no
    // tenants but its own.
    let [t, environment] = &[(); 2].map(|()| Deployment::start(Runtime::Native, Variables::random()).unwrap());
    let mut asked = BTreeMap::from([installed(environment)]);
    let (of_environment, others): (Vec<_>, Vec<_>) =
        rows::all().into_iter().partition(|row| row.path.starts_with("/caas/environment"));
    asked.extend(ask_all(t, others));
    asked.extend(states::examples(t));
    asked.extend([due_work(t)]);
    for (name, example) in ask_all(environment, of_environment) {
        asked.entry(name).or_insert(example);
    }
    let mut documents: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for operation in documented::operations().unwrap() {
        let name = format!("{} {}", operation.method, operation.path);
        let example = asked.get(&name).unwrap_or_else(|| panic!("{name} was not asked"));
        documents.entry(operation.document).or_default().insert(name, example.clone());
    }
    let faults: Vec<_> = documents.iter().flat_map(|(document, asked)| compare(document, asked)).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// What the recorded examples of a document lack, unless they are to be updated.
fn compare(document: &str, asked: &BTreeMap<String, Value>) -> Vec<String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{document}.json"));
    let text = fs::read_to_string(&file).unwrap_or_default();
    let mut recorded: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap_or_default();
    let is_right = |name: &str, example: &Value| {
        recorded.get(name).is_some_and(|it| {
            let has_body = |it: &Value| !it["body"].is_null();
            it["status"] == example["status"] && has_body(it) == has_body(example) && is_like(it, example)
        })
    };
    let wrong: Vec<_> = asked.keys().filter(|name| !is_right(name, &asked[*name])).cloned().collect();
    let gone: Vec<_> = recorded.keys().filter(|name| !asked.contains_key(*name)).cloned().collect();
    if env::var_os("UPDATE_EXAMPLES").is_none() {
        let wrong = wrong.iter().map(|name| format!("{name} is missing or of another shape: {}", asked[name]));
        return wrong.chain(gone.iter().map(|name| format!("{name} is of nothing"))).collect();
    }
    recorded.retain(|name, _| !gone.contains(name));
    recorded.extend(wrong.into_iter().map(|name| (name.clone(), asked[&name].clone())));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, format!("{:#}\n", json!(recorded))).unwrap();
    Vec::new()
}

/// What the first sample of each row asks, and what is answered.
fn ask_all(t: &Deployment, mut rows: Vec<Arc<Operation>>) -> Vec<(String, Value)> {
    // So that lists have something in them.
    rows.sort_by_key(|row| row.method != "POST");
    let credentials = Credentials::new(t, &rows);
    let samples = sample::all();
    let sampled = rows.iter().filter_map(|row| Some((row, samples.iter().find(|sample| sample.is_of(row))?)));
    sampled.map(|(row, sample)| (name(row), ask(t, &credentials, row, sample))).collect()
}

/// A deployment is installed once.
fn installed(t: &Deployment) -> (String, Value) {
    let body = installation();
    let reply = t.system.post("/caas/environment/install", &body);
    ("POST /caas/environment/install".to_owned(), example(Some(&body), &reply))
}

fn due_work(t: &Deployment) -> (String, Value) {
    let token = format!("Bearer {}", t.instance.variables.get("DUE_TOKEN"));
    let reply = t.anonymous.send("POST", "/system/due/storage", &[("authorization", &token)], None);
    ("POST /system/due/{function}".to_owned(), example(None, &reply))
}

fn name(row: &Operation) -> String {
    format!("{} {}", row.method, row.path)
}

/// What is asked in the name of somebody for whom the operation is, and what is answered.
fn ask(t: &Deployment, credentials: &Credentials<'_>, row: &Operation, sample: &sample::Sample) -> Value {
    let world = World::new(t, credentials);
    let mut callers = callers::of(row, sample, &world);
    callers.retain(|caller| !matches!(caller.expected, Expected::Refused(..)));
    // The highest role, of the tenant if possible.
    callers.sort_by_key(|caller| matches!(caller.expected, Expected::Admitted));
    let request = sample.request(&world);
    let reply = callers.last().unwrap().send(t, &row.method, &request);
    example(request.body.as_ref(), &reply)
}

/// The example of a request and its answer. Two things are enough of a list.
pub(super) fn example(body: Option<&Value>, reply: &Reply) -> Value {
    let text = || std::str::from_utf8(&reply.body).ok().filter(|text| !text.is_empty()).map(Value::from);
    let answer: Option<Value> = serde_json::from_slice(&reply.body).ok().or_else(text);
    json!({ "body": body, "status": reply.status, "answer": answer.map(|answer| shortened(answer, 2)) })
}

fn shortened(value: Value, most: usize) -> Value {
    match value {
        Value::Array(items) => items.into_iter().take(most).map(|item| shortened(item, most)).collect(),
        Value::Object(members) => members.into_iter().map(|(name, it)| (name, shortened(it, most))).collect(),
        other => other,
    }
}

/// Whether both have the same members of the same types. What is null or empty in one of them may be more in the other,
/// and members that have no names in common are named by what was asked.
fn is_like(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Null, _) | (_, Value::Null) => true,
        (Value::Object(one), Value::Object(other)) if are_maps(one, other) => {
            one.values().zip(other.values()).all(|(one, other)| is_like(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.keys().eq(other.keys()) && one.iter().all(|(name, value)| is_like(value, &other[name]))
        }
        (Value::Array(one), Value::Array(other)) => match (one.first(), other.first()) {
            (Some(one), Some(other)) => is_like(one, other),
            _ => true,
        },
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

fn are_maps(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    one.keys().all(|name| !other.contains_key(name))
}
