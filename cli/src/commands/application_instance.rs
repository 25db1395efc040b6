//! `chancery application-instance`: which application may use which service of the developer portal.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    Session,
    developer::{STATUSES, note_more, status_name},
};
use crate::{Result, client::segment, output, request::Request};

const INSTANCES: &str = "/caas/portal/application-instances";

#[derive(Subcommand)]
pub(super) enum ApplicationInstance {
    /// Instances, oldest first
    List {
        #[arg(long, value_parser = ["approved", "requested", "rejected", "revoked"])]
        status: Option<String>,
        /// The offset of the page before
        #[arg(long)]
        offset: Option<String>,
    },
    /// Let an application use a service
    Approve {
        /// Its id, or those of the application and the service with _ between them
        instance: String,
    },
    /// Turn down an application that asks for a service
    Reject { instance: String },
    /// Take a service from an application
    Revoke { instance: String },
    /// Take it away for a while
    Suspend { instance: String },
    /// Give back what was suspended
    Resume { instance: String },
}

impl ApplicationInstance {
    pub fn run(&self, session: &Session) -> Result<String> {
        let reply = self.request().send(&session.client()?)?;
        if session.json() {
            return reply.printed();
        }
        let answer = reply.json()?;
        let columns = ["id", "application_name", "service_name", "developer_email", "status", "suspended"];
        Ok(match self {
            Self::List { .. } => {
                let row = |instance: &Value| columns.iter().map(|name| shown(instance, name)).collect();
                note_more(&answer);
                output::table(&columns, output::rows(&answer, "data").iter().map(row))
            }
            _ => output::fields(&columns.map(|name| (name, shown(&answer, name)))),
        })
    }

    fn request(&self) -> Request {
        let change = |instance: &str, body: Value| {
            Request::new("PATCH", format!("{INSTANCES}/{}", segment(instance))).body(body)
        };
        match self {
            Self::List { status, offset } => {
                let number = STATUSES.iter().find(|(name, _)| status.as_deref() == Some(name));
                let request = Request::new("GET", INSTANCES);
                let request = number.into_iter().fold(request, |request, (_, number)| request.query("status", number));
                offset.iter().fold(request, |request, offset| request.query("offset", offset))
            }
            Self::Approve { instance } => change(instance, json!({ "status": 0 })),
            Self::Reject { instance } => change(instance, json!({ "status": 2 })),
            Self::Revoke { instance } => change(instance, json!({ "status": 3 })),
            Self::Suspend { instance } => change(instance, json!({ "suspended": true })),
            Self::Resume { instance } => change(instance, json!({ "suspended": false })),
        }
    }
}

fn shown(instance: &Value, name: &str) -> String {
    if name == "status" { status_name(instance) } else { output::text(instance, name) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::commands::typed;

    fn request(line: &str) -> Request {
        typed::<ApplicationInstance>(line.split(' ')).unwrap().request()
    }

    #[test]
    fn a_decision_is_a_change_of_status_or_a_suspension() {
        let approve = request("approve a_b");
        assert_eq!((approve.method, approve.path.as_str()), ("PATCH", "/caas/portal/application-instances/a_b"));
        assert_eq!(approve.json(), json!({ "status": 0 }));
        assert_eq!(request("revoke x").json(), json!({ "status": 3 }));
        assert_eq!(request("reject x").json(), json!({ "status": 2 }));
        assert_eq!(request("suspend x").json(), json!({ "suspended": true }));
        assert_eq!(request("resume x").json(), json!({ "suspended": false }));
        assert_eq!(request("list --status requested").query, [("status", "1".to_owned())]);
        assert_eq!(shown(&json!({ "status": 3 }), "status"), "revoked");
    }
}
