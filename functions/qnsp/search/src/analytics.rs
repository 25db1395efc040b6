//! How well searches go, by the searches and the feedback that were recorded.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    qnsp::{
        Text,
        search::{FeedbackRecorded, FeedbackType, NewFeedback, NewQuery, QueryRecorded, SearchMetrics, SearchQuality},
    },
    time::IsoTime,
};
use policy::qnsp::number::round;
use qnsp::{Call, DAY, Nothing, Period, impossible, missing, new_id};
use serde::Deserialize;
use service::{Guard, Result};
use utoipa::IntoParams;

use crate::analytics_store as store;

/// How old a search may be that is recorded.
const OLDEST: i64 = 90 * DAY;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskPeriod {
    /// `1h`, `24h` (if not given), `7d` or `30d`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    period: Period,
    /// Instead of a period: from this time on.
    #[param(value_type = Option<String>)]
    since: Option<IsoTime>,
    /// Instead of a period: before this time.
    #[param(value_type = Option<String>)]
    until: Option<IsoTime>,
}

impl AskPeriod {
    /// The times from which on, and up to which, searches count.
    fn window(&self, now: i64) -> Result<(i64, i64)> {
        let until = self.until.map_or(now + 1, |time| time.0);
        let since = match self.since {
            Some(time) => time.0,
            None => self.until.map_or(now + 1, |time| time.0) - self.period.length(),
        };
        if since > until { Err(impossible("since", "must not be after until")) } else { Ok((since, until)) }
    }
}

/// Show how many searches there were, how long they took and how many found nothing.
#[utoipa::path(
    get, path = "/search/v1/analytics/metrics", tag = "Search", params(AskPeriod),
    responses((status = 200, body = SearchMetrics), (status = 400), (status = 401), (status = 403), (status = 422)),
)]
pub(crate) async fn show_metrics(call: Call<Nothing, AskPeriod>) -> Result<Json<SearchMetrics>> {
    let (since, until) = call.query.window(call.now)?;
    let mut work = call.work();
    let found = work.push(store::metrics(call.tenant(), since, until));
    let outcomes = work.run().await?;
    let row = outcomes.one(found)?;
    let queries: i64 = row.get("queries")?;
    let share = |part: f64| if queries == 0 { 0.0 } else { part / queries as f64 };
    Ok(Json(SearchMetrics {
        period: call.query.period.into(),
        total_queries: queries,
        average_latency_ms: round(share(row.get("latency")?), 2),
        p99_latency_ms: round(row.get::<Option<f64>>("p99")?.unwrap_or_default(), 2),
        zero_results_rate: round(share(row.get("without_results")?), 4),
    }))
}

/// Show how well searches found what was looked for, by clicks and ratings.
#[utoipa::path(
    get, path = "/search/v1/analytics/quality", tag = "Search", params(AskPeriod),
    responses((status = 200, body = SearchQuality), (status = 400), (status = 401), (status = 403), (status = 422)),
)]
pub(crate) async fn show_quality(call: Call<Nothing, AskPeriod>) -> Result<Json<SearchQuality>> {
    let (since, until) = call.query.window(call.now)?;
    let mut work = call.work();
    let found = work.push(store::quality(call.tenant(), since, until));
    let outcomes = work.run().await?;
    let row = outcomes.one(found)?;
    let number = |name: &str| -> Result<f64> { Ok(row.get::<Option<f64>>(name)?.unwrap_or_default()) };
    let queries = number("queries")?;
    let share = |part: f64, whole: f64| if whole > 0.0 && queries > 0.0 { round(part / whole, 4) } else { 0.0 };
    Ok(Json(SearchQuality {
        mean_reciprocal_rank: share(number("reciprocal_ranks")?, queries),
        click_through_rate: share(number("clicked")?, queries),
        satisfaction_score: share(number("rating")?, 5.0),
        abandonment_rate: share(number("abandoned")?, number("with_results")?),
    }))
}

/// Record a search that was made elsewhere. Its text is not kept.
#[utoipa::path(
    post, path = "/search/v1/analytics/queries", tag = "Search", request_body = NewQuery,
    responses((status = 201, body = QueryRecorded), (status = 400), (status = 401), (status = 403), (status = 422)),
)]
pub(crate) async fn record_query(call: Call<NewQuery>) -> Result<Response> {
    let new = &call.body;
    let at = new.occurred_at.map_or(call.now, |time| time.0);
    if !(call.now - OLDEST..=call.now).contains(&at) {
        return Err(impossible("occurredAt", "must lie within the last 90 days"));
    }
    let id = new_id()?;
    call.about(id.as_str());
    let clicked = new.clicked_document_ids.as_ref().map_or(&[][..], |list| &list.0);
    let clicked: Vec<_> = clicked.iter().map(Text::as_str).collect();
    let mut work = call.work();
    let position = (!clicked.is_empty()).then_some(1);
    work.push(store::insert_query(&call, &id, at, new.result_count.0, new.latency_ms.0, position));
    work.push(store::insert_clicks(&call, &id, at, &clicked)?);
    for sweep in store::sweeps(call.now) {
        work.push(sweep);
    }
    work.commit(StatusCode::CREATED, &QueryRecorded { query_id: id }).await
}

/// Record a click on what a search has found, or a rating of the search.
#[utoipa::path(
    post, path = "/search/v1/analytics/feedback", tag = "Search", request_body = NewFeedback,
    responses((status = 201, body = FeedbackRecorded), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn record_feedback(call: Call<NewFeedback>) -> Result<Response> {
    let (new, query, id) = (&call.body, call.body.query_id.as_str(), new_id()?);
    call.about(id.as_str());
    let mut work = call.work();
    let exists = "EXISTS (SELECT 1 FROM qnsp_search_queries WHERE tenant_id = ?1 AND id = ?2)";
    work.require(Guard::new(exists, missing("No such search")).bind(call.tenant()).bind(query));
    work.push(store::insert_feedback(&call, &id, new));
    if let (FeedbackType::Click, Some(position)) = (new.kind, new.position) {
        work.push(store::click(&call, query, position.0));
    }
    work.commit(StatusCode::CREATED, &FeedbackRecorded { feedback_id: id }).await
}
