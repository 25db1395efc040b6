//! `chancery developer`: who may log in to the developer portal.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Session, note};
use crate::{Error, Result, client::segment, output, request::Request};

const DEVELOPERS: &str = "/caas/portal/developers";

/// Names of a status, and their numbers on the wire.
pub(super) const STATUSES: [(&str, i64); 5] =
    [("approved", 0), ("requested", 1), ("rejected", 2), ("revoked", 3), ("unverified", 5)];

#[derive(Subcommand)]
pub(super) enum Developer {
    /// Developers, oldest first
    List {
        #[arg(long, value_parser = ["approved", "requested", "rejected", "revoked", "unverified"])]
        status: Option<String>,
        /// The offset of the page before
        #[arg(long)]
        offset: Option<String>,
    },
    /// One developer
    Show {
        /// Its id or e-mail address
        developer: String,
    },
    /// Let a developer log in
    Approve { developer: String },
    /// Turn down a developer who asks for access
    Reject { developer: String },
    /// End all sessions of an approved developer and let it log in no more
    Revoke { developer: String },
    /// Set the roles that files may ask for; none takes all away
    Roles { developer: String, roles: Vec<String> },
    /// Delete a developer with all that belongs to it
    Delete { developer: String },
}

impl Developer {
    pub fn run(&self, session: &Session) -> Result<String> {
        if let Self::Delete { developer } = self {
            session.confirm(&format!("Delete the developer {developer} with all that belongs to it for good?"))?;
        }
        let reply = self.request().send(&session.client()?)?;
        if session.json() {
            return reply.printed();
        }
        let answer = reply.json()?;
        Ok(match self {
            Self::List { .. } => {
                let columns = ["id", "email", "status", "roles", "created_at"];
                let row = |developer: &Value| columns.iter().map(|name| shown(developer, name)).collect();
                note_more(&answer);
                output::table(&columns, output::rows(&answer, "data").iter().map(row))
            }
            Self::Delete { developer } => format!("deleted {developer}\n"),
            _ => {
                let names = ["id", "email", "status", "roles", "meta", "created_at", "updated_at"];
                output::fields(&names.map(|name| (name, shown(&answer, name))))
            }
        })
    }

    fn request(&self) -> Request {
        let one = |developer: &str| format!("{DEVELOPERS}/{}", segment(developer));
        let status =
            |developer: &str, status: i64| Request::new("PATCH", one(developer)).body(json!({"status": status}));
        match self {
            Self::List { status, offset } => {
                let number =
                    STATUSES.iter().find(|(name, _)| status.as_deref() == Some(name)).map(|(_, number)| number);
                let request = Request::new("GET", DEVELOPERS);
                let request = number.into_iter().fold(request, |request, number| request.query("status", number));
                offset.iter().fold(request, |request, offset| request.query("offset", offset))
            }
            Self::Show { developer } => Request::new("GET", one(developer)),
            Self::Approve { developer } => status(developer, 0),
            Self::Reject { developer } => status(developer, 2),
            Self::Revoke { developer } => status(developer, 3),
            Self::Roles { developer, roles } => Request::new("PATCH", one(developer)).body(json!({"roles": roles})),
            Self::Delete { developer } => Request::new("DELETE", one(developer)),
        }
    }
}

/// A member for people: a status by its name, roles without brackets.
fn shown(developer: &Value, name: &str) -> String {
    match (name, developer.get(name)) {
        ("status", _) => status_name(developer),
        ("roles", Some(Value::Array(roles))) => roles.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        _ => output::text(developer, name),
    }
}

/// The name of something's status.
pub(super) fn status_name(of: &Value) -> String {
    let number = of.get("status").and_then(Value::as_i64);
    let known = STATUSES.iter().find(|(_, known)| Some(*known) == number);
    known.map_or_else(String::new, |(name, _)| (*name).to_owned())
}

/// Notes how to get the next page of a list, if there is one.
pub(super) fn note_more(answer: &Value) {
    let next = answer.get("next").and_then(Value::as_str).and_then(|next| next.split_once("offset="));
    let offset = next.map(|(_, offset)| offset.split('&').next().unwrap_or(offset));
    if let Some(offset) = offset {
        note(&format!("more with --offset {offset}"));
    }
}

/// The answer must hold what a command prints.
pub(super) fn demanded<'a>(answer: &'a Value, name: &str) -> Result<&'a str> {
    let text = answer.get(name).and_then(Value::as_str);
    text.ok_or_else(|| Error::Fault(format!("the answer has no {name}")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::commands::typed;

    fn request(line: &str) -> Request {
        typed::<Developer>(line.split(' ')).unwrap().request()
    }

    #[test]
    fn a_developer_is_named_by_its_address_and_a_status_by_its_name() {
        let approve = request("approve ada@example.org");
        assert_eq!((approve.method, approve.path.as_str()), ("PATCH", "/caas/portal/developers/ada%40example.org"));
        assert_eq!(approve.json(), json!({"status": 0}));
        assert_eq!(request("revoke x").json(), json!({"status": 3}));
        assert_eq!(request("reject x").json(), json!({"status": 2}));
        assert_eq!(request("roles x a b").json(), json!({"roles": ["a", "b"]}));
        let list = request("list --status unverified --offset o");
        assert_eq!(list.query, [("status", "5".to_owned()), ("offset", "o".to_owned())]);
        assert_eq!(request("delete x").method, "DELETE");
        assert!(typed::<Developer>(["list", "--status", "gone"]).is_err());
    }

    #[test]
    fn what_is_shown_has_names() {
        let developer = json!({"status": 3, "roles": ["a", "b"], "email": "x"});
        let shown = |name| shown(&developer, name);
        assert_eq!(
            (shown("status").as_str(), shown("roles").as_str(), shown("email").as_str()),
            ("revoked", "a b", "x")
        );
    }
}
