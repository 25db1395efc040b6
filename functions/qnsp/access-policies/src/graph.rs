//! Who reaches what: the graph of what was simulated and granted.

use std::collections::BTreeSet;

use axum::Json;
use model::qnsp::access::Graph;
use platform::Statement;
use policy::qnsp::access::graph::{self, Facts};
use qnsp::{Call, day_of};
use service::Result;

use crate::asked;

/// How many counts of decisions are read, those of the newest days first, and how many pairs and principals they may give.
const MOST_COUNTS: i64 = 100_000;
const MOST_PAIRS: i64 = 5_000;
const MOST_MEMBERS: i64 = 5_000;

/// Show who reaches what in the tenant, by the last 30 days: at most 1,000 nodes.
#[utoipa::path(
    get, path = "/access/v1/cross-tenant/graph", tag = "Access control",
    responses((status = 200, body = Graph), (status = 401), (status = 403)),
)]
pub(crate) async fn show_graph(call: Call) -> Result<Json<Graph>> {
    let mut work = call.work();
    let of_tenant = |text: &'static str| Statement::new(text).bind(call.tenant());
    let name = work.push(of_tenant("SELECT name FROM qnsp_tenants WHERE id = ?1"));
    let first_day = day_of(call.now) - asked::KEPT_DAYS;
    let read = work.push(of_tenant(READ).bind(first_day).bind(MOST_COUNTS + 1));
    let pairs = work.push(of_tenant(PAIRS).bind(first_day).bind(MOST_COUNTS).bind(MOST_PAIRS + 1));
    let grants = work.push(of_tenant(GRANTS).bind(call.now).bind(asked::since(call.now)).bind(MOST_PAIRS + 1));
    let members = work.push(of_tenant(MEMBERS).bind(MOST_MEMBERS + 1));
    let outcomes = work.run().await?;
    let mut facts = Facts {
        tenant: call.tenant().to_owned(),
        tenant_name: outcomes.one(name)?.get("name")?,
        access: Vec::new(),
        members: BTreeSet::new(),
        cut: Vec::new(),
    };
    let is_beyond = |rows: usize, most: i64| i64::try_from(rows).unwrap_or(i64::MAX) > most;
    let pairs = outcomes.rows(pairs);
    if outcomes.one(read)?.get::<i64>("counts")? > MOST_COUNTS || is_beyond(pairs.len(), MOST_PAIRS) {
        facts.cut.push("decisions");
    }
    for row in pairs {
        facts.access.push((row.get("principal")?, row.get("resource")?, row.get("weight")?));
    }
    let grants = outcomes.rows(grants);
    if is_beyond(grants.len(), MOST_PAIRS) {
        facts.cut.push("grants");
    }
    for row in grants {
        facts.access.push((row.get("principal")?, row.get("resource")?, row.get("weight")?));
    }
    let members = outcomes.rows(members);
    if is_beyond(members.len(), MOST_MEMBERS) {
        facts.cut.push("principals");
    }
    for row in members {
        facts.members.insert(row.get("principal")?);
    }
    Ok(Json(graph::graph(facts)))
}

const READ: &str = "SELECT count(*) AS counts FROM (SELECT 1 FROM qnsp_access_questions \
     WHERE tenant_id = ?1 AND day > ?2 LIMIT ?3)";

/// What was allowed, most first.
const PAIRS: &str = "SELECT principal, resource, sum(allowed) AS weight FROM (SELECT principal, resource, allowed \
     FROM qnsp_access_questions WHERE tenant_id = ?1 AND day > ?2 ORDER BY day DESC LIMIT ?3) \
     WHERE allowed > 0 GROUP BY principal, resource ORDER BY weight DESC, principal, resource LIMIT ?4";

/// What is granted now.
const GRANTS: &str = "SELECT 'user:' || grantee_id AS principal, resource_type || '/' || resource_id AS resource, \
     count(*) AS weight FROM qnsp_jit_grants WHERE tenant_id = ?1 AND revoked_at IS NULL AND expires_at > ?2 \
     AND granted_at > ?3 GROUP BY grantee_id, resource_type, resource_id ORDER BY weight DESC, principal, resource LIMIT ?4";

/// Principals that policies name.
const MEMBERS: &str = "SELECT DISTINCT p.value AS principal FROM qnsp_access_policies a \
     CROSS JOIN json_each(a.statement, '$.principals') p WHERE a.tenant_id = ?1 AND instr(p.value, '*') = 0 \
     AND instr(p.value, ':') > 1 LIMIT ?2";
