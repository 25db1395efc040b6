//! `chancery login`, `logout`, `whoami` and `profile`: deployments by name. What is kept is in one file of the user,
//! which nobody else may read, and is never printed.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use crypto::Curve;
use serde_json::{Map, Value, json};

use super::{Session, config_api::BASE, note};
use crate::{
    Error, Result,
    client::{Connection, Profile, Profiles},
    input, output,
    request::Request,
};

#[derive(Args)]
pub(super) struct Login {
    /// What it is called from now on; one that is known is changed
    name: String,
    /// The licence's keySecret is the content of this file, or of standard input for -; CHANCERY_LICENSE if not given
    #[arg(long, value_name = "FILE")]
    license_file: Option<String>,
    /// The API key of a QNSP tenant is the content of this file, or of standard input for -; CHANCERY_API_KEY if not given
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<String>,
    /// The token of the Config API is the content of this file, or of standard input for -; CHANCERY_CONFIG_TOKEN if not given
    #[arg(long, value_name = "FILE")]
    config_token_file: Option<String>,
    /// Do not ask the deployment whether it knows them; the curve is then the one that is given
    #[arg(long)]
    offline: bool,
}

#[derive(Args)]
pub(super) struct Logout {
    /// The profile in use if not given
    name: Option<String>,
}

#[derive(Subcommand)]
pub(super) enum Kept {
    /// All, and which is in use
    List,
    /// Use one from now on, where no other deployment is named
    Use { name: String },
}

impl Login {
    pub fn run(&self, session: &Session) -> Result<String> {
        let files = [&self.license_file, &self.api_key_file, &self.config_token_file];
        if files.iter().filter(|file| file.as_deref() == Some("-")).count() > 1 {
            return Err(Error::usage("standard input holds one secret: name files for the others"));
        }
        let (file, mut profiles) = load()?;
        let mut connection = self.connection(session, &profiles)?;
        if let Some(from) = &self.license_file {
            connection.license = Some(input::trimmed(&input::document(from)?));
        }
        if let Some(from) = &self.api_key_file {
            connection.api_key = Some(input::trimmed(&input::document(from)?));
        }
        if let Some(from) = &self.config_token_file {
            connection.config_token = Some(input::trimmed(&input::document(from)?));
        }
        if connection.license.is_none() && connection.api_key.is_none() && connection.config_token.is_none() {
            return Err(Error::usage(
                "nothing signs there: give a licence's keySecret with --license-file FILE (- is standard input) or in \
                 CHANCERY_LICENSE, or the API key of a QNSP tenant with --api-key-file FILE or in CHANCERY_API_KEY, or a token of the Config \
                 API with --config-token-file FILE or in CHANCERY_CONFIG_TOKEN",
            ));
        }
        let shown = if self.offline {
            Map::new()
        } else {
            connection.curve = session.options.curve.map_or_else(|| curve(&connection), Ok)?;
            asked(&connection)?
        };
        let text = |secret: &Option<crypto::Zeroizing<String>>| secret.as_ref().map(|secret| secret.to_string());
        let profile = Profile {
            url: connection.base_url.clone(),
            curve: Some(connection.curve.name().to_owned()),
            license: text(&connection.license),
            api_key: text(&connection.api_key),
            config_token: text(&connection.config_token),
        };
        profiles.profiles.insert(self.name.clone(), profile);
        profiles.current = Some(self.name.clone());
        profiles.save(&file)?;
        note(&format!("kept as {} in {}", self.name, file.display()));
        connection.profile = Some(self.name.clone());
        Ok(show(session, &connection, shown))
    }

    /// What was given, with what is known of the name already.
    fn connection(&self, session: &Session, profiles: &Profiles) -> Result<Connection> {
        let mut options = session.options.clone();
        let is_named = options.url.as_ref().is_some_and(|url| !url.is_empty());
        let known = profiles.profiles.get(&self.name);
        let is_there =
            known.is_some_and(|known| !is_named || options.url.as_deref().map(trimmed) == Some(trimmed(&known.url)));
        options.profile = is_there.then(|| self.name.clone());
        let connection = Session { options }.connection()?;
        // What is kept under another name is not copied.
        if connection.profile.as_ref().is_some_and(|name| *name != self.name) {
            return Err(Error::usage(format!("give the address of {} with --url", self.name)));
        }
        Ok(connection)
    }
}

fn trimmed(url: &str) -> &str {
    url.trim_end_matches('/')
}

impl Logout {
    pub fn run(&self) -> Result<String> {
        let (file, mut profiles) = load()?;
        let name = self.name.clone().or_else(|| profiles.current.clone());
        let name = name.ok_or_else(|| Error::usage("no profile is in use; name one"))?;
        profiles.find(&name)?;
        profiles.profiles.remove(&name);
        profiles.current = profiles.current.filter(|current| *current != name);
        profiles.save(&file)?;
        Ok(format!("forgot {name}\n"))
    }
}

