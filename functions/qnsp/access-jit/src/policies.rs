//! Policies of just-in-time access. They never change: one is deleted and made anew. What they have said of a request
//! stays with it.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::jit::{CreateJitPolicy, Policies, Policy, PolicyCreated},
    time::IsoTime,
};
use platform::Row;
use policy::qnsp::Quota;
use qnsp::{AskPage, Call, Nothing, conflict, missing, new_id};
use serde::Deserialize;
use service::{Guard, Result};

use crate::policy_store as store;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfPolicy {
    policy_id: Uuid,
}

/// Create a policy. It counts in the quota of policies.
#[utoipa::path(
    post, path = "/access/v1/jit/policies", tag = "Access control", request_body = CreateJitPolicy,
    responses((status = 201, body = PolicyCreated), (status = 400), (status = 401), (status = 403), (status = 409)),
)]
pub(crate) async fn create_jit_policy(call: Call<CreateJitPolicy>) -> Result<Response> {
    let (policy, id) = (&call.body, new_id()?);
    call.about_named(id.as_str(), policy.name.as_str());
    let mut work = call.work();
    work.reserve(Quota::Policies, 1);
    work.push(store::insert(&call, &id, policy));
    work.on_duplicate(store::NAME, conflict("Another policy of the tenant has this name"));
    let name = policy.name.as_str().to_owned();
    work.commit(StatusCode::CREATED, &PolicyCreated { policy_id: id, name, created_at: IsoTime(call.now) }).await
}

/// List the policies, oldest first.
#[utoipa::path(
    get, path = "/access/v1/jit/policies", tag = "Access control", params(AskPage),
    responses((status = 200, body = Policies), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_jit_policies(call: Call<Nothing, AskPage>) -> Result<Json<Policies>> {
    let mut work = call.work();
    let found = work.push(store::select(&call, &call.query));
    let outcomes = work.run().await?;
    Ok(Json(Policies { policies: outcomes.rows(found).iter().map(policy).collect::<Result<_>>()? }))
}

/// Delete a policy. Requests and grants stay as they are.
#[utoipa::path(
    delete, path = "/access/v1/jit/policies/{policyId}", tag = "Access control", params(("policyId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_jit_policy(call: Call<Nothing, Nothing, OfPolicy>) -> Result<StatusCode> {
    let id = call.path.policy_id.as_str();
    call.about(id);
    let mut work = call.work();
    let exists = "EXISTS (SELECT 1 FROM qnsp_jit_policies WHERE tenant_id = ?1 AND id = ?2)";
    work.require(Guard::new(exists, missing("No such policy")).bind(call.tenant()).bind(id));
    work.reserve(Quota::Policies, -1);
    work.push(store::delete(&call, id));
    work.run().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn policy(row: &Row) -> Result<Policy> {
    Ok(Policy {
        policy_id: row.get("id")?,
        name: row.get("name")?,
        resource_types: store::list(row, "resource_types")?,
        require_approval: row.get("require_approval")?,
    })
}
