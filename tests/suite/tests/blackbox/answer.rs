//! What a case expects of an answer. Every check shows the whole answer when it fails.

use std::time::{Duration, Instant};

use chancery::client::Reply;
use serde_json::Value;

/// The body of an answer of this status.
#[track_caller]
pub fn ok(reply: &Reply, status: u16) -> Value {
    assert_eq!(reply.status, status, "{}", text(reply));
    if reply.body.is_empty() {
        return Value::Null;
    }
    assert_eq!(reply.header("content-type"), Some("application/json"), "{}", text(reply));
    serde_json::from_slice(&reply.body).unwrap_or_else(|error| panic!("{error}: {}", text(reply)))
}

/// The message of a refusal of this status, in the shape that both APIs share.
#[track_caller]
pub fn refused(reply: &Reply, status: u16) -> String {
    assert_eq!(reply.status, status, "{}", text(reply));
    assert_eq!(reply.header("content-type"), Some("application/json"), "{}", text(reply));
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_else(|error| panic!("{error}: {}", text(reply)));
    let mut keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["error", "message", "statusCode"], "{body}");
    assert_eq!(body["statusCode"], status, "{body}");
    let reason = match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        412 => "Precondition Failed",
        413 => "Payload Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        other => panic!("no case expects {other}"),
    };
    assert_eq!(body["error"], reason, "{body}");
    let message = body["message"].as_str().unwrap();
    assert!(!message.is_empty(), "{body}");
    message.to_owned()
}

/// The names of an object, sorted.
#[track_caller]
pub fn names(object: &Value) -> Vec<&str> {
    let mut names: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// A time as the APIs write it, in milliseconds since the epoch.
#[track_caller]
pub fn time(value: &Value) -> i64 {
    let text = value.as_str().unwrap();
    assert!(text.len() == 24 && text.ends_with('Z'), "{text} is not ISO 8601 in UTC with milliseconds");
    model::time::from_iso(text).unwrap()
}

/// Asks again until the answer is right, for what may be cached for a while.
#[track_caller]
pub fn soon<T: PartialEq + std::fmt::Debug>(ask: impl Fn() -> T, expected: &T) {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let answer = ask();
        if answer == *expected {
            return;
        }
        assert!(Instant::now() < deadline, "{answer:?} instead of {expected:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn text(reply: &Reply) -> String {
    format!("{} {:?} {}", reply.status, reply.headers, String::from_utf8_lossy(&reply.body))
}
