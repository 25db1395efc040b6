//! `chancery portal`: tokens with which Kong's portal tool puts the portal's files.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Session, note};
use crate::{Result, client::segment, output, request::Request};

const TOKENS: &str = "/caas/portal/tokens";

#[derive(Subcommand)]
pub(super) enum Portal {
    /// Tokens of the header Kong-Admin-Token
    #[command(subcommand)]
    Token(Token),
}

#[derive(Subcommand)]
pub(super) enum Token {
    /// Make a token and print it
    Create {
        /// What the audit log calls its holder
        name: String,
    },
    /// All tokens, oldest first
    List,
    /// Refuse a token from now on
    Revoke {
        /// Its id, as `list` shows it
        id: String,
    },
}

impl Portal {
    pub fn run(&self, session: &Session) -> Result<String> {
        let Self::Token(token) = self;
        token.run(session)
    }
}

impl Token {
    fn run(&self, session: &Session) -> Result<String> {
        if let Self::Revoke { id } = self {
            session.confirm(&format!("Revoke the token {id} for good?"))?;
        }
        let reply = self.request().send(&session.client()?)?;
        if let Self::Revoke { id } = self {
            return Ok(format!("revoked {id}\n"));
        }
        if session.json() {
            return reply.printed();
        }
        let answer = reply.json()?;
        if let Self::Create { .. } = self {
            note(&format!("Keep the token, it is not shown again. Its id is {}.", output::text(&answer, "id")));
            return Ok(format!("{}\n", output::text(&answer, "token")));
        }
        let columns = ["id", "name", "created_at"];
        let row = |token: &Value| columns.iter().map(|name| output::text(token, name)).collect();
        Ok(output::table(&columns, output::rows(&answer, "data").iter().map(row)))
    }

    fn request(&self) -> Request {
        match self {
            Self::Create { name } => Request::new("POST", TOKENS).body(json!({ "name": name })),
            Self::List => Request::new("GET", TOKENS),
            Self::Revoke { id } => Request::new("DELETE", format!("{TOKENS}/{}", segment(id))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::commands::typed;

    #[test]
    fn a_token_has_a_name_and_is_revoked_by_its_id() {
        let request = |line: &str| {
            let Portal::Token(token) = typed(line.split(' ')).unwrap();
            token.request()
        };
        let create = request("token create ci");
        assert_eq!((create.method, create.path.as_str(), create.json()), ("POST", TOKENS, json!({ "name": "ci" })));
        assert_eq!(request("token revoke a/b").path, "/caas/portal/tokens/a%2Fb");
    }
}
