//! The id of a request, for an API whose answers name it.

use axum::http::HeaderMap;
use model::ids;
use platform::random;

/// The UUID that the caller has sent, or a new one.
#[derive(Clone, Debug)]
pub struct RequestId(String);

impl RequestId {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get("x-request-id").and_then(|id| id.to_str().ok()).and_then(ids::uuid_bytes);
        // Without randomness there is no id to give; requests that need more randomness fail by themselves.
        Self(sent.map_or_else(|| ids::random_uuid(random::bytes().unwrap_or_default()), ids::uuid_text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
