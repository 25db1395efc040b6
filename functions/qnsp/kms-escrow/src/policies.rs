//! Policies of escrow: who gets the shares of a key, and how many of them give it.

use axum::{Json, http::StatusCode, response::Response};
use crypto::shamir::MOST_SHARES;
use model::{
    faults::Faults,
    ids::Uuid,
    qnsp::escrow::{
        AgentRole, ChangeEscrowPolicy, CreateEscrowPolicy, EscrowAgent, EscrowPolicies, EscrowPolicy,
        EscrowPolicyChanged, EscrowPolicyCreated,
    },
    time::IsoTime,
};
use policy::qnsp::duration;
use qnsp::{AskPage, Call, Nothing, conflict, impossible, impossible_fields, new_id};
use serde::Deserialize;
use service::{Error, Guard, Result};

use crate::policy_store as store;

const THRESHOLD: &str = "recoveryThreshold";
const OUT_OF_RANGE: &str = "must be from 2 to the number of primary and secondary agents";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfPolicy {
    policy_id: Uuid,
}

fn name_is_taken() -> Error {
    conflict("Another escrow policy of the tenant has this name")
}

/// Create an escrow policy.
#[utoipa::path(
    post, path = "/kms/v1/escrow/policies", tag = "Key management", request_body = CreateEscrowPolicy,
    responses(
        (status = 201, body = EscrowPolicyCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_escrow_policy(call: Call<CreateEscrowPolicy>) -> Result<Response> {
    let (policy, id) = (&call.body, new_id()?);
    call.about_named(id.as_str(), policy.name.as_str());
    let period = duration::parse(policy.retention_period.as_str());
    let period = period.ok_or_else(|| Faults::one("retentionPeriod", "must be an ISO 8601 duration, such as P1Y"))?;
    let mut faults = of_agents(&policy.escrow_agents.0);
    if !(2..=store::holders(&policy.escrow_agents.0)).contains(&policy.recovery_threshold.0) {
        faults.push((THRESHOLD.to_owned(), OUT_OF_RANGE));
    }
    if period == 0 {
        faults.push(("retentionPeriod".to_owned(), "must be longer than nothing"));
    }
    if !faults.is_empty() {
        return Err(impossible_fields(faults));
    }
    let mut work = call.work();
    work.push(store::insert(&call, &id, policy));
    work.on_duplicate(store::NAME, name_is_taken());
    let name = policy.name.as_str().to_owned();
    work.commit(StatusCode::CREATED, &EscrowPolicyCreated { policy_id: id, name, created_at: IsoTime(call.now) }).await
}

/// What is wrong with the agents of a policy.
fn of_agents(agents: &[EscrowAgent]) -> Vec<(String, &'static str)> {
    let mut faults = Vec::new();
    if !agents.iter().any(|agent| agent.role == AgentRole::Primary) {
        faults.push(("escrowAgents".to_owned(), "must have at least one primary agent"));
    }
    if agents.iter().filter(|agent| agent.role.holds_a_share()).count() > MOST_SHARES {
        faults.push(("escrowAgents".to_owned(), "may have at most 255 primary and secondary agents"));
    }
    faults
}

/// List the escrow policies, oldest first.
#[utoipa::path(
    get, path = "/kms/v1/escrow/policies", tag = "Key management", params(AskPage),
    responses((status = 200, body = EscrowPolicies), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_escrow_policies(call: Call<Nothing, AskPage>) -> Result<Json<EscrowPolicies>> {
    let mut work = call.work();
    let found = work.push(store::select_page(&call, &call.query));
    let outcomes = work.run().await?;
    Ok(Json(EscrowPolicies { policies: outcomes.rows(found).iter().map(store::summary).collect::<Result<_>>()? }))
}

/// Show an escrow policy.
#[utoipa::path(
    get, path = "/kms/v1/escrow/policies/{policyId}", tag = "Key management", params(("policyId" = String, Path)),
    responses((status = 200, body = EscrowPolicy), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_escrow_policy(call: Call<Nothing, Nothing, OfPolicy>) -> Result<Json<EscrowPolicy>> {
    let id = call.path.policy_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    let found = work.push(store::select(&call, id));
    let outcomes = work.run().await?;
    store::policy(outcomes.one(found)?).map(Json)
}

/// Change an escrow policy. What is not given stays. Keys that are in escrow keep what held when they were escrowed.
#[utoipa::path(
    patch, path = "/kms/v1/escrow/policies/{policyId}", tag = "Key management", request_body = ChangeEscrowPolicy,
    params(("policyId" = String, Path)),
    responses(
        (status = 200, body = EscrowPolicyChanged), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn change_escrow_policy(
    call: Call<ChangeEscrowPolicy, Nothing, OfPolicy>,
) -> Result<Json<EscrowPolicyChanged>> {
    let (change, id) = (&call.body, call.path.policy_id.as_str());
    call.about(id);
    let agents = change.escrow_agents.as_ref().map(|agents| &agents.0[..]);
    let mut faults = agents.map(of_agents).unwrap_or_default();
    let threshold = change.recovery_threshold.map(|threshold| threshold.0);
    let most = agents.map_or(i64::MAX, store::holders);
    if threshold.is_some_and(|threshold| !(2..=most).contains(&threshold)) {
        faults.push((THRESHOLD.to_owned(), OUT_OF_RANGE));
    }
    if !faults.is_empty() {
        return Err(impossible_fields(faults));
    }
    let mut work = call.work();
    work.require(store::exists(&call, id));
    // What is given must fit to what stays.
    let fits = "EXISTS (SELECT 1 FROM qnsp_escrow_policies WHERE tenant_id = ?1 AND id = ?2 \
                AND coalesce(?3, threshold) <= coalesce(?4, holders))";
    let fits = Guard::new(fits, impossible(THRESHOLD, OUT_OF_RANGE)).bind(call.tenant()).bind(id);
    work.require(fits.bind(threshold).bind(agents.map(store::holders)));
    work.push(store::update(&call, id, change));
    work.on_duplicate(store::NAME, name_is_taken());
    work.run().await?;
    Ok(Json(EscrowPolicyChanged { policy_id: id.to_owned(), updated_at: IsoTime(call.now) }))
}
