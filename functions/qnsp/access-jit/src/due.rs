//! Requests that nobody has processed in time are denied though nobody looks at them.

use qnsp::Caller;
use service::{Anonymous, Due};

use crate::request_store;

pub(crate) const ALL: &[Due] = &[Due {
    select: request_store::select_tenants,
    carry_out: |app, piece| {
        Box::pin(async move {
            let mut batch = Anonymous::background(app).batch();
            batch.push(request_store::deny_lapsed(&Caller::of_piece(app, piece)?));
            batch.write().await.map(drop)
        })
    },
}];
