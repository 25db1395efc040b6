//! `chancery run`: a command with stored secrets and leased credentials in its environment. Values are in the memory of
//! this process and in the environment of the command, and nowhere else.

mod child;
mod leases;
mod variables;

use std::ffi::OsString;

use clap::Args;
use serde_json::Value;

use self::{
    child::{Ended, Signals},
    leases::{Leased, Leases},
    variables::{Variables, is_name},
};
use super::{Session, secret, vault};
use crate::{
    Error, Result,
    client::{Bearer, Connection},
    duration, output,
};

/// What the tool itself signs with; the command gets what it was given, and not what opens everything.
const OWN: [&str; 3] = ["CHANCERY_LICENSE", "CHANCERY_API_KEY", "CHANCERY_CONFIG_TOKEN"];

#[derive(Args)]
#[command(group = clap::ArgGroup::new("sources").required(true).multiple(true).args(["secrets", "vault_secrets", "leases"]))]
pub(super) struct Run {
    /// All secrets of a community, each under its tag; may be repeated
    #[arg(long, value_name = "TENANT/COMMUNITY", value_parser = secret::Scope::parse)]
    secrets: Vec<secret::Scope>,
    /// The active version of a secret of the vault, under this name; may be repeated
    #[arg(long = "vault-secret", value_name = "SECRET=VARIABLE", value_parser = parse_secret)]
    vault_secrets: Vec<(String, String)>,
    /// Credentials that live as long as the command: PREFIX_USERNAME and PREFIX_PASSWORD; may be repeated
    ///
    /// CONFIGURATION is the name or id of what makes them. Without =PREFIX the variables begin with its name in capitals.
    #[arg(long = "lease", value_name = "CONFIGURATION[=PREFIX]", value_parser = parse_lease)]
    leases: Vec<(String, Option<String>)>,
    /// How long a lease lives at first, such as 15m; it is renewed while the command runs
    #[arg(long, value_name = "TIME", requires = "leases", value_parser = duration::to_iso)]
    ttl: Option<String>,
    /// Also PREFIX_URL: this address with the credentials of the lease in it, such as DB=postgres://db.example/orders
    #[arg(long = "lease-url", value_name = "PREFIX=URL", requires = "leases", value_parser = parse_url)]
    urls: Vec<(String, String)>,
    /// Take the place of variables that are set already
    #[arg(long = "override")]
    replace: bool,
    /// The command and its arguments, behind --
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

impl Run {
    /// Gives the exit code of the command: 128 and the number of the signal if one ended it.
    pub fn run(&self, session: &Session) -> Result<u8> {
        let mut variables =
            Variables::new(self.replace, |name| !OWN.contains(&name) && std::env::var_os(name).is_some());
        for (secret, variable) in &self.vault_secrets {
            variables.reserve(variable, &format!("the secret {secret} of the vault"))?;
        }
        // Found once: what it is found by may change while the command runs.
        let connection = session.connection()?;
        let bearer = match self.vault_secrets.is_empty() && self.leases.is_empty() {
            true => None,
            false => Some(connection.bearer()?),
        };
        let leased = match &bearer {
            Some(bearer) => self.leased(bearer, &mut variables)?,
            None => Vec::new(),
        };
        self.add_secrets(&connection, &mut variables)?;
        if let Some(bearer) = &bearer {
            for (secret, variable) in &self.vault_secrets {
                variables.set(variable, vault::active_value(bearer, secret)?)?;
            }
        }

        let signals = Signals::watch()?;
        let mut leases = Leases::new(&connection, self.ttl.clone());
        let ended = self.lease_and_wait(&leased, &mut leases, variables, signals);
        leases.revoke();
        ended.map(Ended::code)
    }

    /// Whatever this gives, what was leased is for the caller to revoke.
    fn lease_and_wait(
        &self,
        leased: &[Leased],
        leases: &mut Leases,
        mut variables: Variables,
        signals: Signals,
    ) -> Result<Ended> {
        for one in leased {
            one.lease(leases, &mut variables)?;
            if let Some(signal) = signals.arrived() {
                return Ok(Ended::BySignal(signal));
            }
        }
        leases.keep_alive();
        let (program, arguments) = self.command.split_first().ok_or_else(|| Error::usage("no command"))?;
        let mut command = std::process::Command::new(program);
        command.args(arguments);
        for name in OWN {
            command.env_remove(name);
        }
        command.envs(variables.values());
        child::run(command, program, &signals)
    }

