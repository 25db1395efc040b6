//! What a call writes before it asks another server to change something, so that what is left of a call that ends there is
//! known. The batch of the call itself follows, or the preparation is taken back.

use std::ops::{Deref, DerefMut};

use platform::Statement;
use policy::qnsp::Quota;
use service::{Batch, Result};

use crate::{
    Caller,
    caller::{Admission, Stage, is_fault},
    counters,
    work::unavailable,
};

/// How long the business of a call with another server takes at most, in milliseconds. What is prepared and neither done nor
/// taken back by then is left over.
pub const MINUTE_OF_CALL: i64 = 60_000;

/// A batch that is being put together. Guards of the handler come after those of the pipeline; nothing is counted as a
/// call, metered or recorded.
pub struct Preparation {
    caller: Caller,
    batch: Batch<Admission>,
}

impl Deref for Preparation {
    type Target = Batch<Admission>;

    fn deref(&self) -> &Self::Target {
        &self.batch
    }
}

impl DerefMut for Preparation {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.batch
    }
}

impl Caller {
    pub fn prepare(&self) -> Preparation {
        let mut batch = self.admitted(Some(Stage::Input));
        if let Some(idempotency) = self.state(|state| state.idempotency.clone()) {
            idempotency.claim(&mut batch, self.now, MINUTE_OF_CALL);
        }
        Preparation { caller: self.clone(), batch }
    }

    /// Takes back what was prepared, by these statements.
    pub async fn take_back(&self, statements: Vec<Statement>) -> Result<()> {
        let mut batch = self.admitted(None);
        for statement in statements {
            batch.push(statement);
        }
        if let Some(idempotency) = self.state(|state| state.idempotency.clone().filter(|_| state.is_prepared)) {
            batch.push(idempotency.release());
        }
        batch.write().await?;
        self.state(|state| state.is_prepared = false);
        Ok(())
    }
}

impl Preparation {
    /// Takes so much of a quota, after all other guards.
    pub fn reserve(&mut self, quota: Quota, amount: i64) {
        let (tenant, now) = (self.caller.tenant().to_owned(), self.caller.now);
        self.batch.require(counters::fits(&tenant, quota, now, amount));
        for statement in counters::reserve(&tenant, quota, now, amount) {
            self.batch.push(statement);
        }
    }

    pub async fn run(self) -> Result<()> {
        match self.batch.write().await {
            Ok(_) => {
                self.caller.state(|state| state.is_prepared = true);
                Ok(())
            }
            Err(error) if is_fault(&error) => Err(unavailable(error)),
            Err(error) => {
                self.caller.state(|state| state.is_judged = true);
                Err(error)
            }
        }
    }
}
