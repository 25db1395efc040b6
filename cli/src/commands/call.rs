//! `chancery call`: any request, signed, for what has no command of its own.

use clap::Args;
use crypto::Zeroizing;

use super::Session;
use crate::{
    Error, Result,
    client::{Api, Client},
    input, json, output,
};

/// The member that travels encrypted.
const DATA: &str = "data";

#[derive(Args)]
pub(super) struct Call {
    /// GET, POST, PUT, PATCH, DELETE …
    method: String,
    /// Such as /licenses/servicekey/current
    path: String,
    /// JSON body, or - for standard input
    #[arg(short, long, value_name = "JSON", group = "body")]
    data: Option<String>,
    /// The JSON body is the content of this file
    #[arg(long, value_name = "FILE", group = "body")]
    data_file: Option<String>,
    /// A parameter of the query; may be repeated
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    query: Vec<(String, String)>,
    /// Encrypt the member `data` of the body for the service
    #[arg(long, requires = "body", conflicts_with = "anonymous")]
    encrypt: bool,
    /// Do not sign
    #[arg(long)]
    anonymous: bool,
    /// Send the API key of a QNSP tenant instead of a signature; under /api the token of the Config API
    #[arg(long, conflicts_with_all = ["encrypt", "anonymous"])]
    bearer: bool,
}

impl Call {
    pub fn run(&self, session: &Session) -> Result<String> {
        let method = self.method.to_ascii_uppercase();
        let path = if self.path.starts_with('/') { self.path.clone() } else { format!("/{}", self.path) };
        if method == "DELETE" {
            session.confirm(&format!("Send DELETE {path}? What it deletes may be gone for good."))?;
        }
        let connection = session.connection()?;
        let query: Vec<_> = self.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let body = self.body()?;
        let bytes = |body: Option<Zeroizing<String>>| body.map(|body| body.as_bytes().to_vec());

        let (reply, opened) = if self.anonymous {
            let client = connection.anonymous()?;
            (client.send(&method, &path, &query, &[], bytes(body))?.accepted()?, None)
        } else if self.bearer {
            let bearer = if path.starts_with("/api/") { connection.config_api()? } else { connection.bearer()? };
            (bearer.send(&method, &path, &query, &[], bytes(body))?.accepted()?, None)
        } else {
            let (client, api) = (connection.client()?, Api::of(&path)?);
            let body = if self.encrypt { Some(encrypted(&client, api, body)?) } else { body };
            let reply = client.call_with(&method, &path, &query, &[], bytes(body))?.accepted()?;
            let opened = reply.text().ok().and_then(|answer| opened(&client, api, answer));
            (reply, opened)
        };
        match opened {
            Some(text) => Ok(json::indented(&text)),
            None => reply.text().map(json::indented).or_else(|_| pass_on(&reply.body)),
        }
    }

    /// The text that was given: it is checked, and sent as it stands.
    fn body(&self) -> Result<Option<Zeroizing<String>>> {
        let Some(text) = input::given(self.data.as_deref(), self.data_file.as_deref())? else { return Ok(None) };
        let text = input::without_mark(text);
        json::check(&text).map_err(|reason| Error::usage(format!("the body is not JSON: {reason}")))?;
        Ok(Some(text))
    }
}

/// The body with its `data` encrypted.
fn encrypted(client: &Client, api: Api, body: Option<Zeroizing<String>>) -> Result<Zeroizing<String>> {
    let without = || Error::usage("--encrypt needs a body with one member `data`");
    let body = body.unwrap_or_default();
    let members = json::members(&body).map_err(|_| without())?;
    let mut data = members.iter().filter(|(name, _)| name == DATA);
    let (Some((_, plain)), None) = (data.next(), data.next()) else { return Err(without()) };
    let sealed = json::quoted(&client.encrypt_data(api, plain)?);
    Ok(Zeroizing::new(with_data(&members, &sealed)))
}

/// The answer with its `data` decrypted; `None` when there is nothing that opens.
fn opened(client: &Client, api: Api, answer: &str) -> Option<String> {
    let members = json::members(answer).ok()?;
    let sealed: String = serde_json::from_str(json::member(&members, DATA)?).ok()?;
    Some(with_data(&members, &client.decrypt_text(api, &sealed).ok()?))
}

/// The same object with another `data`.
fn with_data(members: &[(String, &str)], data: &str) -> String {
    json::object(members.iter().map(|(name, text)| (name.as_str(), if name == DATA { data } else { *text })))
}

/// An answer that is no JSON goes to standard output byte by byte.
fn pass_on(body: &[u8]) -> Result<String> {
    output::bytes(body).map(|()| String::new())
}

fn parse_pair(text: &str) -> std::result::Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("use NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
