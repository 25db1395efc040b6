//! What is sent for a batch, and what its results mean: each step is executed if the one before it succeeded.

use libsql_hrana::proto::{Batch, BatchCond, BatchResult, BatchStep, Stmt, StmtResult, Value};

use super::failure;
use crate::{Outcome, Row, SqlError, SqlValue, Statement, clock, random};

/// How long a marker is kept: longer than any request travels, and than the clocks of two machines may differ.
const MARKER_LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;

/// The name of a batch, which the batch itself stores: once for all, so that a second one under the same name fails.
pub(super) struct Marker {
    /// The time in milliseconds and then random bytes, so that new rows stand together and old ones are found at once.
    id: [u8; 16],
    now: i64,
}

impl Marker {
    pub(super) const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS batch_markers \
         (id BLOB PRIMARY KEY, is_void INTEGER NOT NULL) WITHOUT ROWID";

    pub(super) fn new() -> Result<Self, SqlError> {
        let mut id: [u8; 16] = random::bytes().map_err(|error| SqlError::Other(error.to_string()))?;
        let now = clock::now_ms();
        id[..8].copy_from_slice(&now.to_be_bytes());
        Ok(Self { id, now })
    }

    fn store(&self) -> Statement {
        Statement::new("INSERT INTO batch_markers (id, is_void) VALUES (?1, 0)").bind(self.id.to_vec())
    }

    /// Reads whether the batch is void, and makes it so if it has not been committed. Saying it twice changes nothing.
    pub(super) fn settle(&self) -> Statement {
        let text = "INSERT INTO batch_markers (id, is_void) VALUES (?1, 1) \
             ON CONFLICT (id) DO UPDATE SET is_void = is_void RETURNING is_void";
        Statement::new(text).bind(self.id.to_vec())
    }

    /// Removes old ones, now and then.
    fn clean(&self) -> Option<Statement> {
        let oldest = self.now.saturating_sub(MARKER_LIFETIME_MS).to_be_bytes().to_vec();
        (self.id[15] == 0).then(|| Statement::new("DELETE FROM batch_markers WHERE id < ?1").bind(oldest))
    }
}

/// How a batch ended.
#[derive(Debug)]
pub(super) enum End {
    Done(Vec<Outcome>),
    /// It was refused, and nothing of it has happened.
    Failed(SqlError),
    /// It had to give way, and nothing of it has happened.
    Busy(String),
    /// Another one with its marker was committed or declared void before.
    Superseded,
    /// It may have happened.
    Unanswered(String),
}

/// The steps of a batch, and which of them are its statements.
pub(super) struct Plan {
    batch: Batch,
    /// Whether each of the statements only reads.
    reads: Vec<bool>,
    first: usize,
    marker: Option<usize>,
    commit: Option<usize>,
}

impl Plan {
    /// One statement, which is a transaction by itself.
    pub(super) fn single(statement: &Statement) -> Self {
        let mut plan = Self::new();
        plan.add_all(std::slice::from_ref(statement));
        plan
    }

    /// Statements that only read, all on the same state of the database.
    pub(super) fn reading(statements: &[Statement]) -> Self {
        match statements {
            [statement] => Self::single(statement),
            statements => Self::transaction("BEGIN", None, statements),
        }
    }

    /// Statements that all happen, or none. Without a marker what has happened can happen again.
    pub(super) fn writing(statements: &[Statement], marker: Option<&Marker>) -> Self {
        Self::transaction("BEGIN IMMEDIATE", marker, statements)
    }

    fn transaction(begin: &str, marker: Option<&Marker>, statements: &[Statement]) -> Self {
        let mut plan = Self::new();
        plan.add(Stmt::new(begin, false));
        plan.marker = marker.map(|marker| plan.add(to_hrana(&marker.store())));
        if let Some(clean) = marker.and_then(Marker::clean) {
            plan.add(to_hrana(&clean));
        }
        plan.add_all(statements);
        plan.commit = Some(plan.add(Stmt::new("COMMIT", false)));
        let still_open = BatchCond::Not { cond: Box::new(BatchCond::IsAutocommit {}) };
        plan.batch.steps.push(BatchStep { condition: Some(still_open), stmt: Stmt::new("ROLLBACK", false) });
        plan
    }

