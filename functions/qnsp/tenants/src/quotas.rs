//! What a tenant uses of its quotas, and what it will use.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    qnsp::tenant::{AskForecast, Forecast, Forecasts, NewUsage, Quota as ShownQuota, Quotas, UsageRecorded},
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::{
    Quota, forecast,
    quota::{Span, usage},
};
use qnsp::{Call, DAY, Usage, day_of, impossible};
use service::Result;

/// How old a usage may be that is recorded.
const OLDEST: i64 = 400 * DAY;

/// Show what the tenant uses of each quota.
#[utoipa::path(
    get, path = "/tenant/v1/quotas/current", tag = "Tenant",
    responses((status = 200, body = Quotas), (status = 401), (status = 403)),
)]
pub(crate) async fn list_quotas(call: Call) -> Result<Json<Quotas>> {
    let mut work = call.work();
    let used = work.push(Usage::select(&call));
    let outcomes = work.run().await?;
    let state = Usage::of(outcomes.rows(used), call.now)?;
    let quotas = Quota::BY_NAME.into_iter().map(|quota| {
        let (used, limit) = (state.used(quota), quota.limit(state.tier));
        let left = usage(used, limit);
        ShownQuota {
            quota_type: quota.as_str(),
            quota_name: quota.display_name(),
            limit,
            used,
            remaining: left.remaining,
            percentage: left.percentage,
        }
    });
    Ok(Json(Quotas { quotas: quotas.collect() }))
}

/// Forecast what the tenant will use of its quotas, by the last 30 days.
#[utoipa::path(
    post, path = "/tenant/v1/quotas/forecast", tag = "Tenant", request_body = AskForecast,
    responses((status = 200, body = Forecasts), (status = 400), (status = 401), (status = 403), (status = 422)),
)]
pub(crate) async fn forecast_quotas(call: Call<AskForecast>) -> Result<Response> {
    let quotas = asked(&call.body)?;
    let days = call.body.forecast_days.map_or(30, |days| days.0);
    let mut work = call.work();
    let (used, series) = (work.push(Usage::select(&call)), work.push(Usage::select_days(&call)));
    let outcomes = work.run().await?;
    let state = Usage::of(outcomes.rows(used), call.now)?;
    let forecasts = quotas.into_iter().map(|quota| {
        let rows = Usage::days(outcomes.rows(series), quota)?;
        let current = state.used(quota);
        let forecast = forecast::quota(quota, &rows, current, quota.limit(state.tier), days, call.now);
        Ok(Forecast {
            quota_type: quota.as_str(),
            current_usage: current,
            projected_usage: forecast.projected,
            exceeds_limit_at: forecast.exceeds_limit_at.map(IsoTime),
        })
    });
    let forecasts = Forecasts { forecasts: forecasts.collect::<Result<_>>()? };
    call.answer(StatusCode::OK, &forecasts).await
}

/// Record what was used of a quota at the end of a day. It is a quota that nothing here counts.
#[utoipa::path(
    post, path = "/tenant/v1/quotas/usage", tag = "Tenant", request_body = NewUsage,
    responses((status = 201, body = UsageRecorded), (status = 400), (status = 401), (status = 403), (status = 422)),
)]
pub(crate) async fn record_usage(call: Call<NewUsage>) -> Result<Response> {
    let quota = Quota::parse(call.body.quota_type.as_str()).ok_or_else(|| impossible("quotaType", "is unknown"))?;
    let at = call.body.at.as_ref().map_or(call.now, |at| at.0);
    if !(call.now - OLDEST..=call.now).contains(&at) {
        return Err(impossible("at", "must lie within the last 400 days"));
    }
    call.about(quota.as_str());
    let mut work = call.work();
    let day = Statement::new(
        "INSERT INTO qnsp_quota_days (tenant_id, quota_type, day, value) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (tenant_id, quota_type, day) DO UPDATE SET value = excluded.value",
    );
    let used = call.body.used.0;
    work.push(day.bind(call.tenant()).bind(quota.as_str()).bind(day_of(at)).bind(used));
    if quota.span() == Span::Gauge && day_of(at) == day_of(call.now) {
        let now = Statement::new(
            "INSERT INTO qnsp_quotas (tenant_id, quota_type, used) VALUES (?1, ?2, ?3) \
             ON CONFLICT (tenant_id, quota_type) DO UPDATE SET used = excluded.used",
        );
        work.push(now.bind(call.tenant()).bind(quota.as_str()).bind(used));
    }
    let recorded = UsageRecorded { quota_type: quota.as_str(), used, recorded_at: IsoTime(at) };
    work.commit(StatusCode::CREATED, &recorded).await
}

/// The quotas that are asked for, in the order of their names.
fn asked(ask: &AskForecast) -> Result<Vec<Quota>> {
    let names = ask.quota_types.as_deref().unwrap_or_default();
    if names.is_empty() {
        return Ok(Quota::BY_NAME.to_vec());
    }
    for (index, name) in names.iter().enumerate() {
        if Quota::parse(name).is_none() {
            return Err(impossible(&format!("quotaTypes[{index}]"), "is unknown"));
        }
    }
    let is_asked = |quota: &Quota| names.iter().any(|name| name == quota.as_str());
    Ok(Quota::BY_NAME.into_iter().filter(is_asked).collect())
}
