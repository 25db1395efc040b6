//! `chancery sd`: the service directory, under which URL which service is found.

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::Session;
use crate::{Result, output, request::Request};

const DIRECTORY: &str = "/caas/sd";

#[derive(Subcommand)]
pub(super) enum Directory {
    /// The URLs of all services
    List {
        /// Those for use inside the deployment's network
        #[arg(long)]
        internal: bool,
    },
    /// Set URLs, all or none
    Set {
        #[arg(value_name = "NAME=URL", required = true, value_parser = parse_entry)]
        entries: Vec<(String, String)>,
    },
    /// Remove entries, all or none
    Remove {
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
    },
}

impl Directory {
    pub fn run(&self, session: &Session) -> Result<String> {
        if let Self::Remove { names } = self {
            session.confirm(&format!("Remove the URLs of {} from the directory?", names.join(" ")))?;
        }
        let request = self.request();
        let reply = match self {
            Self::List { .. } => {
                let query: Vec<_> = request.query.iter().map(|(name, value)| (*name, value.as_str())).collect();
                session.anonymous()?.send(request.method, &request.path, &query, &[], None)?.accepted()?
            }
            _ => request.send(&session.client()?)?,
        };
        if session.json() {
            return reply.printed();
        }
        let answer = reply.json()?;
        let names = answer.as_object().into_iter().flat_map(Map::keys);
        Ok(output::table(&["name", "url"], names.map(|name| vec![name.clone(), output::text(&answer, name)])))
    }

    fn request(&self) -> Request {
        let patch = |members: Map<String, Value>| Request::new("PATCH", DIRECTORY).body(Value::Object(members));
        match self {
            Self::List { internal } => Request::new("GET", DIRECTORY).query("internal_sd", internal),
            Self::Set { entries } => patch(entries.iter().map(|(name, url)| (name.clone(), json!(url))).collect()),
            Self::Remove { names } => patch(names.iter().map(|name| (name.clone(), Value::Null)).collect()),
        }
    }
}

fn parse_entry(text: &str) -> std::result::Result<(String, String), &'static str> {
    let entry = text.split_once('=').filter(|(name, url)| !name.is_empty() && !url.is_empty());
    entry.map(|(name, url)| (name.to_owned(), url.to_owned())).ok_or("use NAME=URL; `sd remove` removes an entry")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::commands::typed;

    #[test]
    fn entries_are_set_and_removed() {
        let request = |line: &str| typed::<Directory>(line.split(' ')).unwrap().request();
        assert_eq!(request("set a=https://x/?q=1 b=y").json(), json!({"a": "https://x/?q=1", "b": "y"}));
        assert_eq!(request("remove a b").json(), json!({"a": null, "b": null}));
        assert_eq!(request("list --internal").query, [("internal_sd", "true".to_owned())]);
        assert!(typed::<Directory>(["set", "a="]).is_err());
    }
}
