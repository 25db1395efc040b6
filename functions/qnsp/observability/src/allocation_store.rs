//! The rows of allocations, and their sums by month. Amounts are in millionths.

use std::collections::BTreeMap;

use model::{
    qnsp::observability::{Allocation, AllocationsSummary, Amount, CostPeriod, NewAllocation},
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::{Month, cost::by_month, number::divide};
use qnsp::{Caller, day_of};
use serde_json::{Value, json};
use service::{Error, Result};

use crate::CURRENCY;

/// Before and after all times that can be written.
const EARLIEST: i64 = -62_167_219_200_000;
const LATEST: i64 = 253_402_300_800_000;

pub(crate) fn insert(caller: &Caller, id: &str, new: &NewAllocation) -> Result<Statement> {
    let tags = serde_json::to_string(&new.tags.clone().unwrap_or_default());
    let insert = Statement::new(
        "INSERT INTO qnsp_allocations (tenant_id, id, resource_id, resource_type, cost_center, amount, currency, \
         period_start, period_end, tags, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    );
    Ok(insert
        .bind(caller.tenant())
        .bind(id)
        .bind(new.resource_id.as_str())
        .bind(new.resource_type.as_str())
        .bind(new.cost_center.as_str())
        .bind(new.amount.millionths)
        .bind(new.currency.as_str())
        .bind(new.period.start.0)
        .bind(new.period.end.0)
        .bind(tags.map_err(|_| Error::internal("tags that are not JSON"))?)
        .bind(caller.now))
}

/// Adds an allocation to its months.
pub(crate) fn count(caller: &Caller, new: &NewAllocation) -> Statement {
    let (amount, start, end) = (new.amount.millionths, new.period.start.0, new.period.end.0);
    let (first, last) = (Month::of(start), Month::of(end));
    let months = by_month(amount, start, end).into_iter().map(|share| {
        let [begun, ended] = [first, last].map(|month| i64::from(month == share.month));
        json!([first_day(share.month), share.amount, begun, begun * amount, ended, ended * amount])
    });
    // `WHERE true` keeps the parser from taking `ON CONFLICT` for a condition of the selection.
    let upsert = Statement::new(
        "INSERT INTO qnsp_cost_months (tenant_id, month, currency, cost_center, resource_type, amount, begun, begun_amount, \
         ended, ended_amount) SELECT ?1, value ->> 0, ?2, ?3, ?4, value ->> 1, value ->> 2, value ->> 3, value ->> 4, \
         value ->> 5 FROM json_each(?5) WHERE true \
         ON CONFLICT (tenant_id, month, currency, cost_center, resource_type) DO UPDATE SET \
         amount = amount + excluded.amount, begun = begun + excluded.begun, \
         begun_amount = begun_amount + excluded.begun_amount, ended = ended + excluded.ended, \
         ended_amount = ended_amount + excluded.ended_amount",
    );
    let upsert = upsert.bind(caller.tenant()).bind(new.currency.as_str()).bind(new.cost_center.as_str());
    upsert.bind(new.resource_type.as_str()).bind(Value::from_iter(months).to_string())
}

/// Under which a month is counted.
pub(crate) fn first_day(month: Month) -> i64 {
    day_of(month.start())
}

/// Which allocations are asked for.
pub(crate) struct Window<'a> {
    pub cost_center: Option<&'a str>,
    pub resource_type: Option<&'a str>,
    pub start: Option<i64>,
    pub end: Option<i64>,
}

impl Window<'_> {
    fn bind(&self, tenant: &str, select: Statement) -> Statement {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let select = select.bind(tenant).bind(text(self.cost_center)).bind(text(self.resource_type));
        select.bind(self.start.unwrap_or(EARLIEST)).bind(self.end.unwrap_or(LATEST))
    }
}

