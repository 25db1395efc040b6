//! The handlers of groups.

use axum::{Json as Answer, http::StatusCode};
use model::config::{
    CreateGroup, Group, GroupAnswer, GroupWithItems, GroupWithItemsAnswer, GroupsAnswer, ListQuery, Success,
    UpdateGroup,
};
use platform::Outcome;
use policy::config::Permission;
use service::{Bearer, Error, Path, Query, Result};

use crate::{Body, group_store as store, item_store};

/// List the groups of the project, by key.
#[utoipa::path(
    get, path = "/api/client/v1/config/groups", tag = "Config", params(ListQuery),
    responses((status = 200, body = GroupsAnswer), (status = 401), (status = 403)),
)]
pub(crate) async fn list_groups(bearer: Bearer, Query(query): Query<ListQuery>) -> Result<Answer<GroupsAnswer>> {
    let holder = bearer.holder(Permission::Read).await?;
    let outcomes = holder.read(vec![store::select_all(&holder, &query)]).await?;
    let rows = outcomes.first().map(|outcome| outcome.rows.as_slice()).unwrap_or_default();
    Ok(Answer(GroupsAnswer { groups: rows.iter().map(store::group).collect::<Result<_>>()? }))
}

/// Create a group. Without a key it gets one made from its name.
#[utoipa::path(
    post, path = "/api/client/v1/config/groups", tag = "Config", request_body = CreateGroup,
    responses((status = 201, body = GroupAnswer), (status = 400), (status = 401), (status = 403), (status = 409)),
)]
pub(crate) async fn create_group(bearer: Bearer, body: Body<CreateGroup>) -> Result<(StatusCode, Answer<GroupAnswer>)> {
    let holder = bearer.holder(Permission::Admin).await?;
    let group = body.parse()?;
    let key = group.key(holder.now);
    let audit = holder.audit_as("config-group.create", &key);
    match holder.write(store::insert(&holder, &key, &group.details())?, audit).await? {
        Ok(outcomes) => Ok((StatusCode::CREATED, Answer(GroupAnswer { group: last_group(&outcomes)? }))),
        Err(error) if error.is_unique("config_groups.key") => {
            Err(Error::conflict(format!("Config group with key \"{key}\" already exists.")))
        }
        Err(error) => Err(error.into()),
    }
}

/// Get a group with its items; secret values are masked.
#[utoipa::path(
    get, path = "/api/client/v1/config/groups/{groupKey}", tag = "Config", params(("groupKey" = String, Path)),
    responses((status = 200, body = GroupWithItemsAnswer), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn get_group(bearer: Bearer, Path(key): Path<String>) -> Result<Answer<GroupWithItemsAnswer>> {
    let holder = bearer.holder(Permission::Read).await?;
    let (group, items) = item_store::group_with_items(&holder, &key, &ListQuery::default()).await?;
    Ok(Answer(GroupWithItemsAnswer { group: GroupWithItems { group, items } }))
}

/// Change a group: name, description, tags, metadata. What is given replaces what was there.
#[utoipa::path(
    patch, path = "/api/client/v1/config/groups/{groupKey}", tag = "Config", params(("groupKey" = String, Path)),
    request_body = UpdateGroup,
    responses((status = 200, body = GroupAnswer), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn update_group(
    bearer: Bearer,
    Path(key): Path<String>,
    body: Body<UpdateGroup>,
) -> Result<Answer<GroupAnswer>> {
    let holder = bearer.holder(Permission::Admin).await?;
    let change = body.parse()?;
    let audit = holder.audit_as("config-group.update", &key);
    let outcomes = holder.write(store::update(&holder, &key, &change.details()), audit).await??;
    Ok(Answer(GroupAnswer { group: last_group(&outcomes)? }))
}

/// Delete a group with all its items.
#[utoipa::path(
    delete, path = "/api/client/v1/config/groups/{groupKey}", tag = "Config", params(("groupKey" = String, Path)),
    responses((status = 200, body = Success), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_group(bearer: Bearer, Path(key): Path<String>) -> Result<Answer<Success>> {
    let holder = bearer.holder(Permission::Admin).await?;
    let audit = holder.audit_as("config-group.delete", &key);
    let outcomes = holder.write(store::delete(&holder, &key), audit).await??;
    if outcomes.last().is_none_or(|outcome| outcome.changes == 0) {
        return Err(missing());
    }
    Ok(Answer(Success { success: true }))
}

pub(crate) fn missing() -> Error {
    Error::not_found("Config group not found")
}

/// The group that the last statement read.
fn last_group(outcomes: &[Outcome]) -> Result<Group> {
    store::group(outcomes.last().and_then(|outcome| outcome.rows.first()).ok_or_else(missing)?)
}
