//! `spin:sqlite`: statements, their columns, rows and outcome. As in Spin, only the first statement
//! of a text runs, and whatever goes wrong with it shows in the outcome, never in `execute-async`.

use crate::bindings::spin::sqlite::sqlite::{
    Connection as Handle, Error, Host, HostConnection, HostConnectionWithStore, QueryResult, RowResult, Value,
};
use crate::database::Database;
use crate::guest::Guest;
use crate::rows::RowStream;
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::types::{Value as Stored, ValueRef};
use rusqlite::{Batch, Connection, Statement};
use std::ops::DerefMut;
use tokio::sync::{mpsc, oneshot};
use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

/// Rows that may wait for the guest, as in Spin. A result that nobody reads holds its connection.
const WAITING_ROWS: usize = 4;

type Outcome = Result<(), Error>;

/// A statement that is under way.
struct Running {
    columns: Vec<String>,
    rows: mpsc::Receiver<RowResult>,
    outcome: oneshot::Receiver<Outcome>,
}

impl Database {
    /// Returns when the columns are known; the statement goes on as its rows are read.
    async fn execute(&self, text: String, parameters: Vec<Value>) -> Running {
        let (columns_to, columns) = oneshot::channel();
        let (rows_to, rows) = mpsc::channel(WAITING_ROWS);
        let (outcome_to, outcome) = oneshot::channel();
        self.start(move |connection| {
            let ended = run(connection, &text, parameters, columns_to, |row| rows_to.blocking_send(row).is_ok());
            // The receiver is gone when the guest does not care.
            let _ = outcome_to.send(ended.map_err(failed));
        })
        .await;
        Running { columns: columns.await.unwrap_or_default(), rows, outcome }
    }
}

/// Runs the first statement of `text`, handing out rows until `send` says that nobody wants more.
fn run(
    connection: &Connection,
    text: &str,
    parameters: Vec<Value>,
    columns_to: oneshot::Sender<Vec<String>>,
    send: impl Fn(RowResult) -> bool,
) -> rusqlite::Result<()> {
    let mut statement = prepare(connection, text)?;
    let names = statement.column_names();
    let width = names.len();
    let _ = columns_to.send(names.into_iter().map(str::to_owned).collect());

    let mut rows = statement.query(rusqlite::params_from_iter(parameters.into_iter().map(Stored::from)))?;
    while let Some(row) = rows.next()? {
        let values = (0..width).map(|column| row.get_ref(column).map(Value::from)).collect::<rusqlite::Result<_>>()?;
        if !send(RowResult { values }) {
            break;
        }
    }
    Ok(())
}

/// Statements are kept prepared, except where others stand behind them, which that refuses.
fn prepare<'c>(
    connection: &'c Connection,
    text: &'c str,
) -> rusqlite::Result<Box<dyn DerefMut<Target = Statement<'c>> + 'c>> {
    if let Ok(kept) = connection.prepare_cached(text) {
        return Ok(Box::new(kept));
    }
    match Batch::new(connection, text).next()? {
        Some(first) => Ok(Box::new(Box::new(first))),
        None => Err(rusqlite::Error::InvalidQuery),
    }
}

fn failed(error: rusqlite::Error) -> Error {
    Error::Io(error.to_string())
}

impl From<Value> for Stored {
    fn from(value: Value) -> Self {
        match value {
            Value::Integer(integer) => Self::Integer(integer),
            Value::Real(real) => Self::Real(real),
            Value::Text(text) => Self::Text(text),
            Value::Blob(blob) => Self::Blob(blob),
            Value::Null => Self::Null,
        }
    }
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Integer(integer) => Self::Integer(integer),
            ValueRef::Real(real) => Self::Real(real),
            ValueRef::Text(text) => Self::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(blob) => Self::Blob(blob.to_vec()),
            ValueRef::Null => Self::Null,
        }
    }
}

impl Guest {
    fn connection(&self, handle: &Resource<Handle>) -> Result<Database, Error> {
        let connection = self.table.get(handle);
        connection.cloned().map_err(|_| Error::InvalidConnection)
    }

    fn keep(&mut self, connection: Database) -> Result<Resource<Handle>, Error> {
        self.table.push(connection).map_err(|_| Error::Io("too many connections are open".to_owned()))
    }
}

impl Host for Guest {}

/// What WASI 0.2 guests use: each call occupies the instance until it is done.
impl HostConnection for Guest {
    async fn open(&mut self, label: String) -> Result<Resource<Handle>, Error> {
        let path = self.grants.database(&label)?;
        let connection = Database::open(path).await.map_err(failed)?;
        self.keep(connection)
    }

    async fn execute(
        &mut self,
        handle: Resource<Handle>,
        text: String,
        parameters: Vec<Value>,
    ) -> Result<QueryResult, Error> {
        let connection = self.connection(&handle)?;
        let mut running = connection.execute(text, parameters).await;
        let mut rows = Vec::new();
        while let Some(row) = running.rows.recv().await {
            rows.push(row);
        }
        running.outcome.await.unwrap_or(Ok(()))?;
        Ok(QueryResult { columns: running.columns, rows })
    }

    async fn last_insert_rowid(&mut self, handle: Resource<Handle>) -> wasmtime::Result<i64> {
        let connection = self.connection(&handle)?;
        Ok(connection.run(|c| Ok(c.last_insert_rowid())).await?)
    }

