//! `chancery qnsp key`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{TENANTS, list, shown};
use crate::{client::segment, commands::note, output, request::Request};

#[derive(Subcommand)]
pub(in crate::commands) enum Key {
    /// Make an API key and print it
    Create(Create),
    /// A hundred keys of a tenant, oldest first
    List {
        /// tenantId
        #[arg(long, value_name = "ID")]
        tenant: String,
        /// Go on after this id
        #[arg(long, value_name = "ID")]
        after: Option<String>,
    },
    /// Refuse a key from now on
    Revoke {
        /// Its keyId, as `list` shows it
        id: String,
    },
}

#[derive(Args)]
pub(in crate::commands) struct Create {
    /// tenantId
    #[arg(long, value_name = "ID")]
    tenant: String,
    /// viewer, developer, service, admin, owner, platform_admin, or a name without a rank; may be repeated
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<String>,
    /// What the key is for
    #[arg(long)]
    name: Option<String>,
    /// Id of the user who acts with the key; a new user if not given
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// Last moment, such as 90d or 2027-12-31T12:00:00Z; never if not given
    #[arg(long, value_name = "TIME", value_parser = crate::duration::moment)]
    expires: Option<String>,
    /// Mark the key as a person's own
    #[arg(long)]
    personal: bool,
}

impl Key {
    pub fn shown(&self, answer: &Value) -> String {
        match self {
            Self::Create(_) => {
                let [key, user] = ["keyId", "userId"].map(|name| output::text(answer, name));
                note(&format!("Keep the key, it is not shown again. Its id is {key}, its user is {user}."));
                format!("{}\n", output::text(answer, "apiKey"))
            }
            Self::List { .. } => {
                let columns = ["keyId", "name", "roles", "userId", "createdAt", "expiresAt", "revokedAt"];
                let row = |key: &Value| columns.iter().map(|name| shown(key, name)).collect();
                output::table(&columns, output::rows(answer, "keys").iter().map(row))
            }
            Self::Revoke { id } => format!("revoked {id}\n"),
        }
    }

    pub fn request(&self) -> Request {
        match self {
            Self::Create(create) => create.request(),
            Self::List { tenant, after } => list(keys_of(tenant), after.as_ref()),
            Self::Revoke { id } => Request::new("DELETE", format!("/caas/qnsp/keys/{}", segment(id))),
        }
    }
}

impl Create {
    fn request(&self) -> Request {
        let mut body = Map::new();
        body.insert("roles".to_owned(), json!(self.roles));
        let given = [("name", &self.name), ("userId", &self.user), ("expiresAt", &self.expires)];
        body.extend(given.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text.as_ref()?)))));
        if self.personal {
            body.insert("personal".to_owned(), json!(true));
        }
        Request::new("PUT", keys_of(&self.tenant)).body(Value::Object(body))
    }
}

fn keys_of(tenant: &str) -> String {
    format!("{TENANTS}/{}/keys", segment(tenant))
}
