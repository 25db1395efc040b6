//! What every call counts: its minute, for the rate limit; its day, for the quota of calls; meters and quotas.

use platform::{Row, Statement};
use policy::qnsp::{Billable, Month, Quota, Tier, quota::Span};
use serde_json::{Map, Value};
use service::{Guard, Result};

use crate::{refusal, timings::Timing};

/// Milliseconds.
pub const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;

/// How long minutes are kept.
const MINUTES_KEPT: i64 = 30 * DAY / MINUTE;

/// The UTC minute of a time, counted from the epoch.
pub(crate) fn minute_of(now: i64) -> i64 {
    now.div_euclid(MINUTE)
}

/// The UTC day of a time, counted from the epoch.
pub fn day_of(now: i64) -> i64 {
    now.div_euclid(DAY)
}

/// What there may be to send to addresses of a tenant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing {
    /// Events, to subscribers.
    pub webhooks: bool,
    /// What was noted for channels and is due.
    pub notifications: bool,
}

/// The state of a tenant's rate limit after a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub limit: i64,
    pub remaining: i64,
    /// Seconds since the epoch.
    pub reset: i64,
    /// What the tenant that the call is about is to be sent.
    pub outgoing: Outgoing,
}

impl Window {
    /// Counts a call of a tenant's token about a tenant, with how long earlier calls of the minute took, and gives the row
    /// of [`Window::of`].
    pub(crate) fn count(
        (own, about): (&str, &str),
        now: i64,
        default_limit: i64,
        is_error: bool,
        timed: Option<Timing>,
    ) -> Statement {
        let upsert = Statement::new(
            "INSERT INTO qnsp_minutes (tenant_id, minute, calls, errors, timed, milliseconds) \
             VALUES (?1, ?2, 1, ?3, ?7, ?8) \
             ON CONFLICT (tenant_id, minute) DO UPDATE SET calls = calls + 1, errors = errors + excluded.errors, \
             timed = timed + excluded.timed, milliseconds = milliseconds + excluded.milliseconds \
             RETURNING calls, coalesce((SELECT rate_limit FROM qnsp_tenants WHERE id = ?1), ?4) AS rate_limit, \
             EXISTS (SELECT 1 FROM qnsp_subscriptions WHERE tenant_id = ?5 AND destination = 'webhook' \
             AND status = 'active') AS has_webhooks, EXISTS (SELECT 1 FROM qnsp_notifications WHERE tenant_id = ?5 \
             AND next_at <= ?6) AS has_notifications",
        );
        let upsert = upsert.bind(own).bind(minute_of(now)).bind(i64::from(is_error)).bind(default_limit);
        let (calls, milliseconds) = timed.map_or((0, 0), |timed| (timed.calls, timed.milliseconds));
        upsert.bind(about).bind(now).bind(calls).bind(milliseconds)
    }

    /// Writes down how long calls of an earlier minute took.
    pub(crate) fn time(tenant: &str, timing: Timing) -> Statement {
        let update = Statement::new(
            "UPDATE qnsp_minutes SET timed = timed + ?3, milliseconds = milliseconds + ?4 \
             WHERE tenant_id = ?1 AND minute = ?2",
        );
        update.bind(tenant).bind(timing.minute).bind(timing.calls).bind(timing.milliseconds).uncounted()
    }

    pub(crate) fn of(row: &Row, now: i64) -> Result<Self> {
        let limit: i64 = row.get("rate_limit")?;
        let calls: i64 = row.get("calls")?;
        Ok(Self {
            limit,
            remaining: (limit - calls).max(0),
            reset: (now.div_euclid(MINUTE) + 1) * 60,
            outgoing: Outgoing { webhooks: row.get("has_webhooks")?, notifications: row.get("has_notifications")? },
        })
    }

    /// Whether one more call fits into this minute.
    pub(crate) fn guard(tenant: &str, now: i64, default_limit: i64, route: &str) -> Guard {
        let fits = Guard::new(
            "coalesce((SELECT calls FROM qnsp_minutes WHERE tenant_id = ?1 AND minute = ?2), 0) \
             < coalesce((SELECT rate_limit FROM qnsp_tenants WHERE id = ?1), ?3)",
            refusal::too_many(route, None, seconds_left(now)),
        );
        fits.bind(tenant).bind(minute_of(now)).bind(default_limit)
    }

    /// Removes some minutes that are no longer kept.
    pub(crate) fn sweep(now: i64) -> Statement {
        let sweep = "DELETE FROM qnsp_minutes WHERE (tenant_id, minute) IN \
                     (SELECT tenant_id, minute FROM qnsp_minutes WHERE minute < ?1 ORDER BY minute LIMIT 256)";
        Statement::new(sweep).bind(minute_of(now) - MINUTES_KEPT)
    }
}

/// Until the next minute begins.
pub(crate) fn seconds_left(now: i64) -> u64 {
    let left = MINUTE - now.rem_euclid(MINUTE);
    u64::try_from((left + 999) / 1000).unwrap_or(60)
}

