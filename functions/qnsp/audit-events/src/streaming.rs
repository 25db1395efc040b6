//! The stream of events: where it begins, and how it is counted. What it sends is made by `stream`.

use axum::{
    Json,
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use model::{
    ids::Uuid,
    qnsp::audit::{StreamingMetrics, SubscriptionMetrics},
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::EventFilter;
use qnsp::{Call, Nothing, new_id};
use serde::Deserialize;
use service::{Error, Result};
use utoipa::IntoParams;

use crate::{
    stream::{self, Stream},
    subscription_store as store,
};

const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// For how long a stream counts as open that does not say any more that it is.
const OPEN: i64 = 15_000;

/// A minute in milliseconds.
const MINUTE: i64 = 60_000;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct AskStream {
    /// Only events that this subscription's filters let through.
    #[param(value_type = Option<String>)]
    subscription_id: Option<Uuid>,
    /// Begin with events that were recorded at this time or later; with what comes from now on, if not given.
    #[param(value_type = Option<String>)]
    since: Option<IsoTime>,
}

/// Stream events as they are recorded. A stream ends after 25 seconds; the client connects again with `Last-Event-ID`,
/// and nothing is lost or sent twice.
#[utoipa::path(
    get, path = "/audit/v1/streaming/events", tag = "Audit",
    params(AskStream, ("Last-Event-ID" = Option<String>, Header, description = "Begin behind this event")),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"), (status = 400), (status = 401), (status = 403),
        (status = 404),
    ),
)]
pub(crate) async fn stream_events(headers: HeaderMap, call: Call<Nothing, AskStream>) -> Result<Response> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let subscription = call.query.subscription_id.as_ref().map(Uuid::as_str);
    let id = new_id()?;
    let mut work = call.work();
    if let Some(subscription) = subscription {
        work.require(store::is_active(&call, subscription));
    }
    let since = call.query.since.map(|since| since.0);
    let start = work.push(stream::start(call.tenant(), last, since));
    let filters = "SELECT filters FROM qnsp_subscriptions WHERE tenant_id = ?1 AND id = ?2";
    let filters = work.push(Statement::new(filters).bind(call.tenant()).bind(subscription.unwrap_or_default()));
    work.push(stream::sweep(call.tenant(), call.now - MINUTE));
    work.push(stream::open(call.tenant(), &id, call.now));
    let outcomes = work.run().await?;
    let filter = outcomes.row(filters).map(|row| filter(&row.get::<String>("filters")?)).transpose()?;
    let stream = Stream::new(&call, id, subscription, filter.unwrap_or_default(), outcomes.one(start)?)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform")),
        (BUFFERING, HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::from_stream(stream.blocks())).into_response())
}

fn filter(json: &str) -> Result<EventFilter> {
    let filters: model::qnsp::audit::Filters =
        serde_json::from_str(json).map_err(|_| Error::internal("filters are not JSON"))?;
    Ok(EventFilter { event_types: filters.event_types, services: filters.services, severities: filters.severities })
}

/// Show how many streams are open, and how much they and the webhooks have told.
#[utoipa::path(
    get, path = "/audit/v1/streaming/metrics", tag = "Audit",
    responses((status = 200, body = StreamingMetrics), (status = 401), (status = 403)),
)]
pub(crate) async fn show_streaming(call: Call) -> Result<Json<StreamingMetrics>> {
    let mut work = call.work();
    // The newest entry that is older than a minute is found by walking over those that are counted.
    let counts = Statement::new(
        "SELECT (SELECT count(*) FROM qnsp_streams WHERE tenant_id = ?1 AND touched_at >= ?2) AS open, \
         coalesce((SELECT events FROM qnsp_streamed WHERE tenant_id = ?1), 0) AS streamed, \
         (SELECT count(*) FROM audit_entries INDEXED BY audit_events WHERE tenant_id = ?1 AND occurred_at IS NOT NULL \
         AND leaf_index > coalesce((SELECT leaf_index FROM audit_entries INDEXED BY audit_events WHERE tenant_id = ?1 \
         AND occurred_at IS NOT NULL AND at < ?3 ORDER BY leaf_index DESC LIMIT 1), -1)) AS recorded",
    );
    let counts = work.push(counts.bind(call.tenant()).bind(call.now - OPEN).bind(call.now - MINUTE));
    let subscriptions = "SELECT id, delivered, last_event_at FROM qnsp_subscriptions WHERE tenant_id = ?1 \
                         ORDER BY created_at, id";
    let subscriptions = work.push(Statement::new(subscriptions).bind(call.tenant()));
    let outcomes = work.run().await?;
    let row = outcomes.one(counts)?;
    let subscriptions = outcomes.rows(subscriptions).iter().map(|row| {
        Ok(SubscriptionMetrics {
            subscription_id: row.get("id")?,
            events_delivered: row.get("delivered")?,
            last_event_at: row.get::<Option<i64>>("last_event_at")?.map(IsoTime),
        })
    });
    Ok(Json(StreamingMetrics {
        active_connections: row.get("open")?,
        events_per_second: row.get::<f64>("recorded")? / 60.0,
        total_events_streamed: row.get("streamed")?,
        subscription_metrics: subscriptions.collect::<Result<_>>()?,
    }))
}
