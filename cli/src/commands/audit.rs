//! `chancery audit`: the audit log of a tenant, and the proof that it is the one that was written. `verify` asks nobody.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use crypto::{Curve, PublicKey};
use model::audit::{Checkpoint, CheckpointAnswer, ExportLine};
use serde_json::{Value, json, value::RawValue};

use super::{Session, note};
use crate::{
    Error, Result,
    audit_export::{self, Report},
    audit_mirror::{self, Mirrored},
    client::{Client, Reply, segment},
    input, json, output,
    request::Request,
};

#[derive(Subcommand)]
pub(super) enum Audit {
    /// Entries, the newest first
    List(List),
    /// Sign the tree of all entries as it is now; print the checkpoint, to be kept
    Checkpoint(OfTenant),
    /// Print all entries with their proofs as lines of JSON
    Export(OfTenant),
    /// Check an export without asking anybody; what was altered, dropped, moved or inserted is named
    Verify(Verify),
    /// Copy the log into a folder, as public monitors and witnesses read it (c2sp.org/tlog-tiles), and check it
    Mirror(Mirror),
    /// The hash of a value, to search for it: `list --value-hash`
    Hash {
        #[command(flatten)]
        value: input::Value,
        #[command(flatten)]
        of: OfTenant,
    },
    /// The key that checkpoints are checked with
    Key,
}

#[derive(Args, Default)]
pub(super) struct OfTenant {
    /// A tenant; `platform` and `licensing` have logs too
    #[arg(long)]
    tenant: String,
}

#[derive(Args, Default)]
pub(super) struct List {
    #[command(flatten)]
    of: OfTenant,
    /// Tag of a licence, or owner of a token
    #[arg(long)]
    actor: Option<String>,
    /// Such as secret.read
    #[arg(long)]
    action: Option<String>,
    #[arg(long)]
    subject: Option<String>,
    #[arg(long, value_parser = ["done", "refused", "failed"])]
    outcome: Option<String>,
    /// As `hash` prints it
    #[arg(long, value_name = "HASH")]
    value_hash: Option<String>,
    /// Not before, such as 2026-12-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Only entries before this index
    #[arg(long, value_name = "INDEX")]
    before: Option<u32>,
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

#[derive(Args)]
pub(super) struct Verify {
    /// A file that `export` has written; it is read twice
    export: String,
    /// A file with an earlier checkpoint, which must be in the history too
    #[arg(long, value_name = "FILE")]
    previous: Option<String>,
    /// publicKey as `key` prints it; without it the key that stands in the export is believed
    #[arg(long, value_name = "BASE64")]
    key: Option<String>,
}

#[derive(Args)]
pub(super) struct Mirror {
    #[command(flatten)]
    of: OfTenant,
    /// Made when it is not there; what is there already is only added to
    folder: PathBuf,
    /// As `<folder>/key` has it after the first time; without it that one is believed
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

impl Audit {
    pub fn run(&self, session: &Session) -> Result<String> {
        match self {
            Self::List(list) => list.run(session),
            Self::Checkpoint(of) => {
                let checkpoint = checkpoint(&session.client()?, &of.tenant)?;
                Ok(output::json(&json!(checkpoint)))
            }
            Self::Export(of) => export(&session.client()?, &of.tenant),
            Self::Verify(verify) => verify.run(session),
            Self::Mirror(mirror) => mirror.run(session),
            Self::Hash { value, of } => {
                let body = json!({ "value": *value.read()? });
                one(session, &Request::new("POST", path(&of.tenant, "hash")).body(body), "valueHash")
            }
            Self::Key => one(session, &Request::new("GET", "/caas/audit/key"), "publicKey"),
        }
    }
}

/// One member of an answer.
fn one(session: &Session, request: &Request, name: &str) -> Result<String> {
    let reply = request.send(&session.client()?)?;
    if session.json() { reply.printed() } else { Ok(format!("{}\n", output::text(&reply.json()?, name))) }
}

fn path(tenant: &str, rest: &str) -> String {
    format!("/caas/audit/{}/{rest}", segment(tenant))
}

impl List {
    fn request(&self, before: Option<u64>, limit: u32) -> Request {
        let mut request = Request::new("GET", path(&self.of.tenant, "entries")).query("limit", limit.min(1000));
        for (name, given) in [
            ("actor", &self.actor),
            ("action", &self.action),
            ("subject", &self.subject),
            ("outcome", &self.outcome),
            ("valueHash", &self.value_hash),
            ("from", &self.from),
            ("to", &self.to),
        ] {
            if let Some(given) = given {
                request = request.query(name, given);
            }
        }
        match before {
            Some(before) => request.query("before", before),
            None => request,
        }
    }

