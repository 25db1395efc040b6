//! What a call reads, and has judged, before it computes something long or asks another server. Its guards are judged again
//! with its effect.

use std::ops::{Deref, DerefMut};

use policy::qnsp::Quota;
use service::{Batch, Outcomes, Result};

use crate::{
    Caller,
    caller::{Admission, Stage, is_fault},
    counters,
    work::unavailable,
};

/// A batch that only reads. Guards of the handler come after those of the pipeline.
pub struct Look {
    caller: Caller,
    batch: Batch<Admission>,
}

impl Deref for Look {
    type Target = Batch<Admission>;

    fn deref(&self) -> &Self::Target {
        &self.batch
    }
}

impl DerefMut for Look {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.batch
    }
}

impl Caller {
    pub fn look(&self) -> Look {
        Look { caller: self.clone(), batch: self.admitted(Some(Stage::Input)) }
    }
}

impl Look {
    /// Refuses what will not fit into a quota.
    pub fn require_room(&mut self, quota: Quota, amount: i64) {
        let fits = counters::fits(self.caller.tenant(), quota, self.caller.now, amount);
        self.batch.require(fits);
    }

    pub async fn run(self) -> Result<Outcomes> {
        self.batch.read().await.map_err(|error| {
            if is_fault(&error) {
                return unavailable(error);
            }
            self.caller.state(|state| state.is_judged = true);
            error
        })
    }
}
