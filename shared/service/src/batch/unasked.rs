//! Batches that no handler asks for: of a request that was refused, of requests that were answered by copies, and of the
//! first thing that is sealed for a tenant.

use std::sync::Arc;

use crypto::seal::DataKey;
use platform::{Outcome, SqlError, Statement};

use super::Plan;
use crate::{App, Error, Result, data_keys};

/// What was stored of a request that was refused.
pub(crate) struct Refused {
    /// The nonce was not there before.
    pub is_new: bool,
    /// What the statement of the entry gave.
    pub entry: Option<Outcome>,
}

/// Stores the nonce of a refused request and, right behind it, the entry of the refusal.
pub(crate) async fn store_refused(
    app: &App,
    nonce: Option<Statement>,
    entry: Option<Statement>,
) -> Result<Refused, SqlError> {
    let mut plan = Plan::default();
    let nonce = nonce.map(|nonce| plan.add(nonce));
    let entry = entry.map(|entry| plan.add(entry));
    let sql = app.sql();
    let ran = if entry.is_some() { sql.batch(plan.statements) } else { sql.read_batch(plan.statements) };
    let mut outcomes = ran.await?;
    let mut take = |position: Option<usize>| position.and_then(|at| outcomes.get_mut(at)).map(std::mem::take);
    Ok(Refused { is_new: take(nonce).is_some_and(|outcome| outcome.changes > 0), entry: take(entry) })
}

/// Stores nonces of answered requests, and then deletes expired ones when that is due.
pub(crate) async fn store_nonces(app: &App, nonces: Statement, sweep: Option<Statement>) -> Result<(), SqlError> {
    for statement in [nonces].into_iter().chain(sweep) {
        app.sql().read_batch(vec![statement.uncounted()]).await?;
    }
    Ok(())
}

/// Runs statements after the answer, whose outcomes nobody reads.
pub(crate) fn run_later(app: &App, statements: Vec<Statement>) {
    if statements.is_empty() {
        return;
    }
    let with = app.clone();
    app.spawn_after_response(Box::pin(async move {
        let statements = statements.into_iter().map(Statement::uncounted).collect();
        if let Err(error) = with.sql().read_batch(statements).await {
            platform::log::error(&format!("what is no longer kept could not be removed: {error}"));
        }
    }));
}

/// Creates a tenant's data key. If another request was first, its key is the tenant's.
pub(crate) async fn create_data_key(app: &App, tenant: &str) -> Result<Arc<DataKey>> {
    let mut plan = Plan::default();
    plan.add(data_keys::generate(app, tenant)?.1);
    let read = plan.add(data_keys::select(tenant));
    let outcomes = app.sql().batch(plan.statements).await?;
    let rows = outcomes.get(read).map(|outcome| outcome.rows.as_slice()).unwrap_or_default();
    data_keys::open(app, tenant, rows)?.ok_or_else(|| Error::internal("a data key vanished"))
}
