//! Scans go on though nobody looks at them.

use qnsp::Caller;
use service::Due;

use crate::scans;

pub(crate) const ALL: &[Due] = &[Due {
    select: || {
        "SELECT tenant_id, id FROM qnsp_leakage_scans WHERE status IN ('queued', 'running') AND claimed_until <= ?1 \
         AND paused_until <= ?1"
            .to_owned()
    },
    carry_out: |app, piece| {
        Box::pin(async move { scans::step(&Caller::of_piece(app, piece)?, &piece.get::<String>("id")?).await })
    },
}];
