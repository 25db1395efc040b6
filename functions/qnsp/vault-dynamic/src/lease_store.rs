//! The SQL of leases.

use model::{ids::Uuid, qnsp::dynamic_secrets::Lease as ShownLease, time::IsoTime};
use platform::{Row, Statement};
use policy::qnsp::Quota;
use qnsp::{
    Caller, MINUTE_OF_CALL, conflict,
    leases::{COLUMNS, Config, LISTED},
    missing, reserve,
};
use serde::Deserialize;
use service::{Error, Guard, Result};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfLease {
    pub lease_id: Uuid,
}

/// A lease that does not exist yet.
pub(crate) struct NewLease<'a> {
    pub id: &'a str,
    pub config: &'a str,
    pub username: &'a str,
    pub password_hash: &'a str,
    pub expires_at: i64,
    pub max_expires_at: i64,
    /// It is pending until its user on the server is known to exist.
    pub has_user: bool,
}

impl NewLease<'_> {
    pub(crate) fn insert(&self, caller: &Caller) -> Statement {
        let insert = Statement::new(
            "INSERT INTO qnsp_leases (tenant_id, id, config_id, created_at, is_pending, username, password_hash, \
             expires_at, max_expires_at, ends_at, is_counted, has_user) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 1, ?5)",
        );
        let ends_at = if self.has_user { caller.now + MINUTE_OF_CALL } else { self.expires_at };
        insert
            .bind(caller.tenant())
            .bind(self.id)
            .bind(self.config)
            .bind(caller.now)
            .bind(self.has_user)
            .bind(self.username)
            .bind(self.password_hash)
            .bind(self.expires_at)
            .bind(self.max_expires_at)
            .bind(ends_at)
    }
}

/// A lease that is shown, with its configuration.
pub(crate) struct Lease {
    pub username: String,
    pub max_expires_at: i64,
    pub revoked_at: Option<i64>,
    pub config: Config,
}

impl Lease {
    pub(crate) fn select(caller: &Caller, id: &str) -> Statement {
        let select = format!(
            "SELECT l.username, l.max_expires_at, l.revoked_at, {} FROM qnsp_leases l \
             JOIN qnsp_dynamic_configs c ON c.tenant_id = l.tenant_id AND c.id = l.config_id \
             WHERE l.tenant_id = ?1 AND l.id = ?2",
            COLUMNS
        );
        Statement::new(select).bind(caller.tenant()).bind(id)
    }

    pub(crate) fn of(row: &Row) -> Result<Self> {
        Ok(Self {
            username: row.get("username")?,
            max_expires_at: row.get("max_expires_at")?,
            revoked_at: row.get("revoked_at")?,
            config: Config::of(row)?,
        })
    }
}

fn of_lease(caller: &Caller, id: &str, statement: &'static str) -> Statement {
    Statement::new(statement).bind(caller.tenant()).bind(id)
}

pub(crate) fn lease_exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_leases WHERE tenant_id = ?1 AND id = ?2 AND is_pending = 0)";
    Guard::new(exists, missing("No such lease")).bind(caller.tenant()).bind(id)
}

/// The lease has not ended without having been revoked.
pub(crate) fn has_not_expired(caller: &Caller, id: &str) -> Guard {
    let lives = "EXISTS (SELECT 1 FROM qnsp_leases WHERE tenant_id = ?1 AND id = ?2 \
                 AND (revoked_at IS NOT NULL OR ends_at > ?3))";
    Guard::new(lives, has_expired()).bind(caller.tenant()).bind(id).bind(caller.now)
}

#[track_caller]
pub(crate) fn has_expired() -> Error {
    conflict("The lease has expired")
}

pub(crate) fn is_not_revoked(caller: &Caller, id: &str) -> Guard {
    let lives = "EXISTS (SELECT 1 FROM qnsp_leases WHERE tenant_id = ?1 AND id = ?2 AND revoked_at IS NULL)";
    Guard::new(lives, conflict("The lease has been revoked")).bind(caller.tenant()).bind(id)
}

/// The call that prepared the lease may still complete it.
pub(crate) fn is_pending(caller: &Caller, id: &str) -> Guard {
    let pending = "EXISTS (SELECT 1 FROM qnsp_leases WHERE tenant_id = ?1 AND id = ?2 AND is_pending = 1 \
                   AND is_counted = 1 AND claimed_until IS NULL)";
    Guard::new(pending, conflict("The call has taken too long")).bind(caller.tenant()).bind(id)
}

/// A pending lease is active from now on.
pub(crate) fn activate(caller: &Caller, id: &str) -> Statement {
    let update = "UPDATE qnsp_leases SET is_pending = 0, ends_at = expires_at WHERE tenant_id = ?1 AND id = ?2";
    of_lease(caller, id, update)
}

/// Takes back a pending lease. Where its user may exist, it is left to be removed.
pub(crate) fn take_back(caller: &Caller, id: &str, may_have_user: bool) -> Vec<Statement> {
    let end = if may_have_user {
        "UPDATE qnsp_leases SET is_counted = 0, ends_at = created_at WHERE tenant_id = ?1 AND id = ?2 AND is_pending = 1"
    } else {
        "DELETE FROM qnsp_leases WHERE tenant_id = ?1 AND id = ?2 AND is_pending = 1"
    };
    let count = "UPDATE qnsp_quotas SET used = max(used - (SELECT count(*) FROM qnsp_leases WHERE tenant_id = ?1 \
                 AND id = ?2 AND is_pending = 1 AND is_counted = 1), 0) WHERE tenant_id = ?1 AND quota_type = 'secrets'";
    let mut statements = vec![of_lease(caller, id, count), of_lease(caller, id, end)];
    statements.extend(reserve(caller.tenant(), Quota::Secrets, caller.now, 0));
    statements
}

/// Gives a lease, and the key that it may be, another end. Its user is nobody's business any more.
pub(crate) fn renew(caller: &Caller, id: &str, expires_at: i64) -> [Statement; 2] {
    let key = "UPDATE qnsp_keys SET expires_at = ?3 WHERE key_hash = \
               (SELECT password_hash FROM qnsp_leases WHERE tenant_id = ?1 AND id = ?2)";
    let lease =
        "UPDATE qnsp_leases SET expires_at = ?3, ends_at = ?3, claimed_until = NULL WHERE tenant_id = ?1 AND id = ?2";
    [key, lease].map(|update| of_lease(caller, id, update).bind(expires_at))
}

/// A page of the leases of a configuration, newest first.
pub(crate) fn select_page(caller: &Caller, config: &str, limit: i64, offset: i64) -> Statement {
    let page = Statement::new(
        "SELECT id, created_at, expires_at, CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN ends_at <= ?3 \
         THEN 'expired' ELSE 'active' END AS status FROM qnsp_leases WHERE tenant_id = ?1 AND config_id = ?2 \
         AND is_pending = 0 AND +ends_at > ?4 ORDER BY created_at DESC, id DESC LIMIT ?5 OFFSET ?6",
    );
    let page = page.bind(caller.tenant()).bind(config).bind(caller.now).bind(caller.now - LISTED);
    page.bind(limit).bind(offset)
}

pub(crate) fn in_page(row: &Row) -> Result<ShownLease> {
    Ok(ShownLease {
        lease_id: row.get("id")?,
        created_at: IsoTime(row.get("created_at")?),
        expires_at: IsoTime(row.get("expires_at")?),
        status: row.get("status")?,
    })
}
