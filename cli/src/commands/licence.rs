//! `chancery licence`: mint, look up, switch off and authorise licence keys.

mod list;
mod rotate;
mod update;

use clap::{Args, Subcommand, builder::PossibleValuesParser};
use model::AuthLevel;
use serde_json::{Map, Value, json};

use super::{Session, key_secret, note};
use crate::{Result, client::segment, duration, output, request::Request};

const KEYS: &str = "/licenses/servicekey";
const COMMUNITY_KEYS: &str = "/licenses/community/servicekey";

#[derive(Subcommand)]
pub(super) enum Licence {
    /// Mint a licence key and show its keySecret
    Create(Create),
    /// One page of keys, oldest first; with --community the keys of one community
    List(list::List),
    /// Change the expiry, modules or description of a key
    Update(update::Update),
    /// Make a key like another one, in the same communities, and show its keySecret; the old one stays valid
    ///
    /// Level, type, modules, description, expiry and the authorisations of communities are those of the old key, so that callers
    /// can move one by one. The tag is another: tags are unique. The API has no list of the communities of a key: they are
    /// found in the audit log of `licensing`. A community that a key got by creating it is not in that log, and is named with
    /// --community.
    Rotate(rotate::Rotate),
    /// A key by keyId or tag, or the one that signs
    Show {
        /// keyId or tag; the signing key itself if not given
        key: Option<String>,
        /// Show the keySecret too
        #[arg(long)]
        reveal: bool,
    },
    /// Switch a key off at once
    Disable {
        /// keyId or tag
        key: String,
    },
    /// Switch a key on again
    Enable {
        /// keyId or tag
        key: String,
    },
    /// Delete a key and its authorisations for good
    Delete {
        /// keyId or tag
        key: String,
    },
    /// Let a key work in a community
    Authorize(Authorize),
    /// Take the right to work in a community from a key, which stays known there
    Withdraw {
        tag: String,
        /// communityId
        community: String,
        /// Give it back
        #[arg(long)]
        undo: bool,
    },
}

#[derive(Args)]
pub(super) struct Create {
    /// Unique name: 3 to 256 of A-Z a-z 0-9 _ | : -
    tag: String,
    #[arg(long, default_value = "basic", value_parser = PossibleValuesParser::new(AuthLevel::ALL.map(|level| level.into_str())))]
    level: String,
    #[arg(long = "type", default_value = "hawk", value_parser = ["hawk", "ecdsa", "user"])]
    kind: String,
    /// Last moment, such as 90d, 2027-12-31 or 2027-12-31T12:00:00Z; two years from now if not given
    #[arg(long, value_name = "TIME", value_parser = duration::moment)]
    expires: Option<String>,
    #[arg(long)]
    description: Option<String>,
    /// A module, such as mod_core=true; may be repeated
    #[arg(long = "module", value_name = "NAME=VALUE", value_parser = parse_module)]
    modules: Vec<(String, Value)>,
}

#[derive(Args)]
pub(super) struct Authorize {
    tag: String,
    /// communityId
    community: String,
    /// Name of the community, kept with the authorisation
    #[arg(long)]
    name: Option<String>,
    /// Last moment, such as 90d; two years from now if not given
    #[arg(long, value_name = "TIME", value_parser = duration::moment)]
    expires: Option<String>,
    /// Take the key out of the community instead
    #[arg(long, conflicts_with_all = ["name", "expires"])]
    remove: bool,
}

impl Licence {
    pub fn run(&self, session: &Session) -> Result<String> {
        if let Self::Delete { key } = self {
            session.confirm(&format!("Delete the licence {key} and its authorisations for good?"))?;
        }
        if let Self::Authorize(Authorize { remove: true, tag, community, .. }) = self {
            session.confirm(&format!("Take {tag} out of {community}? `licence withdraw` can be undone."))?;
        }
        match self {
            Self::List(list) => return list.run(session),
            Self::Update(update) => return update.run(session),
            Self::Rotate(rotate) => return rotate.run(session),
            _ => {}
        }
        let reply = self.request().send(&session.client()?)?;
        if session.json() {
            return if self.reveals() { reply.printed() } else { key_secret::hidden(&reply) };
        }
        let answer = reply.json()?;
        Ok(match self {
            Self::Create(_) => {
                note("Keep the keySecret: everybody who has it can sign as this key.");
                key(&answer, true)
            }
            Self::Show { reveal, .. } => key(&answer, *reveal),
            Self::Disable { .. } | Self::Enable { .. } => key(&answer, false),
            Self::Delete { key } => format!("deleted {key}\n"),
            Self::List(_) | Self::Update(_) | Self::Rotate(_) => String::new(),
            Self::Authorize(Authorize { remove: true, tag, community, .. }) => {
                format!("removed {tag} from {community}\n")
            }
            Self::Authorize(_) | Self::Withdraw { .. } => authorization(&answer),
        })
    }

    /// A new key is of no use without its keySecret.
    fn reveals(&self) -> bool {
        match self {
            Self::Create(_) => true,
            Self::Show { reveal, .. } => *reveal,
            _ => false,
        }
    }

    fn request(&self) -> Request {
        match self {
            Self::Create(create) => create.request(),
            Self::List(list) => list.page(0),
            Self::Update(update) => update.request(None),
            Self::Rotate(rotate) => rotate.old(),
            Self::Show { key: None, .. } => Request::new("GET", format!("{KEYS}/current")).query("read_fresh", true),
            Self::Show { key: Some(key), .. } => Request::new("GET", KEYS).query("keyId", key),
            Self::Disable { key } => Request::new("PATCH", KEYS).query("keyId", key).body(json!({"disabled": true})),
            Self::Enable { key } => Request::new("PATCH", KEYS).query("keyId", key).body(json!({"disabled": false})),
            Self::Delete { key } => Request::new("DELETE", KEYS).query("keyId", key),
            Self::Authorize(authorize) => authorize.request(),
            Self::Withdraw { tag, community, undo } => {
                Request::new("PATCH", authorisation_of(tag, community)).body(json!({"isAuthorized": undo}))
            }
        }
    }
}

