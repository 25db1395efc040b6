//! `chancery secret`: the secrets of a community. Values are printed by `fetch` and by nothing else.

mod rotate;

use std::fmt;

use clap::{Args, Subcommand, builder::NonEmptyStringValueParser};
use crypto::Zeroizing;
use serde_json::{Value, json};

use super::Session;
use crate::{Error, Result, client::segment, commands::note, input, output, request::Request};

#[derive(Subcommand)]
pub(super) enum Secret {
    /// Store a new secret; an existing one is never overwritten
    Put(Put),
    /// Replace the value of a secret
    ///
    /// The API overwrites nothing: the new value is stored under TAG_next, TAG is deleted and stored with it, and TAG_next is
    /// deleted. The new value is never nowhere, and --resume goes on where this broke off. Between two of these steps there is
    /// no TAG: who fetches it just then finds nothing, and has to ask again.
    Rotate(rotate::Rotate),
    /// Print the value of one secret, or a table of several or all
    Fetch {
        #[command(flatten)]
        scope: Scope,
        /// All if none is named
        tags: Vec<String>,
        /// Print nothing behind the value of one secret, so that a file gets each byte of it and no other
        #[arg(long)]
        no_newline: bool,
    },
    /// Tags of all secrets, who stored each and when; no values
    List {
        #[command(flatten)]
        scope: Scope,
    },
    /// Delete a secret for good
    Delete {
        #[command(flatten)]
        scope: Scope,
        tag: String,
    },
}

#[derive(Args)]
pub(super) struct Put {
    #[command(flatten)]
    scope: Scope,
    /// A letter, then letters, digits and underscores
    tag: String,
    #[command(flatten)]
    value: input::Value,
    /// Who stores it; kept with the secret
    #[arg(long, value_name = "NAME", env = "USER", default_value = "chancery", value_parser = NonEmptyStringValueParser::new())]
    by: String,
}

#[derive(Args, Clone)]
pub(super) struct Scope {
    /// tenantId
    tenant: String,
    /// communityId
    community: String,
}

impl Scope {
    /// As TENANT/COMMUNITY.
    pub fn parse(text: &str) -> std::result::Result<Self, &'static str> {
        match text.split_once('/') {
            Some((tenant, community)) if !tenant.is_empty() && !community.is_empty() && !community.contains('/') => {
                Ok(Self { tenant: tenant.to_owned(), community: community.to_owned() })
            }
            _ => Err("use TENANT/COMMUNITY"),
        }
    }

    /// Asks for all of its secrets.
    pub fn fetch(&self) -> Request {
        Request::new("POST", format!("{}/fetch", self.path()))
    }

    fn delete(&self, tag: &str) -> Request {
        Request::new("DELETE", format!("{}/{}", self.path(), segment(tag)))
    }

    fn path(&self) -> String {
        format!("/caas/tenants/{}/community/{}/secrets", segment(&self.tenant), segment(&self.community))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.community)
    }
}

impl Secret {
    pub fn run(&self, session: &Session) -> Result<String> {
        if let Self::Delete { tag, .. } = self {
            session.confirm(&format!("Delete the secret {tag} for good?"))?;
        }
        if let Self::Rotate(rotate) = self {
            return rotate.run(session);
        }
        let client = session.client()?;
        let reply = self.request()?.send(&client)?;
        if let Self::List { .. } = self {
            return Ok(listed(&reply.json()?, session.json()));
        }
        if session.json() {
            return reply.printed();
        }
        let answer = reply.json()?;
        match self {
            Self::List { .. } | Self::Rotate(_) => Ok(String::new()),
            Self::Put(put) => Ok(format!("stored {}\n", put.tag)),
            Self::Delete { tag, .. } => Ok(format!("deleted {tag}\n")),
            Self::Fetch { tags, no_newline, .. } => show(tags, &answer, if *no_newline { "" } else { "\n" }),
        }
    }

    fn request(&self) -> Result<Request> {
        Ok(match self {
            Self::Put(Put { scope, tag, value, by }) => stored(scope, tag, &value_of(value, tag)?, by),
            Self::Rotate(rotate) => rotate.found(),
            Self::Fetch { scope, tags, .. } => {
                let request = scope.fetch();
                if tags.is_empty() { request } else { request.body(json!({"tags": tags})) }
            }
            Self::List { scope } => scope.fetch(),
            Self::Delete { scope, tag } => scope.delete(tag),
        })
    }
}

