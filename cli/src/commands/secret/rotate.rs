//! `chancery secret rotate`: another value under the same tag. The API stores and deletes, and overwrites nothing: the new
//! value waits under another tag, so that it is never nowhere.

use clap::{Args, builder::NonEmptyStringValueParser};
use crypto::Zeroizing;
use serde_json::{Value, json};

use super::{Scope, Session, described, stored, value_of};
use crate::{Error, Result, client::Client, commands::note, input, output, request::Request};

#[derive(Args)]
pub(in crate::commands) struct Rotate {
    #[command(flatten)]
    scope: Scope,
    tag: String,
    #[command(flatten)]
    value: input::Value,
    /// The value is this many random letters and digits, which nobody sees; 16 to 1024
    #[arg(long, value_name = "LENGTH", conflicts_with_all = ["argument", "literal", "file", "trim"], value_parser = clap::value_parser!(u16).range(16..=1024))]
    generate: Option<u16>,
    /// Go on with a rotation that broke off, with the value that waits
    #[arg(long, conflicts_with_all = ["argument", "literal", "file", "trim", "generate"])]
    resume: bool,
    /// Who stores it; kept with the secret
    #[arg(long, value_name = "NAME", env = "USER", default_value = "chancery", value_parser = NonEmptyStringValueParser::new())]
    by: String,
}

impl Rotate {
    pub fn run(&self, session: &Session) -> Result<String> {
        let (tag, next) = (&self.tag, &self.next());
        session.confirm(&format!("Replace the value of the secret {tag} for good?"))?;
        let value = if self.resume { None } else { Some(self.new_value()?) };
        let client = session.client()?;
        let found = self.found().send(&client)?.json()?;
        let find = |tag: &str| output::rows(&found, "secrets").iter().find(|one| output::text(one, "tag") == tag);
        let (old, waiting) = (find(tag), find(next));
        let value = match (value, waiting.and_then(|one| one.get("value")).and_then(Value::as_str)) {
            (Some(_), Some(_)) => return Err(self.is_taken(old.is_some())),
            (Some(_), None) if old.is_none() => {
                return Err(Error::Missing(format!("there is no secret {tag}; `chancery secret put` stores it")));
            }
            (Some(value), None) => {
                let put = self.put(&client, next, &value);
                put.inspect_err(|error| note(&self.not_stored(error)))?;
                value
            }
            (None, Some(waiting)) => Zeroizing::new(waiting.to_owned()),
            (None, None) => {
                return Err(Error::Missing(format!("no rotation of {tag} broke off: there is no secret {next}")));
            }
        };
        let done = match old {
            Some(old) if old.get("value").and_then(Value::as_str) == Some(value.as_str()) && self.resume => old.clone(),
            old => self.replace(&client, old.is_some(), &value)?,
        };
        self.delete(&client, next).inspect_err(|_| note(&self.broke_off("has the new value, and so has")))?;
        Ok(if session.json() { output::json(&described(&done)) } else { format!("rotated {tag}\n") })
    }

    /// Asks for what there is.
    pub fn found(&self) -> Request {
        self.scope.fetch().body(json!({"tags": [self.tag, self.next()]}))
    }

    /// Between the two steps the tag has no value.
    fn replace(&self, client: &Client, is_there: bool, value: &str) -> Result<Value> {
        if is_there {
            let deleted = self.delete(client, &self.tag);
            deleted.inspect_err(|_| {
                note(&self.broke_off("has the old value, if it was not deleted; the new one is in"))
            })?;
        }
        let put = self.put(client, &self.tag, value);
        put.inspect_err(|_| note(&self.broke_off("was deleted, and may have been stored anew; the new value is in")))
    }

    fn put(&self, client: &Client, tag: &str, value: &str) -> Result<Value> {
        stored(&self.scope, tag, value, &self.by).send(client)?.json()
    }

    fn delete(&self, client: &Client, tag: &str) -> Result<()> {
        self.scope.delete(tag).send(client).map(drop)
    }

    fn new_value(&self) -> Result<Zeroizing<String>> {
        self.generate.map_or_else(|| value_of(&self.value, &self.tag), |length| input::generated(length.into()))
    }

    /// Where the new value waits.
    fn next(&self) -> String {
        format!("{}_next", self.tag)
    }

    fn is_taken(&self, is_there: bool) -> Error {
        let (tag, next, resume) = (&self.tag, self.next(), self.command("rotate", &format!("{} --resume", self.tag)));
        let drop_it = match is_there {
            true => format!("; {} drops it", self.command("delete", &next)),
            false => format!(" ({tag} has none)"),
        };
        Error::Broken(format!(
            "there is a secret {next} already, as a rotation that broke off leaves it: {resume} puts its value under \
             {tag}{drop_it}. Nothing was changed."
        ))
    }

    fn not_stored(&self, error: &Error) -> String {
        let (tag, next) = (&self.tag, self.next());
        match error {
            Error::Refused { .. } => format!("Nothing was changed: the new value could not be stored under {next}."),
            _ => format!(
                "{tag} has the old value. Whether the new one was stored under {next} is not known: {} goes on if it was.",
                self.command("rotate", &format!("{tag} --resume"))
            ),
        }
    }

    fn broke_off(&self, state: &str) -> String {
        let resume = self.command("rotate", &format!("{} --resume", self.tag));
        format!("The rotation broke off: {} {state} {}. {resume} goes on.", self.tag, self.next())
    }

    fn command(&self, verb: &str, rest: &str) -> String {
        let Scope { tenant, community } = &self.scope;
        format!("`chancery secret {verb} {} {} {rest}`", output::word(tenant), output::word(community))
    }
}
