//! What has to be done when leases have ended: they no longer count, their users are removed from the server, and after a
//! while they are forgotten. Calls about a configuration see to it; a server that does not answer is asked again later.

use platform::{PostgresError, Row, Statement, clock};
use policy::qnsp::Quota;
use serde_json::Value;
use service::{Anonymous, Result};

use super::{Config, User};
use crate::{Caller, DAY, MINUTE_OF_CALL, Settings, reserve};

/// How long a lease is listed after its end, in milliseconds.
pub const LISTED: i64 = 30 * DAY;

/// How many users one call removes, and for how long others are begun to be removed, in milliseconds.
const USERS: usize = 20;
const TIME: i64 = 10_000;

/// The configurations with users that are to be removed at a time (`?1`).
pub const CONFIGS_WITH_ENDED_USERS: &str = "SELECT DISTINCT tenant_id, config_id \
     FROM qnsp_leases INDEXED BY qnsp_leases_with_user_by_end WHERE has_user = 1 AND ends_at <= ?1 AND coalesce(claimed_until, 0) <= ?1";

/// What there is to do.
#[derive(Clone, Copy)]
pub struct Due {
    /// Some leases count though they have ended, or may be forgotten.
    is_any: bool,
    /// Some of this configuration may have a user on the server.
    has_users: bool,
}

impl Due {
    pub fn select(caller: &Caller, config: &str) -> Statement {
        let select = Statement::new(
            "SELECT EXISTS (SELECT 1 FROM qnsp_leases WHERE tenant_id = ?1 AND is_counted = 1 AND ends_at <= ?3) \
             OR EXISTS (SELECT 1 FROM qnsp_leases WHERE tenant_id = ?1 AND ends_at < ?4 AND has_user = 0) AS is_any, \
             EXISTS (SELECT 1 FROM qnsp_leases WHERE tenant_id = ?1 AND config_id = ?2 AND has_user = 1 \
             AND ends_at <= ?3 AND coalesce(claimed_until, 0) <= ?3) AS has_users",
        );
        select.bind(caller.tenant()).bind(config).bind(caller.now).bind(caller.now - LISTED)
    }

    pub fn of(row: &Row) -> Result<Self> {
        Ok(Self { is_any: row.get("is_any")?, has_users: row.get("has_users")? })
    }

    /// Does at once what a quota depends on.
    pub async fn settle(self, caller: &Caller) -> Result<()> {
        if !self.is_any {
            return Ok(());
        }
        settle_ended(caller).await
    }

    /// Does everything after the answer.
    pub fn do_later(self, caller: &Caller, config: &str) {
        if !self.is_any && !self.has_users {
            return;
        }
        remove_users_later(caller, [config.to_owned()]);
    }
}

/// After the answer, removes users of leases of these configurations that have ended.
pub fn remove_users_later(caller: &Caller, configs: impl IntoIterator<Item = String>) {
    let (caller, configs) = (caller.clone(), configs.into_iter().collect::<Vec<_>>());
    caller.app.clone().spawn_after_response(Box::pin(async move {
        for config in configs {
            if let Err(error) = keep_up(&caller, &config, clock::now_ms() + TIME).await {
                platform::log::error(&format!("leases that have ended: {}", error.reason()));
            }
        }
    }));
}

/// What has ended counts no longer; what ended long ago, and has no user, is forgotten.
pub(super) fn settle(tenant: &str, now: i64) -> Vec<Statement> {
    let count = "UPDATE qnsp_quotas SET used = max(used - (SELECT count(*) FROM qnsp_leases WHERE tenant_id = ?1 \
                 AND is_counted = 1 AND ends_at <= ?2), 0) WHERE tenant_id = ?1 AND quota_type = 'secrets'";
    let leases = "UPDATE qnsp_leases SET is_counted = 0 WHERE tenant_id = ?1 AND is_counted = 1 AND ends_at <= ?2";
    let mut statements: Vec<_> =
        [count, leases].into_iter().map(|text| Statement::new(text).bind(tenant).bind(now)).collect();
    statements.extend(reserve(tenant, Quota::Secrets, now, 0));
    let old = "FROM qnsp_leases WHERE tenant_id = ?1 AND ends_at < ?2 AND has_user = 0 ORDER BY ends_at LIMIT 64";
    for text in [
        format!("DELETE FROM qnsp_keys WHERE key_hash IN (SELECT password_hash {old})"),
        format!("DELETE FROM qnsp_leases WHERE tenant_id = ?1 AND id IN (SELECT id {old})"),
    ] {
        statements.push(Statement::new(text).bind(tenant).bind(now - LISTED));
    }
    statements
}

