//! What holds for every operation and is therefore written at none.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use chancery_tests::rows;
use policy::Access;
use serde_json::{Value, json};

use crate::{
    access, operations_mut,
    refusals::{self, Shape},
    schemas, words,
};

/// The documents of functions as one. A name means one thing in it.
pub fn merged<const N: usize>(documents: [utoipa::openapi::OpenApi; N]) -> utoipa::openapi::OpenApi {
    let mut schemas = BTreeMap::new();
    for (name, schema) in
        documents.iter().filter_map(|document| document.components.as_ref()).flat_map(|it| &it.schemas)
    {
        let schema = serde_json::to_value(schema).unwrap();
        let known = schemas.entry(name).or_insert_with(|| schema.clone());
        assert_eq!(*known, schema, "two schemas are named {name}: give one of them another name with schema(as = …)");
    }
    documents.into_iter().reduce(utoipa::openapi::OpenApi::merge_from).unwrap()
}

/// The document of an API. `recorded` are the examples of its operations.
pub fn complete(title: &str, shape: Shape, operations: utoipa::openapi::OpenApi, recorded: &str) -> Value {
    let mut document = serde_json::to_value(operations).unwrap();
    document["info"] = json!({
        "title": format!("Chancery: {title}"),
        "description": words::about(shape, title),
        "version": env!("CARGO_PKG_VERSION"),
        "license": { "name": "Apache License 2.0", "identifier": "Apache-2.0" },
    });
    document["servers"] = json!([{
        "url": "{origin}",
        "variables": { "origin": { "default": "http://127.0.0.1:8787", "description": "Where the deployment is" } },
    }]);
    for (name, schema) in refusals::schemas(shape).as_object().unwrap() {
        document["components"]["schemas"][name] = schema.clone();
    }
    let rows = rows::all();
    for (name, operation) in operations_mut(&mut document) {
        let row = rows.iter().find(|row| format!("{} {}", row.method, row.path) == name);
        let (security, who) = match row {
            None if name == access::DUE => access::of_due_work(),
            row => (access::security(row.unwrap().access), access::who_may_call(row.unwrap().access)),
        };
        operation["security"] = security;
        words::describe(operation, &who);
        complete_operation(operation, shape);
    }
    common_answers(&mut document, shape);
    schemas::normalize(&mut document);
    crate::examples::add(&mut document, recorded);
    words::add_tags(&mut document, shape);
    document
}

fn complete_operation(operation: &mut Value, shape: Shape) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        words::describe_parameter(parameter, shape);
    }
    // Kong's portal tool sends JSON alone.
    if shape == Shape::Portal && operation["security"] != access::security(Access::AdminToken) {
        may_be_a_form(operation);
    }
    complete_answers(operation, shape);
}

/// The portal reads forms and JSON alike.
fn may_be_a_form(operation: &mut Value) {
    if let Some(content) = operation.pointer_mut("/requestBody/content") {
        content["application/x-www-form-urlencoded"] = content["application/json"].clone();
    }
}

/// Every refusal of an API has the same body.
fn complete_answers(operation: &mut Value, shape: Shape) {
    let answers = operation["responses"].as_object_mut().unwrap();
    for (status, answer) in answers.iter_mut() {
        let status: StatusCode = status.parse().unwrap();
        let is_described = answer["description"].as_str().is_some_and(|text| !text.is_empty());
        match status.as_u16() {
            // A refusal of a shape of its own.
            400.. if answer.get("content").is_some() => {}
            400.. if is_described => answer["content"] = refusals::content(shape, status),
            400.. => *answer = json!({ "$ref": format!("#/components/responses/{}", refusals::name(status)) }),
            _ if is_described => {}
            _ => answer["description"] = json!(status.canonical_reason().unwrap()),
        }
    }
    if !answers.keys().any(|status| status.starts_with('4')) {
        answers.insert("4XX".to_owned(), json!({ "$ref": "#/components/responses/AnyRefusal" }));
    }
    answers.insert("default".to_owned(), json!({ "$ref": "#/components/responses/Other" }));
}

/// The answers that operations refer to.
fn common_answers(document: &mut Value, shape: Shape) {
    let mut common = refusals::common(shape);
    let text = document["paths"].to_string();
    common.as_object_mut().unwrap().retain(|name, _| text.contains(&format!("responses/{name}\"")));
    document["components"]["responses"] = common;
}
