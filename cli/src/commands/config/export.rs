//! `chancery config export`: configurations as files, which `import` reads again.

use std::io::{self, BufWriter, Write};

use clap::Args;

use super::{Context, import::bar, stored};
use crate::{
    Error, Result,
    client::Client,
    commands::Session,
    formats::Format,
    input,
    json::{Json, Members},
    parallel,
};

#[derive(Args)]
pub(crate) struct Export {
    #[command(flatten)]
    context: Context,
    #[arg(
        long,
        value_enum,
        default_value = "json",
        default_value_if("contexts", clap::builder::ArgPredicate::IsPresent, "jsonl")
    )]
    format: Format,
    /// Many configurations: the file with a context on each line, or {"context": {…}}, or - for standard input
    #[arg(long, value_name = "FILE")]
    contexts: Option<String>,
    /// Of many configurations, so many at a time
    #[arg(long, default_value = "8", value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
}

impl Export {
    pub fn run(&self, session: &Session) -> Result<String> {
        let client = session.client()?;
        let Some(file) = &self.contexts else {
            let context = self.context.json()?;
            let (_, stored) = stored(&client, &context)?;
            if self.format == Format::Jsonl {
                return Ok(line(context, stored));
            }
            return self.format.write(&stored).map_err(Error::usage);
        };
        if self.format != Format::Jsonl || self.context.is_given() {
            return Err(Error::usage("many configurations are written as jsonl, each with its context"));
        }
        self.many(&client, file)?;
        Ok(String::new())
    }

    fn many(&self, client: &Client, file: &str) -> Result<()> {
        let (lines, length) = input::lines(file)?;
        let (bar, mut out) = (bar(length), BufWriter::new(io::stdout().lock()));
        let work = |(number, text): (usize, String)| {
            let exported = if text.trim().is_empty() { Ok(String::new()) } else { one(client, number, &text) };
            exported.map(|line| (text.len() as u64 + 1, line))
        };
        parallel::in_order(
            self.jobs.into(),
            lines,
            |number, _| number,
            work,
            |exported| {
                let (bytes, line) = exported?;
                bar.inc(bytes);
                out.write_all(line.as_bytes()).map_err(|error| Error::usage(format!("standard output: {error}")))
            },
        )?;
        bar.finish_and_clear();
        out.flush().map_err(|error| Error::usage(format!("standard output: {error}")))
    }
}

fn one(client: &Client, number: usize, text: &str) -> Result<String> {
    let wrong = |reason: String| Error::usage(format!("line {number}: {reason}"));
    let json = Json::parse(text).map_err(wrong)?;
    let context = json.object().and_then(|members| members.get("context")).unwrap_or(&json).clone();
    let (_, stored) = stored(client, &context)?;
    Ok(line(context, stored))
}

fn line(context: Json, stored: Members) -> String {
    let members = Members::from([("context".to_owned(), context), ("data".to_owned(), Json::Object(stored))]);
    format!("{}\n", Json::Object(members))
}
