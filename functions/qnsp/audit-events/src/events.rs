//! The events of a tenant: what its calls have left, and what callers record of their own.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    faults::Faults,
    qnsp::audit::{EventResult, Events, EventsRecorded, EventsToRecord, NewEvents, Severity},
};
use policy::qnsp::Service;
use qnsp::{Call, Cursor, Nothing, Recorded, audit_event};
use service::Result;

use crate::{archive, filter::Filter};

/// List events, the newest entry first. A page may be short, or empty, and still have a next one.
#[utoipa::path(
    get, path = "/audit/v1/events", tag = "Audit", params(Filter),
    responses((status = 200, body = Events), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_events(call: Call<Nothing, Filter>) -> Result<Json<Events>> {
    let filter = &call.query;
    if let Some(label) = filter.archive() {
        return archive::list(&call, filter, label).await.map(Json);
    }
    let cursors = Cursor::of(&call, &filter.key())?;
    let before = filter.before(&cursors)?;
    let mut work = call.work();
    let (found, looked) = filter.select(call.tenant(), before);
    let (found, looked) = (work.push(found), looked.map(|statement| work.push(statement)));
    let outcomes = work.run().await?;
    let rows = outcomes.rows(found);
    let (limit, mut items, mut last) = (filter.limit(), Vec::new(), None);
    for row in rows {
        let event = audit_event::of_row(row)?;
        last = Some(row.get::<i64>("leaf_index")?);
        if filter.lets_through(&event.event_type) {
            items.push(event);
        }
        if items.len() == limit {
            break;
        }
    }
    let has_more_rows = i64::try_from(rows.len()).is_ok_and(|count| count == filter.most());
    let next = if items.len() == limit || has_more_rows {
        last
    } else {
        looked.and_then(|slot| outcomes.row(slot)).map(|row| filter.go_on(row)).transpose()?.flatten()
    };
    Ok(Json(Events { items, next_cursor: Filter::cursor_at(&cursors, next)? }))
}

/// Record events: all of them, or none where one is refused.
#[utoipa::path(
    post, path = "/audit/v1/events", tag = "Audit", request_body = EventsToRecord,
    responses((status = 201, body = EventsRecorded), (status = 400), (status = 401), (status = 403), (status = 409)),
)]
pub(crate) async fn record_events(call: Call<NewEvents>) -> Result<Response> {
    let mut faults = Faults::default();
    for (index, event) in call.body.events.iter().enumerate() {
        let is_ours = Service::of_event(event.event_type.as_str()).is_some();
        faults.check(!is_ours, call.body.path(index, "eventType"), "must not begin with the name of a service");
        let is_early = event.timestamp.is_some_and(|at| at.0 > call.now);
        faults.check(!is_early, call.body.path(index, "timestamp"), "must not be in the future");
    }
    faults.result()?;
    let mut work = call.work();
    let mut event_ids = Vec::new();
    for event in &call.body.events {
        let resource = event.resource.as_ref();
        let text = |text: &str| text.to_owned();
        let (id, audit) = call.recorded_event(Recorded {
            event_type: event.event_type.as_str(),
            resource: resource.map_or(event.event_type.service(), |resource| resource.kind.as_str()),
            id: resource.and_then(|resource| resource.id.as_ref()).map(|id| text(id.as_str())),
            name: resource.and_then(|resource| resource.name.as_ref()).map(|name| text(name.as_str())),
            payload: event.payload.as_str(),
            severity: event.severity.unwrap_or(Severity::Info).into(),
            is_failure: event.result == Some(EventResult::Failure),
            occurred_at: event.timestamp.map(|at| at.0),
        })?;
        work.record_also(audit);
        event_ids.push(id);
    }
    let count = event_ids.len();
    work.commit(StatusCode::CREATED, &EventsRecorded { accepted: count, received: count, event_ids }).await
}
