//! What a tenant will use, by the last 30 days.

use axum::Json;
use model::{
    qnsp::{
        Whole,
        billing::{CapacityForecast, CapacityForecasts, UsageForecast, UsageForecasts},
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::{
    Billable, Quota,
    forecast::{self, DayValue},
};
use qnsp::{Call, Nothing, Usage, day_of};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

use crate::credits::TenantPath;

/// For how many days capacity is forecast.
const CAPACITY_DAYS: i64 = 30;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct AskUsage {
    /// 1 to 365, 30 if not given.
    #[param(value_type = Option<i64>)]
    horizon_days: Option<Whole<1, 365>>,
}

/// Forecast how often a tenant will use each billable operation. It is one that was used in the last 30 days.
#[utoipa::path(
    get, path = "/billing/v1/forecasting/usage/{tenantId}", tag = "Billing", params(("tenantId" = String, Path), AskUsage),
    responses((status = 200, body = UsageForecasts), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn forecast_usage(call: Call<Nothing, AskUsage, TenantPath>) -> Result<Json<UsageForecasts>> {
    let horizon = call.query.horizon_days.map_or(30, |days| days.0);
    let today = day_of(call.now);
    let days = Statement::new(
        "SELECT operation, day, quantity FROM qnsp_meter_days WHERE tenant_id = ?1 AND day BETWEEN ?2 AND ?3 \
         ORDER BY operation, day",
    );
    let mut work = call.work();
    let days = work.push(days.bind(call.tenant()).bind(forecast::first_day(today)).bind(today));
    let outcomes = work.run().await?;
    let mut forecasts = Vec::new();
    for rows in outcomes.rows(days).chunk_by(|one, next| operation(one) == operation(next)) {
        if let Some(operation) = rows.first().and_then(operation) {
            forecasts.push(usage(operation, rows, today, horizon)?);
        }
    }
    Ok(Json(UsageForecasts { tenant_id: call.tenant().to_owned(), forecasts }))
}

/// Forecast how much a tenant will use of each quota.
#[utoipa::path(
    get, path = "/billing/v1/forecasting/capacity/{tenantId}", tag = "Billing", params(("tenantId" = String, Path)),
    responses((status = 200, body = CapacityForecasts), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn forecast_capacity(call: Call<Nothing, Nothing, TenantPath>) -> Result<Json<CapacityForecasts>> {
    let mut work = call.work();
    let (used, days) = (work.push(Usage::select(&call)), work.push(Usage::select_days(&call)));
    let outcomes = work.run().await?;
    let usage = Usage::of(outcomes.rows(used), call.now)?;
    let capacity_forecasts = Quota::ALL.into_iter().map(|quota| {
        let (used, limit) = (usage.used(quota), quota.limit(usage.tier));
        let days = Usage::days(outcomes.rows(days), quota)?;
        let projected = forecast::quota(quota, &days, used, limit, CAPACITY_DAYS, call.now).projected;
        let capacity = forecast::capacity(used, projected, limit);
        Ok(CapacityForecast {
            resource: quota.as_str(),
            current_utilization: capacity.current,
            projected_utilization: capacity.projected,
            recommended_action: capacity.action.as_str(),
        })
    });
    let capacity_forecasts = capacity_forecasts.collect::<Result<_>>()?;
    Ok(Json(CapacityForecasts { tenant_id: call.tenant().to_owned(), capacity_forecasts }))
}

fn operation(row: &Row) -> Option<Billable> {
    row.get::<String>("operation").ok().and_then(|name| Billable::parse(&name))
}

/// Lines are fitted in whole numbers; what was used is the exact sum.
fn usage(operation: Billable, rows: &[Row], today: i64, horizon: i64) -> Result<UsageForecast> {
    let mut days = Vec::new();
    let mut sum = 0.0;
    for row in rows {
        let quantity: f64 = row.get("quantity")?;
        sum += quantity;
        #[expect(clippy::cast_possible_truncation, reason = "what does not fit becomes the nearest number")]
        days.push(DayValue { day: row.get("day")?, value: quantity.round() as i64 });
    }
    let forecast = forecast::usage(&days, today, horizon);
    Ok(UsageForecast {
        metric: operation.as_str(),
        current_value: sum,
        forecasted_value: forecast.forecasted,
        confidence: forecast.confidence,
        forecast_date: IsoTime(forecast.date),
    })
}
