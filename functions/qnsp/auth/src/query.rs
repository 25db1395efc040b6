//! The query over events, newest first. A cursor stands at an event, so that new events do not shift the pages behind it.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::auth::{FederationEvent, FederationEvents, QueryFederation},
    time::IsoTime,
};
use platform::{Row, SqlValue, Statement};
use qnsp::{Call, Caller, Cursor, Offset, impossible};
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use service::{Error, Result};

use crate::retention;

const LIMIT: i64 = 100;
const MOST: i64 = 500;

/// What selects the events.
#[derive(Serialize)]
struct Filters<'a> {
    start: Option<i64>,
    end: Option<i64>,
    event_types: Vec<&'a str>,
    providers: Vec<&'a str>,
    users: Vec<&'a str>,
}

/// The event after which a page begins.
#[derive(Serialize, Deserialize)]
struct Position(i64, String);

/// Query the events of identity providers, newest first.
#[utoipa::path(
    post, path = "/auth/federation/audit/query", tag = "Auth", request_body = QueryFederation,
    responses(
        (status = 200, body = FederationEvents), (status = 400), (status = 401), (status = 403), (status = 422),
    ),
)]
pub(crate) async fn query_events(call: Call<QueryFederation>) -> Result<Response> {
    let query = &call.body;
    let filters = Filters::of(query)?;
    let cursor = Cursor::of(&call, &filters)?;
    let after: Option<Position> = query.cursor.as_deref().map(|text| cursor.read(text)).transpose()?;
    let limit = query.limit.unwrap_or(LIMIT).clamp(1, MOST);
    let offset = if after.is_some() { 0 } else { Offset::within(query.offset.unwrap_or(0)).0 };
    let mut work = call.work();
    // One more than the page tells whether there is another.
    let found = work.push(filters.page(&call, after, limit + 1, offset));
    let total = work.push(filters.count(&call));
    let outcomes = work.run().await?;
    let rows = outcomes.rows(found);
    let shown = rows.get(..rows.len().min(usize::try_from(limit).unwrap_or_default())).unwrap_or_default();
    let next_cursor = match shown.last().filter(|_| rows.len() > shown.len()) {
        Some(last) => Some(cursor.write(&Position(last.get("recorded_at")?, last.get("id")?))?),
        None => None,
    };
    let events = FederationEvents {
        events: shown.iter().map(event).collect::<Result<_>>()?,
        next_cursor,
        total: outcomes.one(total)?.get("total")?,
        limit,
        offset,
    };
    call.answer(StatusCode::OK, &events).await
}

impl<'a> Filters<'a> {
    fn of(query: &'a QueryFederation) -> Result<Self> {
        let (start, end) = query.span();
        if let (Some(start), Some(end)) = (start, end)
            && start > end
        {
            return Err(impossible("endTime", "must not be before startTime"));
        }
        Ok(Self {
            start,
            end,
            event_types: query.event_types.iter().flat_map(|list| &list.0).map(|text| text.as_str()).collect(),
            providers: query.providers().iter().map(|text| text.as_str()).collect(),
            users: query.user_ids.iter().flat_map(|list| &list.0).map(|text| text.as_str()).collect(),
        })
    }

    /// The condition of the events. Lists that are empty are left out, so that the database takes the index that fits.
    fn condition(&self, caller: &Caller) -> (String, Vec<SqlValue>) {
        let mut condition = "tenant_id = ?1 AND recorded_at >= ?2 AND recorded_at <= ?3".to_owned();
        let start = self.start.unwrap_or(i64::MIN).max(retention::since(caller.now));
        let mut values = vec![caller.tenant().into(), start.into(), self.end.unwrap_or(i64::MAX).into()];
        for (column, list) in
            [("event_type", &self.event_types), ("provider", &self.providers), ("user_id", &self.users)]
        {
            if !list.is_empty() {
                values.push(json!(list).to_string().into());
                condition += &format!(" AND {column} IN (SELECT value FROM json_each(?{}))", values.len());
            }
        }
        (condition, values)
    }

    fn page(&self, caller: &Caller, after: Option<Position>, limit: i64, offset: i64) -> Statement {
        let (mut condition, mut params) = self.condition(caller);
        if let Some(Position(recorded_at, id)) = after {
            params.extend([recorded_at.into(), id.into()]);
            let last = params.len();
            condition += &format!(" AND (recorded_at, id) < (?{}, ?{last})", last - 1);
        }
        params.extend([limit.into(), offset.into()]);
        let last = params.len();
        let text = format!(
            "SELECT id, recorded_at, event_type, provider, user_id, outcome, metadata FROM qnsp_federation_events \
             WHERE {condition} ORDER BY recorded_at DESC, id DESC LIMIT ?{} OFFSET ?{last}",
            last - 1
        );
        Statement { params, ..Statement::new(text) }
    }

    fn count(&self, caller: &Caller) -> Statement {
        let (condition, params) = self.condition(caller);
        let text = format!("SELECT count(*) AS total FROM qnsp_federation_events WHERE {condition}");
        Statement { params, ..Statement::new(text) }
    }
}

fn event(row: &Row) -> Result<FederationEvent> {
    let metadata = RawValue::from_string(row.get("metadata")?);
    Ok(FederationEvent {
        event_id: row.get("id")?,
        event_type: row.get("event_type")?,
        provider: row.get("provider")?,
        user_id: row.get("user_id")?,
        timestamp: IsoTime(row.get("recorded_at")?),
        metadata: metadata.map_err(|_| Error::internal("metadata of an event is not JSON"))?,
        outcome: row.get("outcome")?,
    })
}
