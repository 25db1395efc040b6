//! The checks of an audit of isolation. Each is a query that gives the objects at fault; services that keep more rows add
//! their checks here.

use model::qnsp::tenant::{Category, Depth, Finding};
use platform::Statement;
use qnsp::Caller;
use service::Result;

/// How many rows of each kind a quick audit looks at.
const QUICK: i64 = 1000;

struct Check {
    category: Category,
    name: &'static str,
    severity: &'static str,
    description: &'static str,
    /// Whether only a comprehensive audit makes it.
    is_comprehensive: bool,
    /// Gives `object_id`; `?1` is the tenant, `?2` the number of rows that are looked at (-1 for all).
    select: &'static str,
}

/// Deployments of a model that is not the tenant's.
const STRAY_DEPLOYMENTS: &str = "SELECT d.id AS object_id FROM (SELECT id, model_id FROM qnsp_deployments WHERE tenant_id = ?1 \
     ORDER BY created_at DESC, id DESC LIMIT ?2) d LEFT JOIN qnsp_models m ON m.tenant_id = ?1 AND m.id = d.model_id \
     WHERE m.id IS NULL";

const CHECKS: &[Check] = &[
    Check {
        category: Category::Identity,
        name: "key_of_known_tenant",
        severity: "high",
        description: "An API key belongs to a tenant that does not exist",
        is_comprehensive: false,
        select: "SELECT k.id AS object_id FROM (SELECT id, tenant_id FROM qnsp_keys WHERE tenant_id = ?1 \
                 ORDER BY created_at DESC LIMIT ?2) k LEFT JOIN qnsp_tenants t ON t.id = k.tenant_id WHERE t.id IS NULL",
    },
    Check {
        category: Category::Data,
        name: "deployment_of_known_model",
        severity: "high",
        description: "A deployment names a model that the tenant does not have",
        is_comprehensive: false,
        select: STRAY_DEPLOYMENTS,
    },
    Check {
        category: Category::Compute,
        name: "own_models_run",
        severity: "high",
        description: "A model that is not the tenant's is to run for it",
        is_comprehensive: false,
        select: STRAY_DEPLOYMENTS,
    },
    Check {
        category: Category::Data,
        name: "audit_numbering",
        severity: "high",
        description: "Entries of the audit log are missing",
        is_comprehensive: true,
        select: "SELECT NULL AS object_id FROM (SELECT count(*) AS n, coalesce(max(leaf_index) + 1, 0) AS next \
                 FROM audit_entries WHERE tenant_id = ?1 AND ?2 < 0) WHERE n <> next",
    },
];

pub(crate) async fn findings(caller: &Caller, scope: &[Category], depth: Depth) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let is_made =
        |check: &&Check| scope.contains(&check.category) && (!check.is_comprehensive || depth == Depth::Comprehensive);
    for check in CHECKS.iter().filter(is_made) {
        let rows = if depth == Depth::Quick { QUICK } else { -1 };
        for row in caller.app.query(Statement::new(check.select).bind(caller.tenant()).bind(rows)).await? {
            findings.push(Finding {
                category: check.category,
                check: check.name.to_owned(),
                severity: check.severity.to_owned(),
                description: check.description.to_owned(),
                object_id: row.get("object_id")?,
            });
        }
    }
    Ok(findings)
}
