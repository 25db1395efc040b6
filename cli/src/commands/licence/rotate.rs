//! `chancery licence rotate`: a new key beside another one, in the same communities, made of what the API has.

use clap::Args;
use serde_json::{Map, Value, json};

use super::{COMMUNITY_KEYS, KEYS, Session, insert, key, list, note};
use crate::{
    Error, Result,
    client::{Client, Reply},
    commands::{audit, now},
    duration, output,
    request::Request,
};

#[derive(Args)]
pub(in crate::commands) struct Rotate {
    /// keyId or tag
    key: String,
    /// Tag of the new key; if not given the old one with the next number: shop:2 after shop, shop:3 after shop:2
    #[arg(long)]
    tag: Option<String>,
    /// Last moment of the new key, such as 90d; that of the old one if not given
    #[arg(long, value_name = "TIME", value_parser = duration::moment)]
    expires: Option<String>,
    /// A community that the key is in, beside those that the audit log names; may be repeated
    #[arg(long = "community", value_name = "ID")]
    communities: Vec<String>,
    /// Disable the old key once the new one is in all its communities: whoever still signs with it is refused then
    #[arg(long)]
    disable_old: bool,
}

impl Rotate {
    pub fn run(&self, session: &Session) -> Result<String> {
        if self.disable_old {
            session.confirm(&format!(
                "Disable {} once there is a new key? Who signs with it is refused then.",
                self.key
            ))?;
        }
        let client = session.client()?;
        let old = self.old().send(&client)?.json()?;
        let tag = output::text(&old, "tag");
        if self.disable_old {
            must_not_sign(&client, &old)?;
        }
        let new = self.tag.clone().unwrap_or_else(|| next(&tag));
        let memberships = self.memberships(&client, &tag)?;
        let made = self.request(&old, &new).send(&client).inspect_err(|error| note(&not_made(error, &tag, &new)))?;
        show(session, &made).inspect_err(|_| {
            let word = output::word(&new);
            note(&format!(
                "{new} was made, and is in no community: `chancery licence delete {word}` before another try"
            ));
        })?;
        admit(&client, &tag, &new, &memberships)?;
        note(&match memberships.len() {
            0 => format!("no community of {tag} is known, and {new} is in none"),
            1 => format!("{new} is in the one community of {tag} that is known"),
            many => format!("{new} is in the {many} communities of {tag} that are known"),
        });
        let disable = format!("`chancery licence disable {}`", output::word(&tag));
        if self.disable_old {
            let request = Request::new("PATCH", KEYS).query("keyId", &tag).body(json!({"disabled": true}));
            request.send(&client).inspect_err(|_| note(&format!("{tag} could not be disabled; {disable} does it")))?;
            note(&format!("{tag} is disabled"));
        } else if old.get("disabled") != Some(&Value::Bool(true)) {
            note(&format!("{tag} stays valid; when nobody signs with it any more: {disable}"));
        }
        Ok(String::new())
    }

    /// Asks for the old key.
    pub fn old(&self) -> Request {
        Request::new("GET", KEYS).query("keyId", &self.key)
    }

    /// The authorisations of the key that have not ended. The API lists the keys of a community, not the communities of a
    /// key; the log has each community that the key was added to.
    fn memberships(&self, client: &Client, tag: &str) -> Result<Vec<Value>> {
        let mut communities = match audit::subjects(client, "licensing", "authorization.add") {
            Ok(subjects) => of_key(&subjects, tag),
            Err(error @ Error::Refused { .. }) if self.communities.is_empty() => {
                note(&format!(
                    "The audit log of `licensing`, which has the communities of {tag}, cannot be read: name them with \
                     --community. Nothing was changed."
                ));
                return Err(error);
            }
            Err(Error::Refused { .. }) => {
                note(
                    "the audit log cannot be read: the new key is added to the communities that are named, and to no other",
                );
                Vec::new()
            }
            Err(error) => return Err(error),
        };
        communities.extend_from_slice(&self.communities);
        communities.sort();
        communities.dedup();
        let mut memberships = Vec::new();
        for community in communities {
            match list::membership(client, &community, tag)? {
                Some(found) if output::text(&found, "expiry") <= now() => {
                    note(&format!("left out: {community}, where the authorisation of {tag} has ended"));
                }
                Some(found) => memberships.push(found),
                None if self.communities.contains(&community) => {
                    return Err(Error::Missing(format!("{tag} is not in {community}; nothing was changed")));
                }
                // It was taken out since.
                None => {}
            }
        }
        Ok(memberships)
    }

    fn request(&self, old: &Value, new: &str) -> Request {
        let mut body = copied(old, &["authLevel", "type", "expiry", "modules", "description"]);
        body.insert("tag".to_owned(), json!(new));
        insert(&mut body, "expiry", self.expires.clone());
        Request::new("PUT", KEYS).body(Value::Object(body))
    }
}

