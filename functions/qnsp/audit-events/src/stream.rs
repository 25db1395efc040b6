//! One stream of events: the log is asked once a second for what comes behind the last entry that was looked at. Entries
//! are numbered without a gap in the order in which they are committed, so nothing can appear before that one any more.

use std::{convert::Infallible, time::Duration};

use axum::body::Bytes;
use futures_util::stream::unfold;
use platform::{Row, Statement, clock};
use policy::qnsp::EventFilter;
use qnsp::{Caller, audit_event};
use service::{Anonymous, App, Error, Result};

/// How many seconds a stream lives. Workers and Spin end what takes much longer; on Workers each second is one query of
/// the fifty that the smallest plan allows.
const LIFETIME: u32 = 25;

/// Seconds between signs of life to the client, and to the row that counts open streams.
const HEARTBEAT: u32 = 15;
const TOUCH: u32 = 5;

/// How many entries are looked at in one step.
const STEP: i64 = 200;

/// The id of a place before all events.
const BEGINNING: &str = "00000000-0000-0000-0000-000000000000";

pub(crate) struct Stream {
    app: App,
    tenant: String,
    id: String,
    subscription: Option<String>,
    filter: EventFilter,
    /// The index and the event id of the last entry that was looked at.
    position: i64,
    last_id: String,
    seconds: u32,
    state: State,
}

enum State {
    Beginning,
    Open,
    Ended,
}

/// Where a stream begins: `position` and `event_id` of the entry before it. Behind an event (`?2`), else with what was
/// recorded at a time (`?3`) or later, else with what comes now.
pub(crate) fn start(tenant: &str, last_event_id: Option<&str>, since: Option<i64>) -> Statement {
    let start = Statement::new(
        "WITH place AS (SELECT coalesce( \
         (SELECT leaf_index FROM audit_entries WHERE tenant_id = ?1 AND event_id = ?2), CASE WHEN ?2 = ?4 THEN -1 END, \
         CASE WHEN ?3 IS NOT NULL THEN coalesce((SELECT leaf_index FROM audit_entries INDEXED BY audit_events \
         WHERE tenant_id = ?1 AND occurred_at IS NOT NULL AND at < ?3 ORDER BY leaf_index DESC LIMIT 1), -1) END, \
         (SELECT leaf_index FROM audit_entries INDEXED BY audit_events WHERE tenant_id = ?1 AND occurred_at IS NOT NULL \
         ORDER BY leaf_index DESC LIMIT 1), -1) AS position) \
         SELECT position, \
         (SELECT event_id FROM audit_entries WHERE tenant_id = ?1 AND leaf_index = position) AS event_id FROM place",
    );
    start.bind(tenant).bind(last_event_id.map(str::to_owned)).bind(since).bind(BEGINNING)
}

pub(crate) fn open(tenant: &str, id: &str, now: i64) -> Statement {
    let open = Statement::new("INSERT INTO qnsp_streams (tenant_id, id, touched_at) VALUES (?1, ?2, ?3)");
    open.bind(tenant).bind(id).bind(now)
}

/// Removes streams that ended without saying so.
pub(crate) fn sweep(tenant: &str, before: i64) -> Statement {
    Statement::new("DELETE FROM qnsp_streams WHERE tenant_id = ?1 AND touched_at < ?2").bind(tenant).bind(before)
}

impl Stream {
    pub(crate) fn new(
        caller: &Caller,
        id: String,
        subscription: Option<&str>,
        filter: EventFilter,
        start: &Row,
    ) -> Result<Self> {
        let last_id = start.get::<Option<String>>("event_id")?.unwrap_or_else(|| BEGINNING.to_owned());
        Ok(Self {
            app: caller.app.clone(),
            tenant: caller.tenant().to_owned(),
            id,
            subscription: subscription.map(str::to_owned),
            filter,
            position: start.get("position")?,
            last_id,
            seconds: 0,
            state: State::Beginning,
        })
    }

