//! An IPFS node that holds the documents as well, through its HTTP RPC. The local copy stays the source: a node that
//! fails or is slow costs a bounded time, is left alone for a while and gets what it missed when that is read again.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use axum::http::{Request, header};
use crypto::cid;
use platform::{
    FetchError, Vars, clock,
    fetch::{Limits, fetch},
};
use serde::Deserialize;

use crate::documents::Version;

const TIMEOUT: Duration = Duration::from_secs(2);

/// For how long this instance does not ask a node again that failed.
const REST_MS: i64 = 10_000;

/// The options under which a node gives a document the id that it has here.
const ADD: &str = "/api/v0/add?cid-version=0&raw-leaves=false&hash=sha2-256&chunker=size-262144&trickle=false\
                   &wrap-with-directory=false&pin=true&quieter=true";

pub(crate) struct Node {
    url: String,
    authorization: Option<String>,
    resting_until: AtomicI64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Added {
    hash: String,
}

impl Node {
    pub(crate) async fn from_vars(vars: &dyn Vars) -> Option<Self> {
        let url = vars.get("IPFS_API_URL").await?.trim_end_matches('/').to_owned();
        let authorization = vars.get("IPFS_API_AUTHORIZATION").await;
        Some(Self { url, authorization, resting_until: AtomicI64::new(0) })
    }

    /// Adds and pins a document; true when the node holds it under its id.
    pub(crate) async fn add(&self, version: &Version) -> bool {
        // A boundary may not stand in the content, and no content holds its own hash.
        let boundary = &version.id;
        let body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"consent.json\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{}\r\n--{boundary}--\r\n",
            version.document.text()
        );
        let content_type = format!("multipart/form-data; boundary={boundary}");
        let answer = self.ask(ADD, Some(content_type), body, 64 * 1024).await;
        let Some(answer) = self.or_rest(&version.id, answer) else { return false };
        let added: Option<Added> = serde_json::from_slice(&answer).ok();
        if added.is_some_and(|added| added.hash == version.id) {
            return true;
        }
        self.rest(&version.id, "another id was given, or none");
        false
    }

    /// The text of a document, if the node has it in time. Whether it is the right one is for the caller.
    pub(crate) async fn cat(&self, id: &str) -> Option<String> {
        let answer = self.ask(&format!("/api/v0/cat?arg={id}"), None, String::new(), cid::MAX_BYTES).await;
        String::from_utf8(self.or_rest(id, answer)?).ok()
    }

    async fn ask(
        &self,
        path: &str,
        content_type: Option<String>,
        body: String,
        bytes: usize,
    ) -> Result<Vec<u8>, Failure> {
        if clock::now_ms() < self.resting_until.load(Ordering::Relaxed) {
            return Err(Failure::Resting);
        }
        let mut request = Request::post(format!("{}{path}", self.url));
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(body.into_bytes()).map_err(|_| FetchError::Malformed)?;
        let answer = fetch(request, Limits { time: TIMEOUT, bytes }).await?;
        if answer.status().is_success() {
            Ok(answer.into_body())
        } else {
            Err(Failure::Status(answer.status().as_u16()))
        }
    }

    fn or_rest(&self, id: &str, answer: Result<Vec<u8>, Failure>) -> Option<Vec<u8>> {
        match answer {
            Ok(answer) => return Some(answer),
            Err(Failure::Resting) => {}
            Err(Failure::Status(status)) => self.rest(id, &format!("it answered {status}")),
            Err(Failure::Fetch(error)) => self.rest(id, &error.to_string()),
        }
        None
    }

    fn rest(&self, id: &str, reason: &str) {
        self.resting_until.store(clock::now_ms() + REST_MS, Ordering::Relaxed);
        platform::log::error(&format!("the IPFS node failed at {id}: {reason}"));
    }
}

enum Failure {
    /// It failed a moment ago.
    Resting,
    Status(u16),
    Fetch(FetchError),
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self::Fetch(error)
    }
}