/// A request with a key that it disables could not be followed by another.
fn must_not_sign(client: &Client, old: &Value) -> Result<()> {
    let own = Request::new("GET", format!("{KEYS}/current")).query("read_fresh", true).send(client)?.json()?;
    if own.get("keyId") != old.get("keyId") {
        return Ok(());
    }
    let tag = output::text(old, "tag");
    Err(Error::usage(format!(
        "{tag} signs here, and is not disabled by itself: rotate it without --disable-old, sign with the new key \
         (`chancery login`), then `chancery licence disable {}`. Nothing was changed.",
        output::word(&tag)
    )))
}

/// At once, so that nothing that comes later takes the keySecret away.
fn show(session: &Session, made: &Reply) -> Result<()> {
    let shown = if session.json() { made.printed()? } else { key(&made.json()?, true) };
    output::bytes(session.shaped(shown).as_bytes())?;
    note("Keep the keySecret: everybody who has it can sign as this key.");
    Ok(())
}

fn not_made(error: &Error, tag: &str, new: &str) -> String {
    if let Error::Refused { .. } = error {
        return format!(
            "Nothing was changed. {new} was to be made: --tag gives it another tag, --expires another end."
        );
    }
    let word = output::word(new);
    format!(
        "{tag} is as it was. Whether {new} was made is not known: `chancery licence show {word}` says it, and \
         `chancery licence delete {word}` takes it back before another try."
    )
}

/// Adds the new key to the communities of the old one, as far as that can be done.
fn admit(client: &Client, tag: &str, new: &str, memberships: &[Value]) -> Result<()> {
    let mut missing = Vec::new();
    for membership in memberships {
        let mut body = copied(membership, &["communityId", "isAuthorized", "expiry"]);
        body.insert("keyTag".to_owned(), json!(new));
        if let Err(error) = Request::new("PUT", COMMUNITY_KEYS).body(Value::Object(body)).send(client) {
            missing.push(format!("  {error}\n    {}", by_hand(new, membership)));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::Partly(format!(
        "{new} was made, but could not be added to {} of the {} communities of {tag}, which stays valid. Add it by hand:\n{}",
        missing.len(),
        memberships.len(),
        missing.join("\n")
    )))
}

/// The commands that add the new key as the old one is.
fn by_hand(new: &str, membership: &Value) -> String {
    let member = |name| output::word(&output::text(membership, name));
    let (key, community, expiry) = (output::word(new), member("communityId"), member("expiry"));
    let withdraw = match membership.get("isAuthorized") {
        Some(Value::Bool(false)) => format!(" && chancery licence withdraw {key} {community}"),
        _ => String::new(),
    };
    format!("chancery licence authorize {key} {community} --expires {expiry}{withdraw}")
}

/// The communities in which the log names the key: subjects are COMMUNITY/TAG.
fn of_key(subjects: &[String], tag: &str) -> Vec<String> {
    let parts = subjects.iter().filter_map(|subject| subject.split_once('/'));
    parts.filter(|(_, key)| *key == tag).map(|(community, _)| community.to_owned()).collect()
}

fn copied(from: &Value, names: &[&str]) -> Map<String, Value> {
    let known = names.iter().filter_map(|name| from.get(*name).map(|value| ((*name).to_owned(), value.clone())));
    known.filter(|(_, value)| !value.is_null()).collect()
}

/// The tag with the next number.
fn next(tag: &str) -> String {
    let numbered = tag.rsplit_once(':').filter(|(_, number)| !number.starts_with(['0', '+']));
    match numbered.and_then(|(stem, number)| Some((stem, number.parse::<u32>().ok()?.checked_add(1)?))) {
        Some((stem, next)) => format!("{stem}:{next}"),
        None => format!("{tag}:2"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_tag_has_the_next_number() {
        for (tag, expected) in [
            ("shop", "shop:2"),
            ("shop:2", "shop:3"),
            ("a:shop:99", "a:shop:100"),
            ("shop:web", "shop:web:2"),
            ("shop:007", "shop:007:2"),
            ("shop:", "shop::2"),
            ("shop:4294967295", "shop:4294967295:2"),
        ] {
            assert_eq!(next(tag), expected);
        }
    }

    #[test]
    fn only_the_communities_of_the_key_itself_are_taken_from_the_log() {
        let subjects = ["web/shop", "web/shop:2", "app/shop", "nothing"].map(str::to_owned);
        assert_eq!(of_key(&subjects, "shop"), ["web", "app"]);
    }

    #[test]
    fn what_is_left_is_a_command_for_a_shell() {
        let withdrawn = json!({"communityId": "web", "expiry": "2031", "isAuthorized": false});
        assert_eq!(
            by_hand("a|b", &withdrawn),
            "chancery licence authorize 'a|b' web --expires 2031 && chancery licence withdraw 'a|b' web"
        );
        let plain = json!({"communityId": "web", "expiry": "2031", "isAuthorized": true});
        assert_eq!(by_hand("shop:2", &plain), "chancery licence authorize shop:2 web --expires 2031");
    }
}
