//! A real OpenID provider, run by Node for the tests of whatever takes its tokens.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use crypto::base64;
use serde_json::Value;

use crate::runtime::root;

/// What every client of the provider shows; `tests/oidc.mjs` has the same.
pub const CLIENT_SECRET: &str = "a secret/with+odd:characters=";
const ESCAPED_SECRET: &str = "a+secret%2Fwith%2Bodd%3Acharacters%3D";

/// Stopped when it is dropped.
pub struct Provider {
    pub url: String,
    process: Child,
}

impl Provider {
    pub fn start() -> Result<Self, String> {
        let mut command = Command::new("node");
        command.arg(root().join("tests/oidc.mjs")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().map_err(|error| format!("cannot start node: {error}"))?;
        let mut line = String::new();
        let output = process.stdout.take().ok_or("the provider has no output")?;
        BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
        let ready: Value = serde_json::from_str(&line).map_err(|_| "the provider did not start; see tests/oidc.mjs")?;
        let url = ready.get("ready").and_then(Value::as_str).ok_or("the provider names no address")?.to_owned();
        Ok(Self { url, process })
    }

    /// A token of a client, by its client credentials.
    pub fn token(&self, client: &str, scope: &str) -> Result<String, String> {
        let answer = self.post("/token", client, &[("grant_type", "client_credentials"), ("scope", scope)])?;
        let answer: Value = serde_json::from_str(&answer).map_err(|error| error.to_string())?;
        let token = answer.get("access_token").and_then(Value::as_str);
        token.map(str::to_owned).ok_or_else(|| format!("no token: {answer}"))
    }

    /// Ends a token before its time.
    pub fn revoke(&self, client: &str, token: &str) -> Result<(), String> {
        self.post("/token/revocation", client, &[("token", token)]).map(drop)
    }

    fn post(&self, path: &str, client: &str, form: &[(&str, &str)]) -> Result<String, String> {
        let credentials = base64::encode(format!("{client}:{ESCAPED_SECRET}").as_bytes());
        let request = ureq::post(format!("{}{path}", self.url)).header("authorization", format!("Basic {credentials}"));
        let answer = request.send_form(form.iter().copied()).map_err(|error| error.to_string())?;
        answer.into_body().read_to_string().map_err(|error| error.to_string())
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
