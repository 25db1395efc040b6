//! Audits of how well the tenant is isolated from others, over what is stored.

use axum::Json;
use model::{
    qnsp::access::{AccessAudit, IsolationCheck, IsolationViolation},
    time::IsoTime,
};
use platform::Statement;
use qnsp::{Call, Caller, audit_chain, new_id};
use service::{Error, Result};

use crate::asked;

/// A check that counts what is at fault. Of grants it looks at the newest 10,000.
struct Check {
    name: &'static str,
    severity: &'static str,
    description: &'static str,
    remediation: &'static str,
    /// Gives `faults`; `?1` is the tenant.
    select: &'static str,
    /// What `?2` is, by the time of the call.
    time: Option<fn(i64) -> i64>,
}

const CHECKS: [Check; 4] = [
    Check {
        name: "tenant_key_scope",
        severity: "high",
        description: "A row references a row that the tenant does not have",
        remediation: "Revoke the grants without a request and ask for them anew",
        select: "SELECT count(*) AS faults FROM (SELECT request_id FROM qnsp_jit_grants WHERE tenant_id = ?1 \
                 ORDER BY granted_at DESC LIMIT 10000) g WHERE NOT EXISTS \
                 (SELECT 1 FROM qnsp_jit_requests r WHERE r.tenant_id = ?1 AND r.id = g.request_id)",
        time: None,
    },
    Check {
        name: "policy_principals",
        severity: "high",
        description: "A policy is about principals of another tenant",
        remediation: "Remove the patterns that begin with tenant: and another tenant's id",
        select: "SELECT count(*) AS faults FROM qnsp_access_policies a \
                 CROSS JOIN json_each(a.statement, '$.principals') p \
                 WHERE a.tenant_id = ?1 AND substr(p.value, 1, 7) = 'tenant:' AND p.value <> 'tenant:' || ?1",
        time: None,
    },
    Check {
        name: "active_grants",
        severity: "high",
        description: "Somebody whom the tenant does not know has a grant",
        remediation: "Revoke the grants of users without a key and without a request",
        select: "SELECT count(*) AS faults FROM (SELECT grantee_id FROM qnsp_jit_grants WHERE tenant_id = ?1 \
                 AND revoked_at IS NULL AND expires_at > ?2 ORDER BY expires_at DESC LIMIT 10000) g WHERE NOT EXISTS (SELECT 1 FROM qnsp_jit_requests r WHERE r.tenant_id = ?1 \
                 AND r.requester_id = g.grantee_id) AND NOT EXISTS (SELECT 1 FROM qnsp_keys k \
                 WHERE k.tenant_id = ?1 AND k.user_id = g.grantee_id)",
        time: Some(|now| now),
    },
    Check {
        name: "cross_tenant_events",
        severity: "medium",
        description: "Events of the last 30 days name another tenant",
        remediation: "Check that the access between the tenants is wanted",
        select: "SELECT count(*) AS faults FROM qnsp_federation_events \
                 WHERE tenant_id = ?1 AND recorded_at > ?2 AND source_tenant IS NOT NULL",
        time: Some(asked::since),
    },
];

/// Audit the isolation of the tenant, and store the result. Each call verifies up to 5,000 more entries of the audit log.
#[utoipa::path(
    get, path = "/access/v1/cross-tenant/isolation-audit", tag = "Access control",
    responses((status = 200, body = AccessAudit), (status = 401), (status = 403)),
)]
pub(crate) async fn audit_isolation(call: Call) -> Result<Json<AccessAudit>> {
    let id = new_id()?;
    call.about(id.as_str());
    let (mut checks, mut violations) = (Vec::new(), Vec::new());
    for check in &CHECKS {
        let faults = count(&call, check).await?;
        checks.push(IsolationCheck {
            check_name: check.name,
            status: status(faults == 0),
            details: if faults == 0 { "nothing found".to_owned() } else { format!("{faults} found") },
        });
        if faults > 0 {
            violations.push(violation(check.name, check.severity, check.description, check.remediation));
        }
    }
    let chain = audit_chain::verify(&call).await?;
    let range = match chain.to.checked_sub(1).filter(|_| chain.to > chain.from) {
        Some(last) => format!("entries {}–{last} of {}", chain.from, chain.entries),
        None => format!("no new entries of {}", chain.entries),
    };
    checks.insert(
        3,
        IsolationCheck {
            check_name: "audit_chain",
            status: status(chain.fault.is_none()),
            details: chain.fault.map_or(range.clone(), |fault| format!("{range}: {fault}")),
        },
    );
    if let Some(fault) = chain.fault {
        let remediation = "Export the audit log and verify it with chancery audit verify";
        violations.insert(0, violation("audit_chain", "high", fault, remediation));
    }
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

async fn count(caller: &Caller, check: &Check) -> Result<i64> {
    let select = Statement::new(check.select).bind(caller.tenant());
    let select = check.time.into_iter().fold(select, |select, time| select.bind(time(caller.now)));
    let rows = caller.app.query(select).await?;
    Ok(rows.first().ok_or_else(|| Error::internal("a check without a number"))?.get("faults")?)
}

fn status(is_passed: bool) -> &'static str {
    if is_passed { "passed" } else { "failed" }
}

fn violation(
    kind: &'static str,
    severity: &'static str,
    description: &'static str,
    remediation: &'static str,
) -> IsolationViolation {
    IsolationViolation { kind, severity, description, remediation }
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
