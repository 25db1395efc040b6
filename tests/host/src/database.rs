//! A SQLite connection that statements of several requests may share: they wait for one another in
//! order, and run where blocking is allowed. The meaning of rows and errors is not here.

use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// How long a statement waits for another connection's lock, as in Spin.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Database(Arc<Mutex<Connection>>);

impl Database {
    /// Opens a handle of its own. Journal mode and synchronous stay as SQLite has them: delete, full.
    pub async fn open(path: Arc<Path>) -> rusqlite::Result<Self> {
        let open = tokio::task::spawn_blocking(move || {
            let connection = Connection::open(path)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            connection.pragma_update(None, "foreign_keys", true)?;
            Ok(connection)
        });
        let connection = open.await.unwrap_or_else(|_| Err(stopped()))?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Starts `work` as soon as whatever was started before it on this connection has ended.
    pub async fn start<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> R + Send + 'static,
    ) -> JoinHandle<R> {
        let connection = Arc::clone(&self.0).lock_owned().await;
        tokio::task::spawn_blocking(move || work(&connection))
    }

    pub async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<R> + Send + 'static,
    ) -> rusqlite::Result<R> {
        let running = self.start(work).await;
        running.await.unwrap_or_else(|_| Err(stopped()))
    }
}

/// The blocking task was lost, which happens only while the host is stopping.
fn stopped() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_INTERRUPT),
        Some("the host is stopping".to_owned()),
    )
}
