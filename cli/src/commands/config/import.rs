//! `chancery config import`: configurations become what files say. One is written in one request, and only if it differs
//! and nobody else has changed it meanwhile.

use std::{io, path::Path, time::Duration};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use model::configuration;

use super::{
    Context,
    diff::{self, Change},
    progress::Progress,
    stored,
};
use crate::{
    Error, Result,
    client::Client,
    commands::{Session, note},
    formats::{Document, Format},
    input,
    json::{self, Json, Members},
    output, parallel,
    request::Request,
    retry::Retry,
};

/// How long a change is tried again while others change the same configuration.
const CONTENTION: Duration = Duration::from_secs(60);

/// How long a line of many is tried again when no answer comes.
const NO_ANSWER: Duration = Duration::from_secs(5);

/// After so many refusals something else is wrong than a line.
const REFUSALS: usize = 100;

#[derive(Args)]
pub(crate) struct Import {
    /// The file, or - for standard input
    file: String,
    #[command(flatten)]
    context: Context,
    /// Its format, if the name of the file does not show it
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Remove what the file does not name
    #[arg(long)]
    prune: bool,
    /// Change nothing; show what would change
    #[arg(long)]
    dry_run: bool,
    /// Show the values in what would change
    #[arg(long, requires = "dry_run")]
    show: bool,
    /// Of many configurations, so many at a time
    #[arg(long, default_value = "8", value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
    /// Begin many configurations anew, where an earlier import broke off
    #[arg(long)]
    restart: bool,
}

/// What came of one configuration.
struct Applied {
    is_new: bool,
    changes: Vec<Change>,
}

#[derive(Default)]
struct Tally {
    created: usize,
    changed: usize,
    unchanged: usize,
    refused: usize,
}

impl Import {
    pub fn run(&self, session: &Session) -> Result<String> {
        let unknown = || Error::usage(format!("{}: say its format with --format json, yaml, env or jsonl", self.file));
        let format = self.format.or_else(|| Format::of(&self.file)).ok_or_else(unknown)?;
        let client = session.client()?;
        if format == Format::Jsonl {
            if self.context.is_given() {
                return Err(Error::usage("many configurations name their contexts themselves"));
            }
            return self.many(session, &client);
        }
        let context = self.context.json()?;
        let read = format.parse(&input::document(&self.file)?);
        let Document { members, warnings } = read.map_err(|reason| Error::usage(format!("{}: {reason}", self.file)))?;
        for warning in warnings {
            note(&format!("warning: {}: {warning}", self.file));
        }
        let applied = self.apply(&client, &context, &members)?;
        let mut tally = Tally::default();
        tally.count(&applied);
        Ok(self.describe(&applied, "") + &tally.summary(self.dry_run, session.json()))
    }

