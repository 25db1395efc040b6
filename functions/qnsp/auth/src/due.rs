//! Reports are completed though nobody reads them.

use qnsp::Caller;
use service::{Anonymous, Due};

use crate::report_counts;

pub(crate) const ALL: &[Due] = &[Due {
    select: || "SELECT DISTINCT tenant_id FROM qnsp_federation_reports WHERE completed_at IS NULL".to_owned(),
    carry_out: |app, piece| {
        Box::pin(async move {
            let mut batch = Anonymous::background(app).batch();
            batch.push(report_counts::complete(&Caller::of_piece(app, piece)?, None));
            batch.write().await.map(drop)
        })
    },
}];
