//! Policies: they hold from the next decision on.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use model::{
    ids::Uuid,
    qnsp::access::{AccessPolicies, AccessPolicy, NewAccessPolicy, Rule},
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::Quota;
use qnsp::{
    Call, Cursor, Limit, Nothing,
    access::{self, AccessPolicyRow},
    new_id,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use service::{Error, Result};
use utoipa::IntoParams;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfPolicy {
    policy_id: Uuid,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPolicies {
    /// 1 to 200, 50 if not given.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Create an access policy.
#[utoipa::path(
    post, path = "/access/v1/policies", tag = "Access control", request_body = NewAccessPolicy,
    responses((status = 201, body = AccessPolicy), (status = 400), (status = 401), (status = 403), (status = 409)),
)]
pub(crate) async fn create_access_policy(call: Call<NewAccessPolicy>) -> Result<Response> {
    let (policy, id) = (&call.body, new_id()?);
    call.about_named(id.as_str(), policy.name.as_str());
    let rule = Rule::from(policy.statement.clone());
    let row = row(call.tenant(), &id, policy, &rule);
    let mut work = call.work();
    work.require(access::name_is_free(call.tenant(), row.name, &id));
    for statement in access::insert(&row, call.now)? {
        work.push(statement);
    }
    work.reserve(Quota::Policies, 1);
    let (statement, statement_hash) = access::statement_hash(&rule)?;
    let created = AccessPolicy {
        policy_id: id.clone(),
        tenant_id: call.tenant().to_owned(),
        name: policy.name.as_str().to_owned(),
        description: row.description.to_owned(),
        category: row.category.unwrap_or_default().to_owned(),
        enforcement_level: <&str>::from(policy.level()).to_owned(),
        version: 1,
        statement: RawValue::from_string(statement).map_err(|_| Error::internal("a statement that is not JSON"))?,
        statement_hash,
        created_at: IsoTime(call.now),
        updated_at: IsoTime(call.now),
        id,
    };
    work.commit(StatusCode::CREATED, &created).await
}

/// Show an access policy.
#[utoipa::path(
    get, path = "/access/v1/policies/{policyId}", tag = "Access control", params(("policyId" = String, Path)),
    responses((status = 200, body = AccessPolicy), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_access_policy(call: Call<Nothing, Nothing, OfPolicy>) -> Result<Json<AccessPolicy>> {
    let id = call.path.policy_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(access::exists(call.tenant(), id));
    let select = format!("SELECT {} FROM qnsp_access_policies WHERE tenant_id = ?1 AND id = ?2", access::COLUMNS);
    let found = work.push(Statement::new(select).bind(call.tenant()).bind(id));
    let outcomes = work.run().await?;
    AccessPolicyRow::shown(outcomes.one(found)?).map(Json)
}

/// Replace the name, the description and the statement of an access policy. Category and enforcement level stay as they
/// are unless they are given.
#[utoipa::path(
    put, path = "/access/v1/policies/{policyId}", tag = "Access control", request_body = NewAccessPolicy,
    params(("policyId" = String, Path)),
    responses(
        (status = 200, body = AccessPolicy), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn replace_access_policy(
    call: Call<NewAccessPolicy, Nothing, OfPolicy>,
) -> Result<Json<AccessPolicy>> {
    let (policy, id) = (&call.body, call.path.policy_id.as_str());
    call.about_named(id, policy.name.as_str());
    let rule = Rule::from(policy.statement.clone());
    let mut work = call.work();
    work.require(access::exists(call.tenant(), id));
    work.require(access::name_is_free(call.tenant(), policy.name.as_str(), id));
    let mut statements = access::update(&row(call.tenant(), id, policy, &rule), call.now)?.into_iter();
    let changed = statements.next().map(|update| work.push(update));
    for statement in statements {
        work.push(statement);
    }
    let outcomes = work.run().await?;
    let changed = changed.and_then(|slot| outcomes.row(slot));
    AccessPolicyRow::shown(changed.ok_or_else(|| Error::internal("a policy was changed that is not there"))?).map(Json)
}

/// Delete an access policy, whoever made it.
#[utoipa::path(
    delete, path = "/access/v1/policies/{policyId}", tag = "Access control", params(("policyId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_access_policy(call: Call<Nothing, Nothing, OfPolicy>) -> Result<Response> {
    let id = call.path.policy_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(access::exists(call.tenant(), id));
    for statement in access::delete(call.tenant(), id) {
        work.push(statement);
    }
    work.reserve(Quota::Policies, -1);
    work.run().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// List the access policies, oldest first.
#[utoipa::path(
    get, path = "/access/v1/tenants/{tenantId}/policies", tag = "Access control",
    params(("tenantId" = String, Path), ListPolicies),
    responses((status = 200, body = AccessPolicies), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_access_policies(call: Call<Nothing, ListPolicies, OfTenant>) -> Result<Json<AccessPolicies>> {
    let Limit(limit) = call.query.limit;
    let cursor = Cursor::of(&call, &())?;
    let after = call.query.cursor.as_deref().map(|text| cursor.read::<Position>(text)).transpose()?;
    let Position(at, id) = after.unwrap_or(Position(i64::MIN >> 11, String::new()));
    let select = Statement::new(format!(
        "SELECT {} FROM qnsp_access_policies WHERE tenant_id = ?1 AND (created_at, id) > (?2, ?3) \
         ORDER BY created_at, id LIMIT ?4",
        access::COLUMNS
    ));
    let mut work = call.work();
    let found = work.push(select.bind(call.tenant()).bind(at).bind(id).bind(limit + 1));
    let outcomes = work.run().await?;
    let mut items: Vec<_> = outcomes.rows(found).iter().map(AccessPolicyRow::shown).collect::<Result<_>>()?;
    let has_more = items.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if has_more {
        items.pop();
    }
    let last = items.last().filter(|_| has_more);
    let next_cursor = last.map(|last| cursor.write(&Position(last.created_at.0, last.id.clone()))).transpose()?;
    Ok(Json(AccessPolicies { items, next_cursor }))
}

/// The tenant of the path, which the pipeline has compared.
#[derive(Deserialize)]
pub(crate) struct OfTenant {
    #[serde(rename = "tenantId")]
    _tenant: Uuid,
}

/// When the last policy of a page was created, and its id.
#[derive(serde::Serialize, Deserialize)]
struct Position(i64, String);

fn row<'a>(tenant: &'a str, id: &'a str, policy: &'a NewAccessPolicy, rule: &'a Rule) -> AccessPolicyRow<'a> {
    AccessPolicyRow {
        tenant,
        id,
        name: policy.name.as_str(),
        description: policy.description.as_ref().map_or("", |text| text.as_str()),
        category: policy.category.as_ref().map(|text| text.as_str()),
        level: policy.enforcement_level,
        rule,
    }
}
