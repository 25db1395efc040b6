//! `chancery consent`: put and show the consents of a community; take the chain of a consent's versions along, prove it
//! elsewhere, and bring many versions in.

use clap::{Args, Subcommand};
use crypto::base64;
use indicatif::{ProgressBar, ProgressStyle};
use model::consent::Document;
use serde_json::{Map, Value, json};

use super::Session;
use crate::{
    Error, Result,
    client::{Api, Client, segment},
    consent_chain::{self, Link},
    input, json, output,
    request::Request,
};

#[derive(Subcommand)]
pub(super) enum Consent {
    /// Put a consent in force; content that is not given stays as it is
    Put(Put),
    /// Show the consent in force, or one version by its id
    Show {
        #[command(flatten)]
        scope: Scope,
        /// A type such as biometric, or a consentId
        what: String,
    },
    /// Print every version as a line of JSON, newest first
    Export {
        #[command(flatten)]
        scope: Scope,
        #[arg(value_name = "TYPE")]
        kind: String,
    },
    /// Check ids, signatures and links of an export, from the newest version to the first; asks no service
    Verify(Verify),
    /// Put many versions, oldest first: a line of JSON each, like the `data` of a PUT, or an export
    Import(Import),
}

#[derive(Args)]
pub(super) struct Scope {
    /// tenantId
    tenant: String,
    /// communityId
    community: String,
}

#[derive(Args)]
pub(super) struct Put {
    #[command(flatten)]
    scope: Scope,
    #[arg(value_name = "TYPE")]
    kind: String,
    #[arg(long)]
    title: Option<String>,
    #[arg(long)]
    subtitle: Option<String>,
    /// HTML, or - for standard input
    #[arg(long, value_name = "HTML", conflicts_with = "body_file")]
    body: Option<String>,
    /// The HTML is the content of this file
    #[arg(long, value_name = "FILE")]
    body_file: Option<String>,
    #[arg(long, value_name = "TEXT")]
    acknowledge: Option<String>,
    /// Put it out of force instead; its content stays
    #[arg(long, conflicts_with_all = ["title", "subtitle", "body", "body_file", "acknowledge"])]
    off: bool,
    /// Who asks for it; kept with the consent
    #[arg(long, value_name = "NAME", env = "USER", default_value = "chancery")]
    by: String,
}

#[derive(Args)]
pub(super) struct Verify {
    /// The export; - is standard input
    #[arg(default_value = "-", conflicts_with = "server")]
    file: String,
    /// Check what the service has instead
    #[arg(long, num_args = 3, value_names = ["TENANT", "COMMUNITY", "TYPE"])]
    server: Option<Vec<String>>,
    /// The consentId that the newest version must have: without it newer ones may have been cut off unnoticed
    #[arg(long, value_name = "CONSENTID")]
    newest: Option<String>,
}

#[derive(Args)]
pub(super) struct Import {
    #[command(flatten)]
    scope: Scope,
    /// - is standard input
    file: String,
    /// For lines that name no type
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// So many versions are there already
    #[arg(long, default_value_t = 0)]
    skip: usize,
    #[arg(long, value_name = "NAME", env = "USER", default_value = "chancery")]
    by: String,
}

impl Scope {
    fn path(&self) -> String {
        format!("/caas/tenants/{}/community/{}/consents", segment(&self.tenant), segment(&self.community))
    }

    /// JSON text, as the two below.
    fn put(&self, client: &Client, data: &Value) -> Result<String> {
        let data = client.encrypt_data(Api::Caas, data)?;
        opened(client, &Request::new("PUT", self.path()).body(json!({ "data": data })))
    }

    /// The consent in force, or a version by its id.
    fn get(&self, client: &Client, what: &str) -> Result<String> {
        let below = if what.starts_with("Qm") { format!("ipfs/{}", segment(what)) } else { segment(what) };
        opened(client, &Request::new("GET", format!("{}/{below}", self.path())))
    }

