//! Spin's SQLite. What holds a lock runs without an `await`: no other request of the instance computes meanwhile, and
//! the lock is held for as long as SQLite works.

use std::time::{Duration, Instant};

use send_wrapper::SendWrapper;
use spin_sdk::time::sleep;

use super::{
    connection::{Connection, Flushing},
    unsent,
    writer::Writer,
};
use crate::{Outcome, Row, Sql, SqlError, Statement, Task, migrations, random};

/// How long a lock is asked for.
const LOCK_DEADLINE: Duration = Duration::from_secs(30);
/// Time passes without an attempt while other requests of the instance compute.
const LEAST_ATTEMPTS: u32 = 200;
/// The longest pause between two attempts, in milliseconds.
const LONGEST_PAUSE: u16 = 4;

pub(super) struct SpinSqlite(SendWrapper<Inner>);

struct Inner {
    /// Reads, and stores nonces of reads. Nothing on it lasts beyond one call, so that all requests may share it.
    reader: Connection,
    writer: Writer,
}

impl SpinSqlite {
    /// Opens the database and applies the migrations that are missing.
    pub(super) async fn open() -> Result<Self, SqlError> {
        let reader = when_unlocked(|| Connection::open(Flushing::Relaxed)).await?;
        if !when_unlocked(|| is_current(&reader)).await? {
            migrate(&reader).await?;
        }
        Ok(Self(SendWrapper::new(Inner { reader, writer: Writer::default() })))
    }
}

impl Inner {
    async fn read(&self, statements: &[Statement]) -> Result<Vec<Outcome>, SqlError> {
        when_unlocked(|| self.reader.read_together(statements)).await
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>, SqlError> {
        if statements.iter().all(Statement::is_reading) {
            return self.read(&statements).await;
        }
        self.writer.write(statements).await
    }

    /// The nonce is one statement, which holds the lock within one call; what is read needs none.
    async fn read_batch(&self, mut statements: Vec<Statement>) -> Result<Vec<Outcome>, SqlError> {
        let is_signed_read = statements
            .split_first()
            .is_some_and(|(nonce, reading)| !nonce.is_reading() && reading.iter().all(Statement::is_reading));
        if !is_signed_read {
            return self.batch(statements).await;
        }
        let nonce = statements.remove(0);
        let mut outcomes = self.writer.write_alone(&self.reader, nonce).await?;
        outcomes.extend(self.read(&statements).await?);
        Ok(outcomes)
    }
}

impl Sql for SpinSqlite {
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        Box::pin(SendWrapper::new(async move { Ok(when_unlocked(|| self.0.reader.run(&statement)).await?.rows) }))
    }

    fn batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        Box::pin(SendWrapper::new(self.0.batch(statements)))
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        Box::pin(SendWrapper::new(self.0.read_batch(statements)))
    }
}

/// The first request of all finds no table at all.
fn is_current(connection: &Connection) -> Result<bool, SqlError> {
    match connection.run(&Statement::new(migrations::COUNT)) {
        Ok(counted) => {
            let applied = counted.rows.first().and_then(|row| row.get::<u64>("n").ok());
            Ok(applied == Some(migrations::MIGRATIONS.len() as u64))
        }
        Err(error) if error.is_busy() => Err(error),
        Err(_) => Ok(false),
    }
}

async fn migrate(connection: &Connection) -> Result<(), SqlError> {
    when_unlocked(|| connection.execute("PRAGMA journal_mode = WAL")).await?;
    when_unlocked(|| connection.execute("BEGIN IMMEDIATE")).await?;
    connection.execute(migrations::CREATE_TABLE)?;
    for migration in migrations::MIGRATIONS {
        let applied = Statement::new(migrations::IS_APPLIED).bind(migration.name);
        if !connection.run(&applied)?.rows.is_empty() {
            continue;
        }
        for text in migration.statements() {
            connection.execute(text)?;
        }
        connection.run(&Statement::new(migrations::RECORD).bind(migration.name).bind(super::now_ms()))?;
    }
    connection.execute("COMMIT")
}

/// Does what needs a lock, and tries it again while another connection holds that lock. The pause is random, so that
/// those who were refused together do not ask together again.
pub(super) async fn when_unlocked<T>(attempt: impl Fn() -> Result<T, SqlError>) -> Result<T, SqlError> {
    let deadline = Instant::now() + LOCK_DEADLINE;
    let mut attempts = 0;
    loop {
        unsent::sent().await;
        attempts += 1;
        match attempt() {
            Err(error) if error.is_busy() && (attempts < LEAST_ATTEMPTS || Instant::now() < deadline) => {
                let random = random::bytes().map_or(LONGEST_PAUSE, u16::from_le_bytes);
                sleep(Duration::from_millis((1 + random % LONGEST_PAUSE).into())).await;
            }
            result => return result,
        }
    }
}
