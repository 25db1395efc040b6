//! Configuration, as it is measured: answered by copies and not, small and by paths of something larger, and set.

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use chancery_tests::variables::random_bytes;
use crypto::hash;
use rusqlite::Connection;

use crate::{
    caller::Caller,
    operation::{Api, signed},
};

/// How many configurations there are of which each is asked for once in a while: it takes longer than copies live until
/// one comes again.
const STORED: u32 = 100_000;

/// Those that are fetched again and again: the first whole, the second by five of its paths.
const SMALL: &str = "small";
const LARGE: &str = "large";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// 1 KB that a copy in the instance answers.
    Copy,
    /// Another configuration each time, so that there is never a copy.
    NoCopy,
    Fresh,
    /// Five paths of 20 KB.
    PathsCopy,
    PathsFresh,
    /// One path of another configuration each time.
    Set,
}

impl Request {
    pub const ALL: [Self; 6] = [Self::Copy, Self::NoCopy, Self::Fresh, Self::PathsCopy, Self::PathsFresh, Self::Set];

    pub fn name(self) -> &'static str {
        match self {
            Self::Copy => "config/fetch, a copy",
            Self::NoCopy => "config/fetch, no copy",
            Self::Fresh => "config/fetch, read_fresh",
            Self::PathsCopy => "config/fetch, 5 paths of 20 KB, a copy",
            Self::PathsFresh => "config/fetch, 5 paths of 20 KB, read_fresh",
            Self::Set => "config PUT",
        }
    }

    /// Reads that ask storage.
    pub fn is_read(self) -> bool {
        matches!(self, Self::NoCopy | Self::Fresh | Self::PathsFresh)
    }

    pub fn bytes(self, caller: &Caller) -> Vec<u8> {
        match self {
            Self::Copy => get(caller, SMALL, false),
            Self::NoCopy => get(caller, &next(), false),
            Self::Fresh => get(caller, SMALL, true),
            Self::PathsCopy => fetch(caller, "", &five_paths()),
            Self::PathsFresh => fetch(caller, "?read_fresh=true", &five_paths()),
            Self::Set => {
                let value = hash::hex(&random_bytes::<4>());
                let body = format!(r#"{{"context":{{"appId":"{}"}},"data":"{value}"}}"#, next());
                signed(caller, Api::Caas, "PUT", "/caas/config/limits.value", &body)
            }
        }
    }
}

/// What puts in place what is fetched again and again.
pub fn prepare(caller: &Caller) -> [Vec<u8>; 2] {
    [(SMALL, 10), (LARGE, 750)].map(|(app, length)| put(caller, app, &document(&"x".repeat(length))))
}

/// Twenty-six members, each with this text.
pub fn document(text: &str) -> String {
    let members: Vec<_> = ('a'..='z').map(|name| format!(r#""{name}":{{"value":1,"text":"{text}"}}"#)).collect();
    format!("{{{}}}", members.join(","))
}

/// Sets a whole configuration.
pub fn put(caller: &Caller, app: &str, document: &str) -> Vec<u8> {
    let body = format!(r#"{{"context":{{"appId":"{app}"}},"data":{document}}}"#);
    signed(caller, Api::Caas, "PUT", "/caas/config/data", &body)
}

/// Fetches a whole configuration, by a copy where there is one.
pub fn get(caller: &Caller, app: &str, is_fresh: bool) -> Vec<u8> {
    fetch(caller, if is_fresh { "?read_fresh=true" } else { "" }, &of(app))
}

/// Writes the others into the database file of a stopped deployment, each of 100 bytes.
pub fn fill(database: &Path) -> rusqlite::Result<()> {
    let mut connection = Connection::open(database)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare(
            "INSERT INTO configs (context_key, context, data, revision, updated_by, updated_at) \
             VALUES (?1, ?2, ?3, 1, 'filler', 0) ON CONFLICT DO NOTHING",
        )?;
        let data = format!(r#"{{"limits":{{"value":1}},"text":"{}"}}"#, "x".repeat(66));
        for number in 0..STORED {
            let context = format!(r#"{{"appId":"{}"}}"#, app(number));
            insert.execute((hash::hex(&hash::sha256(&[context.as_bytes()])), context, &data))?;
        }
    }
    transaction.commit()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

fn app(number: u32) -> String {
    format!("filler-{number}")
}

fn next() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    app(NEXT.fetch_add(1, Ordering::Relaxed) % STORED)
}

fn of(app: &str) -> String {
    format!(r#"{{"context":{{"appId":"{app}"}}}}"#)
}

fn five_paths() -> String {
    let paths = r#"["a.value","h.value","p.value","t.value","z.value"]"#;
    format!(r#"{{"context":{{"appId":"{LARGE}"}},"key_paths":{paths}}}"#)
}

fn fetch(caller: &Caller, query: &str, body: &str) -> Vec<u8> {
    signed(caller, Api::Caas, "POST", &format!("/caas/config/fetch{query}"), body)
}
