//! `chancery service`: the services of the developer portal that applications may ask for.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{Session, developer::note_more};
use crate::{Result, client::segment, output, request::Request};

const SERVICES: &str = "/caas/portal/services";

#[derive(Subcommand)]
pub(super) enum Service {
    /// Services, oldest first
    List {
        /// The offset of the page before
        #[arg(long)]
        offset: Option<String>,
    },
    /// Offer a service, or change what is given of one that is offered
    Put(Put),
    /// Withdraw a service, with every instance of it
    Delete {
        /// Its name or id
        service: String,
    },
}

#[derive(Args)]
pub(super) struct Put {
    /// Letters, digits and . _ ~ -
    name: String,
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Whether applications may ask for it; true in a new one
    #[arg(long, value_name = "BOOL")]
    registrable: Option<bool>,
    /// Whether a new instance is approved without an operator
    #[arg(long, value_name = "BOOL")]
    auto_approve: Option<bool>,
    #[arg(long, value_name = "BOOL")]
    show_issuer: Option<bool>,
}

impl Service {
    pub fn run(&self, session: &Session) -> Result<String> {
        if let Self::Delete { service } = self {
            session.confirm(&format!("Delete the service {service} with every instance of it for good?"))?;
        }
        let reply = self.request().send(&session.client()?)?;
        if session.json() {
            return reply.printed();
        }
        let answer = reply.json()?;
        let columns = ["id", "name", "display_name", "registrable", "auto_approve", "description"];
        Ok(match self {
            Self::List { .. } => {
                let row = |service: &Value| columns.iter().map(|name| shown(service, name)).collect();
                note_more(&answer);
                output::table(&columns, output::rows(&answer, "data").iter().map(row))
            }
            Self::Put(_) => output::fields(&columns.map(|name| (name, shown(&answer, name)))),
            Self::Delete { service } => format!("deleted {service}\n"),
        })
    }

    fn request(&self) -> Request {
        match self {
            Self::List { offset } => {
                offset.iter().fold(Request::new("GET", SERVICES), |request, offset| request.query("offset", offset))
            }
            Self::Put(put) => put.request(),
            Self::Delete { service } => Request::new("DELETE", format!("{SERVICES}/{}", segment(service))),
        }
    }
}

impl Put {
    fn request(&self) -> Request {
        let given = [
            ("display_name", self.display_name.as_ref().map(|text| json!(text))),
            ("description", self.description.as_ref().map(|text| json!(text))),
            ("registrable", self.registrable.map(|flag| json!(flag))),
            ("auto_approve", self.auto_approve.map(|flag| json!(flag))),
            ("show_issuer", self.show_issuer.map(|flag| json!(flag))),
        ];
        let given: Map<_, _> = given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        Request::new("PUT", format!("{SERVICES}/{}", segment(&self.name))).body(Value::Object(given))
    }
}

/// A member, or one of the registration settings.
fn shown(service: &Value, name: &str) -> String {
    match service.get("app_registration_config") {
        Some(settings) if settings.get(name).is_some() => output::text(settings, name),
        _ => output::text(service, name),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::commands::typed;

    fn request(line: &str) -> Request {
        typed::<Service>(line.split(' ')).unwrap().request()
    }

    #[test]
    fn put_sends_what_is_given_and_nothing_else() {
        let put = request("put billing --description d --auto-approve true");
        assert_eq!((put.method, put.path.as_str()), ("PUT", "/caas/portal/services/billing"));
        assert_eq!(put.json(), json!({ "description": "d", "auto_approve": true }));
        assert_eq!(request("put x").json(), json!({}));
        assert_eq!(request("delete a/b").path, "/caas/portal/services/a%2Fb");
        assert_eq!(request("list --offset o").query, [("offset", "o".to_owned())]);
    }

    #[test]
    fn settings_are_shown_beside_what_they_are_of() {
        let service = json!({ "name": "n", "app_registration_config": { "auto_approve": true } });
        assert_eq!((shown(&service, "name").as_str(), shown(&service, "auto_approve").as_str()), ("n", "true"));
    }
}