/// A page of those whose period overlaps the window, the latest start first.
pub(crate) fn page(tenant: &str, window: &Window, limit: i64, offset: i64) -> Statement {
    let page = Statement::new(
        "SELECT id, resource_id, resource_type, cost_center, amount, currency, period_start, period_end \
         FROM qnsp_allocations WHERE tenant_id = ?1 AND (?2 IS NULL OR cost_center = ?2) \
         AND (?3 IS NULL OR resource_type = ?3) AND period_end > ?4 AND period_start < ?5 \
         ORDER BY period_start DESC, id LIMIT ?6 OFFSET ?7",
    );
    window.bind(tenant, page).bind(limit).bind(offset)
}

/// The same as sums by currency and cost center: of what begins before the window's end, without what ends before its
/// start. Of all months but those two, the counters are read, not the allocations.
pub(crate) fn sums(tenant: &str, window: &Window) -> Statement {
    const OF: &str = "tenant_id = ?1 AND (?2 IS NULL OR cost_center = ?2) AND (?3 IS NULL OR resource_type = ?3)";
    let sums = Statement::new(format!(
        "SELECT currency, cost_center, total(amount) AS amount FROM ( \
         SELECT currency, cost_center, begun AS count, begun_amount AS amount FROM qnsp_cost_months \
         WHERE {OF} AND month < ?7 UNION ALL \
         SELECT currency, cost_center, 1, amount FROM qnsp_allocations WHERE {OF} AND period_start >= ?9 \
         AND period_start < ?5 UNION ALL \
         SELECT currency, cost_center, -ended, -ended_amount FROM qnsp_cost_months \
         WHERE {OF} AND month < ?6 UNION ALL \
         SELECT currency, cost_center, -1, -amount FROM qnsp_allocations WHERE {OF} AND period_end >= ?8 \
         AND period_end <= ?4) GROUP BY currency, cost_center HAVING total(count) > 0",
    ));
    let [start, end] = [window.start.unwrap_or(EARLIEST), window.end.unwrap_or(LATEST)].map(Month::of);
    let sums = window.bind(tenant, sums).bind(first_day(start)).bind(first_day(end));
    sums.bind(start.start()).bind(end.start())
}

pub(crate) fn allocation(row: &Row) -> Result<Allocation> {
    Ok(Allocation {
        allocation_id: row.get("id")?,
        resource_id: row.get("resource_id")?,
        resource_type: row.get("resource_type")?,
        cost_center: row.get("cost_center")?,
        amount: row.get::<f64>("amount")? / Amount::ONE,
        currency: row.get("currency")?,
        period: CostPeriod { start: IsoTime(row.get("period_start")?), end: IsoTime(row.get("period_end")?) },
    })
}

pub(crate) fn summary(rows: &[Row]) -> Result<AllocationsSummary> {
    let (mut total, mut by_cost_center, mut by_currency) = (0_i64, BTreeMap::new(), BTreeMap::<String, i64>::new());
    for row in rows {
        let (currency, amount): (String, i64) = (row.get("currency")?, millionths(row)?);
        if currency == CURRENCY {
            total = total.saturating_add(amount);
            by_cost_center.insert(row.get("cost_center")?, major(amount));
        } else {
            let sum = by_currency.entry(currency).or_default();
            *sum = sum.saturating_add(amount);
        }
    }
    let by_currency = by_currency.into_iter().map(|(currency, sum)| (currency, major(sum))).collect();
    Ok(AllocationsSummary { total_amount: major(total), by_cost_center, by_currency })
}

/// The `amount` of a row, which is summed up as a fraction because a sum may leave the range of integers.
pub(crate) fn millionths(row: &Row) -> Result<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "what does not fit becomes the nearest number")]
    Ok(row.get::<f64>("amount")?.round() as i64)
}

/// Millionths in major units with 2 decimals.
pub(crate) fn major(millionths: i64) -> f64 {
    divide(i128::from(millionths), 10_000) as f64 / 100.0
}
