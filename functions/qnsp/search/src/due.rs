//! Maintenance of indexes though nobody searches.

use platform::clock;
use qnsp::Caller;
use service::{Anonymous, Due};

use crate::maintenance;

pub(crate) const ALL: &[Due] = &[Due {
    select: || maintenance::TENANTS.to_owned(),
    carry_out: |app, piece| {
        Box::pin(async move {
            let caller = Caller::of_piece(app, piece)?;
            maintenance::run_due(&caller).await?;
            let mut batch = Anonymous::background(app).batch();
            batch.push(maintenance::fail_overdue(caller.tenant(), clock::now_ms()));
            batch.write().await.map(drop)
        })
    },
}];
