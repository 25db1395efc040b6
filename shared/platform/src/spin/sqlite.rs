//! Spin's SQLite. A connection serves one batch at a time, so idle ones wait in a pool per durability.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use send_wrapper::SendWrapper;
use spin_sdk::{
    sqlite::{Connection, Error, Value},
    time::sleep,
};

use crate::{Outcome, Row, Sql, SqlError, SqlValue, Statement, Task, migrations, random};

/// How long a batch asks for the write lock. The host waits five seconds for it each time.
const LOCK_DEADLINE: Duration = Duration::from_secs(30);
/// The longest pause between two attempts, in milliseconds.
const LONGEST_PAUSE: u16 = 64;

pub(super) struct SpinSqlite {
    durable: SendWrapper<Pool>,
    relaxed: SendWrapper<Pool>,
}

/// Instances are single-threaded; the cell is never borrowed across an `await`.
struct Pool {
    synchronous: &'static str,
    idle: RefCell<Vec<Connection>>,
}

impl SpinSqlite {
    /// Opens the database and applies the migrations that are missing.
    pub(super) async fn open() -> Result<Self, SqlError> {
        let durable = Pool::new("PRAGMA synchronous = FULL");
        let connection = durable.acquire().await?;
        if !is_current(&connection).await {
            migrate(&connection).await?;
        }
        durable.give_back(connection);
        let relaxed = Pool::new("PRAGMA synchronous = NORMAL");
        Ok(Self { durable: SendWrapper::new(durable), relaxed: SendWrapper::new(relaxed) })
    }
}

impl Pool {
    fn new(synchronous: &'static str) -> Self {
        Self { synchronous, idle: RefCell::new(Vec::new()) }
    }

    async fn acquire(&self) -> Result<Connection, SqlError> {
        let idle = self.idle.borrow_mut().pop();
        if let Some(connection) = idle {
            return Ok(connection);
        }
        let connection = Connection::open_default().await?;
        run_text(&connection, self.synchronous).await?;
        Ok(connection)
    }

    fn give_back(&self, connection: Connection) {
        self.idle.borrow_mut().push(connection);
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>, SqlError> {
        let connection = self.acquire().await?;
        // Readers need no lock: they see the last commit.
        if statements.iter().all(Statement::is_reading) {
            run_text(&connection, "BEGIN").await?;
        } else {
            run_when_unlocked(&connection, "BEGIN IMMEDIATE").await?;
        }
        let mut outcomes = Vec::with_capacity(statements.len());
        for statement in statements {
            match run(&connection, statement).await {
                Ok(outcome) => outcomes.push(outcome),
                Err(error) => {
                    // A connection that cannot roll back is dropped, which rolls back too.
                    if run_text(&connection, "ROLLBACK").await.is_ok() {
                        self.give_back(connection);
                    }
                    return Err(error);
                }
            }
        }
        run_text(&connection, "COMMIT").await?;
        self.give_back(connection);
        Ok(outcomes)
    }
}

impl Sql for SpinSqlite {
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        Box::pin(SendWrapper::new(async move {
            let connection = self.relaxed.acquire().await?;
            let rows = run(&connection, statement).await?.rows;
            self.relaxed.give_back(connection);
            Ok(rows)
        }))
    }

    fn batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        Box::pin(SendWrapper::new(self.durable.batch(statements)))
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        Box::pin(SendWrapper::new(self.relaxed.batch(statements)))
    }
}

async fn is_current(connection: &Connection) -> bool {
    let applied = run(connection, Statement::new(migrations::COUNT)).await;
    let applied = applied.ok().and_then(|outcome| outcome.rows.first()?.get::<u64>("n").ok());
    applied == Some(migrations::MIGRATIONS.len() as u64)
}

async fn migrate(connection: &Connection) -> Result<(), SqlError> {
    run_when_unlocked(connection, "PRAGMA journal_mode = WAL").await?;
    run_when_unlocked(connection, "BEGIN IMMEDIATE").await?;
    run_text(connection, migrations::CREATE_TABLE).await?;
    for migration in migrations::MIGRATIONS {
        let applied = Statement::new(migrations::IS_APPLIED).bind(migration.name);
        if !run(connection, applied).await?.rows.is_empty() {
            continue;
        }
        for text in migration.statements() {
            run_text(connection, text).await?;
        }
        let record = Statement::new(migrations::RECORD).bind(migration.name).bind(super::now_ms());
        run(connection, record).await?;
    }
    run_text(connection, "COMMIT").await
}

/// Runs a statement that takes a lock, and tries it again while another connection holds that lock.
async fn run_when_unlocked(connection: &Connection, text: &'static str) -> Result<(), SqlError> {
    let deadline = Instant::now() + LOCK_DEADLINE;
    loop {
        match run_text(connection, text).await {
            Err(error) if error.is_busy() && Instant::now() < deadline => {
                // A random pause, so that those who were refused together do not ask together again.
                let random = random::bytes().map_or(LONGEST_PAUSE, u16::from_le_bytes);
                sleep(Duration::from_millis((1 + random % LONGEST_PAUSE).into())).await;
            }
            result => return result,
        }
    }
}

async fn run_text(connection: &Connection, text: &'static str) -> Result<(), SqlError> {
    run(connection, Statement::new(text)).await.map(drop)
}

async fn run(connection: &Connection, statement: Statement) -> Result<Outcome, SqlError> {
    let counts = !statement.is_reading() && !is_control(&statement.text);
    let params: Vec<Value> = statement.params.into_iter().map(to_spin).collect();
    let result = connection.execute(statement.text, params).await?;
    let names = result.columns().to_vec();
    let rows = result.collect().await?;
    let rows =
        rows.into_iter().map(|row| Row(names.iter().cloned().zip(row.values.into_iter().map(from_spin)).collect()));
    let rows = rows.collect();
    let changes = if counts { connection.changes().await } else { 0 };
    Ok(Outcome { rows, changes })
}

/// Statements about the transaction or the connection, which change no row. `changes` keeps the count of the last change,
/// so it says nothing after them.
fn is_control(text: &str) -> bool {
    ["PRAGMA", "BEGIN", "COMMIT", "ROLLBACK"].iter().any(|word| text.starts_with(word))
}

fn to_spin(value: SqlValue) -> Value {
    match value {
        SqlValue::Null => Value::Null,
        SqlValue::Integer(number) => Value::Integer(number),
        SqlValue::Real(number) => Value::Real(number),
        SqlValue::Text(text) => Value::Text(text),
        SqlValue::Blob(bytes) => Value::Blob(bytes),
    }
}

fn from_spin(value: Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Integer(number) => SqlValue::Integer(number),
        Value::Real(number) => SqlValue::Real(number),
        Value::Text(text) => SqlValue::Text(text),
        Value::Blob(bytes) => SqlValue::Blob(bytes),
    }
}

impl From<Error> for SqlError {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(text) => Self::from_text(&text),
            error => Self::Other(format!("{error:?}")),
        }
    }
}
