//! `chancery root-key`: a new root key, and moving every data key over to it while requests go on.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use crypto::{Zeroizing, base64, seal::HYBRID};
use indicatif::{ProgressBar, ProgressStyle};
use model::caas::RootKeyStatus;

use super::{Session, note, now, ring_file};
use crate::{
    Error, Result,
    client::{Client, random},
    json, output,
    request::Request,
};

/// Calls without headway after which a rotation gives up: something else writes under an older root key.
const MAX_IDLE_STEPS: u32 = 10;

#[derive(Subcommand)]
pub(super) enum RootKey {
    /// Make a new root key and put it in front of ROOT_KEY in the local .dev.vars
    Add(Add),
    /// Wrap every data key again by the newest root key; may be stopped and run again at any time
    Rotate,
    /// Which root keys the deployment holds, and how many data keys an older one still wraps
    Status,
}

#[derive(Args)]
pub(super) struct Add {
    /// Name of the new key: up to 32 letters, digits, _ and -; today's date if not given
    #[arg(long)]
    id: Option<String>,
    /// The file, if not the nearest .dev.vars
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Make a key of X25519 and ML-KEM-768 together: data keys are then wrapped by both
    #[arg(long)]
    hybrid: bool,
    /// Change no file; print the new entry for a ring that is kept elsewhere
    #[arg(long, conflicts_with = "file")]
    print: bool,
}

impl RootKey {
    pub fn run(&self, session: &Session) -> Result<String> {
        match self {
            Self::Add(add) => add.run(),
            Self::Status => {
                let status = ask(&session.client()?, "GET", "/caas/root-key")?;
                Ok(if session.json() { as_json(&status)? } else { describe(&status) })
            }
            Self::Rotate => {
                let status = rotate(&session.client()?)?;
                Ok(if session.json() { as_json(&status)? } else { finished(&status) })
            }
        }
    }
}

impl Add {
    fn run(&self) -> Result<String> {
        let key = Zeroizing::new(base64::encode(&*Zeroizing::new(random::<32>()?)));
        let kind = if self.hybrid { format!("{HYBRID}:") } else { String::new() };
        let day = today();
        if self.print {
            let id = self.id.as_ref().unwrap_or(&day);
            note("Put this in front of the ring, with a comma behind it, and give the ring to every function.");
            return Ok(format!("{id}:{kind}{}\n", *key));
        }
        let here = std::env::current_dir().map_err(|error| Error::usage(format!("no working directory: {error}")))?;
        let path = self.file.clone().map_or_else(|| ring_file::find(&here), Ok)?;
        let id = self.id.clone().map_or_else(|| ring_file::free_id(&path, &day), Ok)?;
        let ids = ring_file::prepend(&path, &Zeroizing::new(format!("{id}:{kind}{}", *key)))?;
        Ok(format!(
            "{id} is now the newest root key in {} (ring: {}).\n\
             \n\
             Here:      start scripts/up again, then run `chancery root-key rotate`.\n\
             Elsewhere: this file is for the local deployment only. `chancery root-key add --print` makes an entry for another one; put\n\
             \u{20}          it in front of the ring that is kept there.\n\
             \u{20}          Workers: write the ring into the file of secrets, then `scripts/deploy --secrets FILE`, which gives it to\n\
             \u{20}          every function that takes it; first with the new entry last, then with it in front (docs/deploying.md).\n\
             \u{20}          Spin: set the variable root_key (SPIN_VARIABLE_ROOT_KEY, or its provider), then restart.\n\
             Then rotate there too; no root key may leave a ring before that.\n",
            path.display(),
            ids.join(", ")
        ))
    }
}

fn rotate(client: &Client) -> Result<RootKeyStatus> {
    let mut status = ask(client, "GET", "/caas/root-key")?;
    let (total, mut idle) = (status.remaining, 0);
    let bar = ProgressBar::new(total).with_message(format!("re-wrapping under {}", status.newest));
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    while status.remaining > 0 {
        let next = ask(client, "POST", "/caas/root-key/rewrap")?;
        idle = if next.remaining < status.remaining { 0 } else { idle + 1 };
        if idle == MAX_IDLE_STEPS {
            bar.abandon();
            let message =
                format!("{} data keys stay behind: does some function still have the old ring?", next.remaining);
            return Err(Error::Fault(message));
        }
        if idle > 0 {
            std::thread::sleep(Duration::from_millis(200));
        }
        bar.set_position(total.saturating_sub(next.remaining));
        status = next;
    }
    bar.finish_and_clear();
    Ok(status)
}

fn ask(client: &Client, method: &'static str, path: &str) -> Result<RootKeyStatus> {
    let reply = Request::new(method, path).send(client)?;
    serde_json::from_slice(&reply.body)
        .map_err(|error| Error::Fault(format!("the answer of {path} cannot be read: {}", json::fault(&error))))
}

fn as_json(status: &RootKeyStatus) -> Result<String> {
    let status = serde_json::to_value(status).map_err(|error| Error::usage(error.to_string()))?;
    Ok(output::json(&status))
}

fn describe(status: &RootKeyStatus) -> String {
    output::fields(&[
        ("newest", status.newest.clone()),
        ("ring", status.ring.join(", ")),
        ("data keys under older ones", status.remaining.to_string()),
    ])
}

fn finished(status: &RootKeyStatus) -> String {
    let old: Vec<_> = status.ring.iter().map(String::as_str).filter(|id| *id != status.newest).collect();
    let newest = &status.newest;
    if old.is_empty() {
        return format!(
            "Every data key is wrapped by {newest}, the only root key. `chancery root-key add` makes another.\n"
        );
    }
    format!(
        "Every data key is wrapped by {newest}. From ROOT_KEY may be dropped: {}.\n\
         Keep them as long as you keep backups from before, and until every function has the new ring.\n",
        old.join(", ")
    )
}

fn today() -> String {
    now().split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn status(ring: &[&str]) -> RootKeyStatus {
        let ring: Vec<_> = ring.iter().map(|&id| id.to_owned()).collect();
        RootKeyStatus { newest: ring.first().cloned().unwrap_or_default(), ring, rewrapped: 0, remaining: 0 }
    }

    #[test]
    fn only_older_keys_may_be_dropped() {
        assert!(finished(&status(&["c", "b", "a"])).contains("may be dropped: b, a."));
        assert!(finished(&status(&["c"])).contains("the only root key"));
    }

    #[test]
    fn what_is_printed_may_stand_in_a_ring() {
        let add = |hybrid| Add { id: None, file: None, hybrid, print: true }.run().unwrap();
        let (plain, hybrid) = (add(false), add(true));
        assert_eq!((plain.matches(':').count(), hybrid.matches(HYBRID).count()), (1, 1));
        for entry in [plain, hybrid] {
            assert_eq!(crypto::seal::RootKeys::parse(&entry).unwrap().newest_id(), today(), "{entry}");
        }
    }
}
