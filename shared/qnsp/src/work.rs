//! The batch of a call: what the pipeline counts and records stands around the statements of the handler, and all of it
//! happens or nothing.

use std::ops::{Deref, DerefMut};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use platform::Statement;
use policy::qnsp::{Billable, Quota};
use serde::Serialize;
use service::{Batch, Error, Guard, Outcomes, Result, Slot};

use crate::{
    Caller,
    caller::{Admission, Stage, is_fault},
    counters::{self, Outgoing, Window, minute_of},
    deliveries::deliver_later,
    idempotency::{Answer, Idempotency, KEPT},
    new_id,
    timings::Timing,
};

/// A batch that is being put together. Guards of the handler come after those of the pipeline.
pub struct Work {
    caller: Caller,
    batch: Batch<Admission>,
    window: Slot,
    reserved: Vec<(Quota, i64)>,
    /// Guards that are judged after those of the handler.
    rooms: Vec<Guard>,
    limits_calls: bool,
    is_metered: bool,
    /// Statements that may have put notifications into the outbox.
    notifying: Vec<Slot>,
}

impl Deref for Work {
    type Target = Batch<Admission>;

    fn deref(&self) -> &Self::Target {
        &self.batch
    }
}

impl DerefMut for Work {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.batch
    }
}

impl Caller {
    /// The batch of this call: the one thing by which it has an effect.
    pub fn work(&self) -> Work {
        let mut batch = self.admitted(Some(Stage::Input));
        let window = self.count(&mut batch, false);
        if let Some(idempotency) = self.state(|state| state.idempotency.clone().filter(|_| !state.is_prepared)) {
            idempotency.claim(&mut batch, self.now, KEPT);
        }
        Work {
            caller: self.clone(),
            batch,
            window,
            reserved: Vec::new(),
            rooms: Vec::new(),
            limits_calls: false,
            is_metered: true,
            notifying: Vec::new(),
        }
    }

    /// Counts the call in its minute and, unless it was refused by that, in the quota of calls.
    pub(crate) fn count(&self, batch: &mut Batch<Admission>, is_error: bool) -> Slot {
        let (own, minute) = (self.own_tenant(), minute_of(self.now));
        let (timed, earlier): (Vec<_>, Vec<_>) =
            self.take_timings().into_iter().partition(|timing| timing.minute == minute);
        let window = batch.push(self.count_minute(is_error, timed.first().copied()));
        for timing in earlier {
            batch.push(Window::time(own, timing));
        }
        batch.push(counters::add_to_day(self.tenant(), Quota::ApiCalls, self.now, 1));
        window
    }

    /// The call has been counted, and its event, if it is one, recorded.
    pub(crate) fn counted(&self, window: Window) {
        self.state(|state| state.window = Some(window));
        deliver_later(&self.app, self.tenant(), window.outgoing);
    }

    /// The answer to a POST that depends on what its batch has found: kept for an Idempotency-Key, and given.
    pub async fn answer<T: Serialize>(&self, status: StatusCode, answer: &T) -> Result<Response> {
        let answer = Answer::new(status, answer)?;
        if let Some(idempotency) = self.state(|state| state.idempotency.clone()) {
            let mut batch = self.admitted(None);
            batch.push(idempotency.seal(&*self.data_key().await?, self.now, &answer)?);
            batch.write().await?;
        }
        Ok(answer.into_response())
    }

    pub(crate) fn count_minute(&self, is_error: bool, timed: Option<Timing>) -> Statement {
        Window::count((self.own_tenant(), self.tenant()), self.now, self.default_limit(), is_error, timed)
    }
}

impl Work {
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Takes so much of a quota, or gives it back; what does not fit is refused after all else.
    pub fn reserve(&mut self, quota: Quota, amount: i64) {
        self.reserved.push((quota, amount));
    }

    /// Refuses the call, after all else, where no more of a quota fits, unless this condition holds: SQL over the tenant
    /// (`?1`) and the text (`?6`). Who asks for room counts what is used.
    pub fn require_room_unless(&mut self, condition: &str, text: &str, quota: Quota) {
        let fits = counters::fits_unless(condition, text, self.caller.tenant(), quota, self.caller.now);
        self.rooms.push(fits);
    }

