//! A PostgreSQL server on which users are made, extended and removed.

use std::time::Duration;

use axum::http::StatusCode;
use model::time::to_iso;
use platform::postgres::{self, PostgresError, Server, Step, Tls};
use policy::qnsp::{
    OutboundHosts,
    postgres_url::{SslMode, session},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use service::Error;
use zeroize::Zeroizing;

/// How long the server has for all that one call asks of it.
pub const TIME_LIMIT: Duration = Duration::from_secs(5);

/// PostgreSQL's word for a role that is not there.
const UNDEFINED_OBJECT: &str = "42704";

/// What is sealed of a configuration: where the server is, who we are there, and statements instead of ours.
#[derive(Serialize, Deserialize)]
pub struct Database {
    pub host: String,
    pub port: u16,
    pub database: String,
    pub user: String,
    pub password: String,
    /// As it was given.
    pub ssl_mode: Option<String>,
    pub creation: Option<Vec<String>>,
    pub revocation: Option<Vec<String>>,
}

/// A user of a lease.
#[derive(Clone, Copy)]
pub struct User<'a> {
    pub name: &'a str,
    /// Milliseconds since the epoch.
    pub until: i64,
}

impl Database {
    /// Whether there is a server that knows us.
    pub async fn verify(&self, hosts: &OutboundHosts) -> Result<(), PostgresError> {
        self.execute(hosts, vec![vec!["SELECT 1".to_owned()]]).await
    }

    /// Makes a user. After [`PostgresError::Broken`] it may be there.
    pub async fn create(
        &self,
        hosts: &OutboundHosts,
        user: User<'_>,
        password: &str,
        role: Option<&str>,
    ) -> Result<(), PostgresError> {
        let until = to_iso(user.until);
        let step = match &self.creation {
            Some(statements) => filled(statements, user.name, password, &until),
            None => {
                let within = role.map(|role| format!(" IN ROLE \"{role}\"")).unwrap_or_default();
                vec![format!(
                    "CREATE ROLE \"{}\" WITH LOGIN PASSWORD '{password}' VALID UNTIL '{until}' \
                     NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION{within}",
                    user.name
                )]
            }
        };
        self.execute(hosts, vec![step]).await
    }

    pub async fn extend(&self, hosts: &OutboundHosts, user: User<'_>) -> Result<(), PostgresError> {
        let statement = format!("ALTER ROLE \"{}\" VALID UNTIL '{}'", user.name, to_iso(user.until));
        self.execute(hosts, vec![vec![statement]]).await
    }

    /// Ends the user's sessions and removes it; what it owned is ours. A user that is not there is removed already.
    pub async fn remove(&self, hosts: &OutboundHosts, user: User<'_>) -> Result<(), PostgresError> {
        let steps = match &self.revocation {
            Some(statements) => vec![filled(statements, user.name, "", &to_iso(user.until))],
            None => removal(user.name),
        };
        match self.execute(hosts, steps).await {
            Err(PostgresError::Refused { sqlstate }) if self.revocation.is_some() && sqlstate == UNDEFINED_OBJECT => {
                Ok(())
            }
            done => done,
        }
    }

    async fn execute(&self, hosts: &OutboundHosts, steps: Vec<Step>) -> Result<(), PostgresError> {
        let server = self.server(hosts).ok_or(PostgresError::Unreachable)?;
        postgres::execute(server, steps, TIME_LIMIT).await
    }

    /// `None` where it may no longer be called.
    fn server(&self, hosts: &OutboundHosts) -> Option<Server> {
        let mode = session(hosts, &self.host, self.port, self.ssl_mode.as_deref().and_then(SslMode::parse)).ok()?;
        Some(Server {
            host: self.host.clone(),
            port: self.port,
            database: self.database.clone(),
            user: self.user.clone(),
            password: Zeroizing::new(self.password.clone()),
            tls: match mode {
                SslMode::Disable => Tls::Disable,
                SslMode::Prefer => Tls::Prefer,
                SslMode::Require | SslMode::VerifyFull => Tls::Require,
            },
        })
    }
}

fn filled(statements: &[String], name: &str, password: &str, expiration: &str) -> Step {
    let fill = |statement: &String| {
        let statement = statement.replace("{{name}}", name).replace("{{password}}", password);
        statement.replace("{{expiration}}", expiration)
    };
    statements.iter().map(fill).collect()
}

/// First nobody can log in any more. Then sessions are ended, and what the user owned or was granted goes to us or goes
/// away, for which one who is no superuser must be a member of the role.
fn removal(name: &str) -> Vec<Step> {
    let exists = format!("EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}')");
    let lock = format!("DO $$ BEGIN IF {exists} THEN ALTER ROLE \"{name}\" NOLOGIN; END IF; END $$");
    let remove = format!(
        "DO $$ BEGIN IF {exists} THEN \
         IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN GRANT \"{name}\" TO CURRENT_USER; END IF; \
         PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}'; \
         REASSIGN OWNED BY \"{name}\" TO CURRENT_USER; DROP OWNED BY \"{name}\"; DROP ROLE \"{name}\"; \
         END IF; END $$"
    );
    vec![vec![lock], vec![remove]]
}

/// The refusal of a call for which the server did not do what it was asked.
#[track_caller]
pub fn refusal(error: PostgresError) -> Error {
    match error {
        PostgresError::Unreachable | PostgresError::Broken => {
            let error = Error::unavailable("a database of a tenant does not answer");
            error.with_retry_after(5).with_body(json!({ "backend": "unreachable" }))
        }
        PostgresError::Refused { sqlstate } => {
            let error = Error::new(StatusCode::UNPROCESSABLE_ENTITY, "The database refuses it");
            error.with_body(json!({ "backend": "refused", "sqlstate": sqlstate }))
        }
    }
}

#[cfg(test)]
mod tests {
    use policy::qnsp::postgres_url::PORT;

    use super::*;

    #[test]
    fn statements_of_a_configuration_are_filled_in() {
        let statements =
            ["CREATE ROLE \"{{name}}\" PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'", "GRANT r TO {{name}}"];
        let filled = filled(&statements.map(str::to_owned), "n", "w", "2026-01-01T00:00:00.000Z");
        let expected = ["CREATE ROLE \"n\" PASSWORD 'w' VALID UNTIL '2026-01-01T00:00:00.000Z'", "GRANT r TO n"];
        assert_eq!(filled, expected);
    }

    #[test]
    fn a_database_that_is_no_longer_allowed_is_not_called() {
        let database = |host: &str, ssl_mode: Option<&str>| Database {
            host: host.to_owned(),
            port: PORT,
            database: String::new(),
            user: String::new(),
            password: String::new(),
            ssl_mode: ssl_mode.map(str::to_owned),
            creation: None,
            revocation: None,
        };
        let tls = |hosts: &str, host, mode| {
            database(host, mode).server(&OutboundHosts::parse(hosts)).map(|server| server.tls)
        };
        assert_eq!(tls("127.0.0.1:*", "127.0.0.1", None), Some(Tls::Prefer));
        assert_eq!(tls("", "127.0.0.1", None), None);
        assert_eq!(tls("", "db.example.com", None), Some(Tls::Require));
        assert_eq!(tls("db.example.com:*", "db.example.com", Some("disable")), Some(Tls::Disable));
        assert_eq!(tls("", "db.example.com", Some("disable")), None);
    }
}
