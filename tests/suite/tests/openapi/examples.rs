//! Examples of operations: what the suite recorded of a request and its answer, and still finds to be so.

use serde_json::{Map, Value, json};

use crate::operations_mut;

pub fn add(document: &mut Value, recorded: &str) {
    let recorded: Value = serde_json::from_str(recorded).unwrap();
    for (name, operation) in operations_mut(document) {
        let example = &recorded[&name];
        if let (Some(content), body @ Value::Object(_)) =
            (operation.pointer_mut("/requestBody/content"), &example["body"])
        {
            for content in content.as_object_mut().unwrap().values_mut() {
                content["example"] = body.clone();
            }
        }
        let answer = operation.pointer_mut(&format!("/responses/{}/content", example["status"]));
        if let (Some(Value::Object(answer)), false) = (answer, example["answer"].is_null()) {
            let fits = |kind: &str| kind == "application/json" || (example["answer"].is_string() && is_text(kind));
            if let Some((kind, one)) = answer.iter_mut().find(|(kind, _)| fits(kind)) {
                one["example"] = of_kind(kind, &example["answer"]);
            }
        }
        if let Some(stream) = operation.pointer_mut("/responses/200/content/text~1event-stream") {
            let event = &recorded["GET /audit/v1/events"]["answer"]["items"][0];
            let id = event["eventId"].as_str().unwrap();
            stream["example"] = json!(format!("event: audit_event\nid: {id}\ndata: {event}\n\n"));
        }
    }
}

fn is_text(kind: &str) -> bool {
    kind.starts_with("text/") || kind == "application/jsonl"
}

/// The schema of JSON lines is that of each of them.
fn of_kind(kind: &str, answer: &Value) -> Value {
    let lines = answer.as_str().filter(|_| kind == "application/jsonl");
    lines.map_or_else(|| answer.clone(), |lines| serde_json::from_str(lines.lines().next().unwrap()).unwrap())
}

/// The bodies, and the answers of JSON or text, that have no example. Of an answer in several forms one is enough.
pub fn missing(name: &str, operation: &Value) -> Vec<String> {
    let body = operation["requestBody"]["content"].as_object();
    let answers = operation["responses"].as_object().into_iter().flatten();
    let answers = answers.filter_map(|(_, answer)| answer["content"].as_object());
    let lacks = |forms: &&Map<String, Value>| {
        let mut readable = forms.iter().filter(|(kind, _)| *kind == "application/json" || is_text(kind)).peekable();
        readable.peek().is_some() && !readable.any(|(_, content)| content.get("example").is_some())
    };
    let kinds = |forms: &Map<String, Value>| forms.keys().cloned().collect::<Vec<_>>().join(", ");
    body.into_iter().chain(answers).filter(lacks).map(|forms| format!("{name}: {}", kinds(forms))).collect()
}