/// Adds to what a tenant used on this day of a quota that counts over time.
pub(crate) fn add_to_day(tenant: &str, quota: Quota, now: i64, amount: i64) -> Statement {
    let upsert = Statement::new(
        "INSERT INTO qnsp_quota_days (tenant_id, quota_type, day, value) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (tenant_id, quota_type, day) DO UPDATE SET value = value + excluded.value",
    );
    upsert.bind(tenant).bind(quota.as_str()).bind(day_of(now)).bind(amount).uncounted()
}

/// Changes what a tenant uses of a quota. What is used at present is also noted as the value of the day.
pub fn reserve(tenant: &str, quota: Quota, now: i64, amount: i64) -> Vec<Statement> {
    if quota.span() != Span::Gauge {
        return vec![add_to_day(tenant, quota, now, amount)];
    }
    let used = Statement::new(
        "INSERT INTO qnsp_quotas (tenant_id, quota_type, used) VALUES (?1, ?2, max(?3, 0)) \
         ON CONFLICT (tenant_id, quota_type) DO UPDATE SET used = max(used + ?3, 0)",
    );
    let day = Statement::new(
        "INSERT INTO qnsp_quota_days (tenant_id, quota_type, day, value) \
         SELECT tenant_id, quota_type, ?3, used FROM qnsp_quotas WHERE tenant_id = ?1 AND quota_type = ?2 \
         ON CONFLICT (tenant_id, quota_type, day) DO UPDATE SET value = excluded.value",
    );
    vec![used.bind(tenant).bind(quota.as_str()).bind(amount), day.bind(tenant).bind(quota.as_str()).bind(day_of(now))]
}

/// What a tenant (`?1`) uses of a quota (`?2`): at present, or since a day (`?3`).
pub const USED: &str = "CASE WHEN ?3 IS NULL \
     THEN coalesce((SELECT used FROM qnsp_quotas WHERE tenant_id = ?1 AND quota_type = ?2), 0) \
     ELSE coalesce((SELECT sum(value) FROM qnsp_quota_days WHERE tenant_id = ?1 AND quota_type = ?2 AND day >= ?3), 0) END";

/// The day since which a quota counts; `None` for one that is used at present.
pub fn counts_since(quota: Quota, now: i64) -> Option<i64> {
    match quota.span() {
        Span::Gauge => None,
        Span::Day => Some(day_of(now)),
        Span::Month => Some(day_of(Month::of(now).start())),
    }
}

/// Whether so much more of a quota fits into the tier.
pub(crate) fn fits(tenant: &str, quota: Quota, now: i64, amount: i64) -> Guard {
    bind_fits(Guard::new(fits_sql(), refusal::quota_exceeded(quota, None, None)), tenant, quota, now, amount)
}

/// Whether one more of a quota fits, or this condition holds: SQL over the tenant (`?1`) and the text (`?6`).
pub(crate) fn fits_unless(condition: &str, text: &str, tenant: &str, quota: Quota, now: i64) -> Guard {
    let fits = format!("({condition}) OR {}", fits_sql());
    bind_fits(Guard::new(fits, refusal::quota_exceeded(quota, None, None)), tenant, quota, now, 1).bind(text)
}

fn fits_sql() -> String {
    format!("(SELECT (?4 ->> tier) = -1 OR {USED} + ?5 <= (?4 ->> tier) FROM qnsp_tenants WHERE id = ?1)")
}

fn bind_fits(guard: Guard, tenant: &str, quota: Quota, now: i64, amount: i64) -> Guard {
    let limits: Map<String, Value> =
        Tier::ALL.iter().map(|tier| (tier.as_str().to_owned(), Value::from(quota.limit(*tier)))).collect();
    let guard = guard.bind(tenant).bind(quota.as_str()).bind(counts_since(quota, now));
    guard.bind(Value::Object(limits).to_string()).bind(amount)
}

/// One event of a billable operation, and its day's sum.
pub(crate) fn meter(
    tenant: &str,
    operation: &str,
    quantity: f64,
    id: &str,
    request: Option<&str>,
    at: i64,
) -> [Statement; 2] {
    let event = Statement::new(
        "INSERT INTO qnsp_meters (tenant_id, at, id, operation, quantity, request_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    );
    let day = Statement::new(
        "INSERT INTO qnsp_meter_days (tenant_id, day, operation, quantity) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (tenant_id, day, operation) DO UPDATE SET quantity = quantity + excluded.quantity",
    );
    [
        event.bind(tenant).bind(at).bind(id).bind(operation).bind(quantity).bind(request.map(str::to_owned)),
        day.bind(tenant).bind(day_of(at)).bind(operation).bind(quantity),
    ]
    .map(Statement::uncounted)
}

/// What was metered on the days from `?2` up to `?3`, by operation: its amount in thousandths of a cent, by the [`prices`]
/// (`?4`). The price of each day's quantity is rounded, and these are summed. `{scope}` is whose meters.
pub const METERED: &str = "SELECT m.operation, CAST(min(total(round(m.quantity * p.value)), 9e15) AS INTEGER) AS amount \
     FROM qnsp_meter_days m JOIN json_each(?4) p ON p.key = m.operation \
     WHERE {scope} AND m.day >= ?2 AND m.day < ?3 GROUP BY m.operation";

/// The price of each billable operation, as JSON.
pub fn prices() -> String {
    let prices = Billable::ALL.iter().map(|billable| (billable.as_str().to_owned(), Value::from(billable.price())));
    Value::Object(prices.collect()).to_string()
}
