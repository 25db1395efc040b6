//! The client of an API that takes a key as it is, in the header `Authorization`.

use crypto::{Curve, Zeroizing};

use super::{Client, Manner, Reply, generate_key};
use crate::Result;

/// One caller of QNSP: an API key of a deployment.
pub struct Bearer {
    client: Client,
    authorization: Zeroizing<String>,
}

impl Bearer {
    pub fn new(base_url: &str, api_key: &str, manner: Manner) -> Result<Self> {
        let authorization = Zeroizing::new(format!("Bearer {api_key}"));
        let key = generate_key(Curve::default())?;
        Ok(Self { client: Client::with(manner, base_url, key, ""), authorization })
    }

    /// Sends a request. Whatever is answered is given back.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Result<Reply> {
        let headers: Vec<_> = [("authorization", self.authorization.as_str())].iter().chain(headers).copied().collect();
        self.client.send(method, path, query, &headers, body)
    }
}
