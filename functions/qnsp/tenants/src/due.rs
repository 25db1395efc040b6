//! Audits of isolation are carried out though nobody reads them.

use service::Due;

use crate::isolation;

pub(crate) const ALL: &[Due] = &[qnsp::due_jobs!("qnsp_isolation_audits", isolation::carry_out)];
