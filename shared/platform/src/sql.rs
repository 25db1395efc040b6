//! Statements, values and rows, and the trait that a database offers. There is no transaction to open:
//! what belongs together is one `batch`, and conditions stand inside the SQL.

use std::borrow::Cow;

use crate::Task;

/// One value of SQLite's five storage classes.
#[derive(Clone, Debug, PartialEq)]
pub enum SqlValue {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

/// A statement with its parameters `?1`, `?2` … in order.
#[derive(Clone, Debug)]
pub struct Statement {
    pub text: Cow<'static, str>,
    pub params: Vec<SqlValue>,
    /// Whether anybody asks how many rows it changes: on Spin that is a call of its own. Where it is not counted, the outcome
    /// may say 0.
    pub is_counted: bool,
}

impl Statement {
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), params: Vec::new(), is_counted: true }
    }

    #[must_use]
    pub fn bind(mut self, value: impl Into<SqlValue>) -> Self {
        self.params.push(value.into());
        self
    }

    /// Nobody asks how many rows it changes.
    #[must_use]
    pub fn uncounted(self) -> Self {
        Self { is_counted: false, ..self }
    }

    /// Whether the statement only reads, so that it needs no write lock and changes no row.
    pub fn is_reading(&self) -> bool {
        let is = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
        let starts = self.words().next().is_some_and(|first| is(first, &["SELECT", "WITH"]));
        starts && !self.words().skip(1).any(|word| is(word, &["INSERT", "UPDATE", "DELETE"]))
    }

    /// Whether a statement that changes something also gives rows.
    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    pub(crate) fn returns_rows(&self) -> bool {
        self.words().any(|word| word.eq_ignore_ascii_case("RETURNING"))
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
    }
}

/// What one statement gave: its rows, and how many rows it changed, where that is counted. A runtime may or may not count rows that
/// went by a foreign key, so ask only whether it is zero.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub rows: Vec<Row>,
    pub changes: u64,
}

/// The outcomes of a batch, or an error when a runtime gave fewer than there were statements. Callers may then read the
/// outcome of each statement.
#[cfg(any(test, all(target_arch = "wasm32", target_os = "unknown")))]
pub(crate) fn all_outcomes(outcomes: Vec<Outcome>, statements: usize) -> Result<Vec<Outcome>, SqlError> {
    if outcomes.len() == statements {
        Ok(outcomes)
    } else {
        Err(SqlError::Other(format!("{} outcomes of {statements} statements", outcomes.len())))
    }
}

/// A row by column name.
#[derive(Clone, Debug)]
pub struct Row(pub Vec<(String, SqlValue)>);

impl Row {
    /// The value of a column, or `SqlError::Shape` when the column is absent or of another type.
    pub fn get<T: FromSql>(&self, column: &str) -> Result<T, SqlError> {
        let value = self.0.iter().find(|(name, _)| name == column).map(|(_, value)| value);
        value.and_then(T::from_sql).ok_or_else(|| SqlError::Shape(column.to_owned()))
    }
}

/// A database. Every method is one storage round trip.
pub trait Sql: Send + Sync {
    /// Runs one reading statement.
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>>;

    /// Runs all statements or none, in order, and is durable when it returns.
    fn batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>>;

    /// As `batch`, for reads that store a nonce with their first statement. The nonce is visible to every other request at
    /// once, but a power failure may take it away. The others read one state, of that moment or, on Spin, a later one.
    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>>;
}

#[derive(Clone, Debug, PartialEq)]
pub enum SqlError {
    /// A UNIQUE or PRIMARY KEY constraint; the columns as SQLite names them (`table.column, …`).
    Unique(String),
    /// A NOT NULL constraint; the column as SQLite names it.
    NotNull(String),
    /// A row does not have the expected column or type.
    Shape(String),
    /// The batch was committed, but the connection broke before its outcomes arrived. Only a database that is reached
    /// over a network has this.
    Committed,
    /// There was no answer in time. A change may have been committed, or not. For the log.
    Unanswered(String),
    /// Anything else, for the log only.
    Other(String),
}

impl SqlError {
    /// Reads the kind of failure from the text that SQLite gives, whatever a runtime wraps around it.
    pub fn from_text(text: &str) -> Self {
        let after = |marker: &str| {
            let rest = text.split_once(marker)?.1;
            let end = rest.find([':', '\n', '(']).unwrap_or(rest.len());
            rest.get(..end).map(|columns| columns.trim().to_owned())
        };
        if let Some(columns) = after("UNIQUE constraint failed: ") {
            Self::Unique(columns)
        } else if let Some(column) = after("NOT NULL constraint failed: ") {
            Self::NotNull(column)
        } else {
            Self::Other(text.to_owned())
        }
    }

    /// True when another connection held a lock for too long; the statement has done nothing and may be tried again.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Other(text) if text.contains("database is locked"))
    }

    /// True when a uniqueness rule over this column (`table.column`) was broken.
    pub fn is_unique(&self, column: &str) -> bool {
        matches!(self, Self::Unique(columns) if columns.split(", ").any(|name| name == column))
    }
}

