//! An answer of the service, whatever its status.

use std::{
    io::{self, Write},
    time::Duration,
};

use serde_json::Value;
use ureq::http::HeaderMap;

use crate::{Error, Result, json, output};

const UNAUTHORISED: &str = "Most often this licence is not a member of this community (`chancery licence authorize` makes it one), or its \
                            level is too low. Otherwise its key is unknown, disabled or expired, or a clock is off: the time of \
                            a request may differ by a minute at most (check `date -u`).";

/// Of QNSP.
const NO_KEY: &str = "The API key is unknown, revoked or expired; `chancery qnsp key list` shows the keys of a tenant.";

/// Of the Config API.
const NO_TOKEN: &str = "The token is unknown, revoked or expired; `chancery token list` shows the tokens.";

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON; an empty one is null.
    pub fn json(&self) -> Result<Value> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(|error| self.no_json(&json::fault(&error)))
    }

    /// The body as the JSON text that it is, and as nothing else: no digit and no name changes.
    pub(crate) fn text(&self) -> Result<&str> {
        let text = std::str::from_utf8(&self.body).map_err(|error| self.no_json(&error.to_string()))?;
        json::check(text).map_err(|reason| self.no_json(&reason))?;
        Ok(text)
    }

    /// The body for programs: JSON as it was answered, indented. An empty one is null.
    pub(crate) fn printed(&self) -> Result<String> {
        if self.body.is_empty() { Ok("null\n".to_owned()) } else { self.text().map(json::indented) }
    }

    pub(crate) fn no_json(&self, reason: &str) -> Error {
        let status = self.status;
        Error::Fault(format!("the answer ({status}) is not JSON ({reason}); is the address that of a deployment?"))
    }

    /// A header's value, when it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Says on standard error what was asked and how it was answered, and by which name the log has it.
    pub(super) fn report(&self, method: &str, path: &str, took: Duration) {
        let path = path.split('?').next().unwrap_or_default();
        let names = ["x-request-id", "audit-entry"].map(|name| (name, self.header(name)));
        let names = names.iter().filter_map(|(name, value)| Some(format!(", {name} {}", (*value)?)));
        let names: String = names.collect();
        let _ = writeln!(io::stderr(), "{method} {path}: {} in {} ms{names}", self.status, took.as_millis());
    }

    /// This reply if the service did what was asked, otherwise the error that its status means.
    pub fn accepted(self) -> Result<Self> {
        match self.status {
            200..=299 => Ok(self),
            400..=499 => {
                let details = self.details();
                let hint = match &details {
                    Some(_) => NO_KEY,
                    None if self.is_of_config_api() => NO_TOKEN,
                    None => UNAUTHORISED,
                };
                let message = self.message() + &details.unwrap_or_default();
                Err(Error::Refused { status: self.status, message, hint: (self.status == 401).then_some(hint) })
            }
            status => Err(Error::Fault(format!("{status}: {}", self.message()))),
        }
    }

    /// What QNSP says about the places of an error beside its message, a line for each; `None` where it is another API that answered.
    fn details(&self) -> Option<String> {
        let json = serde_json::from_slice::<Value>(&self.body).ok()?;
        let details = json.get("requestId").and(json.get("details"))?.as_object()?;
        let details = Value::Object(details.clone());
        let told = self.message();
        let lines = details.as_object()?.keys().map(|name| (name, output::text(&details, name)));
        let lines = lines.filter(|(_, text)| !told.contains(text.as_str()));
        Some(lines.map(|(name, text)| format!("\n  {name}: {text}")).collect())
    }

    /// Its errors have one member.
    fn is_of_config_api(&self) -> bool {
        let json = serde_json::from_slice::<Value>(&self.body).ok();
        json.as_ref().and_then(Value::as_object).is_some_and(|error| error.len() == 1 && error.contains_key("error"))
    }

    /// What the service says about an error.
    fn message(&self) -> String {
        let json = serde_json::from_slice::<Value>(&self.body).ok();
        let text = json.as_ref().and_then(|json| json.get("message").or_else(|| json.get("error"))?.as_str());
        match (text, self.header("location")) {
            (Some(text), _) => text.to_owned(),
            (None, Some(location)) => format!("it redirects to {location}; use that address"),
            (None, None) => "no message in the answer".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, body: &Value) -> String {
        let reply = Reply { status, headers: HeaderMap::new(), body: body.to_string().into_bytes() };
        reply.accepted().map_or_else(|error| error.to_string(), |_| String::new())
    }

    #[test]
    fn the_places_of_an_error_and_the_usual_cause_are_told() {
        let details = serde_json::json!({ "ttl": "must be at most\nttl.max", "supported": ["a"] });
        let body = serde_json::json!({ "message": "no", "details": details, "requestId": "r" });
        let expected = "the service refused (422): no\n  supported: [\"a\"]\n  ttl: must be at most\u{fffd}ttl.max";
        assert_eq!(error(422, &body), expected);
        let body = serde_json::json!({ "message": "no", "details": {}, "requestId": "r" });
        assert!(error(401, &body).ends_with(NO_KEY));
        assert!(error(401, &serde_json::json!({ "error": "no" })).ends_with(NO_TOKEN));
        assert!(error(401, &serde_json::json!({ "message": "no" })).ends_with(UNAUTHORISED));
    }
}
