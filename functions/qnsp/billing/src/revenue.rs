//! What tenants bring: what was metered, and the fees of their tiers.

use std::collections::BTreeMap;

use axum::Json;
use model::qnsp::billing::{ByService, Growth, ServiceRevenue, Summary};
use platform::{Row, Statement};
use policy::qnsp::{
    Billable, Month, Tier,
    price::of_cents,
    revenue::{self, Group, Period, SUBSCRIPTION},
};
use qnsp::{AskMonth, Call, METERED, Nothing, Work, day_of, prices};
use service::{Error, Outcomes, Result, Slot};

use crate::{credits::CURRENCY, scope::Scope};

/// Show what a month brought: of the tenant, or of all for an operator who names none.
#[utoipa::path(
    get, path = "/billing/v1/analytics/revenue/summary", tag = "Billing", params(AskMonth),
    responses((status = 200, body = Summary), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_summary(call: Call<Nothing, AskMonth>) -> Result<Json<Summary>> {
    let month = call.query.month(call.now);
    let mut work = call.work();
    let scope = Scope::of(&call);
    let [current, previous] = [month, month.previous()].map(|month| Slots::push(scope, &mut work, month, call.now));
    let fees = work.push(select_fees_now(scope));
    let outcomes = work.run().await?;
    let period = |slots: Slots| -> Result<Period> {
        let metered = slots.metered(&outcomes)?.into_values().fold(0, i64::saturating_add);
        Ok(Period { metered, fees: slots.fees(&outcomes)?, credits: slots.credits(&outcomes)? })
    };
    let summary = revenue::summary(period(current)?, period(previous)?, fees_of(outcomes.rows(fees))?);
    Ok(Json(Summary {
        period: month.to_string(),
        total_revenue: summary.total_revenue,
        currency: CURRENCY,
        mrr: summary.mrr,
        arr: summary.arr,
        growth: Growth { percentage: summary.growth.percentage, direction: summary.growth.direction.as_str() },
    }))
}

/// List what each service brought in a month, with the subscriptions.
#[utoipa::path(
    get, path = "/billing/v1/analytics/revenue/by-service", tag = "Billing", params(AskMonth),
    responses((status = 200, body = ByService), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn list_by_service(call: Call<Nothing, AskMonth>) -> Result<Json<ByService>> {
    let month = call.query.month(call.now);
    let mut work = call.work();
    let scope = Scope::of(&call);
    let [current, previous] = [month, month.previous()].map(|month| Slots::push(scope, &mut work, month, call.now));
    let outcomes = work.run().await?;
    let (mut now, mut before) = (current.metered(&outcomes)?, previous.metered(&outcomes)?);
    now.insert(SUBSCRIPTION, of_cents(current.fees(&outcomes)?));
    before.insert(SUBSCRIPTION, of_cents(previous.fees(&outcomes)?));
    let mut services: Vec<_> = now.keys().chain(before.keys()).copied().collect();
    services.sort_unstable();
    services.dedup();
    let of = |amounts: &BTreeMap<_, i64>, service| amounts.get(service).copied().unwrap_or_default();
    let groups: Vec<_> = services
        .into_iter()
        .map(|service| Group { service, current: of(&now, service), previous: of(&before, service) })
        .collect();
    let by_service = revenue::by_service(&groups).into_iter().map(|share| ServiceRevenue {
        service: share.service,
        revenue: share.revenue,
        percentage: share.percentage,
        trend: share.trend.as_str(),
    });
    Ok(Json(ByService { by_service: by_service.collect() }))
}

/// Where the facts of a month will be.
#[derive(Clone, Copy)]
struct Slots {
    metered: Slot,
    fees: Slot,
    credits: Slot,
}

impl Slots {
    fn push(scope: Scope, work: &mut Work, month: Month, now: i64) -> Self {
        Self {
            metered: work.push(select_metered(scope, month)),
            fees: work.push(select_fees(scope, month, now)),
            credits: work.push(select_credits(scope, month)),
        }
    }

    /// Thousandths of a cent by service.
    fn metered(self, outcomes: &Outcomes) -> Result<BTreeMap<&'static str, i64>> {
        let mut amounts = BTreeMap::new();
        for row in outcomes.rows(self.metered) {
            let Some(billable) = Billable::parse(&row.get::<String>("operation")?) else { continue };
            let amount: &mut i64 = amounts.entry(revenue::group_of(billable)).or_default();
            *amount = amount.saturating_add(row.get("amount")?);
        }
        Ok(amounts)
    }

    fn fees(self, outcomes: &Outcomes) -> Result<i64> {
        fees_of(outcomes.rows(self.fees))
    }

    fn credits(self, outcomes: &Outcomes) -> Result<i64> {
        Ok(outcomes.one(self.credits)?.get("used")?)
    }
}

/// The amount of each operation.
fn select_metered(scope: Scope, month: Month) -> Statement {
    let select = scope.select(METERED, "m.tenant_id");
    select.bind(day_of(month.start())).bind(day_of(month.end())).bind(prices())
}

/// How many tenants had each tier at the end of a month (now, for the current one), and what fees were agreed. None for
/// a month that has not begun.
fn select_fees(scope: Scope, month: Month, now: i64) -> Statement {
    let select = scope.select(
        "SELECT c.tier, count(*) AS tenants, sum(c.monthly_fee) AS agreed FROM qnsp_tenants t \
         JOIN qnsp_tier_changes c ON c.tenant_id = t.id AND c.at = \
         (SELECT max(at) FROM qnsp_tier_changes WHERE tenant_id = t.id AND at < ?2) \
         WHERE {scope} AND ?3 GROUP BY c.tier",
        "t.id",
    );
    select.bind(month.end().min(now + 1)).bind(month.start() <= now)
}

fn select_fees_now(scope: Scope) -> Statement {
    scope.select(
        "SELECT tier, count(*) AS tenants, sum(monthly_fee) AS agreed FROM qnsp_tenants WHERE {scope} GROUP BY tier",
        "id",
    )
}

/// What invoices used of credits, in cents.
fn select_credits(scope: Scope, month: Month) -> Statement {
    let select = scope.select(
        "SELECT coalesce(sum(used), 0) AS used FROM qnsp_credit_days \
         WHERE {scope} AND currency = ?2 AND day >= ?3 AND day < ?4",
        "tenant_id",
    );
    select.bind(CURRENCY).bind(day_of(month.start())).bind(day_of(month.end()))
}

/// Cents.
fn fees_of(rows: &[Row]) -> Result<i64> {
    rows.iter().try_fold(0_i64, |sum, row| {
        let tier = Tier::parse(&row.get::<String>("tier")?);
        let tier = tier.ok_or_else(|| Error::internal("a tier that is not known"))?;
        let fee = match tier.terms().monthly_fee {
            Some(fee) => fee.saturating_mul(row.get("tenants")?),
            None => row.get("agreed")?,
        };
        Ok(sum.saturating_add(fee))
    })
}
