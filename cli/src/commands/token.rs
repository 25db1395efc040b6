//! `chancery token`: the tokens of the Config API. A token is printed by `create` and by nothing else.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{Session, note};
use crate::{Result, client::segment, output, request::Request};

const TOKENS: &str = "/caas/config-tokens";

#[derive(Subcommand)]
pub(super) enum Token {
    /// Mint a token and print it
    Create(Create),
    /// A hundred tokens, oldest first
    List {
        /// Go on after this id
        #[arg(long, value_name = "ID")]
        after: Option<String>,
    },
    /// Refuse a token from now on
    Revoke {
        /// Its id, as `list` shows it
        id: String,
    },
}

#[derive(Args)]
pub(super) struct Create {
    /// tenantId
    tenant: String,
    /// projectId
    #[arg(default_value = "default")]
    project: String,
    /// Id of the user who acts with the token
    #[arg(long, value_name = "ID", env = "USER", default_value = "chancery")]
    owner: String,
    /// E-mail address of that user
    #[arg(long)]
    email: Option<String>,
    #[arg(long, default_value = "user", value_parser = ["owner", "admin", "project_admin", "user"])]
    role: String,
    /// What the owner is granted besides the role
    #[arg(long, value_parser = ["read", "write", "admin"])]
    grant: Option<String>,
    /// The most that the token may do in a service, such as config=read; may be repeated
    #[arg(long = "scope", value_name = "SERVICE=PERMISSION", value_parser = parse_scope)]
    scope: Vec<(String, String)>,
    /// Last moment, such as 90d or 2027-12-31T12:00:00Z; never if not given
    #[arg(long, value_name = "TIME", value_parser = crate::duration::moment)]
    expires: Option<String>,
    /// What the token is for
    #[arg(long, default_value = "")]
    name: String,
}

impl Token {
    pub fn run(&self, session: &Session) -> Result<String> {
        if let Self::Revoke { id } = self {
            session.confirm(&format!("Revoke the token {id} for good?"))?;
        }
        let reply = self.request().send(&session.client()?)?;
        if session.json() {
            return reply.printed();
        }
        let answer = reply.json()?;
        Ok(match self {
            Self::Create(_) => {
                note(&format!("Keep the token, it is not shown again. Its id is {}.", output::text(&answer, "id")));
                format!("{}\n", output::text(&answer, "token"))
            }
            Self::Revoke { id } => format!("revoked {id}\n"),
            Self::List { .. } => {
                let columns = [
                    "id",
                    "name",
                    "tenantId",
                    "projectId",
                    "ownerId",
                    "role",
                    "grant",
                    "scope",
                    "expiresAt",
                    "revokedAt",
                ];
                let row = |token: &Value| columns.iter().map(|name| output::text(token, name)).collect();
                output::table(&columns, output::rows(&answer, "tokens").iter().map(row))
            }
        })
    }

    fn request(&self) -> Request {
        match self {
            Self::Create(create) => create.request(),
            Self::List { after: None } => Request::new("GET", TOKENS),
            Self::List { after: Some(id) } => Request::new("GET", TOKENS).query("after", id),
            Self::Revoke { id } => Request::new("DELETE", format!("{TOKENS}/{}", segment(id))),
        }
    }
}

impl Create {
    fn request(&self) -> Request {
        let mut body = json!({
            "tenantId": self.tenant, "projectId": self.project, "ownerId": self.owner, "role": self.role,
            "name": self.name,
        });
        if let Some(body) = body.as_object_mut() {
            let given = [("ownerEmail", &self.email), ("grant", &self.grant), ("expiresAt", &self.expires)];
            body.extend(given.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text.as_ref()?)))));
            if !self.scope.is_empty() {
                let scope: Map<_, _> = self.scope.iter().map(|(name, most)| (name.clone(), json!(most))).collect();
                body.insert("scope".to_owned(), Value::Object(scope));
            }
        }
        Request::new("PUT", TOKENS).body(body)
    }
}

fn parse_scope(text: &str) -> std::result::Result<(String, String), String> {
    let (service, permission) = text.split_once('=').ok_or("write it as SERVICE=PERMISSION, such as config=read")?;
    Ok((service.to_owned(), permission.to_owned()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::commands::typed;

    fn request(line: &str) -> Request {
        typed::<Token>(line.split(' ')).unwrap().request()
    }

    #[test]
    fn create_sends_what_is_given_and_nothing_else() {
        let request = request("create acme shop --owner u1 --role owner --scope config=read --scope prompts=admin");
        assert_eq!((request.method, request.path.as_str()), ("PUT", "/caas/config-tokens"));
        let expected = json!({
            "tenantId": "acme", "projectId": "shop", "ownerId": "u1", "role": "owner", "name": "",
            "scope": { "config": "read", "prompts": "admin" },
        });
        assert_eq!(request.json(), expected);
    }

    #[test]
    fn list_goes_on_after_an_id_and_revoke_escapes_it() {
        assert_eq!(request("list --after x").query, [("after", "x".to_owned())]);
        assert_eq!(request("revoke a/b").path, "/caas/config-tokens/a%2Fb");
        assert!(typed::<Token>(["create", "acme", "--scope", "config"]).is_err());
    }
}