    /// What is to be leased, its variables reserved.
    fn leased(&self, bearer: &Bearer, variables: &mut Variables) -> Result<Vec<Leased>> {
        let mut leased = Vec::new();
        for (name, prefix) in &self.leases {
            let configuration = vault::Configuration::find(bearer, name)?;
            let prefix = prefix.clone().unwrap_or_else(|| variables::capitals(&configuration.name));
            let url = self.urls.iter().find(|(of, _)| *of == prefix).map(|(_, url)| url.clone());
            let one = Leased { configuration, prefix, url };
            for variable in one.variables() {
                variables.reserve(&variable, &format!("the lease of {name}"))?;
            }
            leased.push(one);
        }
        match self.urls.iter().find(|(prefix, _)| leased.iter().all(|one| one.prefix != *prefix)) {
            None => Ok(leased),
            Some((prefix, _)) => Err(Error::usage(format!(
                "--lease-url {prefix}=…: no lease has this prefix; the prefixes are {}",
                leased.iter().map(|one| one.prefix.as_str()).collect::<Vec<_>>().join(", ")
            ))),
        }
    }

    /// Every secret of the communities, under its tag.
    fn add_secrets(&self, connection: &Connection, variables: &mut Variables) -> Result<()> {
        for scope in &self.secrets {
            let answer = scope.fetch().send(&connection.client()?)?.json()?;
            for one in output::rows(&answer, "secrets") {
                let text = |name| one.get(name).and_then(Value::as_str);
                let (Some(tag), Some(value)) = (text("tag"), text("value")) else {
                    return Err(Error::Fault("the answer has a secret without tag or value".to_owned()));
                };
                variables.reserve(tag, &format!("a secret of {scope}"))?;
                variables.set(tag, value.to_owned().into())?;
            }
        }
        Ok(())
    }
}

fn parse_secret(text: &str) -> std::result::Result<(String, String), String> {
    let (secret, variable) = text.split_once('=').ok_or("use SECRET=VARIABLE, such as db-password=DB_PASSWORD")?;
    if secret.is_empty() || !is_name(variable) {
        return Err("use SECRET=VARIABLE; a variable has letters, digits and _, and no digit at first".to_owned());
    }
    Ok((secret.to_owned(), variable.to_owned()))
}

fn parse_lease(text: &str) -> std::result::Result<(String, Option<String>), String> {
    let (configuration, prefix) = text.split_once('=').map_or((text, None), |(name, prefix)| (name, Some(prefix)));
    if configuration.is_empty() || !prefix.is_none_or(is_name) {
        return Err("use CONFIGURATION or CONFIGURATION=PREFIX; a prefix has letters, digits and _".to_owned());
    }
    Ok((configuration.to_owned(), prefix.map(str::to_owned)))
}

fn parse_url(text: &str) -> std::result::Result<(String, String), String> {
    let wrong = "use PREFIX=URL, such as DB=postgres://db.example/orders, without user and password";
    let (prefix, url) = text.split_once('=').ok_or(wrong)?;
    let (_, rest) = url.split_once("://").ok_or(wrong)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if !is_name(prefix) || authority.is_empty() || authority.contains('@') {
        return Err(wrong.to_owned());
    }
    Ok((prefix.to_owned(), url.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_name_their_variables() {
        assert_eq!(parse_secret("a.b-c=DB"), Ok(("a.b-c".to_owned(), "DB".to_owned())));
        assert_eq!(parse_lease("orders"), Ok(("orders".to_owned(), None)));
        assert_eq!(parse_lease("orders=DB"), Ok(("orders".to_owned(), Some("DB".to_owned()))));
        assert_eq!(parse_url("DB=pg://h:1/d?a=b"), Ok(("DB".to_owned(), "pg://h:1/d?a=b".to_owned())));
        for wrong in ["a", "a=", "=A", "a=1A", "a=A B", "a=B=C"] {
            assert!(parse_secret(wrong).is_err(), "{wrong}");
        }
        assert!(parse_lease("=A").is_err() && parse_lease("a=A-").is_err());
        for wrong in ["DB", "DB=h/d", "DB=pg:///d", "DB=pg://me:s3cret@h/d", "D-B=pg://h"] {
            assert!(parse_url(wrong).is_err_and(|error| !error.contains("s3cret")), "{wrong}");
        }
    }
}