    /// The body, in pieces of whole blocks.
    pub(crate) fn blocks(self) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
        unfold(self, |mut stream| async move {
            match stream.next().await {
                Ok(text) => text.map(|text| (Ok(Bytes::from(text)), stream)),
                Err(error) => {
                    // The client connects again and goes on where it was.
                    if let Some(line) = error.log_line() {
                        platform::log::error(&line);
                    }
                    None
                }
            }
        })
    }

    async fn next(&mut self) -> Result<Option<String>> {
        match self.state {
            // A client whose stream ends before there was an event connects again with the place from which it waited.
            State::Beginning => {
                self.state = State::Open;
                return Ok(Some(format!("retry: 1000\n{}", self.place())));
            }
            State::Open => {}
            State::Ended => return Ok(None),
        }
        loop {
            let (text, count, is_full) = self.look().await?;
            if count > 0 {
                self.count(count).await?;
                return Ok(Some(text));
            }
            if is_full {
                continue;
            }
            if self.seconds >= LIFETIME {
                self.close().await?;
                self.state = State::Ended;
                // What the filters held back need not be looked at again.
                return Ok(Some(self.place()));
            }
            clock::sleep(Duration::from_secs(1)).await;
            self.seconds += 1;
            if self.seconds.is_multiple_of(TOUCH) {
                self.touch().await?;
            }
            if self.seconds.is_multiple_of(HEARTBEAT) {
                return Ok(Some(format!(": {}\n{}", self.seconds, self.place())));
            }
        }
    }

    /// The next events as text, how many they are, and whether there may be more at once.
    async fn look(&mut self) -> Result<(String, i64, bool)> {
        let select = Statement::new(
            "SELECT leaf_index, entry FROM audit_entries INDEXED BY audit_events \
             WHERE tenant_id = ?1 AND occurred_at IS NOT NULL AND leaf_index > ?2 ORDER BY leaf_index LIMIT ?3",
        );
        let rows = self.app.query(select.bind(self.tenant.as_str()).bind(self.position).bind(STEP)).await?;
        let (mut text, mut count) = (String::new(), 0);
        for row in &rows {
            let event = audit_event::of_row(row)?;
            self.position = event.sequence;
            self.last_id.clone_from(&event.event_id);
            if self.filter.lets_through(&event.event_type, &event.severity) {
                let data = serde_json::to_string(&event).map_err(|_| Error::internal("an event that is not JSON"))?;
                text.push_str(&format!("event: audit_event\nid: {}\ndata: {data}\n\n", event.event_id));
                count += 1;
            }
        }
        Ok((text, count, i64::try_from(rows.len()).is_ok_and(|rows| rows == STEP)))
    }

    /// A block without data: it is no event, and the client remembers its id.
    fn place(&self) -> String {
        format!("id: {}\n\n", self.last_id)
    }

    async fn count(&self, events: i64) -> Result<()> {
        let mut batch = Anonymous::background(&self.app).batch();
        for statement in qnsp::streamed(&self.tenant, self.subscription.as_deref(), events, clock::now_ms()) {
            batch.push(statement);
        }
        batch.write().await.map(drop)
    }

    async fn touch(&self) -> Result<()> {
        let touch = Statement::new("UPDATE qnsp_streams SET touched_at = ?3 WHERE tenant_id = ?1 AND id = ?2");
        self.write(touch.bind(self.tenant.as_str()).bind(self.id.as_str()).bind(clock::now_ms())).await
    }

    async fn close(&self) -> Result<()> {
        let delete = Statement::new("DELETE FROM qnsp_streams WHERE tenant_id = ?1 AND id = ?2");
        self.write(delete.bind(self.tenant.as_str()).bind(self.id.as_str())).await
    }

    async fn write(&self, statement: Statement) -> Result<()> {
        let mut batch = Anonymous::background(&self.app).batch();
        batch.push(statement);
        batch.write().await.map(drop)
    }
}
