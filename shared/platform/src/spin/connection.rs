//! One connection of an instance to Spin's SQLite.

// `spin_sdk::sqlite::Connection` has only the calls that let other requests of the instance go on before they return;
// those of the interface itself are hidden in its documentation.
use spin_sdk::sqlite::{
    Error, Value,
    wit::sqlite::{Connection as Handle, QueryResult},
};

use crate::{Outcome, Row, SqlError, SqlValue, Statement, planning::planned_once};

/// Whether a commit reaches the disk before it returns, or with the next one that does.
#[derive(Clone, Copy)]
pub(super) enum Flushing {
    Full,
    Relaxed,
}

pub(super) struct Connection(Handle);

impl Connection {
    pub(super) fn open(flushing: Flushing) -> Result<Self, SqlError> {
        let connection = Self(Handle::open("default")?);
        // A call that waited for a lock would keep the whole instance waiting.
        connection.execute("PRAGMA busy_timeout = 0")?;
        connection.execute(match flushing {
            Flushing::Full => "PRAGMA synchronous = FULL",
            Flushing::Relaxed => "PRAGMA synchronous = NORMAL",
        })?;
        Ok(connection)
    }

    /// Runs statements that only read, all on the same state of the database.
    pub(super) fn read_together(&self, statements: &[Statement]) -> Result<Vec<Outcome>, SqlError> {
        match statements {
            [] => Ok(Vec::new()),
            [statement] => Ok(vec![self.run(statement)?]),
            statements => {
                self.execute("BEGIN")?;
                let outcomes = statements.iter().map(|statement| self.run(statement)).collect();
                self.execute("COMMIT")?;
                outcomes
            }
        }
    }

    pub(super) fn run(&self, statement: &Statement) -> Result<Outcome, SqlError> {
        let params: Vec<Value> = statement.params.iter().map(to_spin).collect();
        let QueryResult { columns, rows } = self.0.execute(&planned_once(&statement.text), &params)?;
        let rows = rows
            .into_iter()
            .map(|row| Row(columns.iter().cloned().zip(row.values.into_iter().map(from_spin)).collect()));
        let rows: Vec<_> = rows.collect();
        // The count stays that of the last change, so it says nothing after what changes no row.
        let changes = match statement {
            _ if !statement.is_counted || statement.is_reading() => 0,
            _ if statement.returns_rows() => rows.len() as u64,
            _ => self.0.changes(),
        };
        Ok(Outcome { rows, changes })
    }

    /// Runs a statement of which nothing is read.
    pub(super) fn execute(&self, text: &str) -> Result<(), SqlError> {
        self.0.execute(text, &[])?;
        Ok(())
    }
}

fn to_spin(value: &SqlValue) -> Value {
    match value {
        SqlValue::Null => Value::Null,
        SqlValue::Integer(number) => Value::Integer(*number),
        SqlValue::Real(number) => Value::Real(*number),
        SqlValue::Text(text) => Value::Text(text.clone()),
        SqlValue::Blob(bytes) => Value::Blob(bytes.clone()),
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
