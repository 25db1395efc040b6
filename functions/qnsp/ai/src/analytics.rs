//! What models cost in a span of time, against the equal span before.

use axum::Json;
use model::{
    qnsp::ai::{CostAnalytics, CostCategory, CostChange, GroupBy},
    time::DayOrTime,
};
use policy::qnsp::model_costs::{Breakdown, Unit, change};
use qnsp::{Call, LongPeriod, Nothing, span};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

use crate::cost_store::{self as store, Group};

const CURRENCY: &str = "USD";

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct AskCosts {
    /// Up to now; `30d` if not given.
    #[param(inline)]
    period: Option<LongPeriod>,
    /// An ISO 8601 time or a day, in place of the period.
    #[param(value_type = Option<String>)]
    start_date: Option<DayOrTime>,
    /// Now if not given.
    #[param(value_type = Option<String>)]
    end_date: Option<DayOrTime>,
    /// `model` if not given. Parts of time are those of UTC, and weeks begin on Monday.
    #[param(inline)]
    #[serde(default)]
    group_by: GroupBy,
}

/// Show what models cost: requests that were recorded, analyses of prompts, and the time that replicas ran.
#[utoipa::path(
    get, path = "/ai/v1/costs/analytics", tag = "AI", params(AskCosts),
    responses((status = 200, body = CostAnalytics), (status = 400), (status = 401), (status = 403), (status = 422)),
)]
pub(crate) async fn show_model_costs(call: Call<Nothing, AskCosts>) -> Result<Json<CostAnalytics>> {
    let asked = &call.query;
    let current = span(asked.period, asked.start_date, asked.end_date, call.now)?;
    let previous = current.start - (current.end - current.start)..current.start;
    let group = match asked.group_by {
        GroupBy::Model => Group::Model,
        GroupBy::User => Group::User,
        other => Unit::of(other).map_or(Group::Provider, Group::Time),
    };
    let mut work = call.work();
    let [current, previous] = [(&current, group), (&previous, Group::Provider)].map(|(span, group)| {
        let used = work.push(store::select_used(&call, group, span));
        (used, work.push(store::select_ran(&call, group, span)), group)
    });
    let outcomes = work.run().await?;
    let [current, previous] = [current, previous].map(|(used, ran, group)| -> Result<_> {
        let mut breakdown = Breakdown::default();
        for row in outcomes.rows(used) {
            store::add_used(&mut breakdown, group, row)?;
        }
        for row in outcomes.rows(ran) {
            store::add_ran(&mut breakdown, group, row)?;
        }
        Ok(breakdown)
    });
    let (current, previous) = (current?, previous?.total());
    let total = current.total();
    let change = change(previous, total);
    let breakdown = current.sorted().into_iter();
    let breakdown =
        breakdown.map(|(category, cost, token_count)| CostCategory { category, cost: cost.dollars(), token_count });
    Ok(Json(CostAnalytics {
        total_cost: total.dollars(),
        currency: CURRENCY,
        breakdown: breakdown.collect(),
        trend: CostChange {
            previous_cost: previous.dollars(),
            change: change.percentage,
            direction: change.direction.as_str(),
        },
    }))
}
