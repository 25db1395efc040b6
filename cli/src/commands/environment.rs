//! `chancery environment` and `chancery community`: installing a deployment, and creating communities in it. What a
//! request says stands in a JSON file, in options, or in both; options win.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::Session;
use crate::{
    Error, Result, input,
    json::{Json, Members},
    output,
    request::Request,
};

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
    #[command(flatten)]
    password: Password,
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
    #[command(flatten)]
    password: Password,
}

/// A password is taken literally, and no byte of it changes unless `--trim` asks for that.
#[derive(Args)]
#[group(skip)]
struct Password {
    /// The password itself, or - for standard input (other users can see command lines)
    #[arg(long, value_name = "PASSWORD", allow_hyphen_values = true, conflicts_with = "password_file")]
    password: Option<String>,
    /// The password is the content of this file
    #[arg(long, value_name = "FILE")]
    password_file: Option<String>,
    /// Drop line ends at the end of the password
    #[arg(long)]
    trim: bool,
}

impl Environment {
    pub fn run(&self, session: &Session) -> Result<String> {
        let reply = match self {
            Self::Show => session.anonymous()?.call_anonymously("GET", "/caas/environment", &[], None)?.accepted()?,
            Self::Install(install) => install.request()?.send(&session.client()?)?,
        };
        if session.json() {
            return reply.printed();
        }
        let answer = reply.json()?;
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
        let reply = create.request()?.send(&session.client()?)?;
        if session.json() {
            return reply.printed();
        }
        let answer = reply.json()?;
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
        self.password.set(&mut body, "tenantPassword")?;
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
        Ok(Request::new("POST", "/caas/environment/install").body(Json::Object(body)))
    }
}

impl Create {
    fn request(&self) -> Result<Request> {
        let mut body = read_file(self.file.as_deref())?;
        set(&mut body, "communityName", self.name.as_deref());
        set(&mut body, "contactEmail", self.contact_email.as_deref());
        self.password.set(&mut body, "communityPassword")?;
        require(
            &body,
            &[("communityName", "NAME"), ("contactEmail", "--contact-email"), ("communityPassword", "--password")],
        )?;
        Ok(Request::new("POST", "/caas/environment/create/community").body(Json::Object(body)))
    }
}

impl Password {
    fn set(&self, body: &mut Members, name: &str) -> Result<()> {
        let given = input::given(self.password.as_deref(), self.password_file.as_deref())?;
        let Some(text) = given else { return Ok(()) };
        let text = if self.trim { input::trimmed(&text) } else { text };
        set(body, name, Some(&text));
        Ok(())
    }
}

fn read_file(file: Option<&str>) -> Result<Members> {
    let Some(file) = file else { return Ok(Members::new()) };
    let wrong = |reason: String| Error::usage(format!("{file} does not hold a JSON object: {reason}"));
    match Json::parse(&input::document(file)?).map_err(wrong)? {
        Json::Object(members) => Ok(members),
        Json::Bare(_) | Json::Text(_) | Json::List(_) => Err(wrong("it is something else".to_owned())),
    }
}

fn set(body: &mut Members, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        body.insert(name.to_owned(), Json::Text(value.to_owned()));
    }
}

/// All that is missing, at once.
fn require(body: &Members, members: &[(&str, &str)]) -> Result<()> {
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

    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::commands::typed;

    fn environment(line: &str) -> Result<Request> {
        match typed(line.split(' ')).unwrap() {
            Environment::Install(install) => install.request(),
            Environment::Show => unreachable!("nothing is asked of it"),
        }
    }

    fn community(line: &str) -> Result<Request> {
        let Community::Create(create) = typed(line.split(' ')).unwrap();
        create.request()
    }

    #[test]
    fn options_win_over_the_file() {
        let path = std::env::temp_dir().join(format!("chancery-install-{}.json", std::process::id()));
        let file = json!({"tenantName": "file", "tenantDNS": "a.b", "tenantTag": "ab", "contactEmail": "a@b",
            "tenantPassword": "12345678", "smsGateway": {"type": "t"}});
        fs::write(&path, file.to_string()).unwrap();
        let line = format!("install {} --tenant-name option --instance-type root-instance", path.display());
        let body = environment(&line).unwrap().json();
        fs::remove_file(&path).unwrap();
        let mut expected = file;
        expected["tenantName"] = json!("option");
        expected["instanceType"] = json!("root-instance");
        assert_eq!(body, expected);
    }

    #[test]
    fn all_that_is_missing_is_named_at_once() {
        let error = community("create demo").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let message = error.to_string();
        assert!(
            message.contains("--contact-email") && message.contains("--password") && !message.contains("NAME"),
            "{message}"
        );
        assert_eq!(environment("install /no/such/file").unwrap_err().exit_code(), 2);
    }

    #[test]
    fn a_password_is_literal_and_keeps_its_newline_unless_it_is_trimmed() {
        let path = std::env::temp_dir().join(format!("chancery-password-{}", std::process::id()));
        fs::write(&path, "correct horse\n").unwrap();
        let password = |line: &str| {
            let body = community(&format!("create demo --contact-email a@b {line}")).unwrap().json();
            body["communityPassword"].as_str().unwrap().to_owned()
        };
        // A line is split at blanks, so the file stands for the password.
        let file = format!("--password-file {}", path.display());
        assert_eq!(password(&file), "correct horse\n");
        assert_eq!(password(&format!("{file} --trim")), "correct horse");
        fs::remove_file(&path).unwrap();
        assert_eq!((password("--password @dm1n").as_str(), password("--password --x").as_str()), ("@dm1n", "--x"));
    }

    #[test]
    fn the_file_is_sent_as_it_stands() {
        let path = std::env::temp_dir().join(format!("chancery-install-digits-{}.json", std::process::id()));
        fs::write(&path, "\u{feff}{\"z\":12345678901234567890123,\"communityName\":\"x\",\"a\":1.50}").unwrap();
        let line = format!("create --file {} --contact-email a@b --password p", path.display());
        let body = community(&line).unwrap().body.unwrap();
        fs::remove_file(&path).unwrap();
        let expected = r#"{"z":12345678901234567890123,"communityName":"x","a":1.50,"contactEmail":"a@b","communityPassword":"p"}"#;
        assert_eq!(body, expected);
    }
}
