//! SQLite files through rusqlite, one pool of connections per durability.

use std::{
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, TransactionBehavior, types::ValueRef};

use crate::{Outcome, Row, Sql, SqlError, SqlValue, Statement, Task, migrations};

/// A database file in WAL mode. Connections are opened when needed and kept.
pub struct Sqlite {
    path: PathBuf,
    durable: Pool,
    relaxed: Pool,
    /// SQLite lets one connection write at a time. Who waits here need not poll the file's lock, and finds a connection
    /// whose page cache is still right.
    writing: Arc<Mutex<()>>,
}

type Pool = Arc<Mutex<Vec<Connection>>>;

#[derive(Clone, Copy)]
enum Durability {
    Full,
    Relaxed,
}

impl Sqlite {
    /// Opens the file and brings its schema up to date.
    pub fn open(path: &Path) -> Result<Self, SqlError> {
        create_private(path).map_err(|error| SqlError::Other(format!("{}: {error}", path.display())))?;
        let mut connection = connect(path, Durability::Full)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        migrate(&mut connection)?;
        let durable = Arc::new(Mutex::new(vec![connection]));
        Ok(Self { path: path.to_owned(), durable, relaxed: Pool::default(), writing: Arc::default() })
    }

    fn run<T: Send + 'static>(
        &self,
        durability: Durability,
        writing: Option<Arc<Mutex<()>>>,
        work: impl FnOnce(&mut Connection) -> Result<T, SqlError> + Send + 'static,
    ) -> Task<'_, Result<T, SqlError>> {
        let path = self.path.clone();
        let pool = match durability {
            Durability::Full => self.durable.clone(),
            Durability::Relaxed => self.relaxed.clone(),
        };
        Box::pin(async move {
            let job = move || {
                let _turn = writing.as_ref().map(|writing| writing.lock().unwrap_or_else(PoisonError::into_inner));
                let idle = pool.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let mut connection = idle.map_or_else(|| connect(&path, durability), Ok)?;
                let result = work(&mut connection);
                pool.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
                result
            };
            tokio::task::spawn_blocking(job).await.map_err(|error| SqlError::Other(error.to_string()))?
        })
    }

    fn run_batch(
        &self,
        durability: Durability,
        statements: Vec<Statement>,
    ) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.run(durability, Some(self.writing.clone()), move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let outcomes =
                statements.iter().map(|statement| run_one(&transaction, statement)).collect::<Result<_, _>>()?;
            transaction.commit()?;
            Ok(outcomes)
        })
    }
}

impl Sql for Sqlite {
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        self.run(Durability::Relaxed, None, move |connection| Ok(run_one(connection, &statement)?.rows))
    }

    fn batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.run_batch(Durability::Full, statements)
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.run_batch(Durability::Relaxed, statements)
    }
}

/// Configuration lies in it in the clear, so it is for this account only. SQLite gives its log files the same mode.
fn create_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}

fn connect(path: &Path, durability: Durability) -> Result<Connection, SqlError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Relaxed => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
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

fn run_one(connection: &Connection, statement: &Statement) -> Result<Outcome, SqlError> {
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
    Ok(Outcome { rows, changes: if reads { 0 } else { connection.changes() } })
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