    /// Goes through pages until there are enough entries, or no more. Where there are more, tells what they are before.
    fn entries(&self, client: &Client) -> Result<(Vec<String>, Option<u64>)> {
        let (mut entries, mut before) = (Vec::new(), self.before.map(u64::from));
        loop {
            let wanted = self.limit.saturating_sub(u32::try_from(entries.len()).unwrap_or(u32::MAX));
            if wanted == 0 {
                break;
            }
            let page = self.request(before, wanted).send(client)?;
            before = page.json()?.get("next").and_then(Value::as_u64);
            entries.extend(page_entries(&page)?);
            if before.is_none() {
                break;
            }
        }
        Ok((entries, before))
    }

    fn run(&self, session: &Session) -> Result<String> {
        let (entries, before) = self.entries(&session.client()?)?;
        if session.json() {
            let next = before.map_or_else(|| "null".to_owned(), |next| next.to_string());
            return Ok(json::indented(&format!(r#"{{"entries":[{}],"next":{next}}}"#, entries.join(","))));
        }
        let columns = ["index", "time", "actor", "action", "subject", "outcome", "detail"];
        let row = |entry: &Value| {
            let time = entry.get("at").and_then(Value::as_i64).map(model::time::to_iso).unwrap_or_default();
            let column = |name: &&str| if *name == "time" { time.clone() } else { output::text(entry, name) };
            columns.iter().map(column).collect()
        };
        let entries = entries.iter().filter_map(|entry| serde_json::from_str(entry).ok());
        Ok(output::table(&columns, entries.map(|entry: Value| row(&entry))))
    }
}

/// Subjects of all that was done under this name, in the log of a tenant.
pub(super) fn subjects(client: &Client, tenant: &str, action: &str) -> Result<Vec<String>> {
    let list = List {
        of: OfTenant { tenant: tenant.to_owned() },
        action: Some(action.to_owned()),
        outcome: Some("done".to_owned()),
        limit: u32::MAX,
        ..List::default()
    };
    let (entries, _) = list.entries(client)?;
    let entries = entries.iter().filter_map(|entry| serde_json::from_str::<Value>(entry).ok());
    Ok(entries.map(|entry| output::text(&entry, "subject")).collect())
}

/// The entries of a page, each by its text.
fn page_entries(page: &Reply) -> Result<Vec<String>> {
    let members = json::members(page.text()?).map_err(|reason| page.no_json(&reason))?;
    let entries = json::member(&members, "entries").unwrap_or("[]");
    let entries: Vec<&RawValue> = serde_json::from_str(entries).map_err(|error| page.no_json(&json::fault(&error)))?;
    Ok(entries.into_iter().map(|entry| entry.get().to_owned()).collect())
}

/// Asks until every entry is covered.
fn checkpoint(client: &Client, tenant: &str) -> Result<Checkpoint> {
    loop {
        let answer = Request::new("POST", path(tenant, "checkpoint")).send(client)?.json()?;
        let answer: CheckpointAnswer = serde_json::from_value(answer)
            .map_err(|error| Error::Fault(format!("not a checkpoint: {}", json::fault(&error))))?;
        if answer.pending == 0 {
            return Ok(answer.checkpoint);
        }
        note(&format!("{} entries to go", answer.pending));
    }
}

/// All entries up to a checkpoint that covers them.
fn export(client: &Client, tenant: &str) -> Result<String> {
    let size = checkpoint(client, tenant)?.tree_size;
    let (mut text, mut from) = (String::new(), 0);
    while from < size {
        let limit = (size - from).min(1000);
        let request = Request::new("GET", path(tenant, "export")).query("from", from).query("limit", limit);
        let page = request.send(client)?;
        let page = String::from_utf8(page.body).map_err(|_| Error::Fault("an export that is not text".to_owned()))?;
        if page.is_empty() {
            return Err(Error::Fault(format!("the export ends at {from} of {size} entries")));
        }
        text.push_str(&page);
        from += limit;
    }
    Ok(text)
}

impl Mirror {
    fn run(&self, session: &Session) -> Result<String> {
        let client = session.client()?;
        checkpoint(&client, &self.of.tenant)?;
        let mirrored = audit_mirror::mirror(&client, &self.of.tenant, &self.folder, self.key.as_deref())?;
        let Mirrored { origin, size, without_entries } = mirrored;
        if session.json() {
            return Ok(output::json(
                &json!({ "origin": origin, "treeSize": size, "tilesWithoutEntries": without_entries }),
            ));
        }
        if without_entries > 0 {
            note(&format!("{without_entries} tiles have hashes only: an entry of each is erased or too long"));
        }
        Ok(format!("{size} entries of {origin} are in {}, as they were signed\n", self.folder.display()))
    }
}

type Lines = Box<dyn Iterator<Item = Result<String>>>;

impl Verify {
    fn run(&self, session: &Session) -> Result<String> {
        let lines = || -> Result<Lines> {
            let (lines, _) = input::lines(&self.export)?;
            Ok(Box::new(lines.map(|line| line.map(|(_, text)| text))))
        };
        let key = match &self.key {
            Some(key) => key.clone(),
            None => {
                note("warning: the key is taken from the export itself; give the one that you know with --key");
                let named = audit_export::named_key(&mut *lines()?)?;
                named.ok_or_else(|| Error::usage("the export names no key; give it with --key"))?
            }
        };
        let key = PublicKey::from_base64(Curve::P256, key.trim())
            .map_err(|error| Error::usage(format!("the key cannot be used: {error}")))?;
        let previous = self.previous.as_deref().map(read_checkpoint).transpose()?;
        let report = audit_export::verify(&lines, &key, previous)?.proven()?;
        let Report { tenant, entries, covered, checkpoints, erased, .. } = &report;
        if session.json() {
            let summary = json!({
                "tenant": tenant, "entries": entries, "erased": erased, "covered": covered, "checkpoints": checkpoints,
            });
            return Ok(output::json(&summary));
        }
        let rest = match entries - covered {
            0 => "all of them signed".to_owned(),
            rest => format!("the last {rest} not signed yet"),
        };
        let erased = match erased {
            0 => String::new(),
            erased => format!("; the text of {erased} was erased, their hashes stand"),
        };
        Ok(format!(
            "{entries} entries of {tenant} are as they were written, {rest} ({checkpoints} checkpoints){erased}\n"
        ))
    }
}

/// A checkpoint as `checkpoint` prints it, as the service answers, or as a line of an export.
fn read_checkpoint(path: &str) -> Result<Checkpoint> {
    let text = input::document(path)?;
    let read = serde_json::from_str::<Checkpoint>(&text).ok();
    let read = read.or_else(|| match serde_json::from_str::<ExportLine>(&text) {
        Ok(ExportLine::Checkpoint { checkpoint }) => Some(checkpoint),
        _ => None,
    });
    read.ok_or_else(|| Error::usage(format!("{path} is not a checkpoint")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use super::*;
    use crate::commands::typed;

    #[test]
    fn a_list_asks_for_what_is_given() {
        let line = "list --tenant a/b --action secret.read --outcome refused --before 7 --limit 5000";
        let Audit::List(list) = typed(line.split(' ')).unwrap() else { panic!() };
        let request = list.request(list.before.map(u64::from), list.limit);
        assert_eq!(request.path, "/caas/audit/a%2Fb/entries");
        let expected = [("limit", "1000"), ("action", "secret.read"), ("outcome", "refused"), ("before", "7")];
        assert_eq!(request.query, expected.map(|(name, value)| (name, value.to_owned())));
        assert!(typed::<Audit>(["list"]).is_err());
    }
}
