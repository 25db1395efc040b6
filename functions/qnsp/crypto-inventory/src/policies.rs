//! Deprecation policies: which algorithms a tenant gives up, and by when. From the enforcement date on they are forbidden.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::{Uuid, derived_uuid},
    qnsp::{
        inventory::{
            ChangeDeprecationPolicy, CreateDeprecationPolicy, DeprecationPolicies, DeprecationPolicy,
            DeprecationPolicyCreated,
        },
        kms::AlgorithmStatus,
    },
};
use platform::Statement;
use policy::qnsp::Algorithm;
use qnsp::{
    AskPage, Call, Caller, Nothing, conflict,
    deprecation::{family, registry},
    new_id,
};
use serde::Deserialize;
use service::{Error, Guard, Result};

use crate::{
    lists::json_list,
    policy_store::{
        self as store, Terms, dates_are_reversed, exists, policy, target_is_deprecated, target_is_given_up,
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfPolicy {
    policy_id: Uuid,
}

const NAME: &str = "qnsp_deprecation_policies.name";

fn name_is_taken() -> Error {
    conflict("Another policy has this name")
}

/// Make a policy. In the shape of the SDK, the one of the same algorithm is replaced.
#[utoipa::path(
    post, path = "/crypto/v1/deprecation/policies", tag = "Crypto inventory", request_body = CreateDeprecationPolicy,
    responses(
        (status = 201, body = DeprecationPolicyCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_deprecation_policy(call: Call<CreateDeprecationPolicy>) -> Result<Response> {
    let fields = &call.body.fields;
    let terms = Terms::of(fields)?;
    let algorithms = terms.algorithms.as_deref().unwrap_or_default();
    let (id, name) = if fields.is_of_sdk() {
        let name = format!("deprecate {}", algorithms.first().map_or("", Algorithm::as_str));
        (derived_uuid(&[call.tenant(), &name]), name)
    } else {
        (new_id()?, terms.name.unwrap_or_default().to_owned())
    };
    let deprecation_date = terms.deprecation_date.unwrap_or(call.now);
    let enforcement_date = terms.enforcement_date.unwrap_or(deprecation_date);
    if enforcement_date < deprecation_date {
        return Err(dates_are_reversed());
    }
    if let Some(target) = &terms.target {
        check_target(target, algorithms, call.now)?;
    }
    call.about_named(id.as_str(), name.as_str());
    let mut work = call.work();
    work.push(store::put(&call, &id, &name, &terms, (deprecation_date, enforcement_date)));
    work.on_duplicate(NAME, name_is_taken());
    for statement in store::put_algorithms(&call, &id, algorithms) {
        work.push(statement);
    }
    let made = work.push(store::one(&call, &id));
    let outcomes = work.run().await?;
    let made = policy(outcomes.one(made)?)?;
    let created = DeprecationPolicyCreated {
        policy_id: id,
        name,
        created_at: made.sdk.created_at,
        policy: fields.is_of_sdk().then_some(made.sdk),
    };
    call.answer(StatusCode::CREATED, &created).await
}

fn check_target(target: &Algorithm, algorithms: &[Algorithm], now: i64) -> Result<()> {
    if target.registry_status(now) >= AlgorithmStatus::Deprecated {
        return Err(target_is_deprecated());
    }
    if algorithms.iter().any(|algorithm| algorithm.covers(target)) {
        return Err(target_is_given_up());
    }
    Ok(())
}

/// List policies, the oldest first.
#[utoipa::path(
    get, path = "/crypto/v1/deprecation/policies", tag = "Crypto inventory", params(AskPage),
    responses((status = 200, body = DeprecationPolicies), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_deprecation_policies(call: Call<Nothing, AskPage>) -> Result<Json<DeprecationPolicies>> {
    let (limit, offset) = (call.query.limit.0, call.query.offset.0);
    let mut work = call.work();
    let (page, total) = (work.push(store::page(&call, limit, offset)), work.push(store::total(&call)));
    let outcomes = work.run().await?;
    let policies = outcomes.rows(page).iter().map(policy).collect::<Result<_>>()?;
    Ok(Json(DeprecationPolicies { policies, total: outcomes.one(total)?.get("total")?, limit, offset }))
}

/// Show a policy.
#[utoipa::path(
    get, path = "/crypto/v1/deprecation/policies/{policyId}", tag = "Crypto inventory", params(("policyId" = String, Path)),
    responses((status = 200, body = DeprecationPolicy), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_deprecation_policy(call: Call<Nothing, Nothing, OfPolicy>) -> Result<Json<DeprecationPolicy>> {
    let id = call.path.policy_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(exists(&call, id));
    let found = work.push(store::one(&call, id));
    let outcomes = work.run().await?;
    policy(outcomes.one(found)?).map(Json)
}

/// Change a policy. What is not given stays.
#[utoipa::path(
    patch, path = "/crypto/v1/deprecation/policies/{policyId}", tag = "Crypto inventory",
    request_body = ChangeDeprecationPolicy, params(("policyId" = String, Path)),
    responses(
        (status = 200, body = DeprecationPolicy), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn change_deprecation_policy(
    call: Call<ChangeDeprecationPolicy, Nothing, OfPolicy>,
) -> Result<Json<DeprecationPolicy>> {
    let id = call.path.policy_id.as_str();
    call.about(id);
    let terms = Terms::of(&call.body.fields)?;
    if let Some(target) = &terms.target {
        check_target(target, terms.algorithms.as_deref().unwrap_or_default(), call.now)?;
    }
    let mut work = call.work();
    work.require(exists(&call, id));
    for guard in fits_the_rest(&call, id, &terms) {
        work.require(guard);
    }
    work.push(store::change(&call, id, &terms));
    work.on_duplicate(NAME, name_is_taken());
    if let Some(algorithms) = &terms.algorithms {
        for statement in store::put_algorithms(&call, id, algorithms) {
            work.push(statement);
        }
    }
    let changed = work.push(store::one(&call, id));
    let outcomes = work.run().await?;
    policy(outcomes.one(changed)?).map(Json)
}

/// What is given must fit what the policy has.
fn fits_the_rest(caller: &Caller, id: &str, terms: &Terms) -> Vec<Guard> {
    const OF_POLICY: &str = "FROM qnsp_deprecation_policies p WHERE p.tenant_id = ?1 AND p.id = ?2";
    let bind = |guard: Guard| guard.bind(caller.tenant()).bind(id);
    let dates = format!(
        "EXISTS (SELECT 1 {OF_POLICY} AND coalesce(?4, p.enforcement_date) >= coalesce(?3, p.deprecation_date))"
    );
    let dates = bind(Guard::new(dates, dates_are_reversed())).bind(terms.deprecation_date).bind(terms.enforcement_date);
    let target = match (&terms.target, &terms.algorithms) {
        (Some(target), None) => {
            let is_kept = "NOT EXISTS (SELECT 1 FROM qnsp_deprecated_algorithms WHERE tenant_id = ?1 AND policy_id = ?2 \
                           AND algorithm IN (SELECT value FROM json_each(?3)))";
            Some(bind(Guard::new(is_kept, target_is_given_up())).bind(json_list(target.names())))
        }
        (None, Some(algorithms)) => {
            let family = family("p.migration_target", "?4");
            let is_kept = format!(
                "NOT EXISTS (SELECT 1 {OF_POLICY} AND EXISTS (SELECT 1 FROM json_each(?3) \
                 WHERE value IN (p.migration_target, {family})))"
            );
            let names = json_list(algorithms.iter().map(Algorithm::as_str));
            Some(bind(Guard::new(is_kept, target_is_given_up())).bind(names).bind(registry(caller.now)))
        }
        _ => None,
    };
    [Some(dates), target].into_iter().flatten().collect()
}

/// Delete a policy. Its algorithms are no longer forbidden by it.
#[utoipa::path(
    delete, path = "/crypto/v1/deprecation/policies/{policyId}", tag = "Crypto inventory",
    params(("policyId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_deprecation_policy(call: Call<Nothing, Nothing, OfPolicy>) -> Result<StatusCode> {
    let id = call.path.policy_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(exists(&call, id));
    let delete = "DELETE FROM qnsp_deprecation_policies WHERE tenant_id = ?1 AND id = ?2";
    work.push(Statement::new(delete).bind(call.tenant()).bind(id));
    work.push(store::delete_algorithms(&call, id));
    work.run().await?;
    Ok(StatusCode::NO_CONTENT)
}
