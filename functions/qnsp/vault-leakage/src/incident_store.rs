//! Incidents and what was done about them, as they are stored.

use model::{
    qnsp::vault::leakage::{LeakageIncident, LeakageIncidentInList, LeakageStep},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{Caller, missing};
use serde_json::value::RawValue;
use service::{Error, Guard, Result};

/// A condition on an incident (`?2`) of the tenant (`?1`).
pub(crate) fn of_incident(caller: &Caller, id: &str, condition: &str, refusal: Error) -> Guard {
    let exists = format!("EXISTS (SELECT 1 FROM qnsp_leakage_incidents WHERE tenant_id = ?1 AND id = ?2{condition})");
    Guard::new(exists, refusal).bind(caller.tenant()).bind(id)
}

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    of_incident(caller, id, "", missing("No such incident"))
}

pub(crate) fn select(caller: &Caller, id: &str) -> Statement {
    let select = "SELECT * FROM qnsp_leakage_incidents WHERE tenant_id = ?1 AND id = ?2";
    Statement::new(select).bind(caller.tenant()).bind(id)
}

/// Oldest first, at most 1,000.
pub(crate) fn select_steps(caller: &Caller, id: &str) -> Statement {
    let select = Statement::new(
        "SELECT at, actor, event, from_status, to_status, notes FROM qnsp_leakage_steps \
         WHERE tenant_id = ?1 AND incident_id = ?2 ORDER BY number LIMIT 1000",
    );
    select.bind(caller.tenant()).bind(id)
}

pub(crate) fn in_list(row: &Row) -> Result<LeakageIncidentInList> {
    Ok(LeakageIncidentInList {
        incident_id: row.get("id")?,
        secret_id: row.get("secret_id")?,
        source: row.get("source")?,
        severity: row.get("severity")?,
        status: row.get("status")?,
        detected_at: IsoTime(row.get("detected_at")?),
    })
}

pub(crate) fn shown(row: &Row, steps: &[Row]) -> Result<LeakageIncident> {
    let details = RawValue::from_string(row.get("details")?);
    Ok(LeakageIncident {
        incident_id: row.get("id")?,
        secret_id: row.get("secret_id")?,
        source: row.get("source")?,
        location: row.get("location")?,
        severity: row.get("severity")?,
        status: row.get("status")?,
        details: details.map_err(|_| Error::internal("details that are not JSON"))?,
        timeline: steps.iter().map(step).collect::<Result<_>>()?,
        detected_at: IsoTime(row.get("detected_at")?),
    })
}

fn step(row: &Row) -> Result<LeakageStep> {
    Ok(LeakageStep {
        at: IsoTime(row.get("at")?),
        actor: row.get("actor")?,
        event: row.get("event")?,
        from: row.get("from_status")?,
        to: row.get("to_status")?,
        notes: row.get("notes")?,
    })
}
