//! Random calls of every operation of QNSP's document, mostly as it describes them: whatever is sent, the answer is no
//! fault of the server, and a refusal has the API's shape. `CHANCERY_LONG=1` makes 200 calls of each, others each
//! time; without it they are five, always the same. `CHANCERY_SEED` repeats a run.

use std::{env, fs};

use chancery_tests::{
    runtime::root,
    variables::{Variables, random_bytes},
};
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Map, Value, json};

use crate::{
    case::{Case, case},
    deployment::Deployment,
    qnsp::Cast,
};

pub fn cases() -> Vec<Case> {
    vec![case(no_call_is_a_fault_of_the_server)]
}

/// How deep what is no part of a schema goes.
const DEPTH: u32 = 3;

const TEXTS: [&str; 21] = [
    "",
    " ",
    "0",
    "-1",
    "null",
    "a",
    "ä\u{0}\u{1}",
    "\u{feff}\u{202e}\u{10ffff}",
    "'; DROP TABLE audit_entries; --",
    "%00/../..",
    "*",
    "a.*",
    "2026-02-30T25:61:61Z",
    "2026-11-27T00:00:00Z",
    "9999-12-31T23:59:59.999Z",
    "0000-01-01T00:00:00-23:59",
    "P1Y",
    "P99999999999999999999D",
    "00000000-0000-4000-8000-000000000000",
    "00000000-0000-0000-0000-000000000000",
    "192.0.2.1",
];

fn no_call_is_a_fault_of_the_server(shared: &Deployment) {
    let is_long = env::var_os("CHANCERY_LONG").is_some();
    let calls = if is_long { 200 } else { 5 };
    let seed = env::var("CHANCERY_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| if is_long { u64::from_le_bytes(random_bytes()) } else { 1 });
    let t =
        &Deployment::start(shared.instance.runtime, Variables::random().with("QNSP_RATE_LIMIT", "1000000")).unwrap();
    let cast = Cast::new(t);
    let document = fs::read_to_string(root().join("openapi/qnsp.json")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let mut random = Random::new(seed, &document);
    let mut refused = 0_usize;
    let mut done = 0_usize;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["responses"]["200"]["content"].get("text/event-stream").is_some() {
                // It lives for half a minute; its parameters are those of the lists.
                continue;
            }
            for _ in 0..calls {
                let target = random.target(path, operation);
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                let body = (!schema.is_null()).then(|| random.value(schema, DEPTH).to_string());
                let caller = if random.one_in(2) { &cast.operator } else { &cast.owner };
                let (name, sent) = (method.to_uppercase(), body.as_deref().unwrap_or_default());
                let reply = caller.send(&name, &target, &[], body.as_ref().map(|body| body.as_bytes()));
                let context =
                    || format!("seed {seed}: {name} {target} {sent}\n{}", String::from_utf8_lossy(&reply.body));
                assert!(reply.status < 500, "{} for {}", reply.status, context());
                if reply.status < 400 {
                    done += 1;
                    continue;
                }
                refused += 1;
                let refusal = reply.json().unwrap_or_default();
                let is_shaped = refusal["statusCode"] == json!(reply.status)
                    && refusal["error"].is_string()
                    && refusal["message"].is_string();
                assert!(is_shaped || refusal["activated"] == json!(false), "{} for {}", reply.status, context());
            }
        }
    }
    assert!(done > 0 && refused > 0, "seed {seed}: {done} calls were done and {refused} refused");
}

/// Makes up what the document describes, and now and then something else.
struct Random<'a> {
    numbers: TestRng,
    document: &'a Value,
}

impl<'a> Random<'a> {
    fn new(seed: u64, document: &'a Value) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self { numbers: TestRng::from_seed(RngAlgorithm::ChaCha, &bytes), document }
    }

