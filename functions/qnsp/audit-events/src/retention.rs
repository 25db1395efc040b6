//! What a retention policy selects, and how it is carried out: the text of an event is erased, and its leaf stays in the
//! tree of the audit log.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    qnsp::audit::{AgeCounts, AskPreview, CleanUp, CleanedUp, Preview, RetentionMetrics, RetentionSavings},
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::DAY_MS;
use qnsp::{Call, new_id};
use service::{Anonymous, Result};

use crate::{
    erasure::{self, Erased, Page},
    policy_store,
    selection::Selection,
};

/// How many pages of events one call erases at most.
const PAGES: usize = 200;

/// Show what a cleanup would erase. Nothing is changed.
#[utoipa::path(
    post, path = "/audit/v1/retention/preview", tag = "Audit", request_body = AskPreview,
    responses((status = 200, body = Preview), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn preview_cleanup(call: Call<AskPreview>) -> Result<Response> {
    let id = call.body.policy_id.as_str();
    call.about(id);
    let selection = Selection::of(&call, id).await?;
    let mut work = call.work();
    work.require(policy_store::exists(&call, id));
    let count = work.push(selection.count());
    let outcomes = work.run().await?;
    let row = outcomes.one(count)?;
    let preview = Preview {
        policy_id: id.to_owned(),
        events_affected: row.get("events")?,
        oldest_event_date: row.get::<Option<i64>>("oldest")?.map(IsoTime),
        newest_event_date: row.get::<Option<i64>>("newest")?.map(IsoTime),
        size_bytes: row.get("bytes")?,
    };
    call.answer(StatusCode::OK, &preview).await
}

/// Erase the events that a policy no longer keeps. One call erases up to 100,000; the next one goes on.
#[utoipa::path(
    post, path = "/audit/v1/retention/cleanup", tag = "Audit", request_body = CleanUp,
    responses((status = 200, body = CleanedUp), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn clean_up(call: Call<CleanUp>) -> Result<Response> {
    let id = call.body.policy_id.as_str();
    call.about(id);
    let selection = Selection::of(&call, id).await?;
    let mut work = call.work();
    work.require(policy_store::exists(&call, id));
    let is_dry = call.body.dry_run == Some(true);
    let mut answer = CleanedUp {
        execution_id: new_id()?,
        events_processed: 0,
        events_deleted: 0,
        events_archived: 0,
        dry_run: is_dry,
    };
    if is_dry {
        work.unmetered();
        let count = work.push(selection.count());
        let outcomes = work.run().await?;
        answer.events_processed = outcomes.one(count)?.get("events")?;
        return call.answer(StatusCode::OK, &answer).await;
    }
    // The first page goes with the call itself; who may not call erases nothing. What follows are batches of their own,
    // each with all that belongs to its events, so a call that breaks off has erased some and recorded that.
    let key = if selection.archive.is_some() { Some(work.data_key(call.tenant()).await?) } else { None };
    let mut page = Page::read(&call, &selection, i64::from(i32::MIN) << 16).await?;
    let statements = page.erase(&selection, key.as_deref())?.map(|statement| work.push(statement));
    let mut step = Erased::of(&work.run().await?, statements);
    let mut erased = step;
    for _ in 1..PAGES {
        // Nothing is erased any more once the policy was changed.
        if page.is_last() || step.events == 0 {
            break;
        }
        page = page.next(&call, &selection).await?;
        let mut batch = Anonymous::background(&call.app).batch();
        let statements = page.erase(&selection, key.as_deref())?.map(|statement| batch.push(statement));
        step = Erased::of(&batch.write().await?, statements);
        erased = erased + step;
    }
    (answer.events_processed, answer.events_deleted) = (erased.events, erased.events);
    answer.events_archived = erased.archived;
    call.answer(StatusCode::OK, &answer).await
}

/// Show how many events there are, how old and how large, and what cleanups have erased.
#[utoipa::path(
    get, path = "/audit/v1/retention/metrics", tag = "Audit",
    responses((status = 200, body = RetentionMetrics), (status = 401), (status = 403)),
)]
pub(crate) async fn show_retention(call: Call) -> Result<Json<RetentionMetrics>> {
    let mut work = call.work();
    let select = Statement::new(
        "SELECT count(*) AS events, coalesce(sum(length(CAST(entry AS BLOB))), 0) AS bytes, \
         coalesce(sum(occurred_at >= ?2), 0) AS week, coalesce(sum(occurred_at >= ?3), 0) AS month, \
         coalesce(sum(occurred_at >= ?4), 0) AS quarter \
         FROM audit_entries INDEXED BY audit_events_by_time WHERE tenant_id = ?1 AND occurred_at IS NOT NULL",
    );
    let [week, month, quarter] = [7, 30, 90].map(|days| call.now - days * DAY_MS);
    let counts = work.push(select.bind(call.tenant()).bind(week).bind(month).bind(quarter));
    let savings = work.push(erasure::savings(call.tenant()));
    let outcomes = work.run().await?;
    let (row, savings) = (outcomes.one(counts)?, outcomes.one(savings)?);
    let number = |column: &str| row.get::<u64>(column);
    let (week, month, quarter, events) = (number("week")?, number("month")?, number("quarter")?, number("events")?);
    Ok(Json(RetentionMetrics {
        total_events: events,
        total_size_bytes: number("bytes")?,
        by_age: AgeCounts { week, month: month - week, quarter: quarter - month, older: events - quarter },
        retention_savings: RetentionSavings {
            events_deleted: savings.get("events")?,
            bytes_reclaimed: savings.get("bytes")?,
        },
    }))
}