impl Kept {
    pub fn run(&self, session: &Session) -> Result<String> {
        let (file, mut profiles) = load()?;
        match self {
            Self::Use { name } => {
                profiles.find(name)?;
                profiles.current = Some(name.clone());
                profiles.save(&file)?;
                Ok(format!("using {name}\n"))
            }
            Self::List => {
                let is_current = |name: &String| profiles.current.as_ref() == Some(name);
                let of = |(name, profile): (&String, &Profile)| {
                    json!({
                        "name": name, "current": is_current(name), "url": profile.url, "curve": profile.curve,
                        "license": profile.license.is_some(), "apiKey": profile.api_key.is_some(),
                        "configToken": profile.config_token.is_some(),
                    })
                };
                let all: Vec<_> = profiles.profiles.iter().map(of).collect();
                let columns = ["name", "current", "url", "license", "apiKey", "configToken"];
                let rows = all.iter().map(|one| columns.map(|name| output::text(one, name)).to_vec());
                Ok(if session.json() { output::json(&json!(all)) } else { output::table(&columns, rows) })
            }
        }
    }
}

pub(super) fn whoami(session: &Session) -> Result<String> {
    let connection = session.connection()?;
    let answers = asked(&connection)?;
    Ok(show(session, &connection, answers))
}

fn load() -> Result<(PathBuf, Profiles)> {
    let file = Profiles::place().ok_or_else(|| Error::usage("no place for profiles: set HOME or XDG_CONFIG_HOME"))?;
    Profiles::load(&file).map(|profiles| (file, profiles))
}

/// The curve of a deployment, as it says itself.
fn curve(connection: &Connection) -> Result<Curve> {
    let reply = connection.anonymous()?.send("GET", "/caas/environment", &[], &[], None)?.accepted()?;
    let answer = reply.json()?;
    let curve = answer.get("EC_CURVE_NAME").and_then(Value::as_str).and_then(|name| name.parse().ok());
    curve.ok_or_else(|| {
        Error::Fault("the deployment does not say its curve; is the address that of a deployment?".into())
    })
}

/// Who the deployment takes the caller for: the licence, and whether the API key is known.
fn asked(connection: &Connection) -> Result<Map<String, Value>> {
    let mut answers = Map::new();
    if connection.license.is_some() {
        answers.insert("license".to_owned(), licence(connection)?);
    }
    if connection.api_key.is_some() {
        must_know_key(connection)?;
        answers.insert("apiKey".to_owned(), json!("known"));
    }
    if connection.config_token.is_some() {
        must_know_token(connection)?;
        answers.insert("configToken".to_owned(), json!("known"));
    }
    Ok(answers)
}

/// The licence that signs, without what it signs with.
pub(super) fn licence(connection: &Connection) -> Result<Value> {
    let current = Request::new("GET", "/licenses/servicekey/current").query("read_fresh", true);
    let licence = current.send(&connection.client()?)?.json()?;
    let member = |name: &str| (name.to_owned(), licence.get(name).cloned().unwrap_or_default());
    Ok(["tag", "keyId", "authLevel", "expiry"].map(member).into_iter().collect::<Map<_, _>>().into())
}

/// A deployment that does not know the API key refuses.
pub(super) fn must_know_key(connection: &Connection) -> Result<()> {
    Request::new("GET", "/tenant/v1/quotas/current").send_with(&connection.bearer()?).map(drop)
}

/// A deployment that does not know the token refuses.
pub(super) fn must_know_token(connection: &Connection) -> Result<()> {
    Request::new("GET", format!("{BASE}/groups")).send_with(&connection.config_api()?).map(drop)
}

fn show(session: &Session, connection: &Connection, answers: Map<String, Value>) -> String {
    let licence = answers.get("license").cloned().unwrap_or_default();
    let mut shown = json!({
        "profile": connection.profile, "url": connection.base_url, "curve": connection.curve.name(),
        "license": null, "apiKey": null, "configToken": null,
    });
    if let Some(shown) = shown.as_object_mut() {
        shown.extend(answers);
    }
    if session.json() {
        return output::json(&shown);
    }
    output::fields(&[
        ("profile", output::text(&shown, "profile")),
        ("url", output::text(&shown, "url")),
        ("curve", output::text(&shown, "curve")),
        ("licence", output::text(&licence, "tag")),
        ("level", output::text(&licence, "authLevel")),
        ("expiry", output::text(&licence, "expiry")),
        ("API key", output::text(&shown, "apiKey")),
        ("token", output::text(&shown, "configToken")),
    ])
}
