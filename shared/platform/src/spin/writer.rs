//! Batches of one instance that are ready at the same time are committed together: one transaction with a savepoint for
//! each, and one flush. Each request waits for itself, and the first that gets the lock writes for all.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::{Rc, Weak},
};

use spin_sdk::wit_bindgen::yield_async;

use super::{
    connection::{Connection, Flushing},
    sqlite::when_unlocked,
};
use crate::{Outcome, SqlError, Statement};

/// How many batches are committed together at most, so that the first of them need not wait for long.
const MOST_TOGETHER: usize = 64;

type Outcomes = Result<Vec<Outcome>, SqlError>;

/// Nothing here is borrowed across an `await`.
#[derive(Default)]
pub(super) struct Writer {
    /// Opened when it is first needed. One that fails is dropped, which rolls back.
    connection: Cell<Option<Connection>>,
    waiting: RefCell<VecDeque<Batch>>,
    /// Statements that are committed one by one.
    alone: RefCell<VecDeque<Batch>>,
}

/// A batch that waits, and where its answer goes. It is not executed any more when its request has ended.
struct Batch {
    statements: Vec<Statement>,
    answer: Weak<Cell<Option<Outcomes>>>,
}

impl Writer {
    /// Returns when the batch has been committed and flushed, or has been rolled back.
    pub(super) async fn write(&self, statements: Vec<Statement>) -> Outcomes {
        let answer = Rc::default();
        self.waiting.borrow_mut().push_back(Batch { statements, answer: Rc::downgrade(&answer) });
        // Other requests that are ready bring their batches.
        yield_async().await;
        let attempt = || loop {
            match answer.take() {
                Some(answer) => return Ok(answer),
                None => self.write_waiting()?,
            }
        };
        when_unlocked(attempt).await?
    }

    /// An error means that nothing was tried.
    fn write_waiting(&self) -> Result<(), SqlError> {
        let connection = self.connection.take().map_or_else(|| Connection::open(Flushing::Full), Ok)?;
        if let Err(error) = connection.execute("BEGIN IMMEDIATE") {
            self.connection.set(Some(connection));
            return Err(error);
        }
        let group = self.take_group();
        let results = commit_together(&connection, &group);
        if results.is_ok() {
            self.connection.set(Some(connection));
        }
        match results {
            Ok(results) => group.iter().zip(results).for_each(|(batch, result)| batch.answer(result)),
            Err(error) => group.iter().for_each(|batch| batch.answer(Err(error.clone()))),
        }
        Ok(())
    }

    /// Runs a statement that is a transaction by itself. Whoever gets the lock first runs what has waited for longer, so that
    /// no request is overtaken by the later ones of its instance.
    pub(super) async fn write_alone(&self, connection: &Connection, statement: Statement) -> Outcomes {
        let answer = Rc::default();
        self.alone.borrow_mut().push_back(Batch { statements: vec![statement], answer: Rc::downgrade(&answer) });
        let attempt = || loop {
            match answer.take() {
                Some(answer) => return Ok(answer),
                None => self.write_oldest(connection)?,
            }
        };
        when_unlocked(attempt).await?
    }

    /// An error means that another connection has the lock.
    fn write_oldest(&self, connection: &Connection) -> Result<(), SqlError> {
        let oldest = self.alone.borrow_mut().pop_front();
        let Some(batch) = oldest.filter(|batch| batch.answer.strong_count() > 0) else { return Ok(()) };
        let outcomes: Outcomes = batch.statements.iter().map(|statement| connection.run(statement)).collect();
        match outcomes {
            Err(error) if error.is_busy() => {
                self.alone.borrow_mut().push_front(batch);
                Err(error)
            }
            outcomes => {
                batch.answer(outcomes);
                Ok(())
            }
        }
    }

    fn take_group(&self) -> Vec<Batch> {
        let mut waiting = self.waiting.borrow_mut();
        waiting.retain(|batch| batch.answer.strong_count() > 0);
        let together = waiting.len().min(MOST_TOGETHER);
        waiting.drain(..together).collect()
    }
}

impl Batch {
    fn answer(&self, result: Outcomes) {
        if let Some(answer) = self.answer.upgrade() {
            answer.set(Some(result));
        }
    }
}

/// The result of each batch of an open transaction. An error of the whole means that none of them has happened.
fn commit_together(connection: &Connection, group: &[Batch]) -> Result<Vec<Outcomes>, SqlError> {
    if let [alone] = group {
        return commit_alone(connection, &alone.statements).map(|outcomes| vec![outcomes]);
    }
    let results =
        group.iter().map(|batch| run_in_savepoint(connection, &batch.statements)).collect::<Result<_, _>>()?;
    connection.execute("COMMIT")?;
    Ok(results)
}

/// A batch that nothing is committed with needs no savepoint. The inner error rolled it back.
fn commit_alone(connection: &Connection, statements: &[Statement]) -> Result<Outcomes, SqlError> {
    let outcomes: Outcomes = statements.iter().map(|statement| connection.run(statement)).collect();
    match &outcomes {
        Ok(_) => connection.execute("COMMIT")?,
        // A full disk, for example, ends the transaction by itself; then there is none to be rolled back.
        Err(error) => connection.execute("ROLLBACK").map_err(|_| error.clone())?,
    }
    Ok(outcomes)
}

/// The inner error rolled this batch back alone; the outer one is about the transaction, which holds others too.
fn run_in_savepoint(connection: &Connection, statements: &[Statement]) -> Result<Outcomes, SqlError> {
    connection.execute("SAVEPOINT batch")?;
    let outcomes: Outcomes = statements.iter().map(|statement| connection.run(statement)).collect();
    if let Err(error) = &outcomes {
        // A full disk, for example, ends the whole transaction; then there is no savepoint any more.
        connection.execute("ROLLBACK TO batch").map_err(|_| error.clone())?;
    }
    connection.execute("RELEASE batch")?;
    Ok(outcomes)
}
