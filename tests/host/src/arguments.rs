//! The command line: which application, where its state lies, where to listen.
//! Values of variables are gathered here; which of them a component sees is decided in `variables`.

use crate::instances::Lifetime;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use wasmtime::error::Context as _;
use wasmtime::{Result, bail};

pub const USAGE: &str = "\
Usage: chancery-host --manifest spin.toml --state DIR [--listen 127.0.0.1:PORT]
                     [--cache DIR] [--component-id ID ...] [--variable NAME=VALUE ...]
                     [--max-instance-reuse-count N] [--idle-instance-timeout SECONDS]
                     [--compile-quickly] [--movable-clock] [--until-stdin-closes]

Runs the components of a Spin manifest on wasmtime, or only those that are named. Port 0 picks a free one. When it serves, one
line {\"ready\":\"http://127.0.0.1:PORT\"} is printed. Variables come from --variable, then from
SPIN_VARIABLE_<NAME>, then from the manifest. SIGTERM stops it, and the end of standard input too
when --until-stdin-closes is given. --compile-quickly takes the compiler Winch instead of Cranelift,
where there is one for this processor: components start sooner and run slower. An instance serves 128 requests and ends after a
second without one, as on Spin, unless the options that Spin has too say otherwise. With --movable-clock a request may say, in the header
test-clock-ahead, how many milliseconds the clock of the components is ahead for it.";

/// The prefix under which Spin looks for variables in the environment.
const VARIABLE_PREFIX: &str = "SPIN_VARIABLE_";

#[derive(Debug, PartialEq)]
pub struct Arguments {
    pub manifest: PathBuf,
    pub state: PathBuf,
    pub listen: SocketAddr,
    /// Where compiled components are kept between runs.
    pub cache: Option<PathBuf>,
    /// Which components run; without any, all.
    pub components: Vec<String>,
    pub variables: BTreeMap<String, String>,
    pub lifetime: Lifetime,
    pub compile_quickly: bool,
    pub movable_clock: bool,
    pub until_stdin_closes: bool,
}

impl Arguments {
    pub fn from_process() -> Result<Self> {
        Self::parse(std::env::args().skip(1), std::env::vars())
    }

    fn parse(
        arguments: impl IntoIterator<Item = String>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self> {
        let mut manifest = None;
        let mut state = None;
        let mut cache = None;
        let mut listen = SocketAddr::from(([127, 0, 0, 1], 3000));
        let mut components = Vec::new();
        let mut lifetime = Lifetime::default();
        let mut compile_quickly = false;
        let mut movable_clock = false;
        let mut until_stdin_closes = false;
        let mut variables: BTreeMap<String, String> = environment
            .into_iter()
            .filter_map(|(name, value)| {
                let name = name.strip_prefix(VARIABLE_PREFIX)?.to_ascii_lowercase();
                Some((name, value))
            })
            .collect();

        let mut arguments = arguments.into_iter();
        while let Some(option) = arguments.next() {
            if option == "--until-stdin-closes" {
                until_stdin_closes = true;
                continue;
            }
            if option == "--compile-quickly" {
                compile_quickly = true;
                continue;
            }
            if option == "--movable-clock" {
                movable_clock = true;
                continue;
            }
            let value = arguments.next().with_context(|| format!("`{option}` wants a value after it.\n\n{USAGE}"))?;
            match option.as_str() {
                "--manifest" => manifest = Some(PathBuf::from(value)),
                "--state" => state = Some(PathBuf::from(value)),
                "--cache" => cache = Some(PathBuf::from(value)),
                "--component-id" => components.push(value),
                "--listen" => {
                    listen = value.parse::<SocketAddr>().with_context(|| format!("`{value}` is not ADDRESS:PORT"))?;
                }
                "--max-instance-reuse-count" => lifetime.requests = number(&option, &value)?,
                "--idle-instance-timeout" => lifetime.idle = Duration::from_secs(number(&option, &value)?),
                "--variable" => {
                    let (name, value) = value.split_once('=').context("--variable wants NAME=VALUE")?;
                    variables.insert(name.to_owned(), value.to_owned());
                }
                unknown => bail!("`{unknown}` is not an option.\n\n{USAGE}"),
            }
        }
        Ok(Self {
            manifest: manifest.with_context(|| format!("--manifest is missing.\n\n{USAGE}"))?,
            state: state.with_context(|| format!("--state is missing.\n\n{USAGE}"))?,
            listen,
            cache,
            components,
            variables,
            lifetime,
            compile_quickly,
            movable_clock,
            until_stdin_closes,
        })
    }
}

fn number<N: FromStr>(option: &str, value: &str) -> Result<N> {
    value.parse().ok().with_context(|| format!("`{option} {value}` is no number.\n\n{USAGE}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing parse fails the test")]
    use super::*;

    fn parse(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Arguments> {
        Arguments::parse(
            arguments.iter().map(|a| (*a).to_owned()),
            environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())),
        )
    }

    #[test]
    fn a_flag_wins_over_the_environment() {
        let arguments = parse(
            &["--manifest", "m", "--state", "s", "--variable", "version=a=b"],
            &[("SPIN_VARIABLE_VERSION", "x"), ("SPIN_VARIABLE_CACHE_SECONDS", "5"), ("HOME", "/")],
        )
        .unwrap();
        let seen: Vec<_> = arguments.variables.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(seen, [("cache_seconds", "5"), ("version", "a=b")]);
    }

    #[test]
    fn instances_end_as_on_spin_unless_told_otherwise() {
        let lifetime = |more: &[&str]| {
            let arguments = [&["--manifest", "m", "--state", "s"], more].concat();
            parse(&arguments, &[]).unwrap().lifetime
        };
        assert_eq!(lifetime(&[]), Lifetime { requests: 128, idle: Duration::from_secs(1) });
        let longer = lifetime(&["--max-instance-reuse-count", "10000", "--idle-instance-timeout", "60"]);
        assert_eq!(longer, Lifetime { requests: 10_000, idle: Duration::from_secs(60) });
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let missing = parse(&["--state", "s"], &[]).unwrap_err();
        assert!(missing.to_string().starts_with("--manifest is missing"));
        let wordy = parse(&["--max-instance-reuse-count", "many"], &[]).unwrap_err();
        assert!(wordy.to_string().starts_with("`--max-instance-reuse-count many` is no number"));
        let unknown = parse(&["--colour", "red"], &[]).unwrap_err();
        assert!(unknown.to_string().starts_with("`--colour` is not an option"));
    }
}
