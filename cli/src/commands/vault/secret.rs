//! `chancery vault secret`.

mod asked;

use clap::{Args, Subcommand};
use crypto::Zeroizing;
use serde_json::{Value, json};

use super::super::{Session, note};
use crate::{
    Error, Result,
    client::{Bearer, segment},
    input::Hidden,
    output,
    request::Request,
};

const SECRETS: &str = "/vault/v1/versioned-secrets";

#[derive(Subcommand)]
pub(in crate::commands) enum Secret {
    /// Store the first version of a new secret
    Create(Store),
    /// Store another version of a secret, which becomes the active one
    Rotate(Store),
    /// Show a version of a secret; its value, and nothing else, with --reveal
    Get(Get),
    /// Versions of a secret, newest first
    Versions {
        /// secretId
        secret: String,
        #[arg(long, value_parser = ["active", "deprecated", "destroyed"])]
        state: Option<String>,
    },
    /// Make the value of an earlier version the active one again, as a new version
    Rollback(Change),
    /// Say whether two versions have the same value, without showing it
    Compare {
        /// secretId
        secret: String,
        #[arg(value_name = "VERSION")]
        first: u64,
        #[arg(value_name = "OTHER")]
        second: u64,
    },
    /// Let a version no longer be the active one
    Deprecate(Change),
    /// Erase the value of a version for good
    Destroy(Change),
    /// What happened to a secret, oldest first
    Events {
        /// secretId
        secret: String,
    },
    /// Say how many versions are kept, and how long
    Retention(Retention),
    /// Destroy what the retention of a secret does not keep
    EnforceRetention {
        /// secretId
        secret: String,
    },
    /// How many secrets and versions there are
    Stats,
}

#[derive(Args)]
pub(in crate::commands) struct Store {
    /// secretId: 1 to 128 of A-Z a-z 0-9 . _ -
    secret: String,
    #[command(flatten)]
    value: Hidden,
    /// Why; kept with the version
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Args)]
pub(in crate::commands) struct Get {
    /// secretId
    secret: String,
    /// The active version if not given
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    version: Option<u64>,
    /// Print the value
    #[arg(long)]
    reveal: bool,
    /// Print nothing behind the value, so that a file gets each byte of it and no other
    #[arg(long, requires = "reveal")]
    no_newline: bool,
}

#[derive(Args)]
pub(in crate::commands) struct Change {
    /// secretId
    secret: String,
    version: u64,
    /// Why; kept with what happened
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Args)]
#[command(group = clap::ArgGroup::new("kept").required(true).multiple(true).args(["max_versions", "delete_after"]))]
pub(in crate::commands) struct Retention {
    /// secretId
    secret: String,
    /// Keep this many of the newest versions
    #[arg(long, value_name = "NUMBER")]
    max_versions: Option<u32>,
    /// Keep versions this long, such as 90d
    #[arg(long, value_name = "TIME", value_parser = crate::duration::to_iso)]
    delete_after: Option<String>,
    /// Enforce it whenever a version is added, and regularly
    #[arg(long)]
    auto_destroy: bool,
}

impl Secret {
    pub fn run(&self, session: &Session) -> Result<String> {
        let bearer = session.bearer()?;
        match self {
            Self::Create(store) => {
                store.must_be_new(&bearer)?;
                store.run(session, &bearer)
            }
            Self::Rotate(store) => {
                newest(&bearer, &store.secret, None)?;
                store.run(session, &bearer)
            }
            Self::Get(get) => get.run(session, &bearer),
            Self::Versions { secret, state } => {
                let request = Request::new("GET", of(secret, "history"));
                let request = state.iter().fold(request, |request, state| request.query("state", state));
                let versions = request.all_with(&bearer, "versions")?;
                Ok(if session.json() { output::json(&Value::Array(versions)) } else { versions_table(&versions) })
            }
            Self::Events { secret } => {
                let events = Request::new("GET", of(secret, "audit")).all_with(&bearer, "events")?;
                let columns = ["timestamp", "action", "version", "actor"];
                let rows = events.iter().map(|event| columns.map(|name| output::text(event, name)).to_vec());
                Ok(if session.json() { output::json(&json!(events)) } else { output::table(&columns, rows) })
            }
            _ => self.asked(session, &bearer),
        }
    }
}

impl Store {
    fn must_be_new(&self, bearer: &Bearer) -> Result<()> {
        let secret = &self.secret;
        match newest(bearer, secret, None) {
            Err(Error::Missing(_)) => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Err(Error::Broken(format!(
                "there is a secret {secret} already; `chancery vault secret rotate {secret}` adds a version"
            ))),
        }
    }