impl Create {
    fn request(&self) -> Request {
        let mut body = Map::new();
        body.insert("tag".into(), json!(self.tag));
        body.insert("authLevel".into(), json!(self.level));
        body.insert("type".into(), json!(self.kind));
        insert(&mut body, "expiry", self.expires.clone());
        insert(&mut body, "description", self.description.clone());
        if !self.modules.is_empty() {
            body.insert("modules".into(), Value::Object(self.modules.iter().cloned().collect()));
        }
        Request::new("PUT", KEYS).body(Value::Object(body))
    }
}

impl Authorize {
    fn request(&self) -> Request {
        if self.remove {
            return Request::new("DELETE", authorisation_of(&self.tag, &self.community));
        }
        let mut body = Map::new();
        body.insert("keyTag".into(), json!(self.tag));
        body.insert("communityId".into(), json!(self.community));
        insert(&mut body, "communityName", self.name.clone());
        insert(&mut body, "expiry", self.expires.clone());
        Request::new("PUT", COMMUNITY_KEYS).body(Value::Object(body))
    }
}

fn authorisation_of(tag: &str, community: &str) -> String {
    format!("/licenses/community/{}/servicekey/{}", segment(community), segment(tag))
}

fn insert(body: &mut Map<String, Value>, name: &str, value: Option<String>) {
    if let Some(value) = value {
        body.insert(name.to_owned(), Value::String(value));
    }
}

/// `true` and `false` are switches, anything else is a text.
fn parse_module(text: &str) -> std::result::Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("use NAME=VALUE, such as mod_core=true")?;
    let value = value.parse::<bool>().map_or_else(|_| json!(value), Value::Bool);
    Ok((name.to_owned(), value))
}

fn key(answer: &Value, reveal: bool) -> String {
    let secret =
        if reveal { output::text(answer, "keySecret") } else { "(hidden; `licence show --reveal` shows it)".into() };
    let field = |name| (name, output::text(answer, name));
    output::fields(&[
        field("tag"),
        field("keyId"),
        ("keySecret", secret),
        field("authLevel"),
        field("type"),
        field("disabled"),
        field("expiry"),
        field("modules"),
        field("description"),
    ])
}

fn authorization(answer: &Value) -> String {
    let field = |name| (name, output::text(answer, name));
    output::fields(&[field("keyTag"), field("communityId"), field("isAuthorized"), field("expiry")])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::commands::typed;

    fn request(line: &str) -> Request {
        typed::<Licence>(line.split(' ')).unwrap().request()
    }

    #[test]
    fn create_says_level_and_kind_and_leaves_the_rest_to_the_service() {
        let request = request("create deploy --level service_ext");
        assert_eq!((request.method, request.path.as_str()), ("PUT", "/licenses/servicekey"));
        assert_eq!(request.json(), json!({"tag": "deploy", "authLevel": "service_ext", "type": "hawk"}));
    }

    #[test]
    fn create_takes_a_day_and_modules_of_both_types() {
        let body = request("create t:1 --expires 2031-01-31 --module mod_core=true --module mod_phone=x").json();
        assert_eq!(body.pointer("/expiry").unwrap(), "2031-01-31T00:00:00.000Z");
        assert_eq!(body.pointer("/modules").unwrap(), &json!({"mod_core": true, "mod_phone": "x"}));
    }

    #[test]
    fn an_unknown_level_is_wrong_usage() {
        let error = typed::<Licence>(["create", "abc", "--level", "root"]).err().unwrap();
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn keys_are_named_in_the_query() {
        let current = Request::new("GET", "/licenses/servicekey/current").query("read_fresh", true);
        assert_eq!(request("show"), current);
        assert_eq!(request("show a|b"), Request::new("GET", KEYS).query("keyId", "a|b"));
        assert_eq!(request("disable a").json(), json!({"disabled": true}));
        assert_eq!(request("enable a").json(), json!({"disabled": false}));
        assert_eq!(request("delete a"), Request::new("DELETE", KEYS).query("keyId", "a"));
    }

    #[test]
    fn authorisations_escape_what_stands_in_a_path() {
        let removed = request("authorize a|b 5f0000000000000000000001 --remove");
        let path = "/licenses/community/5f0000000000000000000001/servicekey/a%7Cb";
        assert_eq!(removed, Request::new("DELETE", path));
        assert_eq!(request("withdraw a|b 5f0000000000000000000001").json(), json!({"isAuthorized": false}));
        assert_eq!(request("withdraw a|b 5f0000000000000000000001 --undo").path, path);
        let added = request("authorize ab1 5f0000000000000000000001 --name Main").json();
        let id = "5f0000000000000000000001";
        assert_eq!(added, json!({"keyTag": "ab1", "communityId": id, "communityName": "Main"}));
    }

    #[test]
    fn a_key_secret_is_hidden() {
        assert!(!key(&json!({"keySecret": "hidden-value"}), false).contains("hidden-value"));
    }

    #[test]
    fn json_shows_a_key_secret_on_demand_only() {
        let licence = |line: &str| typed::<Licence>(line.split(' ')).unwrap();
        assert!(["show", "show a", "enable a", "disable a"].iter().all(|line| !licence(line).reveals()));
        assert!(["show --reveal", "create abc"].iter().all(|line| licence(line).reveals()));
    }
}
