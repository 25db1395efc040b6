//! PostgreSQL of Spin, which speaks the protocol and keeps connections for later sessions.

use send_wrapper::SendWrapper;
use spin_sdk::pg::{Connection, Error, PgError, QueryError};

use crate::{
    Task,
    postgres::{PostgresError, Server, Tls},
};

/// What stands before the code in what Spin says of a session that a server has refused.
const CODE: &str = "SqlState(E";

pub(crate) struct Session(Connection);

pub(crate) fn task<T: 'static>(work: impl Future<Output = T> + 'static) -> Task<'static, T> {
    Box::pin(SendWrapper::new(work))
}

pub(crate) async fn open(server: &Server) -> Result<Session, PostgresError> {
    Connection::open(address(server)).await.map(Session).map_err(|error| match error {
        Error::PgError(PgError::ConnectionFailed(text) | PgError::Other(text)) => refused(&text),
        _ => PostgresError::Unreachable,
    })
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

fn refused(text: &str) -> PostgresError {
    let code = text.split_once(CODE).and_then(|(_, rest)| rest.get(..5));
    code.map_or(PostgresError::Unreachable, PostgresError::of_opening)
}
