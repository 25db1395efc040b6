//! The user of a lease on a server is the business of one call at a time: what the server was told last and what is stored
//! would differ if two calls told it something at once.

use std::time::Duration;

use platform::{Statement, clock};
use qnsp::{
    Caller, Settings, conflict,
    leases::{Config, Database, TIME_LIMIT, User, refusal, remove_users_later},
};
use service::{Anonymous, Guard, Result};

/// How long a lease is claimed, in milliseconds: longer than the server is waited for.
const HELD: i64 = TIME_LIMIT.as_millis() as i64 + 1_000;

/// How often a lease is asked for that another call has.
const PAUSE: Duration = Duration::from_millis(50);

/// A lease that is active, and whose user is this call's business alone until a moment by which the claim is known.
pub(crate) struct Claim<'a> {
    caller: &'a Caller,
    id: &'a str,
    until: i64,
    /// When the lease ends at present.
    pub expires_at: i64,
}

impl<'a> Claim<'a> {
    /// Waits for the lease while other calls have it; `None` when it has ended.
    pub(crate) async fn take(caller: &'a Caller, id: &'a str) -> Result<Option<Self>> {
        let began = clock::now_ms();
        loop {
            let now = clock::now_ms();
            let until = now + HELD;
            let mut batch = Anonymous::background(&caller.app).batch();
            let claim = Statement::new(
                "UPDATE qnsp_leases SET claimed_until = ?4 WHERE tenant_id = ?1 AND id = ?2 AND is_pending = 0 \
                 AND revoked_at IS NULL AND ends_at > ?3 AND coalesce(claimed_until, 0) <= ?3 RETURNING expires_at",
            );
            let claimed = batch.push(claim.bind(caller.tenant()).bind(id).bind(now).bind(until));
            let active =
                "SELECT 1 FROM qnsp_leases WHERE tenant_id = ?1 AND id = ?2 AND revoked_at IS NULL AND ends_at > ?3";
            let active = batch.push(Statement::new(active).bind(caller.tenant()).bind(id).bind(now));
            let outcomes = batch.write().await?;
            if let Some(row) = outcomes.row(claimed) {
                return Ok(Some(Self { caller, id, until, expires_at: row.get("expires_at")? }));
            }
            if outcomes.row(active).is_none() {
                return Ok(None);
            }
            if now > began + HELD {
                return Err(conflict("Other calls renew or revoke the lease; please try again in a few seconds"));
            }
            clock::sleep(PAUSE).await;
        }
    }

    /// Nobody else has claimed it since.
    pub(crate) fn is_held(&self) -> Guard {
        let held = "EXISTS (SELECT 1 FROM qnsp_leases WHERE tenant_id = ?1 AND id = ?2 AND claimed_until = ?3)";
        let held = Guard::new(held, conflict("The call has taken too long, and another one has the lease"));
        held.bind(self.caller.tenant()).bind(self.id).bind(self.until)
    }

    fn set(&self, until: Option<i64>) -> Statement {
        let update =
            "UPDATE qnsp_leases SET claimed_until = ?4 WHERE tenant_id = ?1 AND id = ?2 AND claimed_until = ?3";
        Statement::new(update).bind(self.caller.tenant()).bind(self.id).bind(self.until).bind(until)
    }

    /// Leaves the lease to others. Where that fails, they have it when the claim is over.
    pub(crate) async fn release(&self) {
        let mut batch = Anonymous::background(&self.caller.app).batch();
        batch.push(self.set(None));
        if let Err(error) = batch.write().await {
            platform::log::error(&format!("the lease {} stays claimed: {}", self.id, error.reason()));
        }
    }

    /// The server may have been told of an end that is not stored: it is told of the stored one again, unless another call has
    /// the lease, which tells it something else. A lease that was revoked meanwhile has its user removed.
    pub(crate) async fn take_back(mut self, config: &Config, database: &Database, user: &str) {
        if let Err(error) = self.tell_again(database, user).await {
            platform::log::error(&format!("the user of the lease {} may outlive it: {}", self.id, error.reason()));
        }
        remove_users_later(self.caller, [config.id.clone()]);
    }

    async fn tell_again(&mut self, database: &Database, user: &str) -> Result<()> {
        let until = clock::now_ms() + HELD;
        let mut batch = Anonymous::background(&self.caller.app).batch();
        batch.require(self.is_held());
        batch.push(self.set(Some(until)));
        batch.write().await?;
        self.until = until;
        let hosts = &Settings::of(&self.caller.app)?.outbound_hosts;
        let told = database.extend(hosts, User { name: user, until: self.expires_at }).await;
        self.release().await;
        told.map_err(|error| refusal(error))
    }
}
