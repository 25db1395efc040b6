//! Marks of requests in storage that no gate has left: of those that were refused, before the answer, and of those that
//! were answered by a copy, after it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use platform::Statement;
use serde::Serialize;

use crate::{App, gate::sweep, seen::Id};

/// For how long one request writes down the marks of others too, in milliseconds.
const SHIFT: i64 = 5_000;

/// How long nothing may be heard of who writes down marks before another request does so.
const PATIENCE: i64 = 10_000;

/// A request id to be spent.
#[derive(Serialize)]
pub(crate) struct Mark {
    pub mark: String,
    pub expires_at: i64,
    #[serde(skip)]
    pub id: Id,
    pub secret_hash: String,
    pub is_infra: bool,
}

/// Leaves marks. Who cannot authenticate writes nothing.
pub(crate) fn insert(marks: &[Mark]) -> Statement {
    let insert = Statement::new(
        "INSERT INTO request_marks (mark, expires_at, caller, level) \
         SELECT m.value ->> 'mark', m.value ->> 'expires_at', '', '' FROM json_each(?1) m \
         WHERE m.value ->> 'is_infra' \
         OR EXISTS (SELECT 1 FROM service_keys WHERE secret_hash = m.value ->> 'secret_hash') ON CONFLICT DO NOTHING",
    );
    insert.bind(serde_json::to_string(marks).unwrap_or_default())
}

/// Marks of answered requests on their way to storage. One batch is under way at a time; marks that come in meanwhile go
/// with the next.
#[derive(Default)]
pub(crate) struct Unwritten(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    marks: Vec<Mark>,
    /// When who writes them was last heard of.
    writer: Option<i64>,
}

impl Unwritten {
    pub fn add(&self, app: &App, mark: Mark) {
        let now = platform::clock::now_ms();
        let mut queue = self.queue();
        queue.marks.push(mark);
        if queue.writer.is_none_or(|heard| now - heard > PATIENCE) {
            queue.writer = Some(now);
            let writer = app.clone();
            app.later(Box::pin(async move { writer.unwritten().write(&writer).await }));
        }
    }

    /// Until there are none, or the shift ends: then the next request goes on.
    async fn write(&self, app: &App) {
        let started = platform::clock::now_ms();
        while let Some(marks) = self.next(started) {
            let sweep = sweep(app, marks.len(), platform::clock::now_ms());
            let statements = [insert(&marks)].into_iter().chain(sweep).collect();
            if let Err(error) = app.sql().read_batch(statements).await {
                platform::log::error(&format!("answered requests could not be marked: {error}"));
            }
        }
    }

    fn next(&self, started: i64) -> Option<Vec<Mark>> {
        let (mut queue, now) = (self.queue(), platform::clock::now_ms());
        if queue.marks.is_empty() || now - started > SHIFT {
            queue.writer = None;
            return None;
        }
        queue.writer = Some(now);
        Some(std::mem::take(&mut queue.marks))
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
