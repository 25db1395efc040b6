//! What a command asks of the service, before it is signed: plain values that tests can compare.

use serde_json::Value;

use crate::{
    Result,
    client::{Client, Reply},
};

#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    pub method: &'static str,
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Value>,
}

impl Request {
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: Vec::new(), body: None }
    }

    pub fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Signs and sends; anything but success is an error.
    pub fn send(&self, client: &Client) -> Result<Reply> {
        let query: Vec<_> = self.query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        client.call(self.method, &self.path, &query, self.body.as_ref())?.accepted()
    }
}
