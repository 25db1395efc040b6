//! What a month cost: allocations, by their share of the time, and what was metered.

use std::collections::BTreeMap;

use axum::Json;
use model::qnsp::observability::{CostSummary, CostTrend};
use platform::{Row, Statement};
use policy::qnsp::{Billable, Month, cost::service_of, number::Change};
use qnsp::{AskMonth, Call, METERED, Nothing, Work, day_of, prices};
use service::{Outcomes, Result, Slot};

use crate::{
    CURRENCY,
    allocation_store::{first_day, major, millionths},
};

/// Millionths of a dollar in a thousandth of a cent.
const MILLIONTHS: i64 = 10;

/// Services that are shown without costs, too.
const ALWAYS: [&str; 3] = ["kms", "vault", "storage"];

/// Show what a calendar month cost, against the month before.
#[utoipa::path(
    get, path = "/observability/v1/costs/summary", tag = "Observability", params(AskMonth),
    responses((status = 200, body = CostSummary), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn show_costs(call: Call<Nothing, AskMonth>) -> Result<Json<CostSummary>> {
    let month = call.query.month(call.now);
    let mut work = call.work();
    let [current, previous] = [month, month.previous()].map(|month| Slots::push(&mut work, call.tenant(), month));
    let outcomes = work.run().await?;
    let (current, previous) = (current.costs(&outcomes)?, previous.costs(&outcomes)?);
    let change = Change::between(previous.total(), current.total());
    let shown = |amounts: BTreeMap<String, i64>| amounts.into_iter().map(|(name, sum)| (name, major(sum))).collect();
    Ok(Json(CostSummary {
        period: month.to_string(),
        total_cost: major(current.total()),
        currency: CURRENCY,
        by_service: shown(current.by_service),
        by_currency: shown(current.by_currency),
        trend: CostTrend { change: change.percentage, direction: change.direction.as_str() },
    }))
}

/// Where the facts of a month will be.
struct Slots {
    allocated: Slot,
    metered: Slot,
}

impl Slots {
    fn push(work: &mut Work, tenant: &str, month: Month) -> Self {
        let allocated = Statement::new(
            "SELECT currency, resource_type, total(amount) AS amount FROM qnsp_cost_months \
             WHERE tenant_id = ?1 AND month = ?2 GROUP BY currency, resource_type HAVING total(amount) > 0",
        );
        let metered = Statement::new(METERED.replace("{scope}", "m.tenant_id = ?1")).bind(tenant);
        let metered = metered.bind(day_of(month.start())).bind(day_of(month.end())).bind(prices());
        Self { allocated: work.push(allocated.bind(tenant).bind(first_day(month))), metered: work.push(metered) }
    }

    fn costs(&self, outcomes: &Outcomes) -> Result<Costs> {
        let mut costs = Costs::default();
        for row in outcomes.rows(self.allocated) {
            let (currency, resource_type): (String, String) = (row.get("currency")?, row.get("resource_type")?);
            let (sums, name) = if currency == CURRENCY {
                (&mut costs.by_service, service_of(&resource_type))
            } else {
                (&mut costs.by_currency, currency)
            };
            add(sums, name, millionths(row)?);
        }
        for row in outcomes.rows(self.metered) {
            let Some(service) = service_of_operation(row)? else { continue };
            add(&mut costs.by_service, service.to_owned(), row.get::<i64>("amount")?.saturating_mul(MILLIONTHS));
        }
        Ok(costs)
    }
}

/// Millionths.
struct Costs {
    by_service: BTreeMap<String, i64>,
    by_currency: BTreeMap<String, i64>,
}

impl Default for Costs {
    fn default() -> Self {
        let by_service = ALWAYS.into_iter().map(|service| (service.to_owned(), 0)).collect();
        Self { by_service, by_currency: BTreeMap::new() }
    }
}

impl Costs {
    fn total(&self) -> i64 {
        self.by_service.values().fold(0, |sum, amount| sum.saturating_add(*amount))
    }
}

fn add(sums: &mut BTreeMap<String, i64>, name: String, amount: i64) {
    let sum = sums.entry(name).or_default();
    *sum = sum.saturating_add(amount);
}

/// What stands before the first dot of a billable operation.
fn service_of_operation(row: &Row) -> Result<Option<&'static str>> {
    let billable = Billable::parse(&row.get::<String>("operation")?);
    Ok(billable.and_then(|billable| billable.as_str().split('.').next()))
}
