//! The wire protocol over a stream that the runtime has opened. There is no task beside the session: whoever waits for a
//! statement moves the connection on.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use tokio_postgres::{Client, Config, Connection, Error, config::SslMode};

use super::{PostgresError, Server, Tls};
use crate::{
    clock,
    fetch::race,
    runtime::postgres::{Encrypted, Plain, connect},
};

/// How long the end of a connection is waited for.
const FAREWELL: Duration = Duration::from_millis(250);

pub(crate) struct Session {
    client: Client,
    connection: Connection<Plain, Encrypted>,
    has_ended: bool,
}

pub(crate) async fn open(server: &Server) -> Result<Session, PostgresError> {
    let (stream, tls) = connect(server).await.ok_or(PostgresError::Unreachable)?;
    let mut config = Config::new();
    config.user(&server.user).password(server.password.as_bytes()).dbname(&server.database);
    config.application_name("chancery").ssl_mode(match server.tls {
        Tls::Disable => SslMode::Disable,
        Tls::Prefer => SslMode::Prefer,
        Tls::Require => SslMode::Require,
    });
    let (client, connection) = config.connect_raw(stream, tls).await.map_err(|error| match error.code() {
        Some(code) => PostgresError::of_opening(code.code()),
        None => PostgresError::Unreachable,
    })?;
    Ok(Session { client, connection, has_ended: false })
}

impl Session {
    pub(crate) async fn execute(&mut self, statement: &str) -> Result<(), PostgresError> {
        let Self { client, connection, has_ended } = self;
        let mut work = pin!(client.execute(statement, &[]));
        let done = poll_fn(|context| {
            // The statement goes to the connection, which sends it and receives its outcome. Where the connection has
            // something to give, it wakes whoever waits here.
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(Some(done));
            }
            *has_ended = *has_ended || Pin::new(&mut *connection).poll(context).is_ready();
            match work.as_mut().poll(context) {
                Poll::Ready(done) => Poll::Ready(Some(done)),
                Poll::Pending if *has_ended => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        });
        match done.await {
            Some(done) => done.map(drop).map_err(|error| failure(&error)),
            None => Err(PostgresError::Broken),
        }
    }

    /// Says goodbye, lest the server logs that somebody was lost.
    pub(crate) async fn close(self) {
        let Self { client, mut connection, has_ended } = self;
        drop(client);
        if !has_ended {
            let _ = race(&mut connection, clock::sleep(FAREWELL)).await;
        }
    }

    /// The server notices by itself that nobody is there any more.
    pub(crate) fn give_up(self) {}
}

fn failure(error: &Error) -> PostgresError {
    error.code().map_or(PostgresError::Broken, |code| PostgresError::of_statement(code.code()))
}
