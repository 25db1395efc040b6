//! What tenants have in common, and in what they differ.

use std::collections::BTreeMap;

use axum::{http::StatusCode, response::Response};
use model::qnsp::access::{AskComparison, Compared, ComparisonType, Rule};
use platform::{Row, Statement};
use policy::qnsp::access::comparison::{self, Things};
use qnsp::Call;
use serde_json::Value;
use service::{Error, Result};

use crate::named::Named;

/// Compare what tenants have: policies by what they say, permissions and roles by whether they are there.
#[utoipa::path(
    post, path = "/access/v1/cross-tenant/compare", tag = "Access control", request_body = AskComparison,
    responses((status = 200, body = Compared), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn compare_tenants(call: Call<AskComparison>) -> Result<Response> {
    let named = Named::of(&call, &call.body.tenant_ids.0)?;
    let kind = call.body.comparison_type.unwrap_or_default();
    let beginnings = call.body.resource_types.as_ref().map(|types| types.0.as_slice()).unwrap_or_default();
    let is_asked =
        |resource: &str| beginnings.is_empty() || beginnings.iter().any(|begin| resource.starts_with(begin.as_str()));
    let mut work = call.work();
    named.require(&mut work);
    let select = if kind == ComparisonType::Roles { ROLES } else { POLICIES };
    let found = work.push(Statement::new(select).bind(named.json.as_str()));
    let outcomes = work.run().await?;
    let mut tenants: BTreeMap<_, _> = named.tenants.iter().map(|id| (id.clone(), Things::new())).collect();
    for row in outcomes.rows(found) {
        let Some(things) = tenants.get_mut(&row.get::<String>("tenant_id")?) else { continue };
        add(things, kind, row, &is_asked)?;
    }
    let mut is_truncated = false;
    for things in tenants.values_mut() {
        is_truncated |= comparison::shorten(things);
    }
    let mut comparison = comparison::compare(&tenants);
    comparison.truncated = is_truncated;
    call.answer(StatusCode::OK, &Compared { comparison }).await
}

const POLICIES: &str = "SELECT p.tenant_id, p.name, p.statement FROM json_each(?1) w CROSS JOIN qnsp_access_policies p \
     ON p.tenant_id = w.value";

const ROLES: &str = "SELECT k.tenant_id, r.value AS name FROM json_each(?1) w CROSS JOIN qnsp_keys k \
     ON k.tenant_id = w.value CROSS JOIN json_each(k.roles) r \
     UNION SELECT j.tenant_id, r.value FROM json_each(?1) w CROSS JOIN qnsp_jit_policies j \
     ON j.tenant_id = w.value CROSS JOIN json_each(j.approver_roles) r";

/// Adds what a row says of its tenant.
fn add(things: &mut Things, kind: ComparisonType, row: &Row, is_asked: &impl Fn(&str) -> bool) -> Result<()> {
    let name: String = row.get("name")?;
    if kind == ComparisonType::Roles {
        things.insert(name, Value::Null);
        return Ok(());
    }
    let rule: Rule = serde_json::from_str(&row.get::<String>("statement")?)
        .map_err(|_| Error::internal("a stored policy is none"))?;
    if kind == ComparisonType::Policies {
        if rule.resources.iter().any(|resource| is_asked(resource)) {
            things.insert(name, comparison::content(&rule));
        }
        return Ok(());
    }
    let asked = Rule { resources: rule.resources.iter().filter(|text| is_asked(text)).cloned().collect(), ..rule };
    things.extend(comparison::permissions(&asked).map(|permission| (permission, Value::Null)));
    // Of one policy there are 10,000 at most, and no more are compared of a tenant: one more tells that there are.
    while things.len() > comparison::MOST_COMPARED + 1 {
        things.pop_last();
    }
    Ok(())
}
