//! What modules were asked for, of which the newest are kept.

use platform::Statement;
use policy::qnsp::hsm::Module;
use service::Result;

use super::{Connection, Failure};
use crate::{Caller, DAY, Work, new_id, work::unavailable};

/// How many operations of a connection are kept, and for how long in milliseconds.
const KEPT: i64 = 10_000;
const KEPT_FOR: i64 = 30 * DAY;

/// After so many operations in a row without an answer a connection is inactive.
const UNANSWERED: i64 = 3;

#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    pub connection: &'a Connection,
    pub key: Option<&'a str>,
    /// key.create, wrap, unwrap, sign, verify or validate.
    pub operation: &'static str,
    /// Milliseconds.
    pub latency: i64,
}

/// Records an operation in the batch of the call that asked for it.
pub fn record(work: &mut Work, of: &Operation, is_success: bool) -> Result<()> {
    let caller = work.caller().clone();
    for statement in recorded(&caller, of, is_success)? {
        work.push(statement);
    }
    Ok(())
}

/// The statements of an operation that its module has answered.
pub fn recorded(caller: &Caller, of: &Operation, is_success: bool) -> Result<Vec<Statement>> {
    let mut all = statements(caller, of, is_success)?.to_vec();
    if of.connection.module() == Module::Server {
        all.push(answered(caller, of.connection));
    }
    Ok(all)
}

/// Records an operation that failed, whose call is refused.
pub async fn record_failure(caller: &Caller, of: &Operation<'_>, failure: Failure) -> Result<()> {
    let mut batch = caller.admitted(None);
    for statement in statements(caller, of, false)? {
        batch.push(statement);
    }
    batch.push(match failure {
        Failure::Unreachable => unanswered(caller, of.connection),
        Failure::Authentication | Failure::Refused(_) => answered(caller, of.connection),
    });
    batch.write().await.map(drop).map_err(unavailable)
}

/// Operations are numbered in the order of their times, so that lists need no index besides the key.
fn statements(caller: &Caller, of: &Operation, is_success: bool) -> Result<[Statement; 2]> {
    const OF_CONNECTION: &str = "FROM qnsp_hsm_operations WHERE tenant_id = ?1 AND connection_id = ?2";
    let insert = Statement::new(format!(
        "INSERT INTO qnsp_hsm_operations (tenant_id, connection_id, number, id, at, type, key_id, is_success, latency_ms) \
         SELECT ?1, ?2, coalesce((SELECT max(number) {OF_CONNECTION}), 0) + 1, ?3, \
         max(?4, coalesce((SELECT at {OF_CONNECTION} ORDER BY number DESC LIMIT 1), 0)), ?5, ?6, ?7, ?8"
    ));
    let insert = insert
        .bind(caller.tenant())
        .bind(of.connection.id.as_str())
        .bind(new_id()?)
        .bind(caller.now)
        .bind(of.operation)
        .bind(of.key.map(str::to_owned))
        .bind(is_success)
        .bind(of.latency.max(0));
    // Those beyond the newest of the connection, and some of any that are too old. They are put together first: for a union
    // in the place of the list SQLite would go through the whole table.
    let no_longer_kept = Statement::new(format!(
        "WITH gone AS MATERIALIZED (SELECT tenant_id, connection_id, number {OF_CONNECTION} \
         AND number <= (SELECT max(number) {OF_CONNECTION}) - ?3 UNION ALL SELECT * FROM \
         (SELECT tenant_id, connection_id, number FROM qnsp_hsm_operations WHERE at < ?4 ORDER BY at LIMIT 16)) \
         DELETE FROM qnsp_hsm_operations WHERE (tenant_id, connection_id, number) IN \
         (SELECT tenant_id, connection_id, number FROM gone)"
    ));
    let no_longer_kept = no_longer_kept.bind(caller.tenant()).bind(of.connection.id.as_str());
    Ok([insert, no_longer_kept.bind(KEPT).bind(caller.now - KEPT_FOR)])
}

/// An answer ends a row of operations without one.
fn answered(caller: &Caller, connection: &Connection) -> Statement {
    let update = "UPDATE qnsp_hsm_connections SET unanswered = 0 WHERE tenant_id = ?1 AND id = ?2 AND unanswered > 0";
    Statement::new(update).bind(caller.tenant()).bind(connection.id.as_str())
}

fn unanswered(caller: &Caller, connection: &Connection) -> Statement {
    let update = Statement::new(
        "UPDATE qnsp_hsm_connections SET unanswered = unanswered + 1, \
         status = iif(status = 'active' AND unanswered + 1 >= ?3, 'inactive', status) WHERE tenant_id = ?1 AND id = ?2",
    );
    update.bind(caller.tenant()).bind(connection.id.as_str()).bind(UNANSWERED)
}
