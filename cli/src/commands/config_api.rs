//! `chancery config-api`: groups and items of a project of the Config API, by one of its tokens.

mod diff;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::Session;
use crate::{Result, client::segment, input, output, request::Request};

pub(super) const BASE: &str = "/api/client/v1/config";

/// The most entries of a history that the service gives at once.
const PAGE: u32 = 100;

#[derive(Subcommand)]
pub(super) enum ConfigApi {
    /// Groups of items
    #[command(subcommand)]
    Group(Group),
    /// Items: a key with a value, and the values that it had
    #[command(subcommand)]
    Item(Item),
    /// Print the values of keys, those of secret items too; a key that is not there is left out
    Resolve {
        #[arg(value_name = "KEY", required = true)]
        keys: Vec<String>,
    },
}

#[derive(Subcommand)]
pub(super) enum Group {
    /// All groups, by key
    List {
        /// Only those that hold this text
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// The items of a group; values of secret ones are masked
    Show { key: String },
    /// Make a group
    Create {
        name: String,
        /// Made from the name if not given
        #[arg(long)]
        key: Option<String>,
        #[arg(long)]
        description: Option<String>,
    },
    /// Delete a group with all its items
    Delete { key: String },
}

#[derive(Subcommand)]
pub(super) enum Item {
    /// All items, by key; values of secret ones are masked
    List {
        /// Only those that hold this text
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// One item; the value of a secret one is masked
    Show { key: String },
    /// Make an item in a group
    Create(Create),
    /// Give an item another value
    Set {
        key: String,
        #[command(flatten)]
        value: input::Value,
    },
    /// Delete an item with the values that it had
    Delete { key: String },
    /// The values that an item has and had, newest first; masked while it is a secret
    Versions { key: String },
    /// What differs between two of them
    Diff(diff::Diff),
    /// Put an earlier value in force again, as a new version
    Restore { key: String, version: u64 },
    /// Who changed a key and when, newest first; also one that is deleted
    History { key: String },
}

#[derive(Args)]
pub(super) struct Create {
    /// Key of the group
    group: String,
    /// Key of the item
    key: String,
    #[command(flatten)]
    value: input::Value,
    /// For people; the key if not given
    #[arg(long)]
    name: Option<String>,
    #[arg(long = "type", default_value = "string", value_parser = ["string", "number", "boolean", "json"])]
    kind: String,
    /// Mask the value wherever it is not resolved
    #[arg(long)]
    secret: bool,
    #[arg(long)]
    description: Option<String>,
}

const GROUP: [&str; 4] = ["key", "name", "description", "updatedAt"];
const ITEM: [&str; 6] = ["key", "value", "valueType", "isSecret", "version", "updatedAt"];
const VERSION: [&str; 5] = ["version", "value", "valueType", "createdBy", "createdAt"];
const ENTRY: [&str; 4] = ["createdAt", "action", "version", "performedBy"];

impl ConfigApi {
    pub fn run(&self, session: &Session) -> Result<String> {
        match self {
            Self::Group(Group::Delete { key }) => {
                session.confirm(&format!("Delete the group {key} with all its items for good?"))?;
            }
            Self::Item(Item::Delete { key }) => session.confirm(&format!("Delete the item {key} for good?"))?,
            Self::Item(Item::Diff(diff)) => return diff.run(session),
            _ => {}
        }
        let reply = self.request()?.send_with(&session.connection()?.config_api()?)?;
        if session.json() { reply.printed() } else { Ok(self.shown(&reply.json()?)) }
    }

    fn request(&self) -> Result<Request> {
        Ok(match self {
            Self::Group(group) => group.request(),
            Self::Item(item) => item.request()?,
            Self::Resolve { keys } => Request::new("POST", format!("{BASE}/resolve")).body(json!({ "keys": keys })),
        })
    }

