//! Audits of isolation are carried out though nobody reads them.

use qnsp::Caller;
use service::{Anonymous, Due};

use crate::isolation;

pub(crate) const ALL: &[Due] = &[Due {
    select: || "SELECT tenant_id, id FROM qnsp_isolation_audits WHERE status = 'running'".to_owned(),
    carry_out: |app, piece| {
        Box::pin(async move {
            let mut batch = Anonymous::background(app).batch();
            let id: String = piece.get("id")?;
            isolation::carry_out(&Caller::of_piece(app, piece)?, &mut batch, Some(&id)).await?;
            batch.write().await.map(drop)
        })
    },
}];
