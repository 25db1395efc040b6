//! What a tenant uses of its quotas, as it is shown and forecast.

use platform::{Row, Statement};
use policy::qnsp::{
    Quota, Tier,
    forecast::{self, DayValue},
};
use service::{Error, Result};

use crate::{Caller, counts_since, day_of};

/// What is used, and under which tier.
pub struct Usage {
    pub tier: Tier,
    used: Vec<(Quota, i64)>,
}

impl Usage {
    /// The tenant's tier, with a row per quota at present, and per day of those that count over time.
    pub fn select(caller: &Caller) -> Statement {
        let select = Statement::new(
            "SELECT tier, quota_type, used, day FROM qnsp_tenants LEFT JOIN ( \
             SELECT quota_type, used, NULL AS day FROM qnsp_quotas WHERE tenant_id = ?1 UNION ALL \
             SELECT quota_type, value, day FROM qnsp_quota_days WHERE tenant_id = ?1 AND quota_type IN ('apiCalls', 'scans') \
             AND day >= ?2) WHERE id = ?1",
        );
        let since = counts_since(Quota::ApiCalls, caller.now).unwrap_or_default();
        select.bind(caller.tenant()).bind(since)
    }

    /// Reads the rows of [`Usage::select`].
    pub fn of(rows: &[Row], now: i64) -> Result<Self> {
        let tier = rows.first().ok_or_else(|| Error::internal("a tenant without a row"))?.get::<String>("tier")?;
        let tier = Tier::parse(&tier).ok_or_else(|| Error::internal("a tier that is not known"))?;
        let mut used = Vec::new();
        for row in rows {
            let Some(name) = row.get::<Option<String>>("quota_type")? else { continue };
            if let Some(quota) = Quota::parse(&name) {
                // What counts over time was summed since the first of the month; of one day there is one row.
                let is_current =
                    counts_since(quota, now).is_none_or(|since| row.get("day").is_ok_and(|day: i64| day >= since));
                used.push((quota, if is_current { row.get("used")? } else { 0 }));
            }
        }
        Ok(Self { tier, used })
    }

    pub fn used(&self, quota: Quota) -> i64 {
        self.used.iter().filter(|(of, _)| *of == quota).map(|(_, used)| used).sum()
    }

    /// The recorded days of all quotas, with the last one before, whose value lasts.
    pub fn select_days(caller: &Caller) -> Statement {
        let select = Statement::new(
            "SELECT quota_type, day, value FROM qnsp_quota_days d WHERE tenant_id = ?1 AND day >= coalesce((SELECT max(day) \
             FROM qnsp_quota_days b WHERE b.tenant_id = ?1 AND b.quota_type = d.quota_type AND b.day < ?2), ?2) \
             ORDER BY quota_type, day",
        );
        select.bind(caller.tenant()).bind(forecast::first_day(day_of(caller.now)))
    }

    /// The days of one quota among the rows of [`Usage::select_days`].
    pub fn days(rows: &[Row], quota: Quota) -> Result<Vec<DayValue>> {
        let rows = rows.iter().filter(|row| row.get::<String>("quota_type").is_ok_and(|name| name == quota.as_str()));
        rows.map(|row| Ok(DayValue { day: row.get("day")?, value: row.get("value")? })).collect()
    }
}
