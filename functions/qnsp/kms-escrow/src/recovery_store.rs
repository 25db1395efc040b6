//! Recoveries as they are stored.

use model::{
    qnsp::escrow::{Approval, Recovery},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{Caller, missing};
use service::{Error, Guard, Result};

/// A condition on a recovery (`r`, `?2`) of the tenant (`?1`).
pub(crate) fn of_recovery(caller: &Caller, id: &str, condition: &str, refusal: Error) -> Guard {
    let exists = format!("EXISTS (SELECT 1 FROM qnsp_escrow_recoveries r WHERE tenant_id = ?1 AND id = ?2{condition})");
    Guard::new(exists, refusal).bind(caller.tenant()).bind(id)
}

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    of_recovery(caller, id, "", missing("No such recovery"))
}

/// Erases the shares that were submitted.
pub(crate) fn erase_shares(caller: &Caller, id: &str) -> Statement {
    let erase = "DELETE FROM qnsp_escrow_shares WHERE tenant_id = ?1 AND recovery_id = ?2";
    Statement::new(erase).bind(caller.tenant()).bind(id)
}

pub(crate) fn select(caller: &Caller, id: &str) -> Statement {
    let select = "SELECT * FROM qnsp_escrow_recoveries WHERE tenant_id = ?1 AND id = ?2";
    Statement::new(select).bind(caller.tenant()).bind(id)
}

pub(crate) fn recovery(row: &Row) -> Result<Recovery> {
    Ok(Recovery {
        request_id: row.get("id")?,
        escrow_id: row.get("escrow_id")?,
        status: row.get("status")?,
        required_shares: row.get("required")?,
        submitted_shares: row.get("submitted")?,
        approvals: approval(row)?.into_iter().collect(),
        created_at: IsoTime(row.get("created_at")?),
    })
}

fn approval(row: &Row) -> Result<Option<Approval>> {
    let Some(decision) = row.get::<Option<String>>("decision")? else { return Ok(None) };
    Ok(Some(Approval {
        decision,
        decided_by: row.get("decided_by")?,
        decided_at: IsoTime(row.get("decided_at")?),
        reason: row.get("decision_reason")?,
    }))
}
