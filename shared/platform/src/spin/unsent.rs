//! Responses whose bodies are still in the instance. Spin sends the head of a response as soon as it has it. A body that is
//! not there by then goes in a packet of its own, which waits until the client has acknowledged the head: 40 ms, as Spin
//! does not set TCP_NODELAY and clients delay acknowledgements. A call of SQLite stops the whole instance, and so does a
//! handler that computes: neither may come between a head and its body.

use std::cell::Cell;

use axum::body::Body;
use http_body_util::BodyExt as _;
use spin_sdk::wit_bindgen::yield_async;

use super::Response;

thread_local! {
    static UNSENT: Cell<usize> = const { Cell::new(0) };
}

/// Counts the response until the host has taken its body.
pub(super) fn counted(response: Response) -> Response {
    let count = Count::new();
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _held = &count;
            frame
        }))
    })
}

/// Lets the host take what is there of bodies. A client that reads slowly is not waited for.
pub(super) async fn sent() {
    if UNSENT.get() > 0 {
        yield_async().await;
    }
}

/// Exists as long as the body that owns it, which is dropped when it has been written.
struct Count;

impl Count {
    fn new() -> Self {
        UNSENT.set(UNSENT.get() + 1);
        Self
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        UNSENT.set(UNSENT.get() - 1);
    }
}
