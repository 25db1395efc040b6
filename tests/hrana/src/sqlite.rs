//! One statement on one connection, its parameters, its rows and its counts; and SQLite's errors with their codes.

use std::{path::Path, time::Duration};

use libsql_hrana::proto::{Col, Error, Row, Stmt, StmtResult, Value};
use rusqlite::{Batch, Connection, ErrorCode, Statement, fallible_iterator::FallibleIterator as _, types::ValueRef};

/// Short, so that callers meet `SQLITE_BUSY` and must ask again.
const WAIT: Duration = Duration::from_millis(100);

pub(crate) fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    // Another connection may be setting the journal up at this moment.
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.busy_timeout(WAIT)?;
    Ok(connection)
}

pub(crate) fn execute(connection: &Connection, stmt: &Stmt) -> Result<StmtResult, Error> {
    let sql = stmt.sql.as_deref().ok_or_else(|| error("NOT_SUPPORTED", "Stored SQL is not supported"))?;
    let mut statements = Batch::new(connection, sql);
    let first = statements.next().map_err(|error| failure(&error))?;
    let mut statement = first.ok_or_else(|| error("SQL_NO_STATEMENT", "The text holds no statement"))?;
    if statements.next().map_err(|error| failure(&error))?.is_some() {
        return Err(error("SQL_MANY_STATEMENTS", "The text holds more than one statement"));
    }
    bind(&mut statement, stmt)?;
    run(connection, &mut statement, stmt.want_rows.unwrap_or(true)).map_err(|error| failure(&error))
}

fn bind(statement: &mut Statement<'_>, stmt: &Stmt) -> Result<(), Error> {
    let invalid = |message: &str| error("ARGS_INVALID", message);
    if !stmt.args.is_empty() && !stmt.named_args.is_empty() {
        return Err(error("ARGS_BOTH_POSITIONAL_AND_NAMED", "Parameters are given by position or by name"));
    }
    if stmt.args.len() + stmt.named_args.len() != statement.parameter_count() {
        return Err(invalid("The number of values is not that of the parameters"));
    }
    let mut bind = |index: usize, value: &Value| {
        statement.raw_bind_parameter(index, to_sqlite(value)).map_err(|error| failure(&error))
    };
    for (index, value) in stmt.args.iter().enumerate() {
        bind(index + 1, value)?;
    }
    for named in &stmt.named_args {
        let spellings = ["", ":", "@", "$"].map(|sign| format!("{sign}{}", named.name));
        let index = spellings.iter().find_map(|name| statement.parameter_index(name).ok().flatten());
        let index = index.ok_or_else(|| invalid("There is no parameter of this name"))?;
        statement.raw_bind_parameter(index, to_sqlite(&named.value)).map_err(|error| failure(&error))?;
    }
    Ok(())
}

fn run(connection: &Connection, statement: &mut Statement<'_>, want_rows: bool) -> rusqlite::Result<StmtResult> {
    let count = statement.column_count();
    let names =
        (0..count).map(|index| statement.column_name(index).map(str::to_owned)).collect::<Result<Vec<_>, _>>()?;
    let before = connection.total_changes();
    let (mut rows, mut found) = (Vec::new(), statement.raw_query());
    while let Some(row) = found.next()? {
        if want_rows {
            let values = (0..count).map(|index| Ok(from_sqlite(row.get_ref(index)?)));
            rows.push(Row { values: values.collect::<rusqlite::Result<_>>()? });
        }
    }
    drop(found);
    // What SQLite counts stays that of the last change, also after statements that change no row.
    let is_changed = connection.total_changes() != before;
    Ok(StmtResult {
        cols: names.into_iter().map(|name| Col { name: Some(name), decltype: None }).collect(),
        rows,
        affected_row_count: if is_changed { connection.changes() } else { 0 },
        last_insert_rowid: Some(connection.last_insert_rowid()),
        replication_index: None,
        rows_read: 0,
        rows_written: 0,
        query_duration_ms: 0.0,
    })
}

fn to_sqlite(value: &Value) -> rusqlite::types::Value {
    use rusqlite::types::Value as Sqlite;
    match value {
        Value::None | Value::Null => Sqlite::Null,
        Value::Integer { value } => Sqlite::Integer(*value),
        Value::Float { value } => Sqlite::Real(*value),
        Value::Text { value } => Sqlite::Text(value.as_ref().to_owned()),
        Value::Blob { value } => Sqlite::Blob(value.to_vec()),
    }
}

fn from_sqlite(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer { value },
        ValueRef::Real(value) => Value::Float { value },
        ValueRef::Text(text) => Value::Text { value: String::from_utf8_lossy(text).as_ref().into() },
        ValueRef::Blob(bytes) => Value::Blob { value: bytes.to_vec().into() },
    }
}

fn error(code: &str, message: &str) -> Error {
    Error { message: message.to_owned(), code: code.to_owned() }
}

pub(crate) fn failure(failed: &rusqlite::Error) -> Error {
    match failed {
        rusqlite::Error::SqliteFailure(cause, message) => {
            let message = message.clone().unwrap_or_else(|| cause.to_string());
            error(code(cause.code), &format!("SQLite error: {message}"))
        }
        rusqlite::Error::SqlInputError { msg, .. } => error("SQL_INPUT_ERROR", &format!("SQL input error: {msg}")),
        other => error("SQLITE_UNKNOWN", &other.to_string()),
    }
}

/// The primary code, as sqld has it.
fn code(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::ConstraintViolation => "SQLITE_CONSTRAINT",
        ErrorCode::DatabaseBusy => "SQLITE_BUSY",
        ErrorCode::DatabaseLocked => "SQLITE_LOCKED",
        ErrorCode::ReadOnly => "SQLITE_READONLY",
        ErrorCode::DiskFull => "SQLITE_FULL",
        ErrorCode::SystemIoFailure => "SQLITE_IOERR",
        ErrorCode::DatabaseCorrupt => "SQLITE_CORRUPT",
        ErrorCode::CannotOpen => "SQLITE_CANTOPEN",
        ErrorCode::NotADatabase => "SQLITE_NOTADB",
        ErrorCode::TooBig => "SQLITE_TOOBIG",
        ErrorCode::TypeMismatch => "SQLITE_MISMATCH",
        _ => "SQLITE_UNKNOWN",
    }
}
