//! Alerts about the use of keys: by the rules of the tenant, and by two that every tenant has. They are judged by the
//! database, in the batch of the use, and raise an alert once for each occasion.

use platform::Statement;

use crate::{
    NEW_UUID, Work,
    counters::minute_of,
    deprecation::{is_forbidden, registry},
};

/// The rule of what is unusual for a key, and the rule of what is forbidden.
pub const BASELINE: &str = "baseline";
pub const COMPLIANCE: &str = "compliance";

/// How many hours the running one is compared with.
const HOURS: i64 = 24;

const COLUMNS: &str = "tenant_id, id, rule_id, key_id, occasion, alert_type, severity, message, triggered_at, channels";

/// The statements by which alerts end and are raised, which tells their channels.
pub(crate) struct Judgement {
    pub end: Statement,
    pub raise: Statement,
}

impl Judgement {
    pub(crate) fn push(self, work: &mut Work) {
        work.push(self.end);
        let raised = work.push(self.raise);
        work.notify(raised);
    }
}

/// Looks at the rules of too little, for those who list alerts.
pub fn judge_silence(work: &mut Work) {
    let (tenant, now) = (work.caller().tenant().to_owned(), work.caller().now);
    of_silence(&tenant, now).push(work);
}

/// What follows from a use of a key just now: by the rules of the tenant, and by those that every tenant has.
pub(crate) fn of_use(tenant: &str, key: &str, now: i64) -> Judgement {
    let judged = judged(
        "FROM qnsp_key_alert_rules r CROSS JOIN (SELECT ?4 AS value) k WHERE r.tenant_id = ?1 AND r.enabled \
         AND (r.key_ids IS NULL OR EXISTS (SELECT 1 FROM json_each(r.key_ids) WHERE value = ?4))",
    );
    let raised = format!("{} UNION ALL {} UNION ALL {}", firing(), unusual(), forbidden());
    let bound = |text: String| Statement::new(text).bind(tenant).bind(minute_of(now)).bind(now).bind(key);
    Judgement { end: bound(end(&judged)), raise: bound(raise(&judged, &raised)).bind(registry(now)) }
}

/// What follows from the time that has passed: rules of too little, for the keys that they name.
pub(crate) fn of_silence(tenant: &str, now: i64) -> Judgement {
    let judged = judged(
        "FROM qnsp_key_alert_rules r CROSS JOIN json_each(r.key_ids) k WHERE r.tenant_id = ?1 AND r.enabled \
         AND r.operator = 'lt'",
    );
    let bound = |text: String| Statement::new(text).bind(tenant).bind(minute_of(now)).bind(now);
    Judgement { end: bound(end(&judged)), raise: bound(raise(&judged, &firing())) }
}

/// Alerts whose condition does not hold any more.
fn end(judged: &str) -> String {
    format!(
        "{judged} UPDATE qnsp_key_alerts SET occasion = NULL WHERE tenant_id = ?1 AND occasion = 0 \
         AND (rule_id, key_id) IN (SELECT rule_id, key_id FROM judged WHERE NOT fires)"
    )
}

fn raise(judged: &str, raised: &str) -> String {
    format!("INSERT INTO qnsp_key_alerts ({COLUMNS}) {judged} {raised} ON CONFLICT DO NOTHING")
}

/// Rules (`r`) and keys (`k.value`), judged at a time (`?3`) by the sum over the rule's window, which ends with its minute (`?2`).
/// Whole hours within it are not summed up by their minutes.
fn judged(pairs: &str) -> String {
    // The first full hour, and the one behind the last.
    let (first, last) = ("(p.since + 59) / 60", "(p.now + 1) / 60");
    let sums = "SELECT uses, bytes, failures FROM";
    let of_key = "WHERE tenant_id = ?1 AND key_id = p.key_id";
    format!(
        "WITH pairs AS MATERIALIZED (SELECT r.id AS rule_id, k.value AS key_id, r.metric, r.operator, r.threshold, \
         r.time_window, r.severity, r.channels, CAST(?2 AS INTEGER) AS now, CAST(?2 AS INTEGER) - r.minutes + 1 AS since, ?3 AS at \
         {pairs}), \
         valued AS MATERIALIZED (SELECT p.*, (SELECT CASE p.metric WHEN 'operation_count' THEN total(uses) \
         WHEN 'bytes_processed' THEN total(bytes) ELSE coalesce(total(failures) / nullif(total(uses), 0), 0) END FROM ( \
         {sums} qnsp_key_hours {of_key} AND hour >= {first} AND hour < {last} UNION ALL \
         {sums} qnsp_key_minutes {of_key} AND minute >= p.since AND minute <= min(p.now, {first} * 60 - 1) UNION ALL \
         {sums} qnsp_key_minutes {of_key} AND minute >= max({first}, {last}) * 60 AND minute <= p.now)) AS value \
         FROM pairs p), \
         judged AS MATERIALIZED (SELECT *, CASE operator WHEN 'gt' THEN value > threshold WHEN 'lt' THEN value < threshold \
         ELSE value = threshold END AS fires FROM valued)"
    )
}

/// The rules of the tenant whose condition holds.
fn firing() -> String {
    let number = |number: &str| format!("printf('%.16g', round({number}, 4))");
    let (value, threshold) = (number("value"), number("threshold"));
    format!(
        "SELECT ?1, {NEW_UUID}, rule_id, key_id, 0, 'threshold_exceeded', severity, metric || ' was ' || {value} || ' within ' \
         || time_window || ': ' || CASE operator WHEN 'gt' THEN 'more than ' WHEN 'lt' THEN 'less than ' ELSE 'exactly ' END \
         || {threshold}, at, channels FROM judged WHERE fires"
    )
}

/// More uses in the running hour than the mean of the full ones before it and three standard deviations. Both sides are
/// squared and multiplied by the square of the number of hours, so there is no root, and whole numbers stay whole.
fn unusual() -> String {
    const HOUR: &str = "(CAST(?2 AS INTEGER) / 60)";
    format!(
        "SELECT ?1, {NEW_UUID}, '{BASELINE}', ?4, {HOUR}, 'unusual_pattern', 'medium', \
         printf('%d operations in this hour; the {HOURS} hours before had %.2f on average', c.uses, b.uses / {HOURS}), ?3, '[]' \
         FROM (SELECT total(uses) AS uses FROM qnsp_key_hours WHERE tenant_id = ?1 AND key_id = ?4 AND hour = {HOUR}) c, \
         (SELECT total(uses) AS uses, total(1.0 * uses * uses) AS squares FROM (SELECT sum(uses) AS uses \
         FROM qnsp_key_hours WHERE tenant_id = ?1 AND key_id = ?4 AND hour >= {HOUR} - {HOURS} AND hour < {HOUR} GROUP BY hour)) b \
         WHERE b.uses >= {HOURS} AND c.uses * {HOURS} > b.uses \
         AND (c.uses * {HOURS} - b.uses) * (c.uses * {HOURS} - b.uses) > 9 * (b.squares * {HOURS} - b.uses * b.uses)"
    )
}

/// A key whose algorithm is forbidden was used.
fn forbidden() -> String {
    let is_forbidden = is_forbidden("k.algorithm", "?5", "?3");
    format!(
        "SELECT ?1, {NEW_UUID}, '{COMPLIANCE}', k.key_id, 0, 'compliance_violation', 'high', \
         'The algorithm of the key is forbidden: ' || k.algorithm, ?3, '[]' \
         FROM qnsp_used_keys k WHERE k.tenant_id = ?1 AND k.key_id = ?4 AND k.algorithm IS NOT NULL AND {is_forbidden}"
    )
}
