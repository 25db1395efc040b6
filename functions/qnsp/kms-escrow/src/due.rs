//! Shares that nobody has claimed in time are erased though nobody looks at their escrow.

use qnsp::Caller;
use service::{Anonymous, Due};

use crate::escrow_store;

pub(crate) const ALL: &[Due] = &[Due {
    select: || {
        "SELECT DISTINCT a.tenant_id FROM qnsp_escrow_agents a JOIN qnsp_escrows e ON e.tenant_id = a.tenant_id \
         AND e.id = a.escrow_id WHERE a.sealed_share IS NOT NULL AND e.expires_at <= ?1"
            .to_owned()
    },
    carry_out: |app, piece| {
        Box::pin(async move {
            let mut batch = Anonymous::background(app).batch();
            batch.push(escrow_store::erase_expired(&Caller::of_piece(app, piece)?));
            batch.write().await.map(drop)
        })
    },
}];
