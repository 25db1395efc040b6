//! Leases of dynamic secrets, as far as more than one service ends them: what makes their credentials, the server that
//! their users are on, and their end.

mod config;
mod database;
mod upkeep;

use platform::Statement;
use policy::qnsp::Quota;

use crate::{Caller, reserve};

pub use config::{COLUMNS, Config, Ttl, seal};
pub use database::{Database, TIME_LIMIT, User, refusal};
pub use upkeep::{
    CONFIGS_WITH_ENDED_USERS, Due, LISTED, remove_ended_users, remove_users_later, select_tenants, settle_ended,
};

/// What there is of a lease on a server when it is revoked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OnServer {
    /// Its user has been removed.
    Nothing,
    /// Its user, if it has one, is still to be removed: see [`remove_users_later`].
    PerhapsUser,
}

/// Revokes a lease, unless it is revoked already. The last statement reads when it was.
pub fn revoke(caller: &Caller, id: &str, left: OnServer) -> Vec<Statement> {
    let of_lease = |text: &'static str| Statement::new(text).bind(caller.tenant()).bind(id);
    let give_back = "UPDATE qnsp_quotas SET used = max(used - (SELECT count(*) FROM qnsp_leases WHERE tenant_id = ?1 \
                     AND id = ?2 AND is_counted = 1), 0) WHERE tenant_id = ?1 AND quota_type = 'secrets'";
    let count = "INSERT INTO qnsp_dynamic_counts (tenant_id, counted, value) SELECT tenant_id, 'revoked', 1 \
                 FROM qnsp_leases WHERE tenant_id = ?1 AND id = ?2 AND revoked_at IS NULL \
                 ON CONFLICT (tenant_id, counted) DO UPDATE SET value = value + 1";
    let key = "UPDATE qnsp_keys SET revoked_at = ?3 WHERE revoked_at IS NULL AND key_hash = \
               (SELECT password_hash FROM qnsp_leases WHERE tenant_id = ?1 AND id = ?2)";
    let update = "UPDATE qnsp_leases SET revoked_at = ?3, ends_at = ?3, is_counted = 0, has_user = iif(?4, has_user, 0) \
                  WHERE tenant_id = ?1 AND id = ?2 AND revoked_at IS NULL";
    let mut statements = vec![
        of_lease(give_back),
        of_lease(count),
        of_lease(key).bind(caller.now),
        of_lease(update).bind(caller.now).bind(left == OnServer::PerhapsUser),
    ];
    statements.extend(reserve(caller.tenant(), Quota::Secrets, caller.now, 0));
    statements.push(of_lease("SELECT revoked_at FROM qnsp_leases WHERE tenant_id = ?1 AND id = ?2"));
    statements
}

/// The leases of a configuration (`?2`) of a tenant (`?1`) that are active at a time (`?3`).
const ACTIVE: &str = "tenant_id = ?1 AND config_id = ?2 AND is_counted = 1 AND is_pending = 0 AND ends_at > ?3";

/// Revokes all active leases of a configuration, however many: each statement does its part for all of them. The first reads how
/// many `leases` there are; their users are still to be removed: see [`remove_users_later`].
pub fn revoke_all(tenant: &str, config: &str, now: i64) -> Vec<Statement> {
    let active = format!("FROM qnsp_leases WHERE {ACTIVE}");
    let texts = [
        format!("SELECT count(*) AS leases {active}"),
        format!(
            "UPDATE qnsp_quotas SET used = max(used - (SELECT count(*) {active}), 0) \
             WHERE tenant_id = ?1 AND quota_type = 'secrets'"
        ),
        format!(
            "INSERT INTO qnsp_dynamic_counts (tenant_id, counted, value) SELECT ?1, 'revoked', count(*) {active} \
             ON CONFLICT (tenant_id, counted) DO UPDATE SET value = value + excluded.value"
        ),
        format!(
            "UPDATE qnsp_keys SET revoked_at = ?3 WHERE revoked_at IS NULL AND key_hash IN (SELECT password_hash {active})"
        ),
        format!("UPDATE qnsp_leases SET revoked_at = ?3, ends_at = ?3, is_counted = 0 WHERE {ACTIVE}"),
    ];
    let bound = |text: String| Statement::new(text).bind(tenant).bind(config).bind(now);
    let mut statements: Vec<_> = texts.into_iter().map(bound).collect();
    statements.extend(reserve(tenant, Quota::Secrets, now, 0));
    statements
}

#[cfg(test)]
mod tests;
