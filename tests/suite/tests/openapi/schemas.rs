//! Rules for schemas, wherever they stand in a document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

const PLACE: &str = "#/components/schemas/";

/// The names of types that are written where they are used begin so.
const INLINE: &str = "Inline_";

pub fn normalize(document: &mut Value) {
    let schemas = document["components"]["schemas"].as_object().unwrap().clone();
    let named: Vec<_> = schemas.iter().filter(|(_, schema)| schema["properties"].is_object()).collect();
    let components = document["components"]["schemas"].as_object_mut().unwrap();
    for part in components.values_mut().flat_map(parts_mut) {
        each_part(part, &mut |part| refer(part, &named));
    }
    each_part(&mut document["paths"], &mut |part| refer(part, &named));
    let bounded: Vec<_> = schemas.iter().filter(|(name, _)| name.starts_with(INLINE)).collect();
    each_part(document, &mut |part| write_out(part, &bounded));
    each_part(document, &mut merge_null);
    each_part(document, &mut mark_free);
    drop_unused(document);
}

fn each_part(value: &mut Value, change: &mut impl FnMut(&mut Value)) {
    change(value);
    parts_mut(value).for_each(|part| each_part(part, change));
}

fn parts_mut(value: &mut Value) -> Box<dyn Iterator<Item = &mut Value> + '_> {
    match value {
        Value::Object(members) => Box::new(members.values_mut()),
        Value::Array(items) => Box::new(items.iter_mut()),
        _ => Box::new(std::iter::empty()),
    }
}

/// The copy of a named schema that a generic type holds becomes a reference to it. Clients have one type then.
fn refer(part: &mut Value, named: &[(&String, &Value)]) {
    if !part["properties"].is_object() {
        return;
    }
    if let Some((name, _)) = named.iter().find(|(_, schema)| *schema == part) {
        *part = json!({ "$ref": format!("{PLACE}{name}") });
    }
}

/// A time, and a text, number or object with bounds.
fn write_out(part: &mut Value, bounded: &[(&String, &Value)]) {
    let Some(name) = part["$ref"].as_str().and_then(|place| place.strip_prefix(PLACE)) else { return };
    let Some((_, schema)) = bounded.iter().find(|(known, _)| *known == name) else { return };
    let mut written = (*schema).clone();
    let own: Map<_, _> = part.as_object().unwrap().iter().filter(|(name, _)| *name != "$ref").map(clone).collect();
    written.as_object_mut().unwrap().extend(own);
    *part = written;
}

/// One of `null` and a schema of one type is that schema with both types.
fn merge_null(part: &mut Value) {
    let Some([null, other]) = part["oneOf"].as_array().map(Vec::as_slice) else { return };
    if *null != json!({ "type": "null" }) || !other["type"].is_string() || other.get("enum").is_some() {
        return;
    }
    let mut merged = other.clone();
    merged["type"] = json!([other["type"], "null"]);
    let own: Map<_, _> = part.as_object().unwrap().iter().filter(|(name, _)| *name != "oneOf").map(clone).collect();
    merged.as_object_mut().unwrap().extend(own);
    *part = merged;
}

fn clone((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

/// An object of which nothing is said may have any members.
fn mark_free(part: &mut Value) {
    if is_free(part) {
        part["additionalProperties"] = json!(true);
    }
}

fn is_free(part: &Value) -> bool {
    let is_object = part["type"] == "object" || part["type"] == json!(["object", "null"]);
    let says_more = ["properties", "additionalProperties", "oneOf", "allOf", "$ref"];
    is_object && !says_more.iter().any(|name| part.get(name).is_some())
}

/// A generic type leaves the schema of its argument behind.
fn drop_unused(document: &mut Value) {
    loop {
        let mut used = BTreeSet::new();
        collect(&document["paths"], &mut used);
        collect(&document["components"]["responses"], &mut used);
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            let mut of_schema = BTreeSet::new();
            collect(schema, &mut of_schema);
            of_schema.remove(name);
            used.append(&mut of_schema);
        }
        let schemas = document["components"]["schemas"].as_object_mut().unwrap();
        let before = schemas.len();
        schemas.retain(|name, _| used.contains(name));
        if schemas.len() == before {
            return;
        }
    }
}

fn collect(part: &Value, used: &mut BTreeSet<String>) {
    match part {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str).and_then(|place| place.strip_prefix(PLACE));
            used.extend(name.map(str::to_owned));
            members.values().for_each(|it| collect(it, used));
        }
        Value::Array(items) => items.iter().for_each(|it| collect(it, used)),
        _ => {}
    }
}

/// Where JSON is free without a word that says so.
pub fn unexplained(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(&document["components"], "", false, &mut found);
    walk(&document["paths"], "", false, &mut found);
    found
}

/// What is said of a list is said of its items, and what is said of an answer of its body.
fn walk(part: &Value, place: &str, is_told: bool, found: &mut Vec<String>) {
    let is_told = is_told || part["description"].is_string();
    let is_free = part["additionalProperties"] == json!(true) && part.get("properties").is_none();
    if is_free && !is_told {
        found.push(place.to_owned());
    }
    match part {
        Value::Object(members) => {
            for (name, it) in members.iter().filter(|(name, _)| *name != "example") {
                let is_within = matches!(name.as_str(), "items" | "oneOf" | "content" | "application/json" | "schema");
                walk(it, &format!("{place}/{name}"), is_told && is_within, found);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, it)| walk(it, &format!("{place}/{n}"), is_told, found))
        }
        _ => {}
    }
}
