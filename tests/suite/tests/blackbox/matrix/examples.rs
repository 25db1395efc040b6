//! The examples in the document of QNSP: what a sample of each operation asked, and what was answered. They stand in
//! `examples/qnsp.json`, are recorded by
//!
//! `UPDATE_EXAMPLES=1 scripts/test --only ALL blackbox examples`
//!
//! and must be of the shape that is answered now.

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use chancery::client::Reply;
use chancery_tests::{rows, runtime::Runtime};
use policy::{Access, Operation};
use serde_json::{Map, Value, json};

use super::{
    callers::{self, Credentials, Expected},
    sample, states,
    world::World,
};
use crate::deployment::Deployment;

pub fn every_operation_of_qnsp_has_an_example(t: &Deployment) {
    if t.instance.runtime != Runtime::Native {
        return;
    }
    let mut rows: Vec<_> = rows::all().into_iter().filter(|row| matches!(row.access, Access::Qnsp(_))).collect();
    // So that lists have something in them.
    rows.sort_by_key(|row| row.method != "POST");
    let credentials = Credentials::new(t, &rows);
    let samples = sample::all();
    let asked: BTreeMap<_, _> = rows
        .iter()
        .filter_map(|row| Some((name(row), samples.iter().find(|sample| sample.is_of(row))?, row)))
        .map(|(name, sample, row)| (name, ask(t, &credentials, row, sample)))
        .chain(states::examples(t))
        .collect();
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/qnsp.json");
    let text = fs::read_to_string(&file).unwrap_or_default();
    let mut recorded: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap_or_default();
    let is_right = |name: &str, example: &Value| {
        recorded.get(name).is_some_and(|it| it["status"] == example["status"] && is_like(it, example))
    };
    let wrong: Vec<_> = asked.keys().filter(|name| !is_right(name, &asked[*name])).cloned().collect();
    let gone: Vec<_> = recorded.keys().filter(|name| !asked.contains_key(*name)).cloned().collect();
    if env::var_os("UPDATE_EXAMPLES").is_none() {
        assert!(wrong.is_empty() && gone.is_empty(), "missing or of another shape: {wrong:#?}; of nothing: {gone:#?}");
        return;
    }
    recorded.retain(|name, _| !gone.contains(name));
    recorded.extend(wrong.into_iter().map(|name| (name.clone(), asked[&name].clone())));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, format!("{:#}\n", json!(recorded))).unwrap();
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
    let answer: Option<Value> = serde_json::from_slice(&reply.body).ok();
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
/// and members that are named by ids may have any.
fn is_like(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Null, _) | (_, Value::Null) => true,
        (Value::Object(one), Value::Object(other)) if is_by_id(one) && is_by_id(other) => {
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

fn is_by_id(members: &Map<String, Value>) -> bool {
    !members.is_empty() && members.keys().all(|name| model::ids::uuid_bytes(name).is_some())
}
