//! Why a request to a libSQL server failed, by its code. The text is read for one thing only: SQLite names the columns
//! of a broken constraint nowhere else.

use libsql_hrana::proto::Error;

use crate::SqlError;

/// A request without a result.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was not executed, and would not be if it were sent again.
    Refused(String),
    /// It was not executed, because another one held a lock for too long.
    Busy(String),
    /// It may have been executed, or may still be.
    Unanswered(String),
}

/// Codes with which SQLite and sqld say that a transaction had to give way. It was rolled back.
const BUSY: [&str; 4] = ["SQLITE_BUSY", "SQLITE_LOCKED", "TRANSACTION_BUSY", "TRANSACTION_TIMEOUT"];

const CONSTRAINT: &str = "SQLITE_CONSTRAINT";

/// Whether somebody else held a lock. An extended code has the primary one in front.
pub(super) fn is_busy(error: &Error) -> bool {
    BUSY.iter().any(|code| error.code.starts_with(code))
}

pub(super) fn is_constraint(error: &Error) -> bool {
    error.code.starts_with(CONSTRAINT)
}

pub(super) fn text(error: &Error) -> String {
    format!("{}: {}", error.code, error.message)
}

pub(super) fn of_statement(error: &Error) -> SqlError {
    if is_constraint(error) { SqlError::from_text(&error.message) } else { SqlError::Other(text(error)) }
}

/// Of a whole request, which the server may have given up at any point.
pub(super) fn of_request(error: &Error) -> Failure {
    if is_busy(error) { Failure::Busy(text(error)) } else { Failure::Unanswered(text(error)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, message: &str) -> Error {
        Error { code: code.to_owned(), message: message.to_owned() }
    }

    #[test]
    fn the_code_says_what_kind_of_failure_it_is() {
        let unique = "SQLite error: UNIQUE constraint failed: t.a, t.b";
        for code in ["SQLITE_CONSTRAINT", "SQLITE_CONSTRAINT_PRIMARYKEY"] {
            assert!(of_statement(&error(code, unique)).is_unique("t.b"), "{code}");
        }
        let raised = of_statement(&error("SQLITE_ERROR", unique));
        assert_eq!(raised, SqlError::Other(format!("SQLITE_ERROR: {unique}")));
        for code in ["SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "TRANSACTION_TIMEOUT"] {
            assert!(is_busy(&error(code, "")), "{code}");
        }
        assert!(!is_busy(&error("SQLITE_IOERR", "database is locked")));
    }
}
