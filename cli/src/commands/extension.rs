//! `chancery extension`: extensions of browsers. What is sent and answered travels encrypted.

use clap::{Args, Subcommand};
use crypto::Zeroizing;
use serde_json::{Value, json};

use super::Session;
use crate::{
    Error, Result,
    client::{Api, Client},
    input, json, output,
};

#[derive(Subcommand)]
pub(super) enum Extension {
    /// Activate an extension, by the licence or by a bearer token
    Activate(Activate),
    /// Deactivate an extension
    Deactivate {
        #[command(flatten)]
        installation: Installation,
        /// Who deactivates it; kept with the extension
        #[arg(long, value_name = "NAME", env = "USER", default_value = "chancery")]
        by: String,
    },
    /// Show whether an extension is active
    Status {
        #[command(flatten)]
        installation: Installation,
    },
}

#[derive(Args)]
pub(super) struct Installation {
    /// uuid of the extension
    extension: String,
    /// Host name of its tenant, such as tenant.example.com
    #[arg(long, value_name = "HOST")]
    tenant_dns: String,
    /// Name of its community
    #[arg(long, value_name = "NAME", default_value = "default")]
    community: String,
}

#[derive(Args)]
pub(super) struct Activate {
    #[command(flatten)]
    installation: Installation,
    #[arg(long, value_name = "NAME")]
    browser: Option<String>,
    #[arg(long, value_name = "VERSION")]
    extension_version: Option<String>,
    /// Bearer token with the scope extension:activate, instead of a licence; - for standard input
    #[arg(long, value_name = "TOKEN", env = "CHANCERY_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The bearer token is the content of this file
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    token_file: Option<String>,
}

impl Installation {
    fn data(&self, more: Value) -> Value {
        let mut data = json!({
            "extensionId": self.extension,
            "tenantDns": self.tenant_dns,
            "communityName": self.community,
        });
        if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
            data.extend(more);
        }
        data
    }
}

impl Extension {
    pub fn run(&self, session: &Session) -> Result<String> {
        let token = match self {
            Self::Activate(Activate { token, token_file, .. }) => {
                input::given(token.as_deref(), token_file.as_deref())?
            }
            Self::Deactivate { .. } | Self::Status { .. } => None,
        };
        // A token needs no licence beside it.
        let client = if token.is_some() { session.anonymous()? } else { session.client()? };
        let (path, data) = self.request();
        let answer = send(&client, path, &data, token.as_ref())?;
        if session.json() {
            return Ok(json::indented(&answer));
        }
        let answer: Value = serde_json::from_str(&answer)
            .map_err(|error| Error::Fault(format!("the answer is not JSON ({})", json::fault(&error))))?;
        let names = ["extensionId", "status", "activatedAt", "deactivatedAt"];
        let fields: Vec<_> = names.into_iter().map(|name| (name, output::text(&answer, name))).collect();
        Ok(output::fields(&fields))
    }

    fn request(&self) -> (&'static str, Value) {
        match self {
            Self::Activate(Activate { installation, browser, extension_version, .. }) => {
                let given = [("browser", browser), ("extensionVersion", extension_version)];
                let given =
                    given.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.as_deref()?.into())));
                let metadata: serde_json::Map<_, _> = given.collect();
                let more = if metadata.is_empty() { json!({}) } else { json!({ "metadata": metadata }) };
                ("/caas/extension/activate", installation.data(more))
            }
            Self::Deactivate { installation, by } => {
                ("/caas/extension/deactivate", installation.data(json!({ "deactivatedBy": by })))
            }
            Self::Status { installation } => ("/caas/extension/status", installation.data(json!({}))),
        }
    }
}

/// The data of the answer, opened.
fn send(client: &Client, path: &str, data: &Value, token: Option<&Zeroizing<String>>) -> Result<String> {
    let body = json!({ "data": client.encrypt_data(Api::Caas, data)? });
    let reply = match token {
        None => client.call("POST", path, &[], Some(&body))?,
        Some(token) => {
            let signed = client.headers(Api::Caas)?;
            let authorization = Zeroizing::new(format!("Bearer {}", token.trim()));
            let mut headers = signed.pairs().to_vec();
            headers.retain(|(name, _)| *name != "licensekey");
            headers.push(("authorization", &authorization));
            client.send("POST", path, &[], &headers, Some(body.to_string().into_bytes()))?
        }
    };
    let answer = reply.accepted()?.json()?;
    let sealed = answer.get("data").and_then(Value::as_str);
    client.decrypt_text(Api::Caas, sealed.ok_or_else(|| Error::Fault("the answer holds no data".to_owned()))?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::commands::typed;

    fn request(line: &str) -> (&'static str, Value) {
        typed::<Extension>(line.split(' ')).unwrap().request()
    }

    #[test]
    fn an_extension_is_named_with_its_tenant_and_community() {
        let (path, data) = request("status 1 --tenant-dns a.b");
        assert_eq!(path, "/caas/extension/status");
        assert_eq!(data, json!({"extensionId": "1", "tenantDns": "a.b", "communityName": "default"}));
        let (_, data) = request("deactivate 1 --tenant-dns a.b --community c --by me");
        assert_eq!(data, json!({"extensionId": "1", "tenantDns": "a.b", "communityName": "c", "deactivatedBy": "me"}));
    }

    #[test]
    fn metadata_are_what_was_given() {
        let (_, data) = request("activate 1 --tenant-dns a.b --browser Firefox");
        assert_eq!(data.get("metadata"), Some(&json!({"browser": "Firefox"})));
        assert_eq!(request("activate 1 --tenant-dns a.b").1.get("metadata"), None);
    }
}
