//! What was simulated: a row each, and how often a question was decided how on each day. Both are kept for 30 days.

use model::qnsp::access::{Effect, SimulatedDecision, SimulationType};
use platform::Statement;
use qnsp::{Caller, DAY, day_of};
use serde::Serialize;
use serde_json::{Value, json};
use service::{Error, Result};

/// How many days simulations and questions are kept.
pub(crate) const KEPT_DAYS: i64 = 30;

/// How many old rows one call removes.
const SWEPT: i64 = 16;

/// Stores a simulation, and removes some old ones.
pub(crate) fn simulation<T: Serialize>(
    caller: &Caller,
    id: &str,
    kind: SimulationType,
    summary: &T,
    decisions: Option<&[SimulatedDecision]>,
) -> Result<[Statement; 2]> {
    let insert = Statement::new(
        "INSERT INTO qnsp_simulations (tenant_id, requested_at, id, type, requested_by, summary, decisions) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    );
    let insert = insert.bind(caller.tenant()).bind(caller.now).bind(id).bind(<&str>::from(kind)).bind(caller.user());
    let sweep = Statement::new(
        "DELETE FROM qnsp_simulations WHERE (tenant_id, requested_at, id) IN \
         (SELECT tenant_id, requested_at, id FROM qnsp_simulations WHERE requested_at <= ?1 ORDER BY requested_at LIMIT ?2)",
    );
    let insert = insert.bind(json(summary)?).bind(decisions.map(|decisions| json(&decisions)).transpose()?);
    Ok([insert, sweep.bind(since(caller.now)).bind(SWEPT)])
}

fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|_| Error::internal("a simulation that is not JSON"))
}

/// Counts questions on their day, and removes some old counts.
pub(crate) fn questions(caller: &Caller, asked: &[SimulatedDecision]) -> [Statement; 2] {
    let is_allowed = |asked: &SimulatedDecision| asked.decision == Effect::Allow;
    let rows = asked.iter().map(|asked| json!([asked.principal, asked.resource, asked.action, is_allowed(asked)]));
    let upsert = Statement::new(
        "INSERT INTO qnsp_access_questions (tenant_id, day, principal, resource, action, allowed, denied) \
         SELECT ?1, ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, 1 - (value ->> 3) FROM json_each(?3) WHERE true \
         ON CONFLICT (tenant_id, day, principal, resource, action) \
         DO UPDATE SET allowed = allowed + excluded.allowed, denied = denied + excluded.denied",
    );
    let today = day_of(caller.now);
    let upsert = upsert.bind(caller.tenant()).bind(today).bind(rows.collect::<Value>().to_string());
    let sweep = Statement::new(
        "DELETE FROM qnsp_access_questions WHERE (tenant_id, day, principal, resource, action) IN \
         (SELECT tenant_id, day, principal, resource, action FROM qnsp_access_questions WHERE day <= ?1 \
         ORDER BY day LIMIT ?2)",
    );
    [upsert, sweep.bind(today - KEPT_DAYS).bind(SWEPT)]
}

/// What is older is shown no more.
pub(crate) fn since(now: i64) -> i64 {
    now - KEPT_DAYS * DAY
}