/// The value that is given, with a remark where it may not be meant.
fn value_of(value: &input::Value, tag: &str) -> Result<Zeroizing<String>> {
    let text = value.read()?;
    if value.is_from_elsewhere() && text.ends_with('\n') {
        note(&format!("the value of {tag} ends with a newline; --trim drops it"));
    }
    Ok(text)
}

fn stored(scope: &Scope, tag: &str, value: &str, by: &str) -> Request {
    Request::new("PUT", scope.path()).body(json!({"tag": tag, "value": value, "createdBy": by}))
}

/// What is known of a secret beside its value.
const COLUMNS: [&str; 3] = ["tag", "createdBy", "createdTs"];

fn described(secret: &Value) -> Value {
    let members = COLUMNS.map(|name| (name.to_owned(), secret.get(name).cloned().unwrap_or_default()));
    Value::Object(members.into_iter().collect())
}

/// What there is, oldest first.
fn listed(answer: &Value, as_json: bool) -> String {
    let mut secrets: Vec<_> = output::rows(answer, "secrets").iter().collect();
    secrets.sort_by_key(|secret| secret.get("createdTs").and_then(Value::as_i64));
    if as_json {
        return output::json(&secrets.into_iter().map(described).collect());
    }
    output::table(&COLUMNS, secrets.iter().map(|secret| COLUMNS.map(|name| output::text(secret, name)).to_vec()))
}

/// One tag: its value alone, ready for `$(…)`. Otherwise a table. A tag that was asked for and is not there is refused.
fn show(tags: &[String], answer: &Value, end: &str) -> Result<String> {
    let secrets = output::rows(answer, "secrets");
    let there = |tag: &String| secrets.iter().any(|secret| secret.get("tag").and_then(Value::as_str) == Some(tag));
    if let Some(missing) = tags.iter().find(|tag| !there(tag)) {
        return Err(Error::Missing(format!("there is no secret {missing}")));
    }
    if let ([_], [secret]) = (tags, secrets) {
        let value = secret.get("value").and_then(Value::as_str).unwrap_or_default();
        return Ok(format!("{value}{end}"));
    }
    let columns = ["tag", "value", "createdBy"];
    let rows = secrets.iter().map(|secret| columns.iter().map(|name| output::text(secret, name)).collect());
    Ok(output::table(&columns, rows))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::commands::typed;

    fn request(line: &str) -> Request {
        typed::<Secret>(line.split(' ')).unwrap().request().unwrap()
    }

    #[test]
    fn put_names_its_author_and_sends_the_value_in_the_body_only() {
        let request = request("put acme main db_password s3cret --by ada");
        assert_eq!((request.method, request.path.as_str()), ("PUT", "/caas/tenants/acme/community/main/secrets"));
        assert_eq!(request.query, []);
        assert_eq!(request.json(), json!({"tag": "db_password", "value": "s3cret", "createdBy": "ada"}));
    }

    #[test]
    fn fetch_without_tags_asks_for_all() {
        assert_eq!(request("fetch acme main").body, None);
        assert_eq!(request("fetch acme main a b").json(), json!({"tags": ["a", "b"]}));
    }

    #[test]
    fn opaque_ids_are_escaped() {
        assert_eq!(request("delete a/b é x").path, "/caas/tenants/a%2Fb/community/%C3%A9/secrets/x");
    }

    #[test]
    fn one_secret_is_its_value_several_are_a_table_a_missing_one_is_refused() {
        let answer = json!({"secrets": [{"tag": "a", "value": "one two", "createdBy": "ada"}]});
        assert_eq!(show(&["a".into()], &answer, "\n").unwrap(), "one two\n");
        assert_eq!(show(&["a".into()], &answer, "").unwrap(), "one two");
        assert!(show(&[], &answer, "\n").unwrap().contains("ada"));
        assert_eq!(show(&["a".into(), "b".into()], &answer, "\n").unwrap_err().exit_code(), 1);
    }
}