    async fn changes(&mut self, handle: Resource<Handle>) -> wasmtime::Result<u64> {
        let connection = self.connection(&handle)?;
        Ok(connection.run(|c| Ok(c.changes())).await?)
    }
}

impl<T> HostConnectionWithStore<T> for HasSelf<Guest> {
    async fn open_async(accessor: &Accessor<T, Self>, label: String) -> Result<Resource<Handle>, Error> {
        let path = accessor.with(|mut access| access.get().grants.database(&label))?;
        let connection = Database::open(path).await.map_err(failed)?;
        accessor.with(|mut access| access.get().keep(connection))
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        handle: Resource<Handle>,
        text: String,
        parameters: Vec<Value>,
    ) -> Result<(Vec<String>, StreamReader<RowResult>, FutureReader<Outcome>), Error> {
        let connection = accessor.with(|mut access| access.get().connection(&handle))?;
        let running = connection.execute(text, parameters).await;
        let readers = accessor.with(|mut access| {
            let rows = StreamReader::new(&mut access, RowStream(running.rows))?;
            let outcome = FutureReader::new(&mut access, running.outcome)?;
            wasmtime::error::Ok((rows, outcome))
        });
        let (rows, outcome) = readers.map_err(|error| Error::Io(error.to_string()))?;
        Ok((running.columns, rows, outcome))
    }

    async fn last_insert_rowid_async(accessor: &Accessor<T, Self>, handle: Resource<Handle>) -> wasmtime::Result<i64> {
        let connection = accessor.with(|mut access| access.get().connection(&handle))?;
        Ok(connection.run(|c| Ok(c.last_insert_rowid())).await?)
    }

    async fn changes_async(accessor: &Accessor<T, Self>, handle: Resource<Handle>) -> wasmtime::Result<u64> {
        let connection = accessor.with(|mut access| access.get().connection(&handle))?;
        Ok(connection.run(|c| Ok(c.changes())).await?)
    }

    async fn drop(accessor: &Accessor<T, Self>, handle: Resource<Handle>) -> wasmtime::Result<()> {
        accessor.with(|mut access| access.get().table.delete(handle))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing statement fails the test")]
    use super::*;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    async fn memory() -> Database {
        Database::open(Path::new(":memory:").into()).await.unwrap()
    }

    async fn all(database: &Database, text: &str) -> Result<Vec<Vec<Value>>, Error> {
        let mut running = database.execute(text.to_owned(), Vec::new()).await;
        let mut rows = Vec::new();
        while let Some(row) = running.rows.recv().await {
            rows.push(row.values);
        }
        running.outcome.await.unwrap().map(|()| rows)
    }

    fn shown(rows: Result<Vec<Vec<Value>>, Error>) -> String {
        format!("{:?}", rows.unwrap())
    }

    #[tokio::test]
    async fn only_the_first_statement_of_a_text_runs() {
        let database = memory().await;
        all(&database, "CREATE TABLE t (v); INSERT INTO t VALUES (1);").await.unwrap();
        assert_eq!(shown(all(&database, "SELECT count(*) FROM t;").await), "[[Value::Integer(0)]]");
    }

    #[tokio::test]
    async fn an_error_shows_in_the_outcome_alone() {
        let database = memory().await;
        let running = database.execute("nonsense".to_owned(), Vec::new()).await;
        assert!(running.columns.is_empty());
        assert!(matches!(running.outcome.await.unwrap(), Err(Error::Io(text)) if text.contains("syntax error")));
    }

    #[tokio::test]
    async fn an_unread_result_holds_its_connection_until_it_is_dropped() {
        const ENDLESS: &str = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c";
        let database = memory().await;
        let unread = database.execute(ENDLESS.to_owned(), Vec::new()).await;
        assert_eq!(unread.columns, ["x"]);
        let waiting = tokio::time::timeout(Duration::from_millis(50), all(&database, "SELECT 1")).await;
        assert!(waiting.is_err(), "the connection should be busy");
        drop(unread);
        assert_eq!(shown(all(&database, "SELECT 1").await), "[[Value::Integer(1)]]");
    }

    #[tokio::test]
    async fn a_handle_dropped_inside_a_transaction_rolls_back() {
        let file = File::named("rollback");
        let first = Database::open(file.0.as_path().into()).await.unwrap();
        all(&first, "CREATE TABLE t (v)").await.unwrap();
        all(&first, "BEGIN IMMEDIATE").await.unwrap();
        all(&first, "INSERT INTO t VALUES (1)").await.unwrap();
        drop(first);
        let second = Database::open(file.0.as_path().into()).await.unwrap();
        assert_eq!(shown(all(&second, "SELECT count(*) FROM t").await), "[[Value::Integer(0)]]");
    }

    #[tokio::test]
    async fn handles_have_the_settings_of_spin() {
        let file = File::named("settings");
        let database = Database::open(file.0.as_path().into()).await.unwrap();
        for (name, value) in [
            ("journal_mode", "Value::Text(\"delete\")"),
            ("synchronous", "Value::Integer(2)"),
            ("foreign_keys", "Value::Integer(1)"),
            ("busy_timeout", "Value::Integer(5000)"),
        ] {
            assert_eq!(shown(all(&database, &format!("PRAGMA {name}")).await), format!("[[{value}]]"));
        }
    }

    /// A database file that is gone when the test is over.
    struct File(PathBuf);

    impl File {
        fn named(name: &str) -> Self {
            let name = format!("chancery-host-{}-{name}.db", std::process::id());
            Self(std::env::temp_dir().join(name))
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }
}