    /// All versions, newest first.
    fn chain(&self, client: &Client, kind: &str) -> Result<Vec<Link>> {
        let mut next = output::text(&value(&self.get(client, kind)?)?, "consentId");
        let bar = ProgressBar::new_spinner().with_message("reading versions");
        if let Ok(style) = ProgressStyle::with_template("{msg} {pos} {elapsed}") {
            bar.set_style(style);
        }
        let mut links = Vec::new();
        while !next.is_empty() {
            let document = self.document(value(&self.get(client, &next)?)?)?;
            let before = document.prev_consent_id.clone().unwrap_or_default();
            links.push(Link { consent_id: std::mem::replace(&mut next, before), document });
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(links)
    }

    /// The document of a version that was shown: all of it is enough to write the document again.
    fn document(&self, mut shown: Value) -> Result<Document> {
        if let Some(fields) = shown.as_object_mut() {
            for name in ["consentId", "isEnabled", "updatedAt", "updatedBy"] {
                fields.remove(name);
            }
            for (name, value) in
                [("tenantId", self.tenant.as_str()), ("communityId", &self.community), ("signature", "")]
            {
                fields.insert(name.to_owned(), value.into());
            }
        }
        let mut document: Document = serde_json::from_value(shown)
            .map_err(|error| Error::Fault(format!("a version cannot be read ({})", json::fault(&error))))?;
        document.signature = consent_chain::signature(&document);
        Ok(document)
    }
}

impl Consent {
    pub fn run(&self, session: &Session) -> Result<String> {
        match self {
            Self::Put(put) => {
                let consent = put.scope.put(&session.client()?, &put.data()?)?;
                shown(session, &consent)
            }
            Self::Show { scope, what } => {
                let consent = scope.get(&session.client()?, what)?;
                shown(session, &consent)
            }
            Self::Export { scope, kind } => {
                let links = scope.chain(&session.client()?, kind)?;
                if links.is_empty() {
                    return Err(Error::Missing(format!("nobody has written a consent of type {kind} yet")));
                }
                let line = |link: &Link| serde_json::to_string(link).map(|line| line + "\n");
                let lines: std::result::Result<Vec<_>, _> = links.iter().map(line).collect();
                lines.map(|lines| lines.concat()).map_err(|error| Error::usage(error.to_string()))
            }
            Self::Verify(verify) => verify.run(session),
            Self::Import(import) => import.run(session),
        }
    }
}

impl Put {
    fn data(&self) -> Result<Value> {
        let body = input::given(self.body.as_deref(), self.body_file.as_deref())?;
        let fields = [
            ("title", self.title.clone()),
            ("subtitle", self.subtitle.clone()),
            ("body", body.map(|body| base64::encode(body.as_bytes()))),
            ("acknowledgeText", self.acknowledge.clone()),
        ];
        let given = fields.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::String(text?))));
        let mut data: Map<_, _> = given.collect();
        data.insert("type".to_owned(), self.kind.as_str().into());
        data.insert("isEnabled".to_owned(), (!self.off).into());
        data.insert("requestingUser".to_owned(), self.by.as_str().into());
        Ok(Value::Object(data))
    }
}

impl Verify {
    fn run(&self, session: &Session) -> Result<String> {
        let (links, mut problems) = match self.server.as_deref() {
            Some([tenant, community, kind]) => {
                let scope = Scope { tenant: tenant.clone(), community: community.clone() };
                (scope.chain(&session.client()?, kind)?, Vec::new())
            }
            _ => consent_chain::parse(&input::document(&self.file)?),
        };
        problems.extend(consent_chain::verify(&links, self.newest.as_deref()));
        let (Some(newest), []) = (links.first(), problems.as_slice()) else {
            return Err(Error::Broken(format!("this chain does not hold:\n{}", problems.join("\n"))));
        };
        let Document { tenant_id, community_id, consent_type, .. } = &newest.document;
        if session.json() {
            return Ok(output::json(&json!({ "versions": links.len(), "newest": newest.consent_id })));
        }
        Ok(format!(
            "{} versions of {consent_type} in {tenant_id}/{community_id}: ids, signatures and links hold\nnewest {}\n",
            links.len(),
            newest.consent_id
        ))
    }
}

