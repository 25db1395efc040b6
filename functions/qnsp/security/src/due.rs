//! Playbooks start and go on though nobody looks at their executions.

use qnsp::Caller;
use service::Due;

use crate::{run, triggers};

pub(crate) const ALL: &[Due] = &[Due {
    select: || format!("{} UNION {}", triggers::TENANTS, run::TENANTS),
    carry_out: |app, piece| {
        Box::pin(async move {
            let caller = Caller::of_piece(app, piece)?;
            triggers::start_due(&caller).await?;
            run::run_due(&caller).await
        })
    },
}];
