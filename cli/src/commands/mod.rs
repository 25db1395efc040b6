//! The command line: what can be asked, which deployment is asked, and who does it. Each command stands in its own
//! module, its arguments beside the requests they become.

mod application_instance;
mod audit;
mod call;
mod config;
mod config_api;
mod consent;
mod credential;
mod developer;
mod directory;
mod doctor;
mod environment;
mod extension;
mod key_secret;
mod keygen;
mod kms;
mod licence;
mod login;
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
mod session;
mod shell;
mod tick;
mod token;
mod vault;

use clap::{Parser, Subcommand};

use self::session::{Options, Session, note, now};
use crate::{Error, Result, output, usage};

const AFTER_HELP: &str = "\
Deployment: --url and CHANCERY_URL or --profile and CHANCERY_PROFILE come first, then .chancery/dev.json of a local
deployment (scripts/up writes it), looked for from the working directory upwards, then the profile in use (chancery login).
The licence key comes from CHANCERY_LICENSE or from the same place as the address, and so does the API key of a QNSP tenant
(CHANCERY_API_KEY; that of the local deployment is of the tenant demo) and the token of the Config API
(CHANCERY_CONFIG_TOKEN).

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

#[derive(Subcommand)]
enum Command {
    /// Keep a deployment and what signs there under a name, and use it from now on
    Login(login::Login),
    /// Forget a deployment that was kept, with what signs there
    Logout(login::Logout),
    /// Say which deployment is asked, and who asks
    Whoami,
    /// Deployments that are kept under names
    #[command(subcommand)]
    Profile(login::Kept),
    /// Print what lets a shell complete words of this tool
    Completions(shell::Completions),
    /// Write manual pages of this tool
    Man(shell::Man),
    /// Say whether a deployment works: storage, migrations, variables
    Health,
    /// Find what keeps this caller from working: address, readiness, due work, clock, curve, licence, API key, token
    Doctor,
    /// Carry out what is due without a caller, such as retries of webhooks and the end of leases
    ///
    /// On Cloudflare the triggers of the Workers do so each minute. Elsewhere this command does, from a cron job or with
    /// --every 60s. It is safe to run more than one.
    Tick(tick::Tick),
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
    /// Groups and items of a project of the Config API, by one of its tokens
    #[command(subcommand)]
    ConfigApi(config_api::ConfigApi),
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
    /// leases are revoked however it ends. CHANCERY_LICENSE, CHANCERY_API_KEY and CHANCERY_CONFIG_TOKEN are taken out of its
    /// environment.
    #[cfg(unix)]
    Run(run::Run),
    /// The audit log, and the proof that nobody rewrote it
    #[command(subcommand)]
    Audit(audit::Audit),
    /// The environment of a deployment and its installation
    #[command(subcommand)]
    Environment(environment::Environment),
    /// The service directory: under which URL which service is found
    #[command(subcommand)]
    Sd(directory::Directory),
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
        let session = Session { options: self.options };
        let text = self.command.result(&session)?;
        output::bytes(session.shaped(text).as_bytes()).map(|()| 0)
    }
}

impl Command {
    fn result(self, session: &Session) -> Result<String> {
        match self {
            Self::Login(login) => login.run(session),
            Self::Logout(logout) => logout.run(),
            Self::Whoami => login::whoami(session),
            Self::Profile(kept) => kept.run(session),
            Self::Completions(completions) => Ok(completions.run()),
            Self::Man(man) => man.run(),
            Self::Health => doctor::health(session),
            Self::Doctor => doctor::doctor(session),
            Self::Tick(tick) => tick.run(session),
            Self::Keygen => keygen::run(session),
            Self::Call(call) => call.run(session),
            Self::Licence(licence) => licence.run(session),
            Self::Config(config) => config.run(session),
            Self::ConfigApi(config_api) => config_api.run(session),
            Self::Consent(consent) => consent.run(session),
            Self::Secret(secret) => secret.run(session),
            Self::RootKey(root_key) => root_key.run(session),
            Self::Token(token) => token.run(session),
            Self::Developer(developer) => developer.run(session),
            Self::Service(service) => service.run(session),
            Self::ApplicationInstance(instance) => instance.run(session),
            Self::Credential(credential) => credential.run(session),
            Self::PortalFile(file) => file.run(session),
            Self::Portal(portal) => portal.run(session),
            Self::Mail(mail) => mail.run(session),
            Self::Qnsp(qnsp) => qnsp.run(session),
            Self::Kms(kms) => kms.run(session),
            Self::Vault(vault) => vault.run(session),
            // Printed nothing, and has a code of its own.
            #[cfg(unix)]
            Self::Run(run) => run.run(session).map(|_| String::new()),
            Self::Audit(audit) => audit.run(session),
            Self::Environment(environment) => environment.run(session),
            Self::Sd(directory) => directory.run(session),
            Self::Community(community) => community.run(session),
            Self::Extension(extension) => extension.run(session),
        }
    }
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