    fn below(&mut self, count: usize) -> usize {
        use proptest::prelude::Rng as _;
        usize::try_from(self.numbers.next_u64() % u64::try_from(count).unwrap()).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<'b, T>(&mut self, list: &'b [T]) -> &'b T {
        &list[self.below(list.len())]
    }

    /// The path with its parameters, and some of the query's.
    fn target(&mut self, path: &str, operation: &'a Value) -> String {
        let mut target = path.to_owned();
        let mut query = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let value = match self.value(&parameter["schema"], 0) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            // Clients do not send longer addresses.
            let value: String = value.chars().take(1024).collect();
            let value = chancery::client::segment(&value);
            match parameter["in"].as_str() {
                // An empty one is another path.
                Some("path") if value.is_empty() => target = target.replace(&format!("{{{name}}}"), "x"),
                Some("path") => target = target.replace(&format!("{{{name}}}"), &value),
                Some("query") if self.one_in(2) => query.push(format!("{name}={value}")),
                _ => {}
            }
        }
        if query.is_empty() { target } else { format!("{target}?{}", query.join("&")) }
    }

    fn value(&mut self, schema: &'a Value, depth: u32) -> Value {
        if self.one_in(12) {
            return self.anything(depth);
        }
        if let Some(name) = schema["$ref"].as_str() {
            let document = self.document;
            return self.value(document.pointer(name.trim_start_matches('#')).unwrap(), depth);
        }
        if let Some(choice) = ["oneOf", "anyOf", "enum"].iter().find_map(|name| schema[*name].as_array()) {
            let chosen = self.of(choice);
            return if schema["enum"].is_array() { chosen.clone() } else { self.value(chosen, depth) };
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let values = parts.iter().map(|part| self.value(part, depth));
            let members = values.filter_map(|value| value.as_object().cloned()).flatten();
            return members.collect::<Map<_, _>>().into();
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            other => other.as_str().into_iter().collect(),
        };
        if types.is_empty() {
            return self.anything(depth);
        }
        match *self.of(&types) {
            "object" => self.object(schema, depth),
            "array" => (0..self.below(4)).map(|_| self.value(&schema["items"], depth)).collect(),
            "integer" => self.integer(schema),
            "number" => {
                self.of(&[json!(0.5), json!(-0.0), json!(1e308), json!(-1e308), json!(1e-320), json!(7)]).clone()
            }
            "boolean" => self.one_in(2).into(),
            "string" => self.text(schema),
            _ => Value::Null,
        }
    }

    fn object(&mut self, schema: &'a Value, depth: u32) -> Value {
        let mut members = Map::new();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let is_required = schema["required"].as_array().is_some_and(|list| list.contains(&json!(name)));
            if if is_required { !self.one_in(20) } else { self.one_in(2) } {
                let value = self.value(member, depth);
                members.insert(name.clone(), value);
            }
        }
        if self.one_in(4) {
            let name = (*self.of(&TEXTS)).to_owned();
            let value = self.anything(depth);
            members.insert(name, value);
        }
        members.into()
    }

    fn integer(&mut self, schema: &Value) -> Value {
        let bounds = [&schema["minimum"], &schema["maximum"]];
        let near = bounds.iter().filter_map(|bound| bound.as_i64()).flat_map(|bound| [bound - 1, bound, bound + 1]);
        let edges: Vec<_> = near.chain([0, 1, -1, 7, 1000, i64::MAX, i64::MIN, 1 << 53]).collect();
        (*self.of(&edges)).into()
    }

    fn text(&mut self, schema: &Value) -> Value {
        match schema["format"].as_str() {
            Some("uuid") if !self.one_in(8) => format!("00000000-0000-4000-8000-{:012}", self.below(1000)).into(),
            Some("date-time") if !self.one_in(8) => {
                format!("2026-{:02}-{:02}T12:00:00Z", self.below(13), 1 + self.below(28)).into()
            }
            _ if self.one_in(16) => "x".repeat(*self.of(&[64, 255, 256, 1025, 70_000])).into(),
            _ => (*self.of(&TEXTS)).into(),
        }
    }

    fn anything(&mut self, depth: u32) -> Value {
        match self.below(if depth == 0 { 6 } else { 8 }) {
            0 => Value::Null,
            1 => self.one_in(2).into(),
            2 => self.integer(&Value::Null),
            3 => json!(1.5),
            4 | 5 => self.text(&Value::Null),
            6 => (0..self.below(3)).map(|_| self.anything(depth - 1)).collect(),
            _ => {
                let member = |random: &mut Self| ((*random.of(&TEXTS)).to_owned(), random.anything(depth - 1));
                (0..self.below(3)).map(|_| member(self)).collect::<Map<_, _>>().into()
            }
        }
    }
}
