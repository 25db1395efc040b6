//! Scans as they are stored.

use model::{
    qnsp::vault::leakage::{LeakageScan, LeakageSkipped},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{Caller, missing};
use serde::de::DeserializeOwned;
use service::{Error, Guard, Result};

/// How long a step is the business of one call, in milliseconds.
const CLAIM: i64 = 60_000;

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_leakage_scans WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such scan")).bind(caller.tenant()).bind(id)
}

/// Takes the next step, unless there is none, another call has it, or a host wants to be left alone.
pub(crate) fn claim(caller: &Caller, id: &str, claim: &str) -> Statement {
    let update = Statement::new(
        "UPDATE qnsp_leakage_scans SET claim = ?3, claimed_until = ?5, tries = tries + 1, status = 'running', \
         started_at = coalesce(started_at, ?4) WHERE tenant_id = ?1 AND id = ?2 AND status IN ('queued', 'running') \
         AND claimed_until <= ?4 AND paused_until <= ?4 RETURNING *",
    );
    update.bind(caller.tenant()).bind(id).bind(claim).bind(caller.now).bind(caller.now + CLAIM)
}

/// Gives a step back that was not carried out.
pub(crate) fn release(caller: &Caller, id: &str, claim: &str) -> Statement {
    let update = "UPDATE qnsp_leakage_scans SET claimed_until = 0 WHERE tenant_id = ?1 AND id = ?2 AND claim = ?3";
    Statement::new(update).bind(caller.tenant()).bind(id).bind(claim)
}

pub(crate) fn select(caller: &Caller, id: &str) -> Statement {
    let select = "SELECT * FROM qnsp_leakage_scans WHERE tenant_id = ?1 AND id = ?2";
    Statement::new(select).bind(caller.tenant()).bind(id)
}

pub(crate) fn shown(row: &Row) -> Result<LeakageScan> {
    let status: String = row.get("status")?;
    let (known, done): (i64, i64) = (row.get("files_known")?, row.get("files_done")?);
    let progress = match status.as_str() {
        "completed" => 100,
        _ if known == 0 => 0,
        _ => (done.saturating_mul(100) / known).clamp(0, 99),
    };
    let time = |column: &str| row.get::<Option<i64>>(column).map(|at| at.map(IsoTime));
    let started_at = time("started_at")?;
    Ok(LeakageScan {
        scan_id: row.get("id")?,
        status,
        progress,
        findings: row.get("findings")?,
        started_at,
        completed_at: time("completed_at")?,
        skipped: json::<Vec<LeakageSkipped>>(row, "skipped")?,
        reason: row.get("reason")?,
    })
}

pub(crate) fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| Error::internal("a part of a scan that cannot be read"))
}