    fn shown(&self, answer: &Value) -> String {
        let list = |name, columns: &[&'static str]| {
            let row = |one: &Value| columns.iter().map(|name| output::text(one, name)).collect();
            output::table(columns, output::rows(answer, name).iter().map(row))
        };
        let one = |name, columns: &[&'static str]| {
            let of = answer.get(name).unwrap_or(&Value::Null);
            output::fields(&columns.iter().map(|name| (*name, output::text(of, name))).collect::<Vec<_>>())
        };
        match self {
            Self::Group(Group::List { .. }) => list("groups", &GROUP),
            Self::Group(Group::Create { .. }) => one("group", &GROUP),
            Self::Group(Group::Show { .. }) => {
                let items = output::rows(answer.get("group").unwrap_or(&Value::Null), "items");
                output::table(&ITEM, items.iter().map(|item| ITEM.map(|name| output::text(item, name)).to_vec()))
            }
            Self::Group(Group::Delete { key }) | Self::Item(Item::Delete { key }) => format!("deleted {key}\n"),
            Self::Item(Item::List { .. }) => list("items", &ITEM),
            Self::Item(Item::Versions { .. }) => list("versions", &VERSION),
            Self::Item(Item::History { .. }) => list("logs", &ENTRY),
            Self::Item(_) => one("item", &ITEM),
            Self::Resolve { .. } => {
                let configs = answer.get("configs").and_then(Value::as_object);
                let row = |(key, one): (&String, &Value)| vec![key.clone(), output::text(one, "value")];
                output::table(&["key", "value"], configs.into_iter().flatten().map(row))
            }
        }
    }
}

impl Group {
    fn request(&self) -> Request {
        let groups = || format!("{BASE}/groups");
        let one = |key: &str| format!("{BASE}/groups/{}", segment(key));
        match self {
            Self::List { search } => searched(groups(), search.as_ref()),
            Self::Show { key } => Request::new("GET", one(key)),
            Self::Create { name, key, description } => {
                let mut body = members([("key", key.as_ref()), ("description", description.as_ref())]);
                body.insert("name".to_owned(), json!(name));
                Request::new("POST", groups()).body(Value::Object(body))
            }
            Self::Delete { key } => Request::new("DELETE", one(key)),
        }
    }
}

impl Item {
    fn request(&self) -> Result<Request> {
        let one = |key: &str| format!("{BASE}/items/{}", segment(key));
        Ok(match self {
            Self::List { search } => searched(format!("{BASE}/items"), search.as_ref()),
            Self::Show { key } => Request::new("GET", one(key)),
            Self::Create(create) => create.request()?,
            Self::Set { key, value } => Request::new("PATCH", one(key)).body(json!({ "value": *value.read()? })),
            Self::Delete { key } => Request::new("DELETE", one(key)),
            Self::Versions { key } => Request::new("GET", format!("{}/versions", one(key))).query("limit", PAGE),
            Self::Diff(diff) => diff.page(0),
            Self::Restore { key, version } => Request::new("POST", format!("{}/versions/{version}/restore", one(key))),
            Self::History { key } => Request::new("GET", format!("{}/audit", one(key))).query("limit", PAGE),
        })
    }
}

impl Create {
    fn request(&self) -> Result<Request> {
        let mut body = members([("key", Some(&self.key)), ("description", self.description.as_ref())]);
        body.insert("name".to_owned(), json!(self.name.as_ref().unwrap_or(&self.key)));
        body.insert("value".to_owned(), json!(*self.value.read()?));
        body.insert("valueType".to_owned(), json!(self.kind));
        body.insert("isSecret".to_owned(), json!(self.secret));
        Ok(Request::new("POST", format!("{BASE}/groups/{}/items", segment(&self.group))).body(Value::Object(body)))
    }
}

fn searched(path: String, search: Option<&String>) -> Request {
    search.iter().fold(Request::new("GET", path), |request, text| request.query("search", text))
}

/// Those that are given.
fn members<const N: usize>(all: [(&str, Option<&String>); N]) -> Map<String, Value> {
    all.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text?)))).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::commands::typed;

    fn request(line: &str) -> Request {
        typed::<ConfigApi>(line.split(' ')).unwrap().request().unwrap()
    }

    #[test]
    fn an_item_is_made_in_a_group_and_changed_by_its_key() {
        let create = request("item create shop a/b 6 --type number --secret");
        assert_eq!((create.method, create.path.as_str()), ("POST", "/api/client/v1/config/groups/shop/items"));
        let expected = json!({ "key": "a/b", "name": "a/b", "value": "6", "valueType": "number", "isSecret": true });
        assert_eq!(create.json(), expected);
        let set = request("item set a/b 7");
        assert_eq!((set.method, set.path.as_str()), ("PATCH", "/api/client/v1/config/items/a%2Fb"));
        assert_eq!(set.json(), json!({ "value": "7" }));
        assert_eq!(request("item restore a 2").path, "/api/client/v1/config/items/a/versions/2/restore");
    }

    #[test]
    fn groups_are_searched_and_keys_resolved() {
        assert_eq!(request("group list --search x").query, [("search", "x".to_owned())]);
        assert_eq!(request("group create Shop --key shop").json(), json!({ "name": "Shop", "key": "shop" }));
        assert_eq!(request("resolve a b").json(), json!({ "keys": ["a", "b"] }));
    }
}