impl std::fmt::Display for SqlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unique(columns) => write!(f, "not unique: {columns}"),
            Self::NotNull(column) => write!(f, "null: {column}"),
            Self::Shape(column) => write!(f, "unexpected shape of column {column}"),
            Self::Committed => f.write_str("committed, but the answer was lost"),
            Self::Unanswered(text) => write!(f, "no answer: {text}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for SqlError {}

/// A Rust type that a column can be read into.
pub trait FromSql: Sized {
    fn from_sql(value: &SqlValue) -> Option<Self>;
}

impl FromSql for String {
    fn from_sql(value: &SqlValue) -> Option<Self> {
        match value {
            SqlValue::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl FromSql for i64 {
    fn from_sql(value: &SqlValue) -> Option<Self> {
        match value {
            SqlValue::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

/// A runtime may hand over a whole number as an integer.
impl FromSql for f64 {
    fn from_sql(value: &SqlValue) -> Option<Self> {
        match value {
            SqlValue::Real(number) => Some(*number),
            #[expect(clippy::cast_precision_loss, reason = "it was a double when it was stored")]
            SqlValue::Integer(number) => Some(*number as Self),
            _ => None,
        }
    }
}

impl FromSql for u64 {
    fn from_sql(value: &SqlValue) -> Option<Self> {
        i64::from_sql(value).and_then(|number| number.try_into().ok())
    }
}

impl FromSql for bool {
    fn from_sql(value: &SqlValue) -> Option<Self> {
        i64::from_sql(value).map(|number| number != 0)
    }
}

impl FromSql for Vec<u8> {
    fn from_sql(value: &SqlValue) -> Option<Self> {
        match value {
            SqlValue::Blob(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }
}

impl<T: FromSql> FromSql for Option<T> {
    fn from_sql(value: &SqlValue) -> Option<Self> {
        match value {
            SqlValue::Null => Some(None),
            value => T::from_sql(value).map(Some),
        }
    }
}

impl From<&str> for SqlValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for SqlValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for SqlValue {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for SqlValue {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<bool> for SqlValue {
    fn from(flag: bool) -> Self {
        Self::Integer(flag.into())
    }
}

impl From<Vec<u8>> for SqlValue {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Blob(bytes)
    }
}

impl<T: Into<SqlValue>> From<Option<T>> for SqlValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_constraint_is_recognised_in_every_runtimes_wording() {
        for text in [
            "UNIQUE constraint failed: secrets.tenant_id, secrets.tag",
            "D1_ERROR: UNIQUE constraint failed: secrets.tenant_id, secrets.tag: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)",
            "Io(\"UNIQUE constraint failed: secrets.tenant_id, secrets.tag\nError code 1555\")",
        ] {
            assert!(SqlError::from_text(text).is_unique("secrets.tag"), "{text}");
        }
        let error =
            SqlError::from_text("D1_ERROR: NOT NULL constraint failed: request_nonces.caller: SQLITE_CONSTRAINT");
        assert_eq!(error, SqlError::NotNull("request_nonces.caller".to_owned()));
    }

    #[test]
    fn a_statement_reads_unless_it_names_a_change() {
        for reading in [
            "SELECT 1",
            "  select updated_at FROM t",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "SELECT replace(deleted, 'a', 'b') FROM t",
        ] {
            assert!(Statement::new(reading).is_reading(), "{reading}");
        }
        for changing in [
            "INSERT INTO t SELECT 1",
            "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
            "with a as (select 1) delete from t",
            "WITH a AS (SELECT 1) UPDATE t SET v = 1",
            "BEGIN",
            "",
        ] {
            assert!(!Statement::new(changing).is_reading(), "{changing}");
        }
    }

    #[test]
    fn a_lock_held_by_another_connection_differs_from_other_failures() {
        for text in ["database is locked", "Io(\"database is locked\\nError code 5\")"] {
            assert!(SqlError::from_text(text).is_busy(), "{text}");
        }
        assert!(!SqlError::from_text("UNIQUE constraint failed: t.v").is_busy());
        assert!(!SqlError::from_text("no such table: t").is_busy());
    }

    #[test]
    fn a_statement_borrows_a_text_that_is_constant_and_owns_one_that_is_not() {
        assert!(matches!(Statement::new("SELECT 1").text, Cow::Borrowed("SELECT 1")));
        assert!(matches!(Statement::new(format!("SELECT {}", 1)).text, Cow::Owned(text) if text == "SELECT 1"));
    }

    #[test]
    fn fewer_outcomes_than_statements_are_an_error() {
        let outcomes = vec![Outcome::default(); 2];
        assert_eq!(all_outcomes(outcomes.clone(), 2).unwrap().len(), 2);
        assert!(all_outcomes(outcomes, 3).is_err());
    }

    #[test]
    fn a_column_of_another_type_is_an_error_that_names_it() {
        let row = Row(vec![("tag".to_owned(), SqlValue::Integer(1))]);
        assert_eq!(row.get::<String>("tag"), Err(SqlError::Shape("tag".to_owned())));
        assert_eq!(row.get::<Option<i64>>("tag").unwrap(), Some(1));
        assert!(row.get::<i64>("other").is_err());
    }
}
