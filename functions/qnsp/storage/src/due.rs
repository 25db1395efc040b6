//! What falls due of a tenant though nobody looks at its documents.

use qnsp::Caller;
use service::Due;

use crate::{classify, expiry};

pub(crate) const ALL: &[Due] = &[
    // Retention that has ended, and holds.
    Due {
        select: expiry::select_tenants,
        carry_out: |app, piece| Box::pin(async move { expiry::sweep(&Caller::of_piece(app, piece)?).await }),
    },
    // Scans, and policies that apply themselves.
    Due {
        select: || classify::TENANTS.to_owned(),
        carry_out: |app, piece| {
            Box::pin(async move {
                let caller = Caller::of_piece(app, piece)?;
                classify::apply_policies(&caller).await?;
                classify::scan(&caller, None).await
            })
        },
    },
];
