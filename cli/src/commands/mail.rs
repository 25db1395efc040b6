//! `chancery mail`: the outbox of the developer portal, for those who run it without a mail server.

use clap::Subcommand;
use serde_json::Value;

use super::{Session, developer::demanded};
use crate::{Result, client::segment, output, request::Request};

const MAIL: &str = "/caas/portal/mail";

#[derive(Subcommand)]
pub(super) enum Mail {
    /// The mails of the outbox, newest first
    List {
        /// The offset of the page before
        #[arg(long)]
        offset: Option<String>,
    },
    /// Print a mail with the link in it
    Show {
        /// Its id, as `list` shows it
        id: String,
    },
}

impl Mail {
    pub fn run(&self, session: &Session) -> Result<String> {
        let reply = self.request().send(&session.client()?)?;
        if session.json() {
            return reply.printed();
        }
        let answer = reply.json()?;
        Ok(match self {
            Self::List { .. } => {
                let columns = ["id", "kind", "to", "created_at", "sent_at", "failure"];
                let row = |mail: &Value| columns.iter().map(|name| output::text(mail, name)).collect();
                output::table(&columns, output::rows(&answer, "data").iter().map(row))
            }
            Self::Show { .. } => {
                let (to, subject) = (output::text(&answer, "to"), output::text(&answer, "subject"));
                format!("To: {to}\nSubject: {subject}\n\n{}", demanded(&answer, "text")?)
            }
        })
    }

    fn request(&self) -> Request {
        match self {
            Self::List { offset } => {
                offset.iter().fold(Request::new("GET", MAIL), |request, offset| request.query("offset", offset))
            }
            Self::Show { id } => Request::new("GET", format!("{MAIL}/{}", segment(id))),
        }
    }
}
