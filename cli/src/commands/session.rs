//! What every command needs to know: which deployment is asked, who asks, and how answers are shown.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::{Args, ValueEnum};
use crypto::Curve;

use crate::{
    Error, Result,
    client::{Bearer, Client, Connection, Given, Profiles, is_loopback},
    duration, formats,
    json::Json,
};

#[derive(Args, Clone)]
pub(super) struct Options {
    /// Deployment that `chancery login` keeps under this name
    #[arg(long, global = true, value_name = "NAME", env = "CHANCERY_PROFILE", hide_env_values = true)]
    pub profile: Option<String>,
    /// Address of the deployment, such as http://127.0.0.1:8787
    #[arg(long, global = true, env = "CHANCERY_URL", hide_env_values = true)]
    pub url: Option<String>,
    /// keySecret of the licence that signs; better given by the variable, because other users see command lines
    #[arg(long, global = true, env = "CHANCERY_LICENSE", hide_env_values = true)]
    license: Option<String>,
    /// API key of a QNSP tenant; better given by the variable, as the licence is
    #[arg(long, global = true, env = "CHANCERY_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// Token of the Config API; better given by the variable, as the licence is
    #[arg(long, global = true, value_name = "TOKEN", env = "CHANCERY_CONFIG_TOKEN", hide_env_values = true)]
    config_token: Option<String>,
    /// Curve of the deployment: prime256v1 (if not given) or secp256k1
    #[arg(long, global = true, env = "CHANCERY_CURVE", hide_env_values = true, value_parser = parse_curve)]
    pub curve: Option<Curve>,
    /// Print JSON, as the service answered
    #[arg(long, global = true, conflicts_with = "output")]
    json: bool,
    /// Print answers as tables for people, which is the default, or as JSON or YAML for programs
    #[arg(long, global = true, value_name = "FORMAT")]
    output: Option<Shape>,
    /// Give up a call that is not answered within this time, such as 10s; a minute if not given
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_time)]
    timeout: Option<Duration>,
    /// Say on standard error what is asked, how it is answered, and by which id the log has it; no secrets
    #[arg(long, short, global = true)]
    verbose: bool,
    /// Answer yes where a person at a terminal is asked before something is done that cannot be undone
    #[arg(long, short, global = true)]
    yes: bool,
}

/// How answers are printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    Table,
    Json,
    Yaml,
}

/// What every command needs to know.
pub(super) struct Session {
    pub options: Options,
}

impl Session {
    pub fn client(&self) -> Result<Client> {
        self.connection()?.client()
    }

    /// For QNSP.
    pub fn bearer(&self) -> Result<Bearer> {
        self.connection()?.bearer()
    }

    /// For what asks for no licence.
    pub fn anonymous(&self) -> Result<Client> {
        self.connection()?.anonymous()
    }

    pub fn connection(&self) -> Result<Connection> {
        let here = std::env::current_dir().map_err(|error| Error::usage(format!("no working directory: {error}")))?;
        let Options { profile, url, license, api_key, config_token, curve, .. } = &self.options;
        let given = |option: &Option<String>| option.clone().filter(|text| !text.is_empty());
        let given = Given {
            url: given(url),
            license: given(license),
            api_key: given(api_key),
            config_token: given(config_token),
            curve: *curve,
            profile: given(profile),
            profiles: Profiles::place(),
        };
        let mut connection = Connection::resolve(given, &here)?;
        connection.manner.verbose = self.options.verbose;
        connection.manner.time = self.options.timeout.unwrap_or(connection.manner.time);
        if connection.base_url.starts_with("http://") && !is_loopback(&connection.base_url) {
            note("warning: without https everybody on the way can read what is sent; only the headers are encrypted");
        }
        Ok(connection)
    }

    pub fn curve(&self) -> Curve {
        self.options.curve.unwrap_or_default()
    }

    pub fn json(&self) -> bool {
        self.options.json || matches!(self.options.output, Some(Shape::Json | Shape::Yaml))
    }

    /// What a command printed, in the shape that was asked for.
    pub fn shaped(&self, text: String) -> String {
        if self.options.output != Some(Shape::Yaml) {
            return text;
        }
        Json::parse(&text).map_or(text, |json| formats::to_yaml(&json))
    }

    /// Asks whoever sits at a terminal before something is done that cannot be undone. A script knows what it does.
    pub fn confirm(&self, question: &str) -> Result<()> {
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
pub(super) fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    model::time::to_iso(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A remark beside the result.
pub(super) fn note(text: &str) {
    // A closed standard error is no reason to fail.
    let _ = writeln!(io::stderr(), "{text}");
}

fn parse_time(text: &str) -> std::result::Result<Duration, &'static str> {
    duration::seconds(text).map(Duration::from_secs).ok_or("use a time such as 10s or 2m")
}

fn parse_curve(name: &str) -> std::result::Result<Curve, String> {
    name.parse().map_err(|error: crypto::Error| error.to_string())
}
