//! Leases end though nobody asks for others.

use qnsp::{
    Caller,
    leases::{self, keep_up, settle_ended},
};
use service::Due;

pub(crate) const ALL: &[Due] = &[
    // Users are removed from their server.
    Due {
        select: || leases::CONFIGS_WITH_ENDED_USERS.to_owned(),
        carry_out: |app, piece| {
            Box::pin(async move { keep_up(&Caller::of_piece(app, piece)?, &piece.get::<String>("config_id")?).await })
        },
    },
    // What has ended counts no longer, and is forgotten in the end.
    Due {
        select: leases::select_tenants,
        carry_out: |app, piece| Box::pin(async move { settle_ended(&Caller::of_piece(app, piece)?).await }),
    },
];
