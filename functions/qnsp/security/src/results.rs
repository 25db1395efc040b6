//! What analyses, simulations and assessments have found is kept for 30 days.

use platform::Statement;
use qnsp::{Caller, DAY, Work};
use serde::Serialize;
use serde_json::Value;
use service::{Error, Result};

const KEPT: i64 = 30 * DAY;

/// Stores a result, and removes a few that are no longer kept.
pub(crate) fn store<T: Serialize>(
    caller: &Caller,
    work: &mut Work,
    kind: &str,
    id: &str,
    question: &Value,
    answer: &T,
) -> Result<()> {
    let answer = serde_json::to_string(answer).map_err(|_| Error::internal("a result that is not JSON"))?;
    let insert = Statement::new(
        "INSERT INTO qnsp_security_results (tenant_id, at, id, kind, requested_by, question, answer) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    );
    let insert = insert.bind(caller.tenant()).bind(caller.now).bind(id).bind(kind).bind(caller.user());
    work.push(insert.bind(question.to_string()).bind(answer));
    let sweep = "DELETE FROM qnsp_security_results WHERE (tenant_id, at, id) IN \
                 (SELECT tenant_id, at, id FROM qnsp_security_results WHERE at <= ?1 ORDER BY at LIMIT 4)";
    work.push(Statement::new(sweep).bind(caller.now - KEPT));
    Ok(())
}
