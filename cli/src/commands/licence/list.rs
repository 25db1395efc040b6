//! `chancery licence list`.

use clap::{Args, builder::PossibleValuesParser};
use model::{AuthLevel, time::from_iso};
use serde_json::{Value, json};

use super::{KEYS, Session, key_secret, note};
use crate::{
    Result,
    client::{Client, segment},
    duration, output,
    request::Request,
};

/// The longest page.
const PAGE: u32 = 25;

#[derive(Args)]
pub(in crate::commands) struct List {
    #[arg(long, default_value_t = 0)]
    page: u32,
    /// Keys on a page, at most 25
    #[arg(long, default_value_t = PAGE)]
    size: u32,
    /// All keys, not a page of them; so it is with every filter
    #[arg(long, conflicts_with_all = ["page", "size"])]
    all: bool,
    /// communityId
    #[arg(long, value_name = "ID")]
    community: Option<String>,
    #[command(flatten)]
    filters: Filters,
    /// With --json: the keySecrets too
    #[arg(long)]
    reveal: bool,
}

#[derive(Args)]
struct Filters {
    /// Only keys whose tag holds this text
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["page", "size"])]
    tag: Option<String>,
    /// Only keys that end within this time, or have ended, such as 30d
    #[arg(long, value_name = "TIME", conflicts_with_all = ["page", "size"], value_parser = duration::moment)]
    expiring_within: Option<String>,
    /// Only keys of this level
    #[arg(long, conflicts_with_all = ["page", "size", "community"],
        value_parser = PossibleValuesParser::new(AuthLevel::ALL.map(|level| level.into_str())))]
    level: Option<String>,
    /// Only keys that are switched off
    #[arg(long, conflicts_with_all = ["page", "size", "community"])]
    disabled: bool,
}

impl List {
    pub fn run(&self, session: &Session) -> Result<String> {
        let client = session.client()?;
        if self.all || self.filters.are_given() {
            return self.filtered(session, &client);
        }
        let reply = self.page(self.page).send(&client)?;
        if session.json() {
            return if self.reveal { reply.printed() } else { key_secret::hidden(&reply) };
        }
        let answer = reply.json()?;
        let data = output::rows(&answer, "data");
        let total = answer.pointer("/page/total").and_then(Value::as_u64).unwrap_or_default();
        let seen = u64::from(self.page) * u64::from(self.size) + data.len() as u64;
        let more = if seen < total && !data.is_empty() {
            format!("; --page {} shows more", self.page + 1)
        } else {
            String::new()
        };
        note(&format!("{} of {total} keys{more}", data.len()));
        Ok(self.table(data.iter()))
    }

    pub fn page(&self, number: u32) -> Request {
        page(self.community.as_deref(), number, self.size)
    }

    /// What the filters let through, of all pages.
    fn filtered(&self, session: &Session, client: &Client) -> Result<String> {
        let mut keys = all(client, self.community.as_deref())?;
        keys.retain(|key| self.filters.fit(key));
        if !self.reveal {
            keys.iter_mut().filter_map(Value::as_object_mut).for_each(|key| drop(key.remove("keySecret")));
        }
        if session.json() {
            return Ok(output::json(&json!({ "data": keys })));
        }
        note(&format!("{} keys", keys.len()));
        Ok(self.table(keys.iter()))
    }

    fn table<'a>(&self, keys: impl Iterator<Item = &'a Value>) -> String {
        let columns: &[(&str, &str)] = match self.community {
            Some(_) => &[("tag", "keyTag"), ("authorised", "isAuthorized"), ("expiry", "expiry")],
            None => &[
                ("tag", "tag"),
                ("level", "authLevel"),
                ("keyId", "keyId"),
                ("disabled", "disabled"),
                ("expiry", "expiry"),
            ],
        };
        let head: Vec<_> = columns.iter().map(|(head, _)| *head).collect();
        output::table(&head, keys.map(|key| columns.iter().map(|(_, name)| output::text(key, name)).collect()))
    }
}

/// The authorisation of a key in a community, if it is known there.
pub(super) fn membership(client: &Client, community: &str, tag: &str) -> Result<Option<Value>> {
    let keys = all(client, Some(community))?;
    Ok(keys.into_iter().find(|key| key.get("keyTag").and_then(Value::as_str) == Some(tag)))
}

/// The keys of all pages.
fn all(client: &Client, community: Option<&str>) -> Result<Vec<Value>> {
    let mut keys = Vec::new();
    for number in 0.. {
        let answer = page(community, number, PAGE).send(client)?.json()?;
        let data = output::rows(&answer, "data");
        keys.extend_from_slice(data);
        if data.len() < PAGE as usize {
            break;
        }
    }
    Ok(keys)
}

fn page(community: Option<&str>, number: u32, size: u32) -> Request {
    let path = match community {
        Some(community) => format!("/licenses/community/{}/servicekey/fetch", segment(community)),
        None => format!("{KEYS}/fetch"),
    };
    Request::new("POST", path).query("pIndex", number).query("pSize", size)
}

impl Filters {
    fn are_given(&self) -> bool {
        self.tag.is_some() || self.expiring_within.is_some() || self.level.is_some() || self.disabled
    }

    fn fit(&self, key: &Value) -> bool {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let tag = text("tag").or_else(|| text("keyTag")).unwrap_or_default();
        let ends = text("expiry").and_then(from_iso);
        let last = self.expiring_within.as_deref().unwrap_or_default();
        self.tag.as_deref().is_none_or(|part| tag.contains(part))
            && (self.expiring_within.is_none() || ends.zip(from_iso(last)).is_some_and(|(ends, last)| ends <= last))
            && self.level.as_deref().is_none_or(|level| text("authLevel") == Some(level))
            && (!self.disabled || key.get("disabled").and_then(Value::as_bool) == Some(true))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{super::Licence, *};
    use crate::commands::{now, typed};

    fn list(line: &str) -> List {
        match typed::<Licence>(line.split(' ')).unwrap() {
            Licence::List(list) => list,
            _ => unreachable!(),
        }
    }

    #[test]
    fn a_page_is_asked_for_and_a_table_shows_no_key_secret() {
        let one = list("list --size 1");
        assert_eq!(one.page(0).query, [("pIndex", "0".to_owned()), ("pSize", "1".to_owned())]);
        let key = json!({"tag": "first", "keySecret": "hidden-value", "authLevel": "app"});
        let shown = one.table([key].iter());
        assert!(shown.contains("first") && shown.lines().count() == 2 && !shown.contains("hidden-value"), "{shown}");
        let third = list("list --tag x --community c").page(2);
        assert_eq!(third.query, [("pIndex", "2".to_owned()), ("pSize", "25".to_owned())]);
        assert!(typed::<Licence>(["list", "--all", "--page", "1"]).is_err());
        assert!(typed::<Licence>(["list", "--level", "app", "--community", "c"]).is_err());
    }

    #[test]
    fn every_filter_must_fit() {
        let key = json!({"tag": "shop-web", "authLevel": "app", "disabled": true, "expiry": now()});
        for (line, expected) in [
            ("list --tag shop", true),
            ("list --tag shop --disabled --level app --expiring-within 1d", true),
            ("list --tag shop --level basic", false),
            ("list --tag other", false),
            ("list --expiring-within 2000-01-01", false),
        ] {
            assert_eq!(list(line).filters.fit(&key), expected, "{line}");
        }
        assert!(!list("list --disabled").filters.fit(&json!({"tag": "x", "disabled": false})));
        assert!(list("list --tag x").filters.fit(&json!({"keyTag": "x"})));
    }
}