impl Import {
    fn run(&self, session: &Session) -> Result<String> {
        let versions = versions(&input::document(&self.file)?, self.kind.as_deref(), &self.by)?;
        let client = session.client()?;
        let bar = ProgressBar::new(versions.len() as u64).with_message("importing versions");
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        bar.set_position(self.skip as u64);
        let mut newest = "null".to_owned();
        // One after the other: their order is what is imported.
        for (number, data) in versions.iter().enumerate().skip(self.skip) {
            newest = self.scope.put(&client, data).inspect_err(|_| {
                bar.abandon();
                super::note(&format!("version {} failed; go on later with --skip {number}", number + 1));
            })?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        let newest = output::text(&value(&newest)?, "consentId");
        let count = versions.len().saturating_sub(self.skip);
        Ok(match session.json() {
            true => output::json(&json!({ "imported": count, "newest": newest })),
            false => format!("imported {count} versions\nnewest {newest}\n"),
        })
    }
}

/// The `data` of every version, oldest first.
fn versions(text: &str, kind: Option<&str>, by: &str) -> Result<Vec<Value>> {
    let mut versions = Vec::new();
    let mut is_export = false;
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |reason: &str| Error::usage(format!("line {}: {reason}", number + 1));
        let mut fields: Map<String, Value> = serde_json::from_str(line)
            .map_err(|error| wrong(&format!("is no JSON object ({})", json::fault(&error))))?;
        if let Some(Value::Object(document)) = fields.remove("document") {
            is_export = true;
            fields = document;
            let content = ["type", "title", "subtitle", "body", "acknowledgeText"];
            fields.retain(|name, _| content.contains(&name.as_str()));
        }
        if let Some(kind) = kind {
            fields.entry("type").or_insert_with(|| kind.into());
        }
        if !fields.contains_key("type") {
            return Err(wrong("names no type; add --type"));
        }
        fields.entry("isEnabled").or_insert(Value::Bool(true));
        fields.entry("requestingUser").or_insert_with(|| by.into());
        versions.push(Value::Object(fields));
    }
    if is_export {
        versions.reverse();
    }
    Ok(versions)
}

/// Sends, and opens the `data` of the answer.
fn opened(client: &Client, request: &Request) -> Result<String> {
    let answer = request.send(client)?.json()?;
    let data = answer.get("data").and_then(Value::as_str);
    client.decrypt_text(Api::Caas, data.ok_or_else(|| Error::Fault("an answer without data".to_owned()))?)
}

fn value(text: &str) -> Result<Value> {
    serde_json::from_str(text)
        .map_err(|error| Error::Fault(format!("the answer is not JSON ({})", json::fault(&error))))
}

fn shown(session: &Session, consent: &str) -> Result<String> {
    if session.json() { Ok(json::indented(consent)) } else { value(consent).map(|consent| describe(&consent)) }
}

fn describe(consent: &Value) -> String {
    let shown = [
        "type",
        "isEnabled",
        "title",
        "subtitle",
        "acknowledgeText",
        "version",
        "consentId",
        "prevConsentId",
        "updatedBy",
    ];
    let fields = output::fields(&shown.map(|name| (name, output::text(consent, name))));
    let body = base64::decode_any(&output::text(consent, "body")).unwrap_or_default();
    let body = json!({ "body": String::from_utf8_lossy(&body) });
    format!("{fields}\n{}\n", output::text(&body, "body"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use crate::commands::typed;

    fn put(line: &str) -> Value {
        match typed(format!("put t c biometric {line}").split(' ')).unwrap() {
            Consent::Put(put) => put.data().unwrap(),
            _ => Value::Null,
        }
    }

    #[test]
    fn only_what_is_given_is_put_and_html_becomes_base64() {
        let data = put("--title T --body <b> --by ada");
        let wanted =
            json!({ "type": "biometric", "isEnabled": true, "requestingUser": "ada", "title": "T", "body": "PGI+" });
        assert_eq!(data, wanted);
        assert_eq!(put("--off --by ada")["isEnabled"], false);
        assert_eq!(put("--body @ada")["body"], base64::encode(b"@ada"));
        let file = std::env::temp_dir().join(format!("chancery-consent-{}.html", std::process::id()));
        std::fs::write(&file, "<b>\n").unwrap();
        assert_eq!(put(&format!("--body-file {}", file.display()))["body"], base64::encode(b"<b>\n"));
        std::fs::remove_file(&file).unwrap();
    }

    #[test]
    fn an_export_is_imported_from_its_end() {
        let line =
            |title: &str| json!({ "consentId": "Qm", "document": { "title": title, "type": "a", "signature": "x" } });
        let found = versions(&format!("{}\n{}\n", line("new"), line("old")), None, "ada").unwrap();
        let wanted = |title: &str| json!({ "title": title, "type": "a", "isEnabled": true, "requestingUser": "ada" });
        assert_eq!(found, [wanted("old"), wanted("new")]);
        let plain = versions("{\"title\":\"1\"}\n\n{\"title\":\"2\",\"isEnabled\":false}", Some("b"), "ada").unwrap();
        assert_eq!(
            (&plain[0]["title"], &plain[1]["isEnabled"], &plain[1]["type"]),
            (&json!("1"), &json!(false), &json!("b"))
        );
        assert!(versions("{\"title\":\"1\"}", None, "ada").unwrap_err().to_string().contains("line 1"));
        assert!(versions("[]", None, "ada").is_err());
    }
}
