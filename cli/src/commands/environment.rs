//! `chancery environment` and `chancery community`: installing a deployment, and creating communities in it. What a
//! request says stands in a JSON file, in options, or in both; options win.

use std::fs;

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::Session;
use crate::{Error, Result, input, output, request::Request};

#[derive(Subcommand)]
pub(super) enum Environment {
    /// Show the curve, the time span of signed requests, and whether the environment is installed
    Show,
    /// Install the environment, once: tenant, community `default`, configuration, service directory
    Install(Box<Install>),
}

#[derive(Subcommand)]
pub(super) enum Community {
    /// Create a community; the licence that signs becomes a member of it
    Create(Box<Create>),
}

#[derive(Args)]
pub(super) struct Install {
    /// JSON file with the members of the request, gateways and all; - for standard input
    file: Option<String>,
    /// client-instance or root-instance
    #[arg(long, value_name = "TYPE")]
    instance_type: Option<String>,
    /// Where the services are reached; entries of the service directory start with it
    #[arg(long, value_name = "URL")]
    root_url: Option<String>,
    #[arg(long, value_name = "NAME")]
    tenant_name: Option<String>,
    /// Host name of the tenant, such as tenant.example.com
    #[arg(long, value_name = "HOST")]
    tenant_dns: Option<String>,
    /// 2 to 32 of a-z and 0-9
    #[arg(long, value_name = "TAG")]
    tenant_tag: Option<String>,
    #[arg(long, value_name = "ADDRESS")]
    contact_email: Option<String>,
    /// tenantPassword: @file, - for standard input, or itself (other users see command lines)
    #[arg(long)]
    password: Option<String>,
}

#[derive(Args)]
pub(super) struct Create {
    /// 3 to 64 of letters, digits, _ and -
    name: Option<String>,
    /// JSON file with the members of the request, gateways and all; - for standard input
    #[arg(long)]
    file: Option<String>,
    #[arg(long, value_name = "ADDRESS")]
    contact_email: Option<String>,
    /// communityPassword: @file, - for standard input, or itself (other users see command lines)
    #[arg(long)]
    password: Option<String>,
}

impl Environment {
    pub fn run(&self, session: &Session) -> Result<String> {
        let answer = match self {
            Self::Show => {
                let reply = session.anonymous()?.call_anonymously("GET", "/caas/environment", &[], None)?;
                reply.accepted()?.json()?
            }
            Self::Install(install) => install.request()?.send(&session.client()?)?.json()?,
        };
        if session.json() {
            return Ok(output::json(&answer));
        }
        Ok(match self {
            Self::Show => {
                show(&answer, &["installed", "instanceType", "environment", "EC_CURVE_NAME", "allowed_time_span"])
            }
            Self::Install(_) => show(&answer, &["tenantId", "tenantTag", "tenantDNS", "communityId", "publicKey"]),
        })
    }
}

impl Community {
    pub fn run(&self, session: &Session) -> Result<String> {
        let Self::Create(create) = self;
        let answer = create.request()?.send(&session.client()?)?.json()?;
        if session.json() {
            return Ok(output::json(&answer));
        }
        Ok(show(&answer, &["communityName", "communityId", "tenantId", "publicKey"]))
    }
}

impl Install {
    fn request(&self) -> Result<Request> {
        let mut body = read_file(self.file.as_deref())?;
        set(&mut body, "instanceType", self.instance_type.as_deref());
        set(&mut body, "rootUrl", self.root_url.as_deref());
        set(&mut body, "tenantName", self.tenant_name.as_deref());
        set(&mut body, "tenantDNS", self.tenant_dns.as_deref());
        set(&mut body, "tenantTag", self.tenant_tag.as_deref());
        set(&mut body, "contactEmail", self.contact_email.as_deref());
        set_password(&mut body, "tenantPassword", self.password.as_deref())?;
        require(
            &body,
            &[
                ("instanceType", "--instance-type"),
                ("tenantName", "--tenant-name"),
                ("tenantDNS", "--tenant-dns"),
                ("tenantTag", "--tenant-tag"),
                ("contactEmail", "--contact-email"),
                ("tenantPassword", "--password"),
            ],
        )?;
        Ok(Request::new("POST", "/caas/environment/install").body(Value::Object(body)))
    }
}

