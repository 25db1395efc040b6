//! The functions linked into an ordinary program, over rusqlite: for tests, and as the limit in benchmarks.

mod fetch;
pub(crate) mod postgres;
mod sqlite;
mod writer;

use std::{collections::HashMap, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::extract::ConnectInfo;

pub(crate) use fetch::fetch;
pub use sqlite::Sqlite;

use crate::{
    DoesNotOpen, Host, RsaPadding, SqlError, Task, Vars,
    libsql::{LibSql, Server},
};

pub(crate) const SELECT_MISSING_MIGRATIONS: &str =
    "SELECT value AS name FROM json_each(?1) WHERE value NOT IN (SELECT name FROM schema_migrations)";

/// A host over the libSQL server that the variables name, or over one database file.
pub async fn open(database: &Path, vars: HashMap<String, String>) -> Result<Host, SqlError> {
    let vars = MapVars(vars);
    match Server::from_vars(&vars).await? {
        Some(server) => Ok(Host { sql: Arc::new(LibSql::open(server).await?), kv: None, vars: Arc::new(vars) }),
        None => host(database, vars.0),
    }
}

/// A host over one database file and a set of variables.
pub fn host(database: &Path, vars: HashMap<String, String>) -> Result<Host, SqlError> {
    Ok(Host { sql: Arc::new(Sqlite::open(database)?), kv: None, vars: Arc::new(MapVars(vars)) })
}

struct MapVars(HashMap<String, String>);

impl Vars for MapVars {
    fn get(&self, name: &'static str) -> Task<'_, Option<String>> {
        let value = self.0.get(name).filter(|value| !value.is_empty()).cloned();
        Box::pin(std::future::ready(value))
    }
}

pub(crate) fn later(_extensions: &http::Extensions, task: Task<'static, ()>) {
    tokio::spawn(ahead(AHEAD.try_with(|time| *time).unwrap_or_default(), task));
}

tokio::task_local! {
    static AHEAD: Duration;
}

/// Does some work as if so much more time had passed, for tests of what happens when it has. What else is done at the
/// same time notices nothing. No shipped function can do this: they are built for other runtimes.
pub async fn ahead<T>(time: Duration, work: impl Future<Output = T>) -> T {
    AHEAD.scope(time, work).await
}

/// The peer of the connection, where the server passes it on.
pub(crate) fn client_address(_headers: &http::HeaderMap, extensions: &http::Extensions) -> Option<String> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.to_string())
}

/// This host has no RSA.
pub(crate) fn generate_rsa_key(_bits: u32) -> Task<'static, Option<Vec<u8>>> {
    Box::pin(std::future::ready(None))
}

pub(crate) fn sign_rsa<'a>(_pkcs8: &'a [u8], _padding: RsaPadding, _message: &'a [u8]) -> Task<'a, Option<Vec<u8>>> {
    Box::pin(std::future::ready(None))
}

pub(crate) fn decrypt_rsa<'a>(
    _pkcs8: &'a [u8],
    _encrypted: &'a [u8],
) -> Task<'a, Option<Result<Vec<u8>, DoesNotOpen>>> {
    Box::pin(std::future::ready(None))
}

pub(crate) fn sleep(time: Duration) -> Task<'static, ()> {
    Box::pin(tokio::time::sleep(time))
}

pub(crate) fn now_ms() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let elapsed = elapsed + AHEAD.try_with(|time| *time).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn log_error(line: &str) {
    eprintln!("{line}");
}
