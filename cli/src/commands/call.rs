//! `chancery call`: any request, signed, for what has no command of its own.

use clap::Args;
use serde_json::Value;

use super::Session;
use crate::{
    Error, Result,
    client::{Api, Client},
    input, output,
};

#[derive(Args)]
pub(super) struct Call {
    /// GET, POST, PUT, PATCH, DELETE …
    method: String,
    /// Such as /licenses/servicekey/current
    path: String,
    /// JSON body: the text itself, @file, or - for standard input
    #[arg(short, long, value_name = "JSON")]
    data: Option<String>,
    /// A parameter of the query; may be repeated
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    query: Vec<(String, String)>,
    /// Encrypt the member `data` of the body for the service
    #[arg(long, requires = "data", conflicts_with = "anonymous")]
    encrypt: bool,
    /// Do not sign
    #[arg(long)]
    anonymous: bool,
}

impl Call {
    pub fn run(&self, session: &Session) -> Result<String> {
        let connection = session.connection()?;
        let method = self.method.to_ascii_uppercase();
        let path = if self.path.starts_with('/') { self.path.clone() } else { format!("/{}", self.path) };
        let query: Vec<_> = self.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let body = self.body()?;

        let (reply, opened) = if self.anonymous {
            let client = Client::new(&connection.base_url, connection.curve, "")?;
            (client.call_anonymously(&method, &path, &query, body.as_ref())?.accepted()?, None)
        } else {
            let (client, api) = (connection.client()?, Api::of(&path)?);
            let body = if self.encrypt { Some(encrypted(&client, api, body)?) } else { body };
            let reply = client.call(&method, &path, &query, body.as_ref())?.accepted()?;
            let opened = reply.json().ok().and_then(|answer| opened(&client, api, answer));
            (reply, opened)
        };
        if reply.body.is_empty() {
            return Ok(String::new());
        }
        let answer = opened.or_else(|| reply.json().ok());
        Ok(answer.map_or_else(|| String::from_utf8_lossy(&reply.body).into_owned(), |answer| output::json(&answer)))
    }

    fn body(&self) -> Result<Option<Value>> {
        let Some(argument) = &self.data else { return Ok(None) };
        let text = input::read(argument)?;
        serde_json::from_str(&text).map(Some).map_err(|error| Error::usage(format!("the body is not JSON: {error}")))
    }
}

/// The body with its `data` encrypted.
fn encrypted(client: &Client, api: Api, body: Option<Value>) -> Result<Value> {
    let mut body = body.unwrap_or_default();
    let data = body.get_mut("data").ok_or_else(|| Error::usage("--encrypt needs a body with a member `data`"))?;
    *data = Value::String(client.encrypt_data(api, data)?);
    Ok(body)
}

/// The answer with its `data` decrypted; `None` when there is nothing that opens.
fn opened(client: &Client, api: Api, mut answer: Value) -> Option<Value> {
    let data = answer.get_mut("data")?;
    *data = client.decrypt_data(api, data.as_str()?).ok()?;
    Some(answer)
}

fn parse_pair(text: &str) -> std::result::Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("use NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
