//! The rows of searches and of feedback, which are kept for 400 days.

use model::qnsp::{
    Text,
    search::{FeedbackType, NewFeedback},
};
use platform::Statement;
use qnsp::{Caller, DAY, new_id};
use serde_json::{Value, json};
use service::Result;

const KEPT: i64 = 400 * DAY;

/// A search, with the position of its first click if there was one.
pub(crate) fn insert_query(
    caller: &Caller,
    id: &str,
    at: i64,
    results: i64,
    latency_ms: f64,
    position: Option<i64>,
) -> Statement {
    let insert = Statement::new(
        "INSERT INTO qnsp_search_queries (tenant_id, id, at, results, latency_ms, clicked_at, position) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    );
    let insert = insert.bind(caller.tenant()).bind(id).bind(at).bind(results).bind(latency_ms);
    insert.bind(position.map(|_| at)).bind(position)
}

/// Clicks on documents by their positions.
pub(crate) fn insert_clicks(caller: &Caller, query: &str, at: i64, documents: &[&str]) -> Result<Statement> {
    let rows = documents.iter().zip(1_i64..).map(|(document, position)| Ok(json!([new_id()?, document, position])));
    let rows = Value::from(rows.collect::<Result<Vec<_>>>()?).to_string();
    let insert = Statement::new(
        "INSERT INTO qnsp_search_feedback (tenant_id, at, id, query_id, type, document_id, position) \
         SELECT ?1, ?2, value ->> 0, ?3, 'click', value ->> 1, value ->> 2 FROM json_each(?4)",
    );
    Ok(insert.bind(caller.tenant()).bind(at).bind(query).bind(rows))
}

pub(crate) fn insert_feedback(caller: &Caller, id: &str, new: &NewFeedback) -> Statement {
    let insert = Statement::new(
        "INSERT INTO qnsp_search_feedback (tenant_id, at, id, query_id, type, document_id, position, rating) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    );
    let of = |kind, value: Option<i64>| value.filter(|_| new.kind == kind);
    insert
        .bind(caller.tenant())
        .bind(caller.now)
        .bind(id)
        .bind(new.query_id.as_str())
        .bind(<&str>::from(new.kind))
        .bind(new.document_id.as_ref().map(Text::as_str).map(str::to_owned))
        .bind(of(FeedbackType::Click, new.position.map(|position| position.0)))
        .bind(of(FeedbackType::Rating, new.rating.map(|rating| rating.0)))
}

/// Of clicks the first counts; of those at one time that of the least position.
pub(crate) fn click(caller: &Caller, query: &str, position: i64) -> Statement {
    let update = Statement::new(
        "UPDATE qnsp_search_queries SET clicked_at = ?3, position = ?4 WHERE tenant_id = ?1 AND id = ?2 \
         AND (clicked_at IS NULL OR (?3, ?4) < (clicked_at, position))",
    );
    update.bind(caller.tenant()).bind(query).bind(caller.now).bind(position)
}

/// The latency that 99 of 100 searches do not exceed is that of the nearest rank.
pub(crate) fn metrics(tenant: &str, since: i64, until: i64) -> Statement {
    const OF: &str = "FROM qnsp_search_queries WHERE tenant_id = ?1 AND at >= ?2 AND at < ?3";
    let select = Statement::new(format!(
        "SELECT count(*) AS queries, total(latency_ms) AS latency, total(results = 0) AS without_results, \
         (SELECT latency_ms {OF} ORDER BY latency_ms LIMIT 1 OFFSET (SELECT (99 * count(*) + 99) / 100 - 1 {OF})) AS p99 {OF}"
    ));
    select.bind(tenant).bind(since).bind(until)
}

/// `rating` is the mean of the ratings that were given in the time.
pub(crate) fn quality(tenant: &str, since: i64, until: i64) -> Statement {
    let select = Statement::new(
        "SELECT total(1) AS queries, total(1.0 / position) AS reciprocal_ranks, total(position IS NOT NULL) AS clicked, \
         total(results > 0) AS with_results, total(results > 0 AND position IS NULL) AS abandoned, \
         (SELECT avg(rating) FROM qnsp_search_feedback WHERE tenant_id = ?1 AND type = 'rating' AND at >= ?2 \
         AND at < ?3) AS rating FROM qnsp_search_queries WHERE tenant_id = ?1 AND at >= ?2 AND at < ?3",
    );
    select.bind(tenant).bind(since).bind(until)
}

/// Removes some rows that are no longer kept.
pub(crate) fn sweeps(now: i64) -> [Statement; 2] {
    let sweep = |text: &'static str| Statement::new(text).bind(now - KEPT);
    [
        sweep(
            "DELETE FROM qnsp_search_queries WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM qnsp_search_queries \
             WHERE at < ?1 ORDER BY at LIMIT 16)",
        ),
        sweep(
            "DELETE FROM qnsp_search_feedback WHERE (tenant_id, at, id) IN (SELECT tenant_id, at, id \
             FROM qnsp_search_feedback WHERE at < ?1 ORDER BY at LIMIT 16)",
        ),
    ]
}
