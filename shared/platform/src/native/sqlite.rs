//! A SQLite file through rusqlite: a pool of connections that read, and one that writes.

use std::{
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, TransactionBehavior, config::DbConfig, types::ValueRef};

use super::writer::Writer;
use crate::{Outcome, Row, Sql, SqlError, SqlValue, Statement, Task, migrations};

/// A database file in WAL mode. Connections that read are opened when needed and kept.
pub struct Sqlite {
    path: PathBuf,
    readers: Arc<Mutex<Vec<Connection>>>,
    writer: Writer,
}

impl Sqlite {
    /// Opens the file and brings its schema up to date.
    pub fn open(path: &Path) -> Result<Self, SqlError> {
        create_private(path).map_err(|error| SqlError::Other(format!("{}: {error}", path.display())))?;
        let mut connection = connect(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // What a savepoint would bring back is no file.
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        migrate(&mut connection)?;
        Ok(Self { path: path.to_owned(), readers: Arc::default(), writer: Writer::start(connection)? })
    }

    /// Runs statements that only read, all on the same state of the database. They wait for nobody.
    fn read(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        let (path, readers) = (self.path.clone(), self.readers.clone());
        Box::pin(async move {
            let job = move || {
                let idle = readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let mut connection = idle.map_or_else(|| connect(&path), Ok)?;
                let result = read_together(&mut connection, &statements);
                readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
                result
            };
            tokio::task::spawn_blocking(job).await.map_err(|error| SqlError::Other(error.to_string()))?
        })
    }

    fn run(&self, statements: Vec<Statement>, is_durable: bool) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        if statements.iter().all(Statement::is_reading) {
            self.read(statements)
        } else {
            Box::pin(self.writer.write(statements, is_durable))
        }
    }
}

impl Sql for Sqlite {
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        let read = self.read(vec![statement]);
        Box::pin(async move { Ok(read.await?.pop().unwrap_or_default().rows) })
    }

    fn batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.run(statements, true)
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.run(statements, false)
    }
}

fn read_together(connection: &mut Connection, statements: &[Statement]) -> Result<Vec<Outcome>, SqlError> {
    if let [statement] = statements {
        return Ok(vec![run_one(connection, statement)?]);
    }
    let transaction = connection.transaction()?;
    let outcomes = statements.iter().map(|statement| run_one(&transaction, statement)).collect::<Result<_, _>>()?;
    transaction.commit()?;
    Ok(outcomes)
}

/// Configuration lies in it in the clear, so it is for this account only. SQLite gives its log files the same mode.
fn create_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}

/// Statements that a connection keeps prepared. One batch may have more than the sixteen that rusqlite keeps, which would be
/// gone before the same call comes again.
const PREPARED: usize = 1_024;

/// Writes to the log are not flushed at each commit (`synchronous=NORMAL`), unless the writer asks for it.
fn connect(path: &Path) -> Result<Connection, SqlError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    // Otherwise a statement with a parameter after LIMIT, or in a condition that no index serves, is planned anew each time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), SqlError> {
    // A database that is up to date is not written to, so that one which is read-only still answers.
    let applied = connection.query_row(migrations::COUNT, [], |row| row.get::<_, i64>(0)).unwrap_or_default();
    if usize::try_from(applied).is_ok_and(|applied| applied == migrations::MIGRATIONS.len()) {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(migrations::CREATE_TABLE, [])?;
    for migration in migrations::MIGRATIONS {
        let applied = transaction.prepare(migrations::IS_APPLIED)?.exists([migration.name])?;
        if !applied {
            transaction.execute_batch(migration.text)?;
            transaction.execute(migrations::RECORD, (migration.name, super::now_ms()))?;
        }
    }
    Ok(transaction.commit()?)
}

pub(super) fn run_one(connection: &Connection, statement: &Statement) -> Result<Outcome, SqlError> {
    let mut prepared = connection.prepare_cached(&statement.text)?;
    let names: Vec<String> = prepared.column_names().map(str::to_owned).collect();
    let params = rusqlite::params_from_iter(statement.params.iter().map(to_rusqlite));
    let reads = prepared.readonly();
    let mut rows = Vec::new();
    let mut found = prepared.query(params)?;
    while let Some(row) = found.next()? {
        let values = names
            .iter()
            .enumerate()
            .map(|(index, name)| Ok::<_, rusqlite::Error>((name.clone(), from_rusqlite(row.get_ref(index)?))));
        rows.push(Row(values.collect::<Result<_, _>>()?));
    }
    // What Spin does not count is not counted here either, so that tests find who relies on it.
    Ok(Outcome { rows, changes: if reads || !statement.is_counted { 0 } else { connection.changes() } })
}

fn to_rusqlite(value: &SqlValue) -> rusqlite::types::Value {
    use rusqlite::types::Value;
    match value {
        SqlValue::Null => Value::Null,
        SqlValue::Integer(number) => Value::Integer(*number),
        SqlValue::Real(number) => Value::Real(*number),
        SqlValue::Text(text) => Value::Text(text.clone()),
        SqlValue::Blob(bytes) => Value::Blob(bytes.clone()),
    }
}

fn from_rusqlite(value: ValueRef<'_>) -> SqlValue {
    match value {
        ValueRef::Null => SqlValue::Null,
        ValueRef::Integer(number) => SqlValue::Integer(number),
        ValueRef::Real(number) => SqlValue::Real(number),
        ValueRef::Text(text) => SqlValue::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => SqlValue::Blob(bytes.to_vec()),
    }
}

impl From<rusqlite::Error> for SqlError {
    fn from(error: rusqlite::Error) -> Self {
        Self::from_text(&error.to_string())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_planned_once_whatever_its_parameters_are() {
        let connection = connect(Path::new(":memory:")).unwrap();
        run_one(&connection, &Statement::new("CREATE TABLE t (v INTEGER)")).unwrap();
        let select = Statement::new("SELECT v FROM t WHERE v = ?1 LIMIT ?2");
        for (value, limit) in [(0, 1), (7, 2), (0, 1)] {
            run_one(&connection, &select.clone().bind(value).bind(limit)).unwrap();
        }
        let prepared = connection.prepare_cached(&select.text).unwrap();
        assert_eq!(prepared.get_status(StatementStatus::Run), 3);
        assert_eq!(prepared.get_status(StatementStatus::RePrepare), 0);
    }
}
