//! PostgreSQL of Spin, which speaks the protocol and keeps connections for later sessions.

use send_wrapper::SendWrapper;
use spin_sdk::pg::{Connection, Error, PgError, QueryError};

use crate::{
    Task,
    postgres::{PostgresError, Server, Tls},
};

/// What Spin says when a server has refused a session: the server's text follows, and its SQLSTATE is lost.
const REFUSAL: &str = "db error";

/// How PostgreSQL's English texts of such refusals begin and end, and their SQLSTATE. That of any other is unknown.
const REFUSALS: [(&str, &str, &str); 11] = [
    ("password authentication failed for user ", "", "28P01"),
    ("role ", " does not exist", "28000"),
    ("role ", " is not permitted to log in", "28000"),
    ("no pg_hba.conf entry for ", "", "28000"),
    ("pg_hba.conf rejects connection for ", "", "28000"),
    ("database ", " does not exist", "3D000"),
    ("permission denied for database ", "", "42501"),
    ("the database system is ", "", "57P03"),
    ("sorry, too many clients already", "", "53300"),
    ("remaining connection slots are reserved for ", "", "53300"),
    ("too many connections for ", "", "53300"),
];

pub(crate) struct Session(Connection);

pub(crate) fn task<T: 'static>(work: impl Future<Output = T> + 'static) -> Task<'static, T> {
    Box::pin(SendWrapper::new(work))
}

pub(crate) async fn open(server: &Server) -> Result<Session, PostgresError> {
    let opened = Connection::open(address(server)).await;
    let mut session = Session(opened.map_err(|error| match error {
        Error::PgError(PgError::ConnectionFailed(text)) => refused(&text),
        _ => PostgresError::Unreachable,
    })?);
    // Spin may have given it out before, and whoever had it may have ended inside a transaction, which is still open.
    session.execute("ROLLBACK").await.map_err(|error| match error {
        PostgresError::Broken => PostgresError::Unreachable,
        error => error,
    })?;
    Ok(session)
}

impl Session {
    pub(crate) async fn execute(&mut self, statement: &str) -> Result<(), PostgresError> {
        self.0.execute(statement, []).await.map(drop).map_err(|error| match error {
            Error::PgError(PgError::QueryFailed(QueryError::DbError(error))) => {
                PostgresError::of_statement(&error.code)
            }
            _ => PostgresError::Broken,
        })
    }

    pub(crate) async fn close(self) {}

    /// Spin keeps the session: what is under way in it comes to its end, and then its transaction, which holds locks.
    pub(crate) fn give_up(mut self) {
        spin_sdk::wasip3::spawn(async move {
            let _ = self.execute("ROLLBACK").await;
        });
    }
}

/// The address as words of `name='value'`. Spin verifies certificates wherever it encrypts.
fn address(server: &Server) -> String {
    let quoted = |value: &str| format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"));
    let mode = match server.tls {
        Tls::Disable => "disable",
        Tls::Prefer => "prefer",
        Tls::Require => "require",
    };
    let host = server.host.trim_start_matches('[').trim_end_matches(']');
    format!(
        "host={} port={} dbname={} user={} password={} sslmode={mode} application_name=chancery",
        quoted(host),
        server.port,
        quoted(&server.database),
        quoted(&server.user),
        quoted(&server.password),
    )
}

/// Spin's text is a chain of causes, one a line and numbered: `1: FATAL: password authentication failed for user "u"`.
fn refused(text: &str) -> PostgresError {
    let mut causes =
        text.lines().skip_while(|line| *line != "Caused by:").map(|line| match line.trim().split_once(": ") {
            Some((number, cause)) if number.bytes().all(|byte| byte.is_ascii_digit()) => cause,
            _ => line.trim(),
        });
    if !causes.any(|cause| cause == REFUSAL) {
        return PostgresError::Unreachable;
    }
    let said = causes.next().and_then(|cause| cause.split_once(':')).map_or("", |(_severity, said)| said.trim());
    let known = REFUSALS.iter().find(|(start, end, _)| said.starts_with(start) && said.ends_with(end));
    PostgresError::of_opening(known.map_or("", |(_, _, sqlstate)| sqlstate))
}