/// Does what a quota depends on.
pub async fn settle_ended(caller: &Caller) -> Result<()> {
    let mut batch = Anonymous::background(&caller.app).batch();
    for statement in settle(caller.tenant(), caller.now) {
        batch.push(statement);
    }
    batch.write().await.map(drop)
}

/// The tenants with something to settle at a time (`?1`).
pub fn select_tenants() -> String {
    format!(
        "SELECT tenant_id FROM qnsp_leases WHERE is_counted = 1 AND ends_at <= ?1 \
         UNION SELECT tenant_id FROM qnsp_leases WHERE has_user = 0 AND ends_at < ?1 - {LISTED}"
    )
}

/// Removes the users of leases of a configuration that have ended, as many as there are, as far as the time goes.
pub async fn remove_ended_users(caller: &Caller, config: &str) -> Result<()> {
    let until = clock::now_ms() + TIME;
    while keep_up(caller, config, until).await? == USERS && clock::now_ms() < until {}
    Ok(())
}

/// Removes some users of leases of a configuration that have ended, and begins with none after a time. Tells how many.
async fn keep_up(caller: &Caller, config: &str, until: i64) -> Result<usize> {
    let (tenant, now) = (caller.tenant(), clock::now_ms());
    let mut batch = Anonymous::background(&caller.app).batch();
    for statement in settle(tenant, now) {
        batch.push(statement);
    }
    // Whoever claims a lease has it to itself; it cannot be renewed any more.
    let claim = Statement::new(
        "UPDATE qnsp_leases SET claimed_until = ?4 WHERE tenant_id = ?1 AND id IN (SELECT id FROM qnsp_leases \
         WHERE tenant_id = ?1 AND config_id = ?2 AND has_user = 1 AND ends_at <= ?3 \
         AND coalesce(claimed_until, 0) <= ?3 ORDER BY ends_at LIMIT ?5) RETURNING id, username, expires_at",
    );
    let claim = claim.bind(tenant).bind(config).bind(now).bind(now + MINUTE_OF_CALL).bind(USERS as i64);
    let claimed = batch.push(claim);
    let found = batch.push(Config::select(caller, config));
    let data_key = batch.read_data_key(tenant);
    let outcomes = batch.write().await?;
    let data_key = outcomes.data_key(&data_key)?;
    let Some(database) = Config::of(outcomes.one(found)?)?.database(tenant, data_key.as_deref())? else {
        return Ok(0);
    };
    let hosts = &Settings::of(&caller.app)?.outbound_hosts;
    let mut removed = Vec::new();
    for row in outcomes.rows(claimed) {
        if clock::now_ms() > until {
            break;
        }
        let (id, name): (String, String) = (row.get("id")?, row.get("username")?);
        match database.remove(hosts, User { name: &name, until: row.get("expires_at")? }).await {
            Ok(()) => removed.push(id),
            Err(PostgresError::Refused { .. }) => {}
            Err(PostgresError::Unreachable | PostgresError::Broken) => break,
        }
    }
    let count = removed.len();
    if count == 0 {
        return Ok(0);
    }
    let removed = Value::from(removed).to_string();
    let mut batch = Anonymous::background(&caller.app).batch();
    for text in [
        "DELETE FROM qnsp_leases WHERE tenant_id = ?1 AND is_pending = 1 AND id IN (SELECT value FROM json_each(?2))",
        "UPDATE qnsp_leases SET has_user = 0 WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2))",
    ] {
        batch.push(Statement::new(text).bind(tenant).bind(removed.as_str()));
    }
    batch.write().await?;
    Ok(count)
}
