//! How long rows are kept. Each write removes some that are older, a few more than it adds, so that no request has much
//! to do and nothing depends on a job.

use platform::Statement;
use qnsp::DAY;

/// Evaluations, signals, events, and what is known from them.
const KEPT: i64 = 400 * DAY;

/// The counts of hours: a little more than the longest period that is asked for.
const HOURS_KEPT: i64 = 31 * 24;

/// The time since which rows are kept. Older ones that were not removed yet are not shown.
pub(crate) fn since(now: i64) -> i64 {
    now - KEPT
}

pub(crate) fn sweep_signals(now: i64) -> Statement {
    let sweep = "DELETE FROM qnsp_signals WHERE (tenant_id, id) IN \
                 (SELECT tenant_id, id FROM qnsp_signals WHERE recorded_at < ?1 ORDER BY recorded_at LIMIT 4)";
    Statement::new(sweep).bind(since(now))
}

pub(crate) fn sweep_evaluations(now: i64) -> [Statement; 3] {
    let evaluations = "DELETE FROM qnsp_evaluations WHERE (tenant_id, at, id) IN \
                       (SELECT tenant_id, at, id FROM qnsp_evaluations WHERE at < ?1 ORDER BY at LIMIT 4)";
    let known = "DELETE FROM qnsp_risk_known WHERE (tenant_id, user_id, kind, value) IN \
                 (SELECT tenant_id, user_id, kind, value FROM qnsp_risk_known WHERE at < ?1 ORDER BY at LIMIT 8)";
    let hours = "DELETE FROM qnsp_risk_hours WHERE (tenant_id, hour, kind, name) IN \
                 (SELECT tenant_id, hour, kind, name FROM qnsp_risk_hours WHERE hour < ?1 ORDER BY hour LIMIT 32)";
    [
        Statement::new(evaluations).bind(since(now)),
        Statement::new(known).bind(since(now)),
        Statement::new(hours).bind(crate::hours::hour_of(now) - HOURS_KEPT),
    ]
}

pub(crate) fn sweep_events(now: i64) -> [Statement; 2] {
    let events = "DELETE FROM qnsp_federation_events WHERE (tenant_id, id) IN (SELECT tenant_id, id \
                  FROM qnsp_federation_events WHERE recorded_at < ?1 ORDER BY recorded_at LIMIT 4)";
    let providers = "DELETE FROM qnsp_federation_providers WHERE (tenant_id, provider) IN \
                     (SELECT tenant_id, provider FROM qnsp_federation_providers WHERE at < ?1 ORDER BY at LIMIT 4)";
    [Statement::new(events).bind(since(now)), Statement::new(providers).bind(since(now))]
}
