//! Steps of dunning run though nobody looks at payments.

use service::Due;

use crate::dunning;

pub(crate) const ALL: &[Due] =
    &[Due { select: dunning::select_all_due, carry_out: |app, piece| Box::pin(dunning::run(app, piece)) }];
