//! Audits of how well the tenant is isolated from others, over what is stored.

use axum::Json;
use model::{
    qnsp::access::{AccessAudit, IsolationCheck, IsolationViolation},
    time::IsoTime,
};
use platform::Statement;
use qnsp::{
    Call, Caller,
    audit_chain::{self, ChainCheck},
    isolation, new_id,
};
use service::{Error, Result};

use crate::asked;

/// A check that counts what is at fault.
struct Check {
    name: &'static str,
    severity: &'static str,
    description: &'static str,
    remediation: &'static str,
    /// Give what is at fault; `?1` is the tenant, `?2` now, and `?3` the time since when events count.
    selects: Vec<String>,
}

/// How many rows of each kind are looked at.
const MOST: &str = "10000";

fn checks() -> [Check; 4] {
    [
        Check {
            name: "tenant_key_scope",
            severity: "high",
            description: "A row references a row that the tenant does not have",
            remediation: "Revoke, delete or replace what references it, and ask for it anew",
            selects: vec![
                isolation::stray_grants(MOST),
                isolation::stray_keys(MOST),
                isolation::stray_escrows(MOST, "?2"),
                isolation::stray_shares(MOST),
                isolation::stray_plan_keys(MOST),
            ],
        },
        Check {
            name: "policy_principals",
            severity: "high",
            description: "A policy is about principals of another tenant",
            remediation: "Remove the patterns that begin with tenant: and another tenant's id",
            selects: vec![isolation::policies_about_others(MOST)],
        },
        Check {
            name: "active_grants",
            severity: "high",
            description: "Somebody whom the tenant does not know has a grant",
            remediation: "Revoke the grants of users without a key and without a request",
            selects: vec![isolation::grants_to_strangers(MOST, "?2")],
        },
        Check {
            name: "cross_tenant_events",
            severity: "medium",
            description: "Events of the last 30 days name another tenant",
            remediation: "Check that the access between the tenants is wanted",
            selects: vec![
                "SELECT 1 FROM qnsp_federation_events WHERE tenant_id = ?1 AND recorded_at > ?3 \
                 AND source_tenant IS NOT NULL"
                    .to_owned(),
            ],
        },
    ]
}

/// Audit the isolation of the tenant, and store the result. Each call verifies up to 5,000 more entries of the audit log.
#[utoipa::path(
    get, path = "/access/v1/cross-tenant/isolation-audit", tag = "Access control",
    responses((status = 200, body = AccessAudit), (status = 401), (status = 403)),
)]
pub(crate) async fn audit_isolation(call: Call) -> Result<Json<AccessAudit>> {
    let id = new_id()?;
    call.about(id.as_str());
    let mut results = of_rows(&call).await?;
    let chain = audit_chain::verify(&call).await?;
    results.insert(CHAIN, of_chain(&chain));
    let (checks, violations): (Vec<_>, Vec<_>) = results.into_iter().unzip();
    let violations: Vec<_> = violations.into_iter().flatten().collect();
    let audit =
        AccessAudit { audit_id: id, status: overall(&violations), checks, violations, audited_at: IsoTime(call.now) };
    let mut work = call.work();
    work.push(insert(&call, &audit)?);
    if let Some(remember) = chain.remember(&call) {
        work.push(remember);
    }
    work.run().await?;
    Ok(Json(audit))
}

/// What a check found, and what that violates.
type Found = (IsolationCheck, Option<IsolationViolation>);

/// Where the check of the audit log stands among those of rows.
const CHAIN: usize = 3;

/// All checks of rows are one query.
async fn of_rows(caller: &Caller) -> Result<Vec<Found>> {
    let checks = checks();
    let count = |select: &String| format!("(SELECT count(*) FROM ({select}))");
    let counts = checks.iter().enumerate().map(|(index, check)| {
        let counts: Vec<_> = check.selects.iter().map(count).collect();
        format!("{} AS c{index}", counts.join(" + "))
    });
    let select = Statement::new(format!("SELECT {}", counts.collect::<Vec<_>>().join(", ")));
    let select = select.bind(caller.tenant()).bind(caller.now).bind(asked::since(caller.now));
    let rows = caller.app.query(select).await?;
    let row = rows.first().ok_or_else(|| Error::internal("checks without numbers"))?;
    let found = checks.iter().enumerate().map(|(index, check)| {
        let faults: i64 = row.get(&format!("c{index}"))?;
        let details = if faults == 0 { "nothing found".to_owned() } else { format!("{faults} found") };
        let Check { name, severity, description, remediation, .. } = *check;
        let violation = IsolationViolation { kind: name, severity, description, remediation };
        let check = IsolationCheck { check_name: name, status: status(faults == 0), details };
        Ok((check, (faults > 0).then_some(violation)))
    });
    found.collect()
}

fn of_chain(chain: &ChainCheck) -> Found {
    let range = match chain.to.checked_sub(1).filter(|_| chain.to > chain.from) {
        Some(last) => format!("entries {}–{last} of {}", chain.from, chain.entries),
        None => format!("no new entries of {}", chain.entries),
    };
    let name = "audit_chain";
    let violation = chain.fault.map(|description| IsolationViolation {
        kind: name,
        severity: "high",
        description,
        remediation: "Export the audit log and verify it with chancery audit verify",
    });
    let details = chain.fault.map_or_else(|| range.clone(), |fault| format!("{range}: {fault}"));
    (IsolationCheck { check_name: name, status: status(chain.fault.is_none()), details }, violation)
}

fn status(is_passed: bool) -> &'static str {
    if is_passed { "passed" } else { "failed" }
}

fn overall(violations: &[IsolationViolation]) -> &'static str {
    if violations.iter().any(|violation| violation.severity == "high") {
        "failed"
    } else if violations.is_empty() {
        "passed"
    } else {
        "warning"
    }
}

fn insert(caller: &Caller, audit: &AccessAudit) -> Result<Statement> {
    fn json<T: serde::Serialize>(value: &T) -> Result<String> {
        serde_json::to_string(value).map_err(|_| Error::internal("an audit that is not JSON"))
    }
    let insert = Statement::new(
        "INSERT INTO qnsp_access_audits (tenant_id, audited_at, id, status, checks, violations) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    );
    let insert = insert.bind(caller.tenant()).bind(caller.now).bind(audit.audit_id.as_str()).bind(audit.status);
    Ok(insert.bind(json(&audit.checks)?).bind(json(&audit.violations)?))
}
