//! Evaluations and signals, counted by the hour as they are written. What a period has is the sum of its whole hours, and
//! of the rows of the hour in which it begins: exact, and never more than an hour of rows is read.

use platform::Statement;
use serde_json::json;

const HOUR: i64 = 3_600_000;

/// What is counted.
pub(crate) const LEVEL: &str = "level";
pub(crate) const RECOMMENDATION: &str = "recommendation";
pub(crate) const FACTOR: &str = "factor";
pub(crate) const SIGNAL: &str = "signal";

/// The UTC hour of a time, counted from the epoch.
pub(crate) fn hour_of(ms: i64) -> i64 {
    ms.div_euclid(HOUR)
}

/// Counts one of each of these, a kind with a name.
pub(crate) fn count(tenant: &str, now: i64, names: &[(&str, &str)]) -> Statement {
    let upsert = Statement::new(
        "INSERT INTO qnsp_risk_hours (tenant_id, hour, kind, name, count) \
         SELECT ?1, ?2, value ->> 0, value ->> 1, 1 FROM json_each(?3) WHERE true \
         ON CONFLICT (tenant_id, hour, kind, name) DO UPDATE SET count = count + 1",
    );
    upsert.bind(tenant).bind(hour_of(now)).bind(json!(names).to_string())
}

/// Rows `kind`, `name`, `count` of what was counted after a time.
pub(crate) fn counted_after(tenant: &str, time: i64) -> Statement {
    let select = Statement::new(
        "SELECT kind, name, sum(count) AS count FROM ( \
           SELECT kind, name, count FROM qnsp_risk_hours WHERE tenant_id = ?1 AND hour > ?2 \
           UNION ALL SELECT 'level', level, 1 FROM qnsp_evaluations WHERE tenant_id = ?1 AND at > ?3 AND at < ?4 \
           UNION ALL SELECT 'recommendation', recommendation, 1 FROM qnsp_evaluations \
             WHERE tenant_id = ?1 AND at > ?3 AND at < ?4 \
           UNION ALL SELECT 'factor', value, 1 FROM qnsp_evaluations, json_each(factor_kinds) \
             WHERE tenant_id = ?1 AND at > ?3 AND at < ?4 \
           UNION ALL SELECT 'signal', signal_type || '/' || severity, 1 FROM qnsp_signals \
             WHERE tenant_id = ?1 AND recorded_at > ?3 AND recorded_at < ?4 \
         ) GROUP BY kind, name ORDER BY kind, name",
    );
    let hour = hour_of(time);
    select.bind(tenant).bind(hour).bind(time).bind((hour + 1) * HOUR)
}
