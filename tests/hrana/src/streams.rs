//! Streams: each is a connection. One that is kept between two requests is named by a baton, which is good once, and
//! ends when nobody asks for it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use libsql_hrana::proto::Error;
use rusqlite::Connection;

use crate::sqlite;

/// How long a stream waits for its next request.
const LIFETIME: Duration = Duration::from_secs(10);

pub(crate) struct Streams {
    file: PathBuf,
    /// Connections without a stream.
    idle: Mutex<Vec<Connection>>,
    waiting: Mutex<HashMap<String, (Instant, Connection)>>,
}

impl Streams {
    pub(crate) fn over(file: &Path) -> Self {
        Self { file: file.to_owned(), idle: Mutex::default(), waiting: Mutex::default() }
    }

    /// The connection of a stream, or a new one.
    pub(crate) fn take(&self, baton: Option<&str>) -> Result<Connection, Error> {
        let Some(baton) = baton else {
            let idle = lock(&self.idle).pop();
            return idle.map_or_else(|| sqlite::connect(&self.file).map_err(|error| sqlite::failure(&error)), Ok);
        };
        let expired = || Error { message: "The stream has expired".to_owned(), code: "STREAM_EXPIRED".to_owned() };
        let mut waiting = lock(&self.waiting);
        waiting.retain(|_, (since, _)| since.elapsed() < LIFETIME);
        waiting.remove(baton).map(|(_, connection)| connection).ok_or_else(expired)
    }

    /// Keeps the connection of a stream for its next request, under a new baton that nobody can guess.
    pub(crate) fn keep(&self, connection: Connection) -> Option<String> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).ok()?;
        let baton: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        lock(&self.waiting).insert(baton.clone(), (Instant::now(), connection));
        Some(baton)
    }

    /// Ends a stream. What it has not committed is rolled back.
    pub(crate) fn close(&self, connection: Connection) {
        if connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok() {
            lock(&self.idle).push(connection);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