    fn run(&self, session: &Session, bearer: &Bearer) -> Result<String> {
        let (value, remark) = self.value.read()?;
        if let Some(remark) = remark {
            note(remark);
        }
        let mut body = json!({ "secretId": self.secret, "value": *value });
        if let (Some(body), Some(reason)) = (body.as_object_mut(), &self.reason) {
            body.insert("metadata".to_owned(), json!({ "reason": reason }));
        }
        let reply = Request::new("POST", SECRETS).body(body).send_with(bearer)?;
        if session.json() {
            return reply.printed();
        }
        Ok(format!("stored version {} of {}\n", output::text(&reply.json()?, "version"), self.secret))
    }
}

impl Get {
    fn run(&self, session: &Session, bearer: &Bearer) -> Result<String> {
        let secret = &self.secret;
        if self.reveal {
            let version = self.version.map_or_else(|| active(bearer, secret), Ok)?;
            let reply = Request::new("GET", of_version(secret, version)).send_with(bearer)?;
            if session.json() {
                return reply.printed();
            }
            let value = demanded(&reply.json()?)?;
            return Ok(format!("{}{}", *value, if self.no_newline { "" } else { "\n" }));
        }
        let mut shown = match self.version {
            Some(version) => numbered(bearer, secret, version)?,
            None => newest(bearer, secret, Some("active"))?,
        };
        if let Some(members) = shown.as_object_mut() {
            members.insert("secretId".to_owned(), json!(secret));
        }
        if session.json() {
            return Ok(output::json(&shown));
        }
        let field = |name| (name, output::text(&shown, name));
        Ok(output::fields(&[
            field("secretId"),
            field("version"),
            ("value", "(hidden; --reveal shows it)".to_owned()),
            field("state"),
            field("createdAt"),
            field("createdBy"),
            ("reason", reason(&shown)),
        ]))
    }
}

/// The value of the active version.
pub(in crate::commands) fn active_value(bearer: &Bearer, secret: &str) -> Result<Zeroizing<String>> {
    let version = active(bearer, secret)?;
    demanded(&Request::new("GET", of_version(secret, version)).send_with(bearer)?.json()?)
}

fn demanded(answer: &Value) -> Result<Zeroizing<String>> {
    let value = answer.get("value").and_then(Value::as_str).map(|value| Zeroizing::new(value.to_owned()));
    value.ok_or_else(|| Error::Fault("the answer has no value".to_owned()))
}

/// The number of the active version.
fn active(bearer: &Bearer, secret: &str) -> Result<u64> {
    let version = newest(bearer, secret, Some("active"))?.get("version").and_then(Value::as_u64);
    version.ok_or_else(|| Error::Fault("a version has no number".to_owned()))
}

/// The newest version, perhaps of a state, without its value.
fn newest(bearer: &Bearer, secret: &str, state: Option<&str>) -> Result<Value> {
    let request = Request::new("GET", of(secret, "history")).query("limit", 1);
    let request = state.iter().fold(request, |request, state| request.query("state", state));
    let answer = request.send_with(bearer).map_err(|error| unknown(error, secret))?.json()?;
    output::rows(&answer, "versions").first().cloned().ok_or_else(|| {
        Error::Missing(format!(
            "the secret {secret} has no active version; `chancery vault secret versions {secret}` shows what it has"
        ))
    })
}

/// A version without its value.
fn numbered(bearer: &Bearer, secret: &str, version: u64) -> Result<Value> {
    let versions = Request::new("GET", of(secret, "history")).all_with(bearer, "versions");
    let versions = versions.map_err(|error| unknown(error, secret))?;
    let found = versions.into_iter().find(|one| one.get("version").and_then(Value::as_u64) == Some(version));
    found.ok_or_else(|| Error::Missing(format!("the secret {secret} has no version {version}")))
}

fn unknown(error: Error, secret: &str) -> Error {
    match error {
        Error::Refused { status: 404, .. } => {
            Error::Missing(format!("there is no secret {secret}; `chancery vault secret create {secret}` makes it"))
        }
        other => other,
    }
}

fn versions_table(versions: &[Value]) -> String {
    let columns = ["version", "state", "createdAt", "createdBy", "reason"];
    let row =
        |one: &Value| columns.map(|name| if name == "reason" { reason(one) } else { output::text(one, name) }).to_vec();
    output::table(&columns, versions.iter().map(row))
}

fn reason(version: &Value) -> String {
    version.get("metadata").map_or_else(String::new, |metadata| output::text(metadata, "reason"))
}

fn of(secret: &str, part: &str) -> String {
    format!("{SECRETS}/{}/{part}", segment(secret))
}

fn of_version(secret: &str, version: u64) -> String {
    of(secret, &format!("versions/{version}"))
}
