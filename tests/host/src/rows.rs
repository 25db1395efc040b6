//! Rows on their way from a blocking SQLite thread into a guest's stream, one at a time.

use crate::bindings::spin::sqlite::sqlite::RowResult;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::sync::mpsc;
use wasmtime::component::{Destination, StreamProducer, StreamResult};
use wasmtime::{Result, StoreContextMut};

pub struct RowStream(pub mpsc::Receiver<RowResult>);

impl<D> StreamProducer<D> for RowStream {
    type Item = RowResult;
    type Buffer = Option<RowResult>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, RowResult, Option<RowResult>>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        if destination.remaining(&mut store) == Some(0) {
            // A guest that only asks whether a row is there must not lose one.
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        let polled = self.0.poll_recv(context);
        if polled.is_pending() && finish {
            return Poll::Ready(Ok(StreamResult::Cancelled));
        }
        let Some(row) = ready!(polled) else {
            return Poll::Ready(Ok(StreamResult::Dropped));
        };
        destination.set_buffer(Some(row));
        Poll::Ready(Ok(StreamResult::Completed))
    }
}
