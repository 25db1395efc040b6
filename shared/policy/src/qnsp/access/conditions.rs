//! Whether the conditions of a policy hold. Types are never converted, and a value that is missing or null meets no
//! condition, not even that it differs.

use std::{borrow::Cow, cmp::Ordering};

use model::qnsp::access::{Condition, Conditions, Operator};
use serde_json::{Map, Value};

use super::{Request, compare};

pub(super) fn hold(conditions: &Conditions, request: &Request) -> bool {
    conditions.0.iter().all(|(path, condition)| {
        let Some(found) = find(path, request).filter(|found| !found.is_null()) else { return false };
        match condition {
            Condition::Equals(wanted) => equal(&found, wanted),
            Condition::All(operators) => operators.iter().all(|(operator, wanted)| holds(*operator, &found, wanted)),
        }
    })
}

fn holds(operator: Operator, found: &Value, wanted: &Value) -> bool {
    let compared = |accepted: fn(Ordering) -> bool| compare(found, wanted).is_some_and(accepted);
    match operator {
        Operator::Eq => equal(found, wanted),
        Operator::Ne => !equal(found, wanted),
        Operator::In => wanted.as_array().is_some_and(|list| list.iter().any(|wanted| equal(found, wanted))),
        Operator::Gt => compared(Ordering::is_gt),
        Operator::Gte => compared(Ordering::is_ge),
        Operator::Lt => compared(Ordering::is_lt),
        Operator::Lte => compared(Ordering::is_le),
        Operator::StartsWith => match (found, wanted) {
            (Value::String(found), Value::String(wanted)) => found.starts_with(wanted.as_str()),
            _ => false,
        },
    }
}

/// Numbers are equal by their value, however they are written; all else as JSON.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(_), Value::Number(_)) => compare(a, b) == Some(Ordering::Equal),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

/// What stands at a path of the request.
fn find<'a>(path: &str, request: &'a Request) -> Option<Cow<'a, Value>> {
    let owned = |value: Value| Some(Cow::Owned(value));
    match path {
        "resource.type" => return owned(request.resource_type.as_str().into()),
        "resource.id" => return owned(request.resource_id.as_str().into()),
        "principal.type" => return owned(request.principal_type.as_str().into()),
        "principal.id" => return owned(request.principal_id.as_str().into()),
        "time.hour" => return owned(request.hour_and_weekday().0.into()),
        "time.weekday" => return owned(request.hour_and_weekday().1.into()),
        _ => {}
    }
    let found = match path.split_once('.') {
        Some(("env", inner)) => at(&request.environment, inner),
        Some(("resource", inner)) => at(&request.resource_attributes, inner),
        Some(("principal", inner)) => at(&request.principal_attributes, inner),
        _ => at(&request.resource_attributes, path).or_else(|| at(&request.environment, path)),
    };
    found.map(Cow::Borrowed)
}

/// A member by its name, or by names with dots between them.
fn at<'a>(members: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = members.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    at(members.get(first)?.as_object()?, rest)
}
