//! Windows of maintenance.

use axum::{http::StatusCode, response::Response};
use model::{
    faults::Faults,
    qnsp::search::{IndexName, NewWindow, WindowScheduled},
};
use platform::Statement;
use policy::qnsp::duration;
use qnsp::{Call, DAY, conflict, impossible, new_id};
use serde_json::Value;
use service::{Guard, Result};

use crate::document_store::name_indices;

const MINUTE: i64 = DAY / 24 / 60;

/// Schedule maintenance of indexes. The first search, or look at the health, inside the window carries it out.
#[utoipa::path(
    post, path = "/search/v1/health/maintenance", tag = "Search", request_body = NewWindow,
    responses(
        (status = 201, body = WindowScheduled), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn schedule_window(call: Call<NewWindow>) -> Result<Response> {
    let (new, starts_at) = (&call.body, call.body.scheduled_at.0);
    let duration = duration::parse(new.duration.as_str());
    let duration = duration.ok_or_else(|| Faults::one("duration", "must be an ISO 8601 duration, such as PT30M"))?;
    if !(MINUTE..=DAY).contains(&duration) {
        return Err(impossible("duration", "must be from PT1M to PT24H"));
    }
    if starts_at <= call.now {
        return Err(impossible("scheduledAt", "must lie in the future"));
    }
    let id = new_id()?;
    call.about(id.as_str());
    let names = Value::from_iter(new.index_names.0.iter().map(IndexName::as_str)).to_string();
    let ends_at = starts_at + duration;
    let mut work = call.work();
    // No window is longer than a day.
    let is_free = "NOT EXISTS (SELECT 1 FROM qnsp_search_maintenance m JOIN json_each(?2) n ON m.index_name = n.value \
                   WHERE m.tenant_id = ?1 AND m.starts_at < ?4 AND m.starts_at > ?5 AND m.ends_at > ?3)";
    let is_free = Guard::new(is_free, conflict("Another window of maintenance overlaps this one"));
    work.require(is_free.bind(call.tenant()).bind(names.as_str()).bind(starts_at).bind(ends_at).bind(starts_at - DAY));
    let insert = Statement::new(
        "INSERT INTO qnsp_search_maintenance (tenant_id, index_name, starts_at, ends_at, window_id, type, status) \
         SELECT ?1, value, ?3, ?4, ?5, ?6, 'scheduled' FROM json_each(?2)",
    );
    let insert = insert.bind(call.tenant()).bind(names.as_str()).bind(starts_at).bind(ends_at).bind(id.as_str());
    work.push(insert.bind(<&str>::from(new.maintenance_type)));
    work.push(name_indices(call.tenant(), &names));
    let scheduled = WindowScheduled { window_id: id, status: "scheduled", scheduled_at: new.scheduled_at };
    work.commit(StatusCode::CREATED, &scheduled).await
}
