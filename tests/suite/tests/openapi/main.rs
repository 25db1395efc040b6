//! One OpenAPI document per API, put together from the operations of the functions. The committed ones in `openapi/`
//! must be what the code says, and hold every operation of the contract. Whether tools can read them is for
//! `tests/scripts/openapi.test.mjs`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod access;
mod apis;
mod completion;
mod contract;
mod examples;
mod refusals;
mod schemas;
mod words;

use std::{collections::BTreeSet, path::PathBuf};

use functions::gateway;
use serde_json::{Map, Value, json};

use self::contract::{CAAS, CONFIG, LICENSING, OWN, PORTAL};

const UPDATE: &str = "UPDATE_OPENAPI=1 cargo test -p chancery-tests --test openapi";

/// Every operation as `METHOD /path`, with its description.
fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    })
}

fn operations_mut(document: &mut Value) -> impl Iterator<Item = (String, &mut Value)> {
    document["paths"].as_object_mut().unwrap().iter_mut().flat_map(|(path, item)| {
        let methods = item.as_object_mut().unwrap().iter_mut();
        methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    })
}

fn check_contract(document: &Value, contract: &[&str]) {
    let ours = |operation: &Value| operation["tags"] == json!([OWN]);
    let found: BTreeSet<_> =
        operations(document).filter(|(_, operation)| !ours(operation)).map(|(name, _)| name).collect();
    let expected: BTreeSet<_> = contract.iter().map(|name| (*name).to_owned()).collect();
    let list = |names: &BTreeSet<String>, others| names.difference(others).cloned().collect::<Vec<_>>();
    assert!(
        found == expected,
        "missing: {:?}; neither in the contract nor tagged {OWN}: {:?}",
        list(&expected, &found),
        list(&found, &expected),
    );
}

fn check_form(document: &Value) {
    assert_eq!(document["openapi"], "3.1.0");
    let title = |operation: &Value| operation["summary"].as_str().unwrap().to_owned();
    let titles = operations(document).map(|(name, operation)| (name, title(operation)));
    let long: Vec<_> = titles.filter(|(_, title)| title.chars().count() > words::LONGEST_TITLE).collect();
    assert!(long.is_empty(), "shorten these titles, or end their first sentences sooner: {long:#?}");
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{name}: its operationId is taken");
        // Each function with due work has a path of its own.
        let path = name.split_once(' ').unwrap().1.replace("{function}", "storage").replace(['{', '}'], "");
        assert!(gateway::routes::find(&format!("http://a{path}")).is_some(), "{name}: no route leads there");
    }
    check_references(document, document);
    let unexplained = schemas::unexplained(document);
    assert!(unexplained.is_empty(), "say in a description what is in these, or that it is free: {unexplained:#?}");
    let missing: Vec<_> =
        operations(document).flat_map(|(name, operation)| examples::missing(&name, operation)).collect();
    assert!(missing.is_empty(), "without an example: {missing:#?}");
}

/// Every `$ref` leads to something in the document.
fn check_references(document: &Value, part: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            fields.values().for_each(|field| check_references(document, field));
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(document, item)),
        _ => {}
    }
}

fn check_committed(document: &Value, file: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../openapi").join(file);
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("{document:#}\n")).unwrap();
        return;
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let committed: Value = serde_json::from_str(&text).unwrap_or_default();
    let changed = differences(&committed, document, "");
    assert!(changed.is_empty(), "openapi/{file} is not what the code says, at {changed:#?}; update it with\n{UPDATE}");
}

/// Where two documents differ, as JSON pointers.
fn differences(one: &Value, other: &Value, place: &str) -> Vec<String> {
    match (one, other) {
        _ if one == other => Vec::new(),
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<_> = one.keys().chain(other.keys()).collect();
            let below = |key: &String| {
                let place = format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"));
                let field = |of: &Map<String, Value>| of.get(key).cloned().unwrap_or_default();
                differences(&field(one), &field(other), &place)
            };
            keys.into_iter().flat_map(below).collect()
        }
        _ => vec![if place.is_empty() { "the whole document".to_owned() } else { place.to_owned() }],
    }
}

#[test]
fn caas_is_complete_and_committed() {
    let document = apis::caas();
    check_contract(&document, CAAS);
    check_form(&document);
    check_committed(&document, "caas.json");
}

#[test]
fn licensing_is_complete_and_committed() {
    let document = apis::licensing();
    check_contract(&document, LICENSING);
    check_form(&document);
    check_committed(&document, "licensing.json");
}

#[test]
fn config_is_complete_and_committed() {
    let document = apis::config();
    check_contract(&document, CONFIG);
    check_form(&document);
    check_committed(&document, "config-api.json");
}

#[test]
fn portal_is_complete_and_committed() {
    let document = apis::portal();
    check_contract(&document, PORTAL);
    check_form(&document);
    check_committed(&document, "portal.json");
}

#[test]
fn qnsp_is_committed() {
    let document = apis::qnsp();
    check_form(&document);
    check_committed(&document, "qnsp.json");
}

#[test]
fn a_drift_is_found_and_placed() {
    let document = apis::licensing();
    let mut other = document.clone();
    other["paths"]["/licenses/healthz"]["get"]["summary"] = json!("something else");
    other["components"]["schemas"].as_object_mut().unwrap().remove("Error");
    let found = differences(&document, &other, "");
    assert_eq!(found, ["/components/schemas/Error", "/paths/~1licenses~1healthz/get/summary"]);
}
