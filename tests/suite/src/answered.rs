//! Which statuses the operations have answered in a run: the native runtime appends each answer to a file, and a
//! complete run is compared with the OpenAPI documents and the operation rows. A documented status that no case produces
//! fails the run, and so does an operation that never named an entry of the audit log where it must: unless
//! `uncovered.txt` lists it. That list may only shrink.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError},
};

use policy::Access;

use crate::{
    documented::{self, matches},
    rows,
    runtime::root,
};

/// Words of operations that are reads and hold no secrets, although they are no `GET`: only their refusal is an entry.
const READS: [&str; 5] = ["audit.read", "authorization.list", "config.fetch", "extension.status", "portal.introspect"];

/// Words of operations that no known caller is refused.
const OPEN: [&str; 1] = ["license.read-own"];

/// Words of deletions that may find nothing to delete.
const IDLE: [&str; 1] = ["developer.log-out"];

/// Names the file for the native runtime.
pub const VARIABLE: &str = "CHANCERY_ANSWERED";

/// Appends answers to a file, each by one write.
pub struct Recorder(Mutex<File>);

impl Recorder {
    /// `None` where no file is named.
    pub fn from_env() -> Option<Self> {
        let file = OpenOptions::new().append(true).create(true).open(std::env::var_os(VARIABLE)?).ok()?;
        Some(Self(Mutex::new(file)))
    }

    /// `named` says whether the answer named an entry of the audit log.
    pub fn record(&self, method: &str, path: &str, status: u16, named: bool) {
        let entry = if named { "entry" } else { "-" };
        let line = format!("{method} {path} {status} {entry}\n");
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
    }
}

static FILE: OnceLock<PathBuf> = OnceLock::new();

/// From now on native deployments record what they answer.
pub fn start() -> Result<(), String> {
    let path = std::env::temp_dir().join(format!("chancery-answered-{}", std::process::id()));
    File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    FILE.set(path).map_err(|_| "recorded already".to_owned())
}

/// The file of this run, if answers are recorded.
pub fn file() -> Option<&'static Path> {
    FILE.get().map(PathBuf::as_path)
}

/// What the answers in this file lack, as `GET /caas/sd 200` for a documented status, and for entries of the audit log as
/// `PATCH /caas/sd done entry` or `… refused entry` where no answer names one, and `PUT /caas/sd 200 without its entry` for
/// an answer to a change that does not; and what the list holds although nothing lacks it.
pub fn compare(answers: &Path) -> Result<(Vec<String>, Vec<String>), String> {
    let answers = fs::read_to_string(answers).map_err(|error| error.to_string())?;
    let answers: BTreeSet<&str> = answers.lines().collect();
    let answers: Vec<Answer> = answers.into_iter().filter_map(Answer::parse).collect();
    let list = root().join("tests/suite/uncovered.txt");
    let listed = fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    let listed: BTreeSet<String> = listed.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    let operations = documented::operations()?;
    let statuses = operations.iter().flat_map(|it| {
        let answered = |status: &u16| {
            let status = status.to_string();
            answers.iter().any(|answer| answer.is_of(&it.method, &it.path) && answer.status == status)
        };
        let missing = it.statuses.iter().filter(move |status| !answered(status));
        missing.map(|status| format!("{} {} {status}", it.method, it.path))
    });
    let rows = rows::all();
    let entries = rows.iter().filter(|row| row.audit.is_some()).flat_map(|row| {
        let named = |answer: &&Answer<'_>| answer.is_entry && answer.is_of(&row.method, &row.path);
        let word = row.audit.unwrap_or_default();
        let done = row.method == "GET"
            || READS.contains(&word)
            || answers.iter().filter(named).any(|answer| answer.status.starts_with('2'));
        // Who has no licence, no token and no session is a stranger, of whom nothing is recorded.
        let open = matches!(row.access, Access::Anyone | Access::AdminToken) || OPEN.contains(&word);
        let refused = open || answers.iter().filter(named).any(|answer| answer.status.starts_with('4'));
        let missing = [("done", done), ("refused", refused)].into_iter().filter(|(_, found)| !found);
        missing.map(|(outcome, _)| format!("{} {} {outcome} entry", row.method, row.path)).collect::<Vec<_>>()
    });
    // These answers tell of a change, whatever the operation: a creation, and every PUT and DELETE that was done.
    let unnamed = rows.iter().filter_map(|row| Some((row, row.audit?))).flat_map(|(row, word)| {
        let changes = |answer: &&Answer<'_>| {
            answer.status == "201"
                || (answer.status.starts_with('2') && matches!(row.method.as_str(), "PUT" | "DELETE"))
        };
        let of_row = answers.iter().filter(|answer| !answer.is_entry && answer.is_of(&row.method, &row.path));
        of_row
            .filter(changes)
            .filter(|_| !IDLE.contains(&word))
            .map(|answer| format!("{} {} {} without its entry", row.method, row.path, answer.status))
            .collect::<Vec<_>>()
    });
    let missing: BTreeSet<String> = statuses.chain(entries).chain(unnamed).collect();
    Ok((missing.difference(&listed).cloned().collect(), listed.difference(&missing).cloned().collect()))
}

struct Answer<'a> {
    method: &'a str,
    path: &'a str,
    status: &'a str,
    is_entry: bool,
}

impl<'a> Answer<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (rest, entry) = line.rsplit_once(' ')?;
        let (rest, status) = rest.rsplit_once(' ')?;
        let (method, path) = rest.split_once(' ')?;
        Some(Self { method, path, status, is_entry: entry == "entry" })
    }

    /// The portal's operations are served under `/portal` as well.
    fn is_of(&self, method: &str, template: &str) -> bool {
        self.method == method
            && (matches(template, self.path)
                || self.path.strip_prefix("/portal").is_some_and(|path| matches(template, path)))
    }
}
