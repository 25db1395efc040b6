//! Random key-path operations on one configuration, beside the same on a value in memory.

use chancery_tests::variables::random_bytes;
use serde_json::{Map, Value, json};

use crate::{
    answer::{ok, refused},
    deployment::Caller,
};

/// How many operations, unless `CHANCERY_OPERATIONS` says otherwise.
const OPERATIONS: usize = 400;

/// Xorshift: a failure can be repeated with the seed that it tells.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }

    /// Few names and few levels, so that paths meet.
    fn path(&mut self) -> String {
        let names: Vec<_> = (0..=self.roll(3)).map(|_| ["a", "b", "C_", "data"][self.roll(4)]).collect();
        names.join(".")
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.roll(if depth < 3 { 7 } else { 4 }) {
            0 => json!(self.roll(1000)),
            1 => json!("text \" ' ☃"),
            2 => json!(self.roll(2) == 0),
            3 => json!({}),
            4 => json!([self.value(depth + 1), null]),
            _ => self.object(depth + 1),
        }
    }

    fn object(&mut self, depth: usize) -> Value {
        let fields = (0..self.roll(4)).map(|_| (["a", "b", "C_", "data"][self.roll(4)].to_owned(), self.value(depth)));
        Value::Object(fields.collect())
    }
}

pub fn run(caller: &Caller, context: &Value) {
    let operations = std::env::var("CHANCERY_OPERATIONS").ok().and_then(|text| text.parse().ok());
    let seed = u64::from_le_bytes(random_bytes()) | 1;
    let (mut dice, mut model) = (Dice(seed), Value::Null);
    for number in 0..operations.unwrap_or(OPERATIONS) {
        let told = format!("operation {number} of seed {seed} on {model}");
        match dice.roll(5) {
            0 | 1 => {
                let path = dice.path();
                let value = if path == "data" { dice.object(0) } else { dice.value(0) };
                let body = json!({ "context": context, "data": value });
                let reply = caller.put(&format!("/caas/config/{path}"), &body);
                let possible = set(&mut model, &path, &value);
                assert_eq!(reply.status == 200, possible, "{told}: {path} to {value}: {}", reply.status);
                if !possible {
                    refused(&reply, 400);
                }
            }
            2 => {
                let paths: Vec<_> = (0..=dice.roll(3)).map(|_| dice.path()).collect();
                let body = json!({ "context": context, "key_paths": paths });
                let reply = caller.call("DELETE", "/caas/config", Some(&body));
                let hit = paths.iter().any(|path| get(&model, path).is_some());
                paths.iter().for_each(|path| remove(&mut model, path));
                if hit && model == json!({}) {
                    model = Value::Null;
                }
                assert_eq!(reply.status, if hit { 204 } else { 404 }, "{told}: without {paths:?}");
            }
            3 => {
                let paths: Vec<_> = (0..=dice.roll(4)).map(|_| dice.path()).collect();
                let found = paths.iter().filter_map(|path| Some((path.clone(), get(&model, path)?.clone())));
                let expected = Value::Object(found.collect());
                let body = json!({ "context": context, "key_paths": paths });
                assert_eq!(ok(&caller.post("/caas/config/fetch", &body), 200), expected, "{told}: {paths:?}");
            }
            _ => {
                let expected = if model.is_null() { json!({}) } else { model.clone() };
                let whole = ok(&caller.post("/caas/config/fetch", &json!({ "context": context })), 200);
                assert_eq!(whole, expected, "{told}");
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