    /// Makes one configuration what is wanted.
    fn apply(&self, client: &Client, context: &Json, wanted: &Members) -> Result<Applied> {
        let mut retry = Retry::within(CONTENTION);
        loop {
            let (revision, stored) = stored(client, context)?;
            let wanted = if self.prune { wanted.clone() } else { diff::merged(&stored, wanted) };
            let applied = Applied { is_new: stored.is_empty(), changes: diff::changes(&stored, &wanted) };
            if self.dry_run || applied.changes.is_empty() {
                return Ok(applied);
            }
            let body = format!(r#"{{"context":{context},"data":{}}}"#, Json::Object(wanted));
            let put = Request::new("PUT", "/caas/config/data").header("if-match", &revision).body(body);
            match put.send(client) {
                Ok(_) => return Ok(applied),
                // Somebody else changed it meanwhile; what is wanted now depends on that.
                Err(Error::Refused { status: 409 | 412, .. }) if retry.again() => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn many(&self, session: &Session, client: &Client) -> Result<String> {
        let progress = match self.file.as_str() {
            "-" => None,
            file => {
                let unreadable = |error: io::Error| Error::usage(format!("{file} cannot be read: {error}"));
                Some(Progress::open(Path::new(file), client.base_url(), self.prune).map_err(unreadable)?)
            }
        };
        let journal = progress.filter(|_| !self.dry_run);
        let (lines, length) = input::lines(&self.file)?;
        let done = journal.as_ref().filter(|_| !self.restart).map_or(0, Progress::done);
        if done > 0 {
            note(&format!("going on after line {done}, where the last import broke off; --restart begins anew"));
        }
        let bar = bar(length);
        let work = |(number, line): (usize, String)| {
            let applied =
                if number <= done || line.trim().is_empty() { Ok(None) } else { self.line(client, &line).map(Some) };
            (number, line.len() as u64 + 1, applied)
        };
        let (mut tally, mut report, mut journal) = (Tally::default(), String::new(), journal);
        let took = parallel::in_order(self.jobs.into(), lines, context_of, work, |(number, bytes, applied)| {
            bar.inc(bytes);
            match applied {
                Ok(None) => {}
                Ok(Some((context, applied))) => {
                    tally.count(&applied);
                    bar.set_message(tally.numbers());
                    report += &self.describe(&applied, &format!("{context}\n"));
                }
                Err(error @ (Error::Refused { .. } | Error::Usage(_))) => {
                    tally.refused += 1;
                    bar.suspend(|| note(&format!("line {number}: {error}")));
                    if tally.refused == REFUSALS {
                        return Err(Error::Partly(format!("{REFUSALS} lines were refused; it ends here")));
                    }
                }
                Err(error) => return Err(error),
            }
            // Only as far as all was well: the rest is looked at again.
            match &mut journal {
                Some(journal) if tally.refused == 0 => journal.reached(number),
                _ => {}
            }
            Ok(())
        });
        bar.finish_and_clear();
        if let Some(journal) = &mut journal {
            journal.close(took.is_ok() && tally.refused == 0);
        }
        let summary = tally.summary(self.dry_run, session.json());
        match took {
            Ok(()) if tally.refused == 0 => Ok(report + &summary),
            Ok(()) => Err(Error::Partly(format!("not everything was imported: {}", tally.numbers()))),
            Err(error) => {
                note(&format!("broken off: {}; run it again to go on", tally.numbers()));
                Err(error)
            }
        }
    }

    /// One line: its context, and what came of it.
    fn line(&self, client: &Client, line: &str) -> Result<(Json, Applied)> {
        let wrong = |reason: &str| Error::usage(format!("{reason}; a line is {{\"context\": {{…}}, \"data\": {{…}}}}"));
        let line = Json::parse(line).map_err(|reason| wrong(&reason))?;
        let members = line.object().ok_or_else(|| wrong("it is no object"))?;
        let context = members.get("context").ok_or_else(|| wrong("it has no context"))?;
        let data = members.get("data").and_then(Json::object).ok_or_else(|| wrong("its data is no object"))?;
        if members.len() > 2 {
            return Err(wrong("it has other members"));
        }
        let mut retry = Retry::within(NO_ANSWER);
        loop {
            match self.apply(client, context, data) {
                // Sent again it changes nothing twice: the revision would be another one.
                Err(Error::Unreachable { .. } | Error::Fault(_)) if retry.again() => {}
                applied => return Ok((context.clone(), applied?)),
            }
        }
    }

    /// What would change; nothing when it has been changed.
    fn describe(&self, applied: &Applied, head: &str) -> String {
        if !self.dry_run || applied.changes.is_empty() {
            return String::new();
        }
        head.chars()
            .chain(applied.changes.iter().flat_map(|change| change.line(self.show).chars().collect::<Vec<_>>()))
            .collect()
    }
}

impl Tally {
    fn count(&mut self, applied: &Applied) {
        match (applied.changes.is_empty(), applied.is_new) {
            (true, _) => self.unchanged += 1,
            (false, true) => self.created += 1,
            (false, false) => self.changed += 1,
        }
    }

    fn numbers(&self) -> String {
        let Self { created, changed, unchanged, refused } = self;
        let refused = if *refused > 0 { format!(", {refused} refused") } else { String::new() };
        format!("{created} created, {changed} changed, {unchanged} unchanged{refused}")
    }

    fn summary(&self, dry_run: bool, as_json: bool) -> String {
        let Self { created, changed, unchanged, .. } = self;
        if as_json {
            let numbers = serde_json::json!({ "created": created, "changed": changed, "unchanged": unchanged, "dryRun": dry_run });
            return output::json(&numbers);
        }
        let would = if dry_run { "would be: " } else { "" };
        format!("{would}{}\n", self.numbers())
    }
}

/// What keeps lines in order: those of one context are applied one after the other, however it is written.
fn context_of(number: usize, (_, line): &(usize, String)) -> String {
    let members = json::members(line).unwrap_or_default();
    let Some(context) = json::member(&members, "context") else { return number.to_string() };
    // The service refuses what is no context.
    serde_json::from_str::<configuration::Context>(context)
        .map_or_else(|_| context.to_owned(), |known| known.canonical())
}

/// Of so many bytes, or of unknown length.
pub(super) fn bar(length: u64) -> ProgressBar {
    let bar = if length > 0 { ProgressBar::new(length) } else { ProgressBar::new_spinner() };
    let template = if length > 0 { "{wide_bar} {percent} % {eta} {msg}" } else { "{spinner} {elapsed} {msg}" };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_the_same_however_it_is_written() {
        let key =
            |number, context: &str| context_of(number, &(number, format!(r#"{{"data":{{}},"context":{context}}}"#)));
        let one = key(1, r#"{"personId":"p","mobile_app_id":"m"}"#);
        for same in [
            r#"{ "mobile_app_id" : "m", "personId":"p" }"#,
            r#"{"mobile_app_id":"\u006d","personId":"p","internal":false}"#,
        ] {
            assert_eq!(key(2, same), one, "{same}");
        }
        for other in
            [r#"{"personId":"p","mobile_app_id":"m","internal":true}"#, r#"{"personId":"p"}"#, r#"{"appId":"p"}"#]
        {
            assert_ne!(key(2, other), one, "{other}");
        }
        assert_ne!(context_of(1, &(1, String::new())), context_of(2, &(2, String::new())));
    }
}