    fn new() -> Self {
        let batch = Batch { steps: Vec::new(), replication_index: None };
        Self { batch, reads: Vec::new(), first: 0, marker: None, commit: None }
    }

    /// Appends a step that is executed if the one before it succeeded.
    fn add(&mut self, stmt: Stmt) -> usize {
        let index = self.batch.steps.len();
        let before = index.checked_sub(1).and_then(|before| u32::try_from(before).ok());
        let condition = before.map(|step| BatchCond::Ok { step });
        self.batch.steps.push(BatchStep { condition, stmt });
        index
    }

    fn add_all(&mut self, statements: &[Statement]) {
        self.first = self.batch.steps.len();
        for statement in statements {
            self.reads.push(statement.is_reading());
            self.add(to_hrana(statement));
        }
    }

    pub(super) fn batch(&self) -> &Batch {
        &self.batch
    }

    pub(super) fn end(&self, result: BatchResult) -> End {
        let error = result.step_errors.iter().enumerate().find_map(|(index, error)| Some((index, error.as_ref()?)));
        if let Some((index, error)) = error {
            return if failure::is_busy(error) {
                End::Busy(failure::text(error))
            } else if self.marker == Some(index) && failure::is_constraint(error) {
                End::Superseded
            } else if self.commit == Some(index) && !failure::is_constraint(error) {
                // A disk that fails while it flushes may have written everything.
                End::Unanswered(failure::text(error))
            } else {
                End::Failed(failure::of_statement(error))
            };
        }
        let is_committed =
            self.commit.is_none_or(|commit| result.step_results.get(commit).is_some_and(Option::is_some));
        let results = result.step_results.into_iter().skip(self.first);
        let outcomes = results.zip(&self.reads).map(|(result, reads)| Some(outcome(result?, *reads)));
        match outcomes.collect::<Option<Vec<_>>>() {
            Some(outcomes) if is_committed && outcomes.len() == self.reads.len() => End::Done(outcomes),
            _ => End::Unanswered("the answer lacks results of steps".to_owned()),
        }
    }
}

/// The count of a statement that only reads is undefined.
fn outcome(result: StmtResult, reads: bool) -> Outcome {
    let names: Vec<String> = result.cols.into_iter().map(|column| column.name.unwrap_or_default()).collect();
    let row = |values: Vec<Value>| Row(names.iter().cloned().zip(values.into_iter().map(from_hrana)).collect());
    let rows = result.rows.into_iter().map(|found| row(found.values)).collect();
    Outcome { rows, changes: if reads { 0 } else { result.affected_row_count } }
}

fn to_hrana(statement: &Statement) -> Stmt {
    let mut stmt = Stmt::new(statement.text.as_ref(), true);
    for value in &statement.params {
        stmt.bind(match value {
            SqlValue::Null => Value::Null,
            SqlValue::Integer(value) => Value::Integer { value: *value },
            SqlValue::Real(value) => Value::Float { value: *value },
            SqlValue::Text(text) => Value::Text { value: text.as_str().into() },
            SqlValue::Blob(bytes) => Value::Blob { value: bytes.clone().into() },
        });
    }
    stmt
}

fn from_hrana(value: Value) -> SqlValue {
    match value {
        Value::None | Value::Null => SqlValue::Null,
        Value::Integer { value } => SqlValue::Integer(value),
        Value::Float { value } => SqlValue::Real(value),
        Value::Text { value } => SqlValue::Text(value.as_ref().to_owned()),
        Value::Blob { value } => SqlValue::Blob(value.to_vec()),
    }
}
