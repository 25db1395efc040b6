//! Uses of keys. One use is counted in its minute and its hour, for its key, its algorithm and its application, and has the
//! alert rules looked at, all in the batch of the call that tells of it, and by few statements: Spin keeps sixteen prepared.

use model::qnsp::kms::KeyOperation;
use platform::Statement;
use policy::qnsp::Algorithm;

use crate::{
    Work,
    counters::{day_of, minute_of},
    key_alerts,
};

/// How long minutes are kept, in minutes.
pub const MINUTES_KEPT: i64 = 31 * 24 * 60;

/// Rules are looked at with a use that lies back no longer, in milliseconds.
const RECENT: i64 = 60_000;

/// Sums of bytes stop here, as the trigger that adds them up says: no runtime rounds a smaller number.
const MOST_BYTES: i64 = (1 << 53) - 1;

/// One use of a key.
#[derive(Clone, Copy, Debug)]
pub struct KeyUse<'a> {
    pub key: &'a str,
    /// Who has used it; nobody for an operation of a security module.
    pub application: Option<Application<'a>>,
    pub operation: KeyOperation,
    pub bytes: i64,
    pub is_success: bool,
    /// Not in the future.
    pub at: i64,
    /// Of a key that is none of the tenant's security modules: theirs is known.
    pub algorithm: Option<&'a Algorithm>,
}

#[derive(Clone, Copy, Debug)]
pub struct Application<'a> {
    pub id: &'a str,
    pub name: Option<&'a str>,
}

/// Adds the statements of a use to the batch of a call.
pub fn record_use(work: &mut Work, of: &KeyUse) {
    let (tenant, now) = (work.caller().tenant().to_owned(), work.caller().now);
    for statement in counts(&tenant, of) {
        work.push(statement);
    }
    if of.at > now - RECENT {
        key_alerts::of_use(&tenant, of.key, now).push(work);
    }
    if work.caller().request_id().starts_with("00") {
        work.push(sweep(&tenant, now));
    }
}

fn counts(tenant: &str, of: &KeyUse) -> Vec<Statement> {
    let operation = <&str>::from(of.operation);
    let mut statements = vec![of_key(tenant, of, operation)];
    if let Some(application) = of.application {
        statements.extend(of_application(tenant, of, operation, application));
    }
    statements
}

/// Counts a use for its time, its key and its algorithm. After this, the row of the key says what its algorithm is.
fn of_key(tenant: &str, of: &KeyUse, operation: &str) -> Statement {
    let insert = Statement::new(
        "INSERT INTO qnsp_key_uses (tenant_id, key_id, at, minute, hour, day, operation, bytes, failures, algorithm) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    );
    let minute = minute_of(of.at);
    let insert = insert.bind(tenant).bind(of.key).bind(of.at).bind(minute).bind(minute.div_euclid(60));
    let insert = insert.bind(day_of(of.at)).bind(operation).bind(of.bytes.min(MOST_BYTES));
    insert.bind(i64::from(!of.is_success)).bind(of.algorithm.map(|algorithm| algorithm.as_str().to_owned()))
}

fn of_application(tenant: &str, of: &KeyUse, operation: &str, application: Application) -> [Statement; 2] {
    let whole = Statement::new(
        "INSERT INTO qnsp_key_applications (tenant_id, id, name, encrypt, decrypt, sign, verify, last_used_at) \
         VALUES (?1, ?2, ?3, ?4 = 'encrypt', ?4 = 'decrypt', ?4 = 'sign', ?4 = 'verify', ?5) \
         ON CONFLICT (tenant_id, id) DO UPDATE SET name = coalesce(excluded.name, name), \
         encrypt = encrypt + excluded.encrypt, decrypt = decrypt + excluded.decrypt, sign = sign + excluded.sign, \
         verify = verify + excluded.verify, last_used_at = max(last_used_at, excluded.last_used_at)",
    );
    let of_key = Statement::new(
        "INSERT INTO qnsp_application_keys (tenant_id, application_id, key_id, uses) VALUES (?1, ?2, ?3, 1) \
         ON CONFLICT (tenant_id, application_id, key_id) DO UPDATE SET uses = uses + 1",
    );
    let name = application.name.map(str::to_owned);
    [
        whole.bind(tenant).bind(application.id).bind(name).bind(operation).bind(of.at),
        of_key.bind(tenant).bind(application.id).bind(of.key),
    ]
}

/// Removes some minutes that are no longer kept.
fn sweep(tenant: &str, now: i64) -> Statement {
    let sweep = Statement::new(
        "DELETE FROM qnsp_key_minutes WHERE (tenant_id, key_id, minute, operation) IN (SELECT tenant_id, key_id, minute, \
         operation FROM qnsp_key_minutes WHERE tenant_id = ?1 AND minute < ?2 ORDER BY minute LIMIT 1024)",
    );
    sweep.bind(tenant).bind(minute_of(now) - MINUTES_KEPT)
}

#[cfg(test)]
mod tests;
