//! Figures of tenants, and which of them reach others.

use axum::{http::StatusCode, response::Response};
use model::qnsp::access::{AskOverview, CrossTenantAccess, Overview, TenantOverview};
use platform::{Row, Statement};
use qnsp::Call;
use service::Result;

use crate::{asked, named::Named};

/// Show figures of tenants.
#[utoipa::path(
    post, path = "/access/v1/cross-tenant/overview", tag = "Access control", request_body = AskOverview,
    responses((status = 200, body = Overview), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_overview(call: Call<AskOverview>) -> Result<Response> {
    let named = Named::of(&call, &call.body.tenant_ids.0)?;
    let has_metrics = call.body.include_metrics.unwrap_or(true);
    let mut work = call.work();
    named.require(&mut work);
    let tenants = work.push(Statement::new(TENANTS).bind(named.json.as_str()).bind(has_metrics));
    let access = has_metrics.then(|| {
        let since = asked::since(call.now);
        work.push(Statement::new(ACCESS).bind(named.json.as_str()).bind(since))
    });
    let outcomes = work.run().await?;
    let access = access.map(|slot| outcomes.rows(slot)).unwrap_or_default();
    let overview = Overview {
        tenants: outcomes.rows(tenants).iter().map(tenant).collect::<Result<_>>()?,
        cross_tenant_access: access.iter().map(pair).collect::<Result<_>>()?,
    };
    call.answer(StatusCode::OK, &overview).await
}

/// Each tenant with its figures, which are 0 where none are asked for.
const TENANTS: &str = "SELECT t.id, t.name, \
     CASE WHEN ?2 THEN (SELECT count(*) FROM (SELECT p.value FROM qnsp_access_policies a \
       CROSS JOIN json_each(a.statement, '$.principals') p WHERE a.tenant_id = t.id AND instr(p.value, '*') = 0 \
       UNION SELECT 'user:' || grantee_id FROM qnsp_jit_grants WHERE tenant_id = t.id \
       UNION SELECT 'user:' || requester_id FROM qnsp_jit_requests WHERE tenant_id = t.id)) ELSE 0 END AS users, \
     CASE WHEN ?2 THEN (SELECT count(*) FROM (SELECT r.value FROM qnsp_keys k CROSS JOIN json_each(k.roles) r \
       WHERE k.tenant_id = t.id UNION SELECT r.value FROM qnsp_jit_policies j CROSS JOIN json_each(j.approver_roles) r \
       WHERE j.tenant_id = t.id)) ELSE 0 END AS roles, \
     CASE WHEN ?2 THEN (SELECT count(*) FROM qnsp_access_policies WHERE tenant_id = t.id) \
       + (SELECT count(*) FROM qnsp_jit_policies WHERE tenant_id = t.id) ELSE 0 END AS policies \
     FROM json_each(?1) w CROSS JOIN qnsp_tenants t ON t.id = w.value ORDER BY w.key";

/// Pairs of tenants by what the tenants have recorded: events about other tenants, and calls of other tenants' operators.
const ACCESS: &str = "SELECT source, target, sum(n) AS accesses FROM ( \
     SELECT f.source_tenant AS source, f.target_tenant AS target, count(*) AS n FROM json_each(?1) w \
       CROSS JOIN qnsp_federation_events f ON f.tenant_id = w.value AND f.recorded_at > ?2 \
       WHERE f.source_tenant IS NOT NULL GROUP BY f.source_tenant, f.target_tenant \
     UNION ALL SELECT e.entry ->> '$.detail.actorTenant', e.tenant_id, count(*) FROM json_each(?1) w \
       CROSS JOIN audit_entries e ON e.tenant_id = w.value AND e.occurred_at > ?2 \
       WHERE e.occurred_at IS NOT NULL AND e.entry ->> '$.detail.actorTenant' <> e.tenant_id \
       GROUP BY e.entry ->> '$.detail.actorTenant', e.tenant_id) \
     GROUP BY source, target ORDER BY accesses DESC, source, target";

fn tenant(row: &Row) -> Result<TenantOverview> {
    Ok(TenantOverview {
        tenant_id: row.get("id")?,
        tenant_name: row.get("name")?,
        user_count: row.get("users")?,
        role_count: row.get("roles")?,
        policy_count: row.get("policies")?,
    })
}

fn pair(row: &Row) -> Result<CrossTenantAccess> {
    Ok(CrossTenantAccess {
        source_tenant: row.get("source")?,
        target_tenant: row.get("target")?,
        access_count: row.get("accesses")?,
    })
}
