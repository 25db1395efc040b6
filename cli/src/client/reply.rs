//! An answer of the service, whatever its status.

use serde_json::Value;
use ureq::http::HeaderMap;

use crate::{Error, Result, json};

const UNAUTHORISED: &str = "Most often this licence is not a member of this community (`chancery licence authorize` makes it one), or its \
                            level is too low. Otherwise its key is unknown, disabled or expired, or a clock is off: the time of \
                            a request may differ by a minute at most (check `date -u`).";

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

    /// This reply if the service did what was asked, otherwise the error that its status means.
    pub fn accepted(self) -> Result<Self> {
        match self.status {
            200..=299 => Ok(self),
            400..=499 => {
                let hint = (self.status == 401).then_some(UNAUTHORISED);
                Err(Error::Refused { status: self.status, message: self.message(), hint })
            }
            status => Err(Error::Fault(format!("{status}: {}", self.message()))),
        }
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