    /// Refuses the call, after all else, where the tenant's quota of calls is used up. It is counted there in any case.
    pub fn limit_calls(&mut self) {
        self.limits_calls = true;
    }

    /// This call is not metered, though its row meters the operation.
    pub fn unmetered(&mut self) {
        self.is_metered = false;
    }

    /// Where the statement of this slot changes something, there may be notifications: they are sent after the answer.
    pub fn notify(&mut self, slot: Slot) {
        self.notifying.push(slot);
    }

    /// Meters something besides the operation itself, which its row meters.
    pub fn meter(&mut self, operation: Billable, quantity: f64) -> Result<()> {
        let id = new_id()?;
        let (tenant, now) = (self.caller.tenant().to_owned(), self.caller.now);
        for statement in
            counters::meter(&tenant, operation.as_str(), quantity, &id, Some(self.caller.request_id()), now)
        {
            self.batch.push(statement);
        }
        Ok(())
    }

    /// Executes the batch and gives the answer, which is known beforehand and kept for an Idempotency-Key.
    pub async fn commit<T: Serialize>(self, status: StatusCode, answer: &T) -> Result<Response> {
        let answer = Answer::new(status, answer)?;
        self.execute(Some(&answer)).await?;
        Ok(answer.into_response())
    }

    /// Executes the batch. An answer to a POST that depends on what was found is given by [`Caller::answer`].
    pub async fn run(self) -> Result<Outcomes> {
        self.execute(None).await
    }

    /// The status is only that of a success: a refusal is recorded by the layer around the function.
    async fn execute(mut self, answer: Option<&Answer>) -> Result<Outcomes> {
        let caller = self.caller.clone();
        if let (Some(answer), Some(idempotency)) = (answer, caller.state(|state| state.idempotency.clone())) {
            self.batch.push(idempotency.seal(&*caller.data_key().await?, caller.now, answer)?);
        }
        let (tenant, now) = (caller.tenant(), caller.now);
        if self.limits_calls {
            self.batch.require(counters::fits(tenant, Quota::ApiCalls, now, 1));
        }
        for room in std::mem::take(&mut self.rooms) {
            self.batch.require(room);
        }
        for (quota, amount) in std::mem::take(&mut self.reserved) {
            if amount > 0 {
                self.batch.require(counters::fits(tenant, quota, now, amount));
            }
            for statement in counters::reserve(tenant, quota, now, amount) {
                self.batch.push(statement);
            }
        }
        if let Some(billable) = caller.controls().billable.filter(|_| self.is_metered) {
            self.meter(billable, 1.0)?;
        }
        self.sweep_sometimes();
        if let Some(event) = caller.event(StatusCode::OK)? {
            self.batch.record_always(event);
        }
        match self.batch.write().await {
            Ok(outcomes) => {
                let window = Window::of(outcomes.one(self.window)?, now)?;
                caller.counted(window);
                if !window.outgoing.notifications && self.notifying.iter().any(|slot| outcomes.changed(*slot)) {
                    deliver_later(&caller.app, tenant, Outgoing { webhooks: false, notifications: true });
                }
                Ok(outcomes)
            }
            Err(error) if is_fault(&error) => Err(unavailable(error)),
            Err(error) => {
                caller.state(|state| state.is_judged = true);
                Err(error)
            }
        }
    }

    /// What is no longer kept is removed by some of the calls.
    fn sweep_sometimes(&mut self) {
        if self.caller.request_id().starts_with("00") {
            let now = self.caller.now;
            let sweeps: [Statement; 2] = [Window::sweep(now), Idempotency::sweep(now)];
            for sweep in sweeps {
                self.batch.push(sweep);
            }
        }
    }
}

/// Storage does not answer: the call had no effect and may be tried again.
pub(crate) fn unavailable(error: Error) -> Error {
    Error::unavailable(error.reason()).with_retry_after(1)
}

impl IntoResponse for &Answer {
    fn into_response(self) -> Response {
        (self.status, [(header::CONTENT_TYPE, "application/json")], self.body.clone()).into_response()
    }
}
