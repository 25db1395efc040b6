//! PostgreSQL servers of others. A call opens a session, carries steps out one after another, and closes it, all of it
//! bounded in time. No rows are read. How the wire protocol reaches the server is the runtime's.

#[cfg(not(target_os = "wasi"))]
pub(crate) mod wire;

use std::time::Duration;

use zeroize::Zeroizing;

use crate::{
    Task, clock,
    fetch::race,
    runtime::postgres::{Session, open},
};

/// A server with an account on it.
#[derive(Clone)]
pub struct Server {
    /// A name or an address; one of version 6 in brackets.
    pub host: String,
    pub port: u16,
    pub database: String,
    pub user: String,
    pub password: Zeroizing<String>,
    pub tls: Tls,
}

/// Whether a session is encrypted. Where it is, the server's certificate is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    Disable,
    /// Where the server offers it.
    Prefer,
    Require,
}

/// Why steps were not all carried out. Nothing of the server, the account or the statements stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostgresError {
    /// There was no session, so nothing was carried out.
    Unreachable,
    /// The session broke or took too long: what was under way may have been carried out.
    Broken,
    /// The server refuses the account, or a statement, and with it the step that it belongs to.
    Refused { sqlstate: String },
}

/// The statements of a step are carried out all or none; steps before it stay carried out.
pub type Step = Vec<String>;

/// Carries steps out, within this time.
pub fn execute(server: Server, steps: Vec<Step>, time: Duration) -> Task<'static, Result<(), PostgresError>> {
    crate::runtime::postgres::task(run(server, steps, time))
}

async fn run(server: Server, steps: Vec<Step>, time: Duration) -> Result<(), PostgresError> {
    let started = clock::now_ms();
    let opened = race(open(&server), clock::sleep(time)).await;
    let mut session = opened.unwrap_or(Err(PostgresError::Unreachable))?;
    let spent = Duration::from_millis(u64::try_from(clock::now_ms() - started).unwrap_or_default());
    let done = race(carry_out(&mut session, &steps), clock::sleep(time.saturating_sub(spent))).await;
    match done {
        Some(done) => {
            session.close().await;
            done
        }
        None => {
            session.give_up();
            Err(PostgresError::Broken)
        }
    }
}

async fn carry_out(session: &mut Session, steps: &[Step]) -> Result<(), PostgresError> {
    for step in steps {
        match step.as_slice() {
            [statement] => session.execute(statement).await?,
            statements => {
                let done = transaction(session, statements).await;
                if matches!(done, Err(PostgresError::Refused { .. })) {
                    // A host may keep the connection for another session.
                    let _ = session.execute("ROLLBACK").await;
                }
                done?;
            }
        }
    }
    Ok(())
}

async fn transaction(session: &mut Session, statements: &[String]) -> Result<(), PostgresError> {
    session.execute("BEGIN").await?;
    for statement in statements {
        session.execute(statement).await?;
    }
    session.execute("COMMIT").await
}

impl PostgresError {
    /// What a server has answered to an attempt to open a session. One that does not serve anybody at present is as
    /// good as none.
    pub(crate) fn of_opening(sqlstate: &str) -> Self {
        if sqlstate.starts_with("57P") || sqlstate.starts_with("53") {
            Self::Unreachable
        } else {
            Self::of_statement(sqlstate)
        }
    }

    /// What a server has answered to a statement.
    pub(crate) fn of_statement(sqlstate: &str) -> Self {
        if sqlstate.starts_with("57P") || sqlstate.starts_with("08") {
            return Self::Broken;
        }
        let is_code = sqlstate.len() == 5 && sqlstate.bytes().all(|byte| byte.is_ascii_alphanumeric());
        Self::Refused { sqlstate: if is_code { sqlstate } else { "XX000" }.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_serves_nobody_is_unreachable_and_one_that_ends_a_session_breaks_it() {
        let refused = |sqlstate: &str| PostgresError::Refused { sqlstate: sqlstate.to_owned() };
        for (sqlstate, opening, statement) in [
            ("28P01", refused("28P01"), refused("28P01")),
            ("57P03", PostgresError::Unreachable, PostgresError::Broken),
            ("53300", PostgresError::Unreachable, refused("53300")),
            ("42501", refused("42501"), refused("42501")),
            ("<html", refused("XX000"), refused("XX000")),
        ] {
            assert_eq!(
                (PostgresError::of_opening(sqlstate), PostgresError::of_statement(sqlstate)),
                (opening, statement)
            );
        }
    }
}
