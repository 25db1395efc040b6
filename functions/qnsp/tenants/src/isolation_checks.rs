//! The checks of an audit of isolation. Each is a query that gives the objects at fault; services that keep more rows add
//! their checks here.

use model::qnsp::tenant::{Category, Depth, Finding};
use platform::Statement;
use qnsp::{Caller, isolation};
use service::Result;

use crate::isolation_addresses;

/// How many rows of each kind a quick audit looks at.
const QUICK: i64 = 1000;

struct Check {
    category: Category,
    name: &'static str,
    severity: &'static str,
    description: &'static str,
    /// Whether only a comprehensive audit makes it.
    is_comprehensive: bool,
    /// Gives `object_id`; `?1` is the tenant, `?2` the number of rows that are looked at (-1 for all), `?3` now.
    select: String,
}

fn checks() -> Vec<Check> {
    let of = |category: Category, name, severity, description, select| Check {
        category,
        name,
        severity,
        description,
        is_comprehensive: false,
        select,
    };
    let (data, compute, identity) = (Category::Data, Category::Compute, Category::Identity);
    let lease = "A lease names a configuration that the tenant does not have";
    let share = "A share belongs to an escrow that the tenant does not have";
    let plan = "A migration plan names a key of another tenant";
    let deployment = "A deployment names a model that the tenant does not have";
    let model = "A model that is not the tenant's is to run for it";
    let policy = "A policy is about principals of another tenant";
    let grant = "Somebody whom the tenant does not know has a grant";
    vec![
        Check {
            category: identity,
            name: "key_of_known_tenant",
            severity: "high",
            description: "An API key belongs to a tenant that does not exist",
            is_comprehensive: false,
            select: "SELECT k.id AS object_id FROM (SELECT id, tenant_id FROM qnsp_keys WHERE tenant_id = ?1 \
                     ORDER BY created_at DESC LIMIT ?2) k LEFT JOIN qnsp_tenants t ON t.id = k.tenant_id WHERE t.id IS NULL"
                .to_owned(),
        },
        of(identity, "policy_of_own_principals", "high", policy, isolation::policies_about_others("?2")),
        of(identity, "grants_of_known_users", "medium", grant, isolation::grants_to_strangers("?2", "?3")),
        of(data, "lease_of_known_configuration", "high", lease, isolation::stray_leases("?2")),
        of(data, "share_of_known_escrow", "high", share, isolation::stray_shares("?2")),
        of(data, "plan_of_own_keys", "high", plan, isolation::stray_plan_keys("?2")),
        of(data, "deployment_of_known_model", "high", deployment, isolation::stray_deployments("?2")),
        of(compute, "own_models_run", "high", model, isolation::stray_deployments("?2")),
        Check {
            category: data,
            name: "audit_numbering",
            severity: "high",
            description: "Entries of the audit log are missing",
            is_comprehensive: true,
            select: "SELECT NULL AS object_id FROM (SELECT count(*) AS n, coalesce(max(leaf_index) + 1, 0) AS next \
                     FROM audit_entries WHERE tenant_id = ?1) WHERE n <> next"
                .to_owned(),
        },
    ]
}

pub(crate) async fn findings(caller: &Caller, scope: &[Category], depth: Depth) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let is_made =
        |check: &&Check| scope.contains(&check.category) && (!check.is_comprehensive || depth == Depth::Comprehensive);
    let rows = if depth == Depth::Quick { QUICK } else { -1 };
    if scope.contains(&Category::Network) {
        findings.extend(isolation_addresses::findings(caller, rows).await?);
    }
    for check in checks().iter().filter(is_made) {
        // All parameters are used, whatever the check needs.
        let select = format!("SELECT object_id FROM ({}) WHERE coalesce(?2, ?3) IS NOT NULL", check.select);
        let select = Statement::new(select).bind(caller.tenant()).bind(rows).bind(caller.now);
        for row in caller.app.query(select).await? {
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
