//! Retention policies: made, listed, changed and deleted. What they mean for events is said by `retention`.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    faults::Faults,
    ids::Uuid,
    qnsp::{
        Text,
        audit::{NewArchiveConfig, NewPolicy, Policies, PolicyCreated, PolicyUpdated, UpdatePolicy},
    },
    time::IsoTime,
};
use policy::qnsp::{DAY_MS, duration};
use qnsp::{AskPage, Call, Nothing, impossible, new_id};
use serde::Deserialize;
use service::Result;

use crate::policy_store as store;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PolicyId {
    policy_id: Uuid,
}

/// Make a retention policy. Nothing is erased before a cleanup.
#[utoipa::path(
    post, path = "/audit/v1/retention/policies", tag = "Audit", request_body = NewPolicy,
    responses(
        (status = 201, body = PolicyCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_policy(call: Call<NewPolicy>) -> Result<Response> {
    let (id, name) = (new_id()?, call.body.name.as_str());
    let kept = milliseconds(&call.body.retention_period)?;
    check_archive(call.body.archive_config.as_ref())?;
    let mut work = call.work();
    work.require(store::name_is_free(&call, name, &id));
    work.push(store::insert(&call, &id, &call.body, kept));
    let created = PolicyCreated { policy_id: id, name: name.to_owned(), created_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &created).await
}

/// List the retention policies, the oldest first.
#[utoipa::path(
    get, path = "/audit/v1/retention/policies", tag = "Audit", params(AskPage),
    responses((status = 200, body = Policies), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_policies(call: Call<Nothing, AskPage>) -> Result<Json<Policies>> {
    let mut work = call.work();
    let found = work.push(store::page(call.tenant(), call.query.limit.0, call.query.offset.0));
    let total = work.push(store::count(call.tenant()));
    let outcomes = work.run().await?;
    Ok(Json(Policies {
        policies: outcomes.rows(found).iter().map(store::policy).collect::<Result<_>>()?,
        total: outcomes.one(total)?.get("total")?,
    }))
}

/// Change a retention policy.
#[utoipa::path(
    patch, path = "/audit/v1/retention/policies/{policyId}", tag = "Audit", params(("policyId" = String, Path)),
    request_body = UpdatePolicy,
    responses(
        (status = 200, body = PolicyUpdated), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn update_policy(call: Call<UpdatePolicy, Nothing, PolicyId>) -> Result<Response> {
    let id = call.path.policy_id.as_str();
    call.about(id);
    let kept = call.body.retention_period.as_ref().map(milliseconds).transpose()?;
    check_archive(call.body.archive_config.as_ref())?;
    let mut work = call.work();
    work.require(store::exists(&call, id));
    if let Some(name) = &call.body.name {
        work.require(store::name_is_free(&call, name.as_str(), id));
    }
    work.push(store::update(&call, id, &call.body, kept));
    let updated = PolicyUpdated { policy_id: id.to_owned(), updated_at: IsoTime(call.now) };
    work.commit(StatusCode::OK, &updated).await
}

/// Delete a retention policy. What it has erased stays erased.
#[utoipa::path(
    delete, path = "/audit/v1/retention/policies/{policyId}", tag = "Audit", params(("policyId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_policy(call: Call<Nothing, Nothing, PolicyId>) -> Result<StatusCode> {
    let id = call.path.policy_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    work.push(store::delete(call.tenant(), id));
    work.run().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How long events are kept, in milliseconds.
fn milliseconds(period: &Text<1, 128>) -> Result<i64> {
    const FIELD: &str = "retentionPeriod";
    let milliseconds = duration::parse(period.as_str());
    let milliseconds = milliseconds.ok_or_else(|| Faults::one(FIELD, "must be an ISO 8601 duration, such as P90D"))?;
    if milliseconds < DAY_MS { Err(impossible(FIELD, "must be a day or more")) } else { Ok(milliseconds) }
}

fn check_archive(config: Option<&NewArchiveConfig>) -> Result<()> {
    match config {
        Some(config) if config.is_enabled() && config.destination().is_none() => {
            Err(impossible("archiveConfig.destination", "is required where the archive is enabled"))
        }
        _ => Ok(()),
    }
}
