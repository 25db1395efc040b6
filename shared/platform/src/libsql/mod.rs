//! A libSQL server, over version 3 of its protocol Hrana, where several machines share one database. A batch is one
//! request that opens and ends its own transaction, so that no lock is held while something travels.

mod failure;
mod plan;
mod schema;
mod server;

use std::time::{Duration, Instant};

pub(crate) use server::Server;

use crate::{Outcome, Row, Sql, SqlError, Statement, Task, clock, random};
use failure::Failure;
use plan::{End, Marker, Plan};

/// How long the write lock is asked for. The server waits for it each time, too.
const LOCK_DEADLINE: Duration = Duration::from_secs(30);
/// How long a server that does not answer is asked again.
const SILENCE_DEADLINE: Duration = Duration::from_secs(10);
/// The pauses between two attempts, in milliseconds: the first is at most the one, and no later one exceeds the other.
const FIRST_PAUSE: u32 = 16;
const LONGEST_PAUSE: u32 = 512;

pub(crate) struct LibSql(Server);

impl LibSql {
    /// Applies the migrations that are missing.
    pub(crate) async fn open(server: Server) -> Result<Self, SqlError> {
        let sql = Self(server);
        schema::bring_up_to_date(&sql).await?;
        Ok(sql)
    }

    /// A read changes nothing, so it is simply asked again when there was no answer.
    async fn read(&self, statements: &[Statement]) -> Result<Vec<Outcome>, SqlError> {
        self.repeat(&Plan::reading(statements)).await
    }

    /// Executes what may be executed twice.
    async fn repeat(&self, plan: &Plan) -> Result<Vec<Outcome>, SqlError> {
        let mut patience = Patience::default();
        loop {
            match self.attempt(plan).await {
                End::Done(outcomes) => return Ok(outcomes),
                End::Failed(error) => return Err(error),
                End::Busy(reason) => patience.after_refusal(reason).await?,
                End::Unanswered(reason) => patience.after_silence(reason).await?,
                End::Superseded => return Err(SqlError::Committed),
            }
        }
    }

    /// Executes a batch once. Where its answer is lost, the marker tells whether it was committed; if it was not, it
    /// never will be, and is tried again under another marker.
    async fn write(&self, statements: &[Statement]) -> Result<Vec<Outcome>, SqlError> {
        let mut patience = Patience::default();
        loop {
            let marker = Marker::new()?;
            match self.attempt(&Plan::writing(statements, Some(&marker))).await {
                End::Done(outcomes) => return Ok(outcomes),
                End::Failed(error) => return Err(error),
                End::Busy(reason) => patience.after_refusal(reason).await?,
                // Nobody else knows this marker, so a proxy has sent the request twice.
                End::Superseded => return Err(SqlError::Committed),
                End::Unanswered(_) if self.is_committed(&marker).await? => return Err(SqlError::Committed),
                End::Unanswered(reason) => patience.after_silence(reason).await?,
            }
        }
    }

    /// Whether the batch of this marker was committed. If not, it cannot be any more, even if it is still on its way.
    async fn is_committed(&self, marker: &Marker) -> Result<bool, SqlError> {
        let outcomes = self.repeat(&Plan::single(&marker.settle())).await?;
        let row = outcomes.first().and_then(|outcome| outcome.rows.first());
        let is_void: bool = row.ok_or_else(|| SqlError::Shape("is_void".to_owned()))?.get("is_void")?;
        Ok(!is_void)
    }

    async fn attempt(&self, plan: &Plan) -> End {
        match self.0.execute(plan.batch()).await {
            Ok(result) => plan.end(result),
            Err(Failure::Refused(reason)) => End::Failed(SqlError::Other(reason)),
            Err(Failure::Busy(reason)) => End::Busy(reason),
            Err(Failure::Unanswered(reason)) => End::Unanswered(reason),
        }
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>, SqlError> {
        if statements.iter().all(Statement::is_reading) {
            self.read(&statements).await
        } else {
            self.write(&statements).await
        }
    }

    /// What was read can be read again when its answer was lost after the nonce had been committed.
    async fn read_batch(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>, SqlError> {
        match (self.batch(statements.clone()).await, statements.split_first()) {
            (Err(SqlError::Committed), Some((nonce, reading)))
                if !nonce.is_reading() && !nonce.returns_rows() && reading.iter().all(Statement::is_reading) =>
            {
                let mut outcomes = vec![Outcome { rows: Vec::new(), changes: 1 }];
                outcomes.extend(self.read(reading).await?);
                Ok(outcomes)
            }
            (result, _) => result,
        }
    }
}

impl Sql for LibSql {
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        Box::pin(async move { Ok(self.read(&[statement]).await?.pop().unwrap_or_default().rows) })
    }

    fn batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        Box::pin(self.batch(statements))
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        Box::pin(self.read_batch(statements))
    }
}

/// For how long something is tried again. Pauses are random and grow, so that those who were refused together do not
/// ask together again.
struct Patience {
    started: Instant,
    longest: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { started: Instant::now(), longest: FIRST_PAUSE }
    }
}

impl Patience {
    async fn after_refusal(&mut self, reason: String) -> Result<(), SqlError> {
        self.pause(LOCK_DEADLINE, SqlError::Other(reason)).await
    }

    async fn after_silence(&mut self, reason: String) -> Result<(), SqlError> {
        self.pause(SILENCE_DEADLINE, SqlError::Unanswered(reason)).await
    }

    async fn pause(&mut self, deadline: Duration, error: SqlError) -> Result<(), SqlError> {
        if self.started.elapsed() > deadline {
            return Err(error);
        }
        let random = random::bytes().map_or(u32::MAX, u32::from_le_bytes);
        clock::sleep(Duration::from_millis((1 + random % self.longest).into())).await;
        self.longest = (2 * self.longest).min(LONGEST_PAUSE);
        Ok(())
    }
}
