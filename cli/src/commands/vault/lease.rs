//! `chancery vault lease`.

use clap::Subcommand;
use crypto::Zeroizing;
use serde_json::{Value, json};

use super::{
    super::{Session, note},
    configuration::{self, Configuration},
};
use crate::{
    Error, Result,
    client::{Bearer, Reply, segment},
    duration, output,
    request::Request,
};

const LEASES: &str = "/vault/v1/dynamic-secrets/leases";

#[derive(Subcommand)]
pub(in crate::commands) enum Lease {
    /// Make credentials and print them
    Create {
        /// Name or id of what makes them
        configuration: String,
        /// How long they live, such as 15m; as long as the configuration says if not given
        #[arg(long, value_name = "TIME", value_parser = duration::to_iso)]
        ttl: Option<String>,
        /// What they are for; kept in the audit log
        #[arg(long)]
        purpose: Option<String>,
    },
    /// Leases, newest first; those that have ended are listed for 30 days
    List {
        /// Name or id of what makes them; all if not given
        configuration: Option<String>,
        /// Only those that have neither ended nor been revoked
        #[arg(long)]
        active: bool,
    },
    /// Let credentials live longer, up to what their configuration says
    Renew {
        /// Its leaseId, as `list` shows it
        lease: String,
        /// How long from now on, such as 15m; as long as the configuration says if not given
        #[arg(long, value_name = "TIME", value_parser = duration::to_iso)]
        ttl: Option<String>,
    },
    /// End credentials now
    Revoke {
        /// Its leaseId, as `list` shows it; may be several
        #[arg(value_name = "LEASE", required = true)]
        leases: Vec<String>,
    },
    /// What makes credentials, oldest first
    Configurations,
}

impl Lease {
    pub fn run(&self, session: &Session) -> Result<String> {
        let bearer = session.bearer()?;
        match self {
            Self::Create { configuration, ttl, purpose } => {
                let configuration = Configuration::find(&bearer, configuration)?;
                let reply = issue(&bearer, &configuration, ttl.as_deref(), purpose.as_deref())?;
                note("Keep the password, it is not shown again.");
                if session.json() { reply.printed() } else { Issued::of(&reply).map(|issued| issued.shown()) }
            }
            Self::List { configuration, active } => {
                let leases = listed(&bearer, configuration.as_deref(), *active)?;
                Ok(if session.json() { output::json(&Value::Array(leases)) } else { table(&leases) })
            }
            Self::Renew { lease, ttl } => {
                let reply = renew(&bearer, lease, ttl.as_deref())?;
                let ends = || reply.json().map(|answer| output::text(&answer, "expiresAt"));
                if session.json() { reply.printed() } else { Ok(format!("{lease} ends at {}\n", ends()?)) }
            }
            Self::Revoke { leases } => {
                session.confirm(&format!("Revoke {} for good?", leases.join(" ")))?;
                revoke_all(&bearer, leases, session.json())
            }
            Self::Configurations => {
                let all = configuration::all(&bearer)?;
                Ok(if session.json() { output::json(&Value::Array(all)) } else { configuration::table(&all) })
            }
        }
    }
}

/// Each is revoked even if one before it was not.
fn revoke_all(bearer: &Bearer, leases: &[String], json: bool) -> Result<String> {
    let (mut shown, mut answers, mut failed) = (String::new(), Vec::new(), Vec::new());
    for lease in leases {
        match revoke(bearer, lease).and_then(|reply| reply.json()) {
            Ok(answer) => {
                shown.push_str(&format!("revoked {lease}\n"));
                answers.push(answer);
            }
            Err(error) => failed.push(error),
        }
    }
    let shown = if json { output::json(&Value::Array(answers)) } else { shown };
    let Some(last) = failed.pop() else { return Ok(shown) };
    output::bytes(shown.as_bytes())?;
    for error in failed {
        note(&format!("error: {error}"));
    }
    Err(last)
}

/// New credentials. Whoever has this lease can use them until it ends.
pub(in crate::commands) struct Issued {
    pub lease: String,
    pub username: String,
    pub password: Zeroizing<String>,
    pub expires_at: String,
    pub renewable: bool,
}

impl Issued {
    pub fn new(
        bearer: &Bearer,
        configuration: &Configuration,
        ttl: Option<&str>,
        purpose: Option<&str>,
    ) -> Result<Self> {
        Self::of(&issue(bearer, configuration, ttl, purpose)?)
    }

    fn of(reply: &Reply) -> Result<Self> {
        let answer = reply.json()?;
        let text = |path: &str| {
            let found = answer.pointer(path).and_then(Value::as_str).map(str::to_owned);
            found.ok_or_else(|| Error::Fault(format!("the answer has no {}", path.replace('/', " ").trim())))
        };
        Ok(Self {
            lease: text("/leaseId")?,
            username: text("/credentials/username")?,
            password: Zeroizing::new(text("/credentials/password")?),
            expires_at: text("/expiresAt")?,
            renewable: answer.get("renewable").and_then(Value::as_bool).unwrap_or_default(),
        })
    }

    fn shown(&self) -> String {
        let renewable = if self.renewable { "true" } else { "false" };
        output::fields(&[
            ("leaseId", self.lease.clone()),
            ("username", self.username.clone()),
            ("password", self.password.to_string()),
            ("expiresAt", self.expires_at.clone()),
            ("renewable", renewable.to_owned()),
        ])
    }
}

fn issue(bearer: &Bearer, from: &Configuration, ttl: Option<&str>, purpose: Option<&str>) -> Result<Reply> {
    let mut body = json!({});
    if let Some(body) = body.as_object_mut() {
        body.extend(ttl.map(|ttl| ("ttl".to_owned(), json!(ttl))));
        body.extend(purpose.map(|purpose| ("metadata".to_owned(), json!({ "purpose": purpose }))));
    }
    Request::new("POST", from.path("credentials")).body(body).send_with(bearer)
}

pub(in crate::commands) fn renew(bearer: &Bearer, lease: &str, ttl: Option<&str>) -> Result<Reply> {
    let body = ttl.map_or_else(|| json!({}), |ttl| json!({ "ttl": ttl }));
    Request::new("POST", format!("{LEASES}/{}/renew", segment(lease))).body(body).send_with(bearer)
}

pub(in crate::commands) fn revoke(bearer: &Bearer, lease: &str) -> Result<Reply> {
    Request::new("POST", format!("{LEASES}/{}/revoke", segment(lease))).send_with(bearer)
}

/// Leases with the name of what made them.
fn listed(bearer: &Bearer, configuration: Option<&str>, active: bool) -> Result<Vec<Value>> {
    let from = match configuration {
        Some(name) => vec![Configuration::find(bearer, name)?],
        None => configuration::all(bearer)?.iter().map(Configuration::of).collect(),
    };
    let mut leases = Vec::new();
    for configuration in from {
        let found = Request::new("GET", configuration.path("leases")).all_with(bearer, "leases")?;
        leases.extend(found.into_iter().filter(|lease| !active || lease["status"] == "active").map(|mut lease| {
            if let Some(members) = lease.as_object_mut() {
                members.insert("configuration".to_owned(), json!(configuration.name));
            }
            lease
        }));
    }
    Ok(leases)
}

fn table(leases: &[Value]) -> String {
    let columns = ["leaseId", "configuration", "status", "createdAt", "expiresAt"];
    output::table(&columns, leases.iter().map(|one| columns.map(|name| output::text(one, name)).to_vec()))
}
