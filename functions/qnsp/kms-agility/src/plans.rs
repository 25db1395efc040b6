//! Migration plans: which keys are to be replaced, and by what. A plan is completed by the call that finds all of them
//! migrated.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    faults::Faults,
    ids::Uuid,
    qnsp::agility::{
        ChangeMigrationPlan, CreateMigrationPlan, MigrationSchedule, MigrationTargets, Plan, PlanChanged, PlanCreated,
        PlanStatus, Plans,
    },
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::{
    Algorithm, duration,
    migration_plan::{leading_to, may_be_target},
};
use qnsp::{
    AskPage, Call, Caller, Nothing, agility::is_not_enforced, conflict, impossible, impossible_fields, missing, new_id,
};
use serde::Deserialize;
use serde_json::json;
use service::{Error, Guard, Result};

use crate::plan_store as store;

const NO_TARGET: &str = "must be a recommended algorithm, such as ML-KEM-768, ML-DSA-65 or AES-256";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfPlan {
    plan_id: Uuid,
}

fn name_is_taken() -> Error {
    conflict("Another migration plan of the tenant has this name")
}

/// Create a migration plan. It is a draft.
#[utoipa::path(
    post, path = "/kms/v1/crypto-agility/migration-plans", tag = "Key management", request_body = CreateMigrationPlan,
    responses(
        (status = 201, body = PlanCreated), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_migration_plan(call: Call<CreateMigrationPlan>) -> Result<Response> {
    let (plan, id) = (&call.body, new_id()?);
    call.about_named(id.as_str(), plan.name.as_str());
    check_schedule(plan.schedule.as_ref())?;
    check_targets(&plan.target_algorithms, call.now)?;
    let mut work = call.work();
    work.require(keys_exist(&call, &store::key_ids(plan)));
    for (name, algorithm) in plan.target_algorithms.each() {
        let refusal = impossible(&format!("targetAlgorithms.{name}"), NO_TARGET);
        work.require(is_not_enforced(&call, &Algorithm::of(algorithm), refusal));
    }
    for statement in store::insert(&call, &id, plan)? {
        work.push(statement);
    }
    work.on_duplicate(store::NAME, name_is_taken());
    let (name, created_at) = (plan.name.as_str().to_owned(), IsoTime(call.now));
    work.commit(StatusCode::CREATED, &PlanCreated { plan_id: id, name, status: PlanStatus::Draft, created_at }).await
}

/// What the registry alone says of the targets.
fn check_targets(targets: &MigrationTargets, now: i64) -> Result<()> {
    let is_wrong = |name: &str| {
        let algorithm = Algorithm::of(name);
        !may_be_target(&algorithm, algorithm.registry_status(now))
    };
    let wrong = targets.each().filter(|(_, algorithm)| is_wrong(algorithm));
    let faults: Vec<_> = wrong.map(|(name, _)| (format!("targetAlgorithms.{name}"), NO_TARGET)).collect();
    if faults.is_empty() { Ok(()) } else { Err(impossible_fields(faults)) }
}

fn check_schedule(schedule: Option<&MigrationSchedule>) -> Result<()> {
    let mut faults = Faults::default();
    for (index, phase) in schedule.iter().flat_map(|schedule| schedule.phases.iter().flatten()).enumerate() {
        let is_length = phase.duration.as_ref().is_none_or(|text| duration::parse(text.as_str()).is_some());
        let path = format!("schedule.phases[{index}].duration");
        faults.check(is_length, path, "must be an ISO 8601 duration, such as P90D");
    }
    Ok(faults.result()?)
}

fn keys_exist(caller: &Caller, ids: &str) -> Guard {
    let exist = "NOT EXISTS (SELECT 1 FROM json_each(?2) i WHERE NOT EXISTS \
                 (SELECT 1 FROM qnsp_hsm_keys WHERE tenant_id = ?1 AND id = i.value))";
    Guard::new(exist, missing("No such key")).bind(caller.tenant()).bind(ids)
}

/// List the migration plans, newest first.
#[utoipa::path(
    get, path = "/kms/v1/crypto-agility/migration-plans", tag = "Key management", params(AskPage),
    responses((status = 200, body = Plans), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_migration_plans(call: Call<Nothing, AskPage>) -> Result<Json<Plans>> {
    let mut work = call.work();
    work.push(store::complete(&call));
    let found = work.push(store::select_page(&call, &call.query));
    let outcomes = work.run().await?;
    Ok(Json(Plans { plans: outcomes.rows(found).iter().map(store::summary).collect::<Result<_>>()? }))
}

/// Show a migration plan with its progress.
#[utoipa::path(
    get, path = "/kms/v1/crypto-agility/migration-plans/{planId}", tag = "Key management",
    params(("planId" = String, Path)),
    responses((status = 200, body = Plan), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_migration_plan(call: Call<Nothing, Nothing, OfPlan>) -> Result<Json<Plan>> {
    let id = call.path.plan_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    work.push(store::complete(&call));
    let found = work.push(store::select(&call, id));
    let outcomes = work.run().await?;
    store::plan(outcomes.one(found)?, call.now).map(Json)
}

/// Change a migration plan, or its status. What is not given stays. One that is cancelled or completed stays as it is.
#[utoipa::path(
    patch, path = "/kms/v1/crypto-agility/migration-plans/{planId}", tag = "Key management",
    request_body = ChangeMigrationPlan, params(("planId" = String, Path)),
    responses(
        (status = 200, body = PlanChanged), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409),
    ),
)]
pub(crate) async fn change_migration_plan(
    call: Call<ChangeMigrationPlan, Nothing, OfPlan>,
) -> Result<Json<PlanChanged>> {
    let (change, id) = (&call.body, call.path.plan_id.as_str());
    call.about(id);
    check_schedule(change.schedule.as_ref())?;
    let status = change.status.map(PlanStatus::from);
    let (leading, refusal) = match status {
        Some(status) => (leading_to(status), "The status of the plan does not lead to this one"),
        None => {
            (&[PlanStatus::Draft, PlanStatus::Active, PlanStatus::Paused][..], "The plan is cancelled or completed")
        }
    };
    let mut work = call.work();
    work.require(store::exists(&call, id));
    let leads = "EXISTS (SELECT 1 FROM qnsp_migration_plans WHERE tenant_id = ?1 AND id = ?2 \
                 AND status IN (SELECT value FROM json_each(?3)))";
    let leads = Guard::new(leads, conflict(refusal)).bind(call.tenant()).bind(id);
    work.require(leads.bind(json!(leading).to_string()));
    let update = Statement::new(
        "UPDATE qnsp_migration_plans SET updated_at = ?3, name = coalesce(?4, name), \
         description = coalesce(?5, description), status = coalesce(?6, status), schedule = coalesce(?7, schedule) \
         WHERE tenant_id = ?1 AND id = ?2",
    );
    let update = update
        .bind(call.tenant())
        .bind(id)
        .bind(call.now)
        .bind(change.name.as_ref().map(|name| name.as_str().to_owned()))
        .bind(change.description.as_ref().map(|text| text.as_str().to_owned()))
        .bind(status.map(|status| <&str>::from(status).to_owned()))
        .bind(change.schedule.as_ref().map(store::schedule_text).transpose()?);
    work.push(update);
    work.on_duplicate(store::NAME, name_is_taken());
    work.run().await?;
    Ok(Json(PlanChanged { plan_id: id.to_owned(), updated_at: IsoTime(call.now) }))
}
