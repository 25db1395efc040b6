//! Evaluations are computed though nobody reads them.

use service::Due;

use crate::job;

pub(crate) const ALL: &[Due] = &[qnsp::due_jobs!("qnsp_bias_evaluations", job::complete)];
