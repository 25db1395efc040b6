//! What a command asks of the service, before it is signed: plain values that tests can compare.

use serde_json::Value;

use crate::{
    Result,
    client::{Bearer, Client, Reply},
    output,
};

/// The longest page of a list of QNSP.
const PAGE: usize = 200;

#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    pub method: &'static str,
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    pub headers: Vec<(&'static str, String)>,
    /// JSON text.
    pub body: Option<String>,
}

impl Request {
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: Vec::new(), headers: Vec::new(), body: None }
    }

    pub fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// Anything that writes itself as JSON.
    pub fn body(mut self, body: impl ToString) -> Self {
        self.body = Some(body.to_string());
        self
    }

    /// Signs and sends; anything but success is an error.
    pub fn send(&self, client: &Client) -> Result<Reply> {
        let body = self.body.as_ref().map(|body| body.clone().into_bytes());
        client.call_with(self.method, &self.path, &borrowed(&self.query), &borrowed(&self.headers), body)?.accepted()
    }
}

impl Request {
    /// Sends with an API key; anything but success is an error.
    pub fn send_with(&self, bearer: &Bearer) -> Result<Reply> {
        let body = self.body.as_ref().map(|body| body.clone().into_bytes());
        bearer.send(self.method, &self.path, &borrowed(&self.query), &borrowed(&self.headers), body)?.accepted()
    }

    /// Everything in a list of QNSP, page by page.
    pub fn all_with(&self, bearer: &Bearer, name: &str) -> Result<Vec<Value>> {
        let mut found: Vec<Value> = Vec::new();
        loop {
            let page = Self {
                query: self.query.clone(),
                headers: self.headers.clone(),
                ..Self::new(self.method, &*self.path)
            };
            let answer = page.query("limit", PAGE).query("offset", found.len()).send_with(bearer)?.json()?;
            let rows = output::rows(&answer, name);
            found.extend_from_slice(rows);
            if rows.len() < PAGE {
                return Ok(found);
            }
        }
    }
}

fn borrowed<'a>(pairs: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    pairs.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[cfg(test)]
impl Request {
    /// The body, to be compared.
    #[expect(clippy::unwrap_used, reason = "tests")]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.body.as_ref().unwrap()).unwrap()
    }
}
