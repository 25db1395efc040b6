//! Nonces of requests that were answered by a copy: they are stored after the answer.

use crate::{
    App,
    batch::unasked,
    nonces::{self, Nonce},
};

/// For how long one request stores the nonces of others too, in milliseconds.
const MAX_DRAIN: i64 = 5_000;

/// After this many milliseconds without a sign of the task that stores nonces, another request starts one.
const WRITER_TIMEOUT: i64 = 10_000;

/// Nonces of answered requests on their way to storage. One batch is under way at a time; nonces that arrive meanwhile
/// go with the next.
#[derive(Default)]
struct Queue {
    nonces: Vec<Nonce>,
    /// When the task that stores them gave its last sign.
    writer: Option<i64>,
}

/// Stores a nonce after the answer.
pub(crate) fn add(app: &App, nonce: Nonce) {
    let now = platform::clock::now_ms();
    let mut queue = app.lock::<Queue>();
    queue.nonces.push(nonce);
    if queue.writer.is_none_or(|sign| now - sign > WRITER_TIMEOUT) {
        queue.writer = Some(now);
        let app = app.clone();
        app.clone().spawn_after_response(Box::pin(async move { drain(&app).await }));
    }
}

/// Stores nonces until there are none, or the time is over: then the next request goes on.
async fn drain(app: &App) {
    let started = platform::clock::now_ms();
    while let Some(nonces) = next(app, started) {
        let sweep = nonces::sweep(app, nonces.len(), platform::clock::now_ms());
        if let Err(error) = unasked::store_nonces(app, nonces::insert(&nonces), sweep).await {
            platform::log::error(&format!("nonces of answered requests could not be stored: {error}"));
        }
    }
}

fn next(app: &App, started: i64) -> Option<Vec<Nonce>> {
    let (mut queue, now) = (app.lock::<Queue>(), platform::clock::now_ms());
    if queue.nonces.is_empty() || now - started > MAX_DRAIN {
        queue.writer = None;
        return None;
    }
    queue.writer = Some(now);
    Some(std::mem::take(&mut queue.nonces))
}
