//! The command line: what can be asked, which deployment is asked, and who does it. Each command stands in its own
//! module, its arguments beside the requests they become.

mod application_instance;
mod audit;
mod call;
mod config;
mod consent;
mod credential;
mod developer;
mod environment;
mod extension;
mod key_secret;
mod keygen;
mod kms;
mod licence;
mod mail;
mod portal;
mod portal_file;
mod qnsp;
mod ring_file;
mod root_key;
#[cfg(unix)]
mod run;
mod secret;
mod service;
mod token;
mod vault;

use std::{
    io::{self, BufRead, IsTerminal, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{Args, Parser, Subcommand};
use crypto::Curve;

use crate::{
    Error, Result,
    client::{Bearer, Client, Connection, Given, is_loopback},
    output, usage,
};

const AFTER_HELP: &str = "\
Deployment: --url and CHANCERY_URL come first, then .chancery/dev.json of a local deployment (scripts/up writes it),
looked for from the working directory upwards. The licence key comes from CHANCERY_LICENSE or from the same file, the API
key of a QNSP tenant from CHANCERY_API_KEY or, for the tenant demo, from the same file.

Exit codes: 0 done, 1 refused by the service (4xx) or found wrong, 2 wrong usage, 3 no answer or a fault of the service.";

/// Chancery's tool for operators: signs requests and shows their answers.
#[derive(Parser)]
#[command(name = "chancery", version, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Options {
    /// Address of the deployment, such as http://127.0.0.1:8787
    #[arg(long, global = true, env = "CHANCERY_URL", hide_env_values = true)]
    url: Option<String>,
    /// keySecret of the licence that signs; better given by the variable, because other users see command lines
    #[arg(long, global = true, env = "CHANCERY_LICENSE", hide_env_values = true)]
    license: Option<String>,
    /// API key of a QNSP tenant; better given by the variable, as the licence is
    #[arg(long, global = true, env = "CHANCERY_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// Curve of the deployment: prime256v1 (if not given) or secp256k1
    #[arg(long, global = true, env = "CHANCERY_CURVE", hide_env_values = true, value_parser = parse_curve)]
    curve: Option<Curve>,
    /// Print JSON, as the service answered
    #[arg(long, global = true)]
    json: bool,
    /// Answer yes where a person at a terminal is asked before something is done that cannot be undone
    #[arg(long, short, global = true)]
    yes: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Make a key pair
    Keygen,
    /// Sign and send any request
    Call(call::Call),
    /// Licence keys and their authorisation in communities
    #[command(subcommand, alias = "license")]
    Licence(licence::Licence),
    /// Configuration of communities, persons and apps
    #[command(subcommand)]
    Config(config::Config),
    /// Consents of a community, and the chain of their versions
    #[command(subcommand)]
    Consent(consent::Consent),
    /// Secrets of a community
    #[command(subcommand)]
    Secret(secret::Secret),
    /// The keys that seal everything at rest, and their rotation
    #[command(subcommand)]
    RootKey(root_key::RootKey),
    /// Tokens of the Config API
    #[command(subcommand)]
    Token(token::Token),
    /// Developers of the portal
    #[command(subcommand)]
    Developer(developer::Developer),
    /// Services of the portal that applications may ask for
    #[command(subcommand)]
    Service(service::Service),
    /// Which application may use which service
    #[command(subcommand)]
    ApplicationInstance(application_instance::ApplicationInstance),
    /// Credentials of other portals, brought along
    #[command(subcommand)]
    Credential(credential::Credential),
    /// Files of the portal's pages
    #[command(subcommand)]
    PortalFile(portal_file::PortalFile),
    /// The portal's tokens for Kong's portal tool
    #[command(subcommand)]
    Portal(portal::Portal),
    /// Mails of the portal
    #[command(subcommand)]
    Mail(mail::Mail),
    /// Tenants of the QNSP API and their API keys
    #[command(subcommand)]
    Qnsp(qnsp::Qnsp),
    /// Keys of a QNSP tenant in security modules, and the inventory of its cryptography
    #[command(subcommand)]
    Kms(kms::Kms),
    /// Secrets with versions and leases of credentials, of a QNSP tenant
    #[command(subcommand)]
    Vault(vault::Vault),
    /// Run a command with stored secrets and leased credentials in its environment
    ///
    /// Its exit code is that of the command, or 128 and the number of the signal that ended it. Signals are passed on, and
    /// leases are revoked however it ends. CHANCERY_LICENSE and CHANCERY_API_KEY are taken out of its environment.
    #[cfg(unix)]
    Run(run::Run),
    /// The audit log, and the proof that nobody rewrote it
    #[command(subcommand)]
    Audit(audit::Audit),
    /// The environment of a deployment and its installation
    #[command(subcommand)]
    Environment(environment::Environment),
    /// Communities of the installed tenant
    #[command(subcommand)]
    Community(environment::Community),
    /// Extensions of browsers
    #[command(subcommand)]
    Extension(extension::Extension),
}

impl Cli {
    /// The command line of this process. Help and version are printed, and end the process.
    pub fn from_command_line() -> Result<Self> {
        Self::try_parse().map_err(|error| match usage::is_help(&error) {
            true => error.exit(),
            false => Error::usage(usage::explain(&error, std::env::args())),
        })
    }

    /// Does what was asked, and prints the result. Gives the exit code.
    pub fn run(self) -> Result<u8> {
        #[cfg(unix)]
        if let Command::Run(run) = &self.command {
            return run.run(&Session { options: self.options });
        }
        output::bytes(self.result()?.as_bytes()).map(|()| 0)
    }

    fn result(self) -> Result<String> {
        let session = Session { options: self.options };
        match self.command {
            Command::Keygen => keygen::run(&session),
            Command::Call(call) => call.run(&session),
            Command::Licence(licence) => licence.run(&session),
            Command::Config(config) => config.run(&session),
            Command::Consent(consent) => consent.run(&session),
            Command::Secret(secret) => secret.run(&session),
            Command::RootKey(root_key) => root_key.run(&session),
            Command::Token(token) => token.run(&session),
            Command::Developer(developer) => developer.run(&session),
            Command::Service(service) => service.run(&session),
            Command::ApplicationInstance(instance) => instance.run(&session),
            Command::Credential(credential) => credential.run(&session),
            Command::PortalFile(file) => file.run(&session),
            Command::Portal(portal) => portal.run(&session),
            Command::Mail(mail) => mail.run(&session),
            Command::Qnsp(qnsp) => qnsp.run(&session),
            Command::Kms(kms) => kms.run(&session),
            Command::Vault(vault) => vault.run(&session),
            // Printed nothing, and has a code of its own.
            #[cfg(unix)]
            Command::Run(run) => run.run(&session).map(|_| String::new()),
            Command::Audit(audit) => audit.run(&session),
            Command::Environment(environment) => environment.run(&session),
            Command::Community(community) => community.run(&session),
            Command::Extension(extension) => extension.run(&session),
        }
    }
}

/// What every command needs to know.
struct Session {
    options: Options,
}

impl Session {
    fn client(&self) -> Result<Client> {
        self.connection()?.client()
    }

    /// For QNSP.
    fn bearer(&self) -> Result<Bearer> {
        self.connection()?.bearer()
    }

    /// For what asks for no licence.
    fn anonymous(&self) -> Result<Client> {
        let connection = self.connection()?;
        Client::new(&connection.base_url, connection.curve, "")
    }

    fn connection(&self) -> Result<Connection> {
        let here = std::env::current_dir().map_err(|error| Error::usage(format!("no working directory: {error}")))?;
        let Options { url, license, api_key, curve, .. } = &self.options;
        let given = |option: &Option<String>| option.clone().filter(|text| !text.is_empty());
        let given = Given { url: given(url), license: given(license), api_key: given(api_key), curve: *curve };
        let connection = Connection::resolve(given, &here)?;
        if connection.base_url.starts_with("http://") && !is_loopback(&connection.base_url) {
            note("warning: without https everybody on the way can read what is sent; only the headers are encrypted");
        }
        Ok(connection)
    }

    fn curve(&self) -> Curve {
        self.options.curve.unwrap_or_default()
    }

    fn json(&self) -> bool {
        self.options.json
    }

    /// Asks whoever sits at a terminal before something is done that cannot be undone. A script knows what it does.
    fn confirm(&self, question: &str) -> Result<()> {
        if self.options.yes || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(());
        }
        let _ = write!(io::stderr(), "{question} [y/N] ");
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        read.map_err(|error| Error::usage(format!("standard input: {error}")))?;
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Error::Broken("nothing was done".to_owned())),
        }
    }
}

/// The time as the APIs write it.
fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    model::time::to_iso(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A remark beside the result.
fn note(text: &str) {
    // A closed standard error is no reason to fail.
    let _ = writeln!(io::stderr(), "{text}");
}

fn parse_curve(name: &str) -> std::result::Result<Curve, String> {
    name.parse().map_err(|error: crypto::Error| error.to_string())
}

/// The command of a group by the words that are typed after the group's name.
#[cfg(test)]
fn typed<'a, T: Subcommand>(words: impl IntoIterator<Item = &'a str>) -> std::result::Result<T, clap::Error> {
    let group = T::augment_subcommands(clap::Command::new("chancery").no_binary_name(true));
    T::from_arg_matches(&group.try_get_matches_from(words)?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn licence_is_understood_in_both_spellings() {
        for spelling in ["licence", "license"] {
            let cli = Cli::try_parse_from(["chancery", spelling, "list"]).unwrap();
            assert!(matches!(cli.command, Command::Licence(_)));
        }
    }

    #[test]
    fn an_unknown_curve_is_wrong_usage() {
        let error = Cli::try_parse_from(["chancery", "keygen", "--curve", "curve25519"]).err().unwrap();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("prime256v1"));
    }
}