impl Create {
    fn request(&self) -> Result<Request> {
        let mut body = read_file(self.file.as_deref())?;
        set(&mut body, "communityName", self.name.as_deref());
        set(&mut body, "contactEmail", self.contact_email.as_deref());
        set_password(&mut body, "communityPassword", self.password.as_deref())?;
        require(
            &body,
            &[("communityName", "NAME"), ("contactEmail", "--contact-email"), ("communityPassword", "--password")],
        )?;
        Ok(Request::new("POST", "/caas/environment/create/community").body(Value::Object(body)))
    }
}

fn read_file(file: Option<&str>) -> Result<Map<String, Value>> {
    let Some(file) = file else { return Ok(Map::new()) };
    let text = match file {
        "-" => input::read("-")?,
        path => fs::read_to_string(path)
            .map(Into::into)
            .map_err(|error| Error::usage(format!("{path} cannot be read as text: {error}")))?,
    };
    serde_json::from_str(&text).map_err(|error| Error::usage(format!("{file} does not hold a JSON object: {error}")))
}

fn set(body: &mut Map<String, Value>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        body.insert(name.to_owned(), value.into());
    }
}

fn set_password(body: &mut Map<String, Value>, name: &str, argument: Option<&str>) -> Result<()> {
    let password = argument.map(input::read).transpose()?;
    set(body, name, password.as_ref().map(|password| password.trim_end_matches(['\r', '\n'])));
    Ok(())
}

/// All that is missing, at once.
fn require(body: &Map<String, Value>, members: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<_> = members
        .iter()
        .filter(|(name, _)| !body.contains_key(*name))
        .map(|(name, option)| format!("{name} ({option})"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::usage(format!("say by option or in the file: {}", missing.join(", "))))
}

fn show(answer: &Value, names: &[&str]) -> String {
    let fields: Vec<_> = names.iter().map(|name| (*name, output::text(answer, name))).collect();
    output::fields(&fields)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    enum Line {
        #[command(subcommand)]
        Environment(Environment),
        #[command(subcommand)]
        Community(Community),
    }

    fn request(line: &str) -> Result<Request> {
        match Line::try_parse_from(format!("chancery {line}").split(' ')).unwrap() {
            Line::Environment(Environment::Install(install)) => install.request(),
            Line::Community(Community::Create(create)) => create.request(),
            Line::Environment(Environment::Show) => unreachable!("nothing is asked of it"),
        }
    }

    #[test]
    fn options_win_over_the_file() {
        let path = std::env::temp_dir().join(format!("chancery-install-{}.json", std::process::id()));
        let file = json!({"tenantName": "file", "tenantDNS": "a.b", "tenantTag": "ab", "contactEmail": "a@b",
            "tenantPassword": "12345678", "smsGateway": {"type": "t"}});
        fs::write(&path, file.to_string()).unwrap();
        let line = format!("environment install {} --tenant-name option --instance-type root-instance", path.display());
        let body = request(&line).unwrap().body.unwrap();
        fs::remove_file(&path).unwrap();
        let mut expected = file;
        expected["tenantName"] = json!("option");
        expected["instanceType"] = json!("root-instance");
        assert_eq!(body, expected);
    }

    #[test]
    fn what_is_missing_is_told_at_once() {
        let error = request("community create demo").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let told = error.to_string();
        assert!(told.contains("--contact-email") && told.contains("--password") && !told.contains("NAME"), "{told}");
        assert_eq!(request("environment install /no/such/file").unwrap_err().exit_code(), 2);
    }

    #[test]
    fn a_password_is_read_without_its_newline() {
        let path = std::env::temp_dir().join(format!("chancery-password-{}", std::process::id()));
        fs::write(&path, "correct horse\n").unwrap();
        // A line is split at blanks, so the file stands for the password.
        let line = format!("community create demo --contact-email a@b --password @{}", path.display());
        let body = request(&line).unwrap().body.unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(body, json!({"communityName": "demo", "contactEmail": "a@b", "communityPassword": "correct horse"}));
    }
}
