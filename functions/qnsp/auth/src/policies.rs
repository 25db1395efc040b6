//! Risk policies: what an administrator wants done about risks. They hold from the next evaluation on.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::auth::{ChangePolicy, CreatePolicy, Policies, Policy, PolicyChanged, PolicyCreated},
    time::IsoTime,
};
use platform::Row;
use qnsp::{Call, Limit, Nothing, Offset, conflict, missing, new_id};
use serde::Deserialize;
use serde_json::value::RawValue;
use service::{Error, Guard, Result};
use utoipa::IntoParams;

use crate::policy_store::{self, Conditions};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfPolicy {
    policy_id: Uuid,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPolicies {
    enabled: Option<bool>,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
}

fn name_is_taken() -> Error {
    conflict("Another policy of the tenant has this name")
}

/// The column of which no two rows of a tenant may have the same value.
const NAME: &str = "qnsp_risk_policies.name_key";

/// Create a risk policy.
#[utoipa::path(
    post, path = "/auth/risk/policies", tag = "Auth", request_body = CreatePolicy,
    responses(
        (status = 201, body = PolicyCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_risk_policy(call: Call<CreatePolicy>) -> Result<Response> {
    let (policy, id) = (&call.body, new_id()?);
    call.about_named(id.as_str(), policy.name.as_str());
    let conditions = Conditions::of(policy.conditions.as_ref())?;
    let mut work = call.work();
    work.push(policy_store::insert(&call, &id, policy, &conditions));
    work.on_duplicate(NAME, name_is_taken());
    let created = PolicyCreated {
        id: id.clone(),
        policy_id: id,
        name: policy.name.as_str().to_owned(),
        created_at: IsoTime(call.now),
        enabled: policy.enabled.unwrap_or(true),
    };
    work.commit(StatusCode::CREATED, &created).await
}

/// List the risk policies, oldest first.
#[utoipa::path(
    get, path = "/auth/risk/policies", tag = "Auth", params(ListPolicies),
    responses((status = 200, body = Policies), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_risk_policies(call: Call<Nothing, ListPolicies>) -> Result<Json<Policies>> {
    let ListPolicies { enabled, limit: Limit(limit), offset: Offset(offset) } = call.query;
    let mut work = call.work();
    let found = work.push(policy_store::select(&call, enabled, limit, offset));
    let total = work.push(policy_store::count(&call, enabled));
    let outcomes = work.run().await?;
    Ok(Json(Policies {
        policies: outcomes.rows(found).iter().map(policy).collect::<Result<_>>()?,
        total: outcomes.one(total)?.get("total")?,
        limit,
        offset,
    }))
}

/// Change a risk policy. What is not given stays.
#[utoipa::path(
    patch, path = "/auth/risk/policies/{policyId}", tag = "Auth", request_body = ChangePolicy,
    params(("policyId" = String, Path)),
    responses(
        (status = 200, body = PolicyChanged), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn change_risk_policy(call: Call<ChangePolicy, Nothing, OfPolicy>) -> Result<Json<PolicyChanged>> {
    let (change, id) = (&call.body, call.path.policy_id.as_str());
    call.about(id);
    let conditions = change.conditions.as_ref().map(|conditions| Conditions::of(Some(conditions))).transpose()?;
    let mut work = call.work();
    let exists = "EXISTS (SELECT 1 FROM qnsp_risk_policies WHERE tenant_id = ?1 AND id = ?2)";
    work.require(Guard::new(exists, missing("No such policy")).bind(call.tenant()).bind(id));
    let changed = work.push(policy_store::update(&call, id, change, conditions.as_ref()));
    work.on_duplicate(NAME, name_is_taken());
    let outcomes = work.run().await?;
    let row = outcomes.one(changed)?;
    Ok(Json(PolicyChanged {
        policy_id: id.to_owned(),
        name: row.get("name")?,
        enabled: row.get("enabled")?,
        updated_at: IsoTime(call.now),
    }))
}

fn policy(row: &Row) -> Result<Policy> {
    let json = |column| {
        let text: Option<String> = row.get(column)?;
        text.map(RawValue::from_string).transpose().map_err(|_| Error::internal("a policy that is not JSON"))
    };
    let id: String = row.get("id")?;
    Ok(Policy {
        id: id.clone(),
        policy_id: id,
        name: row.get("name")?,
        enabled: row.get("enabled")?,
        created_at: IsoTime(row.get("created_at")?),
        updated_at: IsoTime(row.get("updated_at")?),
        rules: json("rules")?,
        thresholds: json("thresholds")?,
        actions: json("level_actions")?,
    })
}
