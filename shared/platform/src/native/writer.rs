//! The one connection that writes, on a thread of its own. Batches that wait when it is free are committed together:
//! one transaction with a savepoint for each, and one flush.

use std::{
    sync::mpsc::{self, Receiver, Sender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::sqlite::run_one;
use crate::{Outcome, SqlError, Statement};

/// How many batches are committed together at most, so that the first of them need not wait for long.
const MOST_TOGETHER: usize = 64;
/// For how long a group of batches asks for the lock, which another process may hold.
const LOCK_DEADLINE: Duration = Duration::from_secs(30);

type Outcomes = Result<Vec<Outcome>, SqlError>;

pub(super) struct Writer {
    /// Until this is dropped.
    running: Option<(Sender<Batch>, JoinHandle<()>)>,
}

/// A batch that waits, and where its answer goes.
struct Batch {
    statements: Vec<Statement>,
    is_durable: bool,
    answer: oneshot::Sender<Outcomes>,
}

impl Writer {
    /// Dropping this waits for the batches that wait, and until the connection is closed: that removes files by their name.
    pub(super) fn start(connection: Connection) -> Result<Self, SqlError> {
        let (batches, waiting) = mpsc::channel();
        let started = thread::Builder::new().name("writer".to_owned()).spawn(move || write_all(&connection, &waiting));
        let thread = started.map_err(|error| SqlError::Other(error.to_string()))?;
        Ok(Self { running: Some((batches, thread)) })
    }

    /// Returns when the batch has been committed, and flushed if it is durable, or has been rolled back.
    pub(super) fn write(
        &self,
        statements: Vec<Statement>,
        is_durable: bool,
    ) -> impl Future<Output = Outcomes> + Send + use<> {
        let (answer, answered) = oneshot::channel();
        let batch = Batch { statements, is_durable, answer };
        let sent = self.running.as_ref().map(|(batches, _)| batches.send(batch));
        async move {
            let ended = || SqlError::Other("the writing thread has ended".to_owned());
            sent.and_then(Result::ok).ok_or_else(ended)?;
            answered.await.map_err(|_| ended())?
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some((batches, thread)) = self.running.take() {
            drop(batches);
            // A thread that panicked has closed its connection, too.
            let _ = thread.join();
        }
    }
}

fn write_all(connection: &Connection, waiting: &Receiver<Batch>) {
    let mut is_flushing = None;
    while let Ok(first) = waiting.recv() {
        let group: Vec<Batch> = std::iter::once(first).chain(waiting.try_iter()).take(MOST_TOGETHER).collect();
        let is_durable = group.iter().any(|batch| batch.is_durable);
        let settled = match is_flushing {
            Some(flushes) if flushes == is_durable => Ok(()),
            _ => set_flushing(connection, is_durable),
        };
        is_flushing = settled.is_ok().then_some(is_durable);
        let results = settled.and_then(|()| commit_together(connection, &group));
        answer(group, results);
    }
}

fn set_flushing(connection: &Connection, is_durable: bool) -> Result<(), SqlError> {
    Ok(connection.pragma_update(None, "synchronous", if is_durable { "FULL" } else { "NORMAL" })?)
}

/// Tells each batch its own result, or all of them the error that took the whole group with it.
fn answer(group: Vec<Batch>, results: Result<Vec<Outcomes>, SqlError>) {
    // Who has gone away does not read the answer.
    match results {
        Ok(results) => {
            for (batch, result) in group.into_iter().zip(results) {
                let _ = batch.answer.send(result);
            }
        }
        Err(error) => {
            for batch in group {
                let _ = batch.answer.send(Err(error.clone()));
            }
        }
    }
}

/// The result of each batch. An error of the whole means that none of them has happened.
fn commit_together(connection: &Connection, group: &[Batch]) -> Result<Vec<Outcomes>, SqlError> {
    begin(connection)?;
    if let [alone] = group {
        return Ok(vec![commit_alone(connection, &alone.statements)]);
    }
    let results: Result<Vec<_>, _> =
        group.iter().map(|batch| run_in_savepoint(connection, &batch.statements)).collect();
    commit(connection, results)
}

/// Commits what was done, or takes it back.
fn commit<T>(connection: &Connection, done: Result<T, SqlError>) -> Result<T, SqlError> {
    let committed = done.and_then(|done| execute(connection, "COMMIT").map(|()| done));
    if committed.is_err() && !connection.is_autocommit() {
        // The error of what was tried says more than one of the way back.
        let _ = execute(connection, "ROLLBACK");
    }
    committed
}

/// A batch that nothing is committed with needs no savepoint.
fn commit_alone(connection: &Connection, statements: &[Statement]) -> Outcomes {
    let outcomes = statements.iter().map(|statement| run_one(connection, statement)).collect();
    commit(connection, outcomes)
}

/// Takes the lock. SQLite itself waits five seconds for it each time.
fn begin(connection: &Connection) -> Result<(), SqlError> {
    let deadline = Instant::now() + LOCK_DEADLINE;
    loop {
        match execute(connection, "BEGIN IMMEDIATE") {
            Err(error) if error.is_busy() && Instant::now() < deadline => {}
            result => return result,
        }
    }
}

/// The inner error rolled this batch back alone; the outer one is about the transaction, which holds others too.
fn run_in_savepoint(connection: &Connection, statements: &[Statement]) -> Result<Outcomes, SqlError> {
    execute(connection, "SAVEPOINT batch")?;
    let outcomes: Outcomes = statements.iter().map(|statement| run_one(connection, statement)).collect();
    if let Err(error) = &outcomes {
        // A full disk, for example, ends the whole transaction.
        if connection.is_autocommit() {
            return Err(error.clone());
        }
        execute(connection, "ROLLBACK TO batch")?;
    }
    execute(connection, "RELEASE batch")?;
    Ok(outcomes)
}

fn execute(connection: &Connection, text: &'static str) -> Result<(), SqlError> {
    run_one(connection, &Statement::new(text)).map(drop)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
    use super::*;

    const SCHEMA: &str = "CREATE TABLE t (v INTEGER PRIMARY KEY); \
         CREATE TABLE later (v REFERENCES t (v) DEFERRABLE INITIALLY DEFERRED); \
         CREATE TRIGGER fatal AFTER INSERT ON t WHEN new.v < 0 BEGIN SELECT RAISE(ROLLBACK, 'fatal'); END;";

    fn connection() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        connection
    }

    fn group<const N: usize>(batches: [&[&'static str]; N]) -> Vec<Batch> {
        let batch = |texts: &[&'static str]| Batch {
            statements: texts.iter().map(|text| Statement::new(*text)).collect(),
            is_durable: true,
            answer: oneshot::channel().0,
        };
        batches.into_iter().map(batch).collect()
    }

    fn stored(connection: &Connection) -> Vec<i64> {
        let mut select = connection.prepare("SELECT v FROM t ORDER BY v").unwrap();
        select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_batch_that_fails_is_rolled_back_alone() {
        let connection = connection();
        let group = group([
            &["INSERT INTO t VALUES (1)", "SELECT v FROM t"],
            &["INSERT INTO t VALUES (2)", "INSERT INTO t VALUES (1)"],
            &["INSERT INTO t VALUES (3)", "SELECT v FROM t"],
        ]);
        let results = commit_together(&connection, &group).unwrap();
        let rows = |result: &Outcomes| -> Vec<usize> {
            result.as_ref().unwrap().iter().map(|outcome| outcome.rows.len()).collect()
        };
        assert_eq!(rows(&results[0]), vec![0, 1]);
        assert_eq!(results[1].as_ref().unwrap_err(), &SqlError::Unique("t.v".to_owned()));
        assert_eq!(rows(&results[2]), vec![0, 2]);
        assert_eq!(stored(&connection), [1, 3]);
    }

    #[test]
    fn an_error_at_the_commit_is_the_answer_of_all() {
        let connection = connection();
        let group = group([&["INSERT INTO t VALUES (1)"], &["INSERT INTO later VALUES (9)"]]);
        assert!(commit_together(&connection, &group).is_err());
        assert!(connection.is_autocommit(), "the transaction is still open");
        assert_eq!(stored(&connection), [] as [i64; 0]);
    }

    #[test]
    fn a_batch_without_others_is_committed_or_rolled_back_as_a_whole() {
        let connection = connection();
        let run = |texts: &[&'static str]| {
            let results = commit_together(&connection, &group([texts])).unwrap();
            assert!(connection.is_autocommit(), "the transaction is still open");
            results.into_iter().next().unwrap().map(|outcomes| outcomes.len())
        };
        assert_eq!(run(&["INSERT INTO t VALUES (1)", "SELECT v FROM t"]), Ok(2));
        assert_eq!(
            run(&["INSERT INTO t VALUES (2)", "INSERT INTO t VALUES (1)"]),
            Err(SqlError::Unique("t.v".to_owned()))
        );
        // What ends the transaction by itself, and what fails at its end.
        assert!(run(&["INSERT INTO t VALUES (3)", "INSERT INTO t VALUES (-1)"]).is_err());
        assert!(run(&["INSERT INTO t VALUES (4)", "INSERT INTO later VALUES (9)"]).is_err());
        assert_eq!(stored(&connection), [1]);
    }

    #[test]
    fn a_batch_that_ends_the_transaction_fails_the_others() {
        let connection = connection();
        let group =
            group([&["INSERT INTO t VALUES (1)"], &["INSERT INTO t VALUES (-1)"], &["INSERT INTO t VALUES (3)"]]);
        assert!(commit_together(&connection, &group).is_err());
        assert_eq!(stored(&connection), [] as [i64; 0]);
    }

    #[tokio::test]
    async fn what_waits_for_a_lock_of_another_process_is_written_when_that_is_free() {
        let path = std::env::temp_dir().join(format!("chancery-writer-{}.db", std::process::id()));
        let other = Connection::open(&path).unwrap();
        other
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (v INTEGER PRIMARY KEY); BEGIN IMMEDIATE")
            .unwrap();
        let ours = Connection::open(&path).unwrap();
        ours.busy_timeout(Duration::ZERO).unwrap();
        let writer = Writer::start(ours).unwrap();
        let written: Vec<_> = (0..2 * MOST_TOGETHER)
            .map(|v| writer.write(vec![Statement::new(format!("INSERT INTO t VALUES ({v})"))], v % 2 == 0))
            .collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        other.execute_batch("COMMIT").unwrap();
        for written in written {
            assert_eq!(written.await.unwrap()[0].changes, 1);
        }
        assert_eq!(stored(&other).len(), 2 * MOST_TOGETHER);
        drop(writer);
        let _ = std::fs::remove_file(path);
    }
}
