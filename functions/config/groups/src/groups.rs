//! The handlers of groups.

use axum::{Json as Answer, http::StatusCode};
use model::config::{
    CreateGroup, GroupAnswer, GroupWithItems, GroupWithItemsAnswer, GroupsAnswer, ListQuery, Success, UpdateGroup,
};
use service::{Bearer, Error, Path, Query, Result};

use crate::{Body, group_store as store, item_store};

/// List the groups of the project, by key.
#[utoipa::path(
    get, path = "/api/client/v1/config/groups", tag = "Config", params(ListQuery),
    responses((status = 200, body = GroupsAnswer), (status = 401), (status = 403)),
)]
pub(crate) async fn list_groups(bearer: Bearer, Query(query): Query<ListQuery>) -> Result<Answer<GroupsAnswer>> {
    let mut batch = bearer.batch();
    let found = batch.push(store::select_all(&bearer, &query));
    let outcomes = batch.read().await?;
    Ok(Answer(GroupsAnswer { groups: outcomes.rows(found).iter().map(store::group).collect::<Result<_>>()? }))
}

/// Create a group. Without a key it gets one made from its name.
#[utoipa::path(
    post, path = "/api/client/v1/config/groups", tag = "Config", request_body = CreateGroup,
    responses((status = 201, body = GroupAnswer), (status = 400), (status = 401), (status = 403), (status = 409)),
)]
pub(crate) async fn create_group(bearer: Bearer, body: Body<CreateGroup>) -> Result<(StatusCode, Answer<GroupAnswer>)> {
    let group = body.parse()?;
    let key = group.key(bearer.now);
    let mut batch = bearer.batch();
    let changed = store::insert(&mut batch, &key, &group.details())?;
    batch.record(bearer.audit(&key), changed.change);
    let taken = format!("Config group with key \"{key}\" already exists.");
    batch.on_duplicate("config_groups.key", Error::conflict(taken));
    let group = store::group(batch.write().await?.one(changed.group)?)?;
    Ok((StatusCode::CREATED, Answer(GroupAnswer { group })))
}

/// Get a group with its items; secret values are masked.
#[utoipa::path(
    get, path = "/api/client/v1/config/groups/{groupKey}", tag = "Config", params(("groupKey" = String, Path)),
    responses((status = 200, body = GroupWithItemsAnswer), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn get_group(bearer: Bearer, Path(key): Path<String>) -> Result<Answer<GroupWithItemsAnswer>> {
    let (group, items) = item_store::group_with_items(&bearer, &key, &ListQuery::default()).await?;
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
    let change = body.parse()?;
    let mut batch = bearer.batch();
    let changed = store::update(&mut batch, &key, &change.details());
    batch.record(bearer.audit(&key), changed.change);
    let outcomes = batch.write().await?;
    Ok(Answer(GroupAnswer { group: store::group(outcomes.row(changed.group).ok_or_else(store::missing)?)? }))
}

/// Delete a group with all its items.
#[utoipa::path(
    delete, path = "/api/client/v1/config/groups/{groupKey}", tag = "Config", params(("groupKey" = String, Path)),
    responses((status = 200, body = Success), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_group(bearer: Bearer, Path(key): Path<String>) -> Result<Answer<Success>> {
    let mut batch = bearer.batch();
    let deleted = store::delete(&mut batch, &key);
    batch.record(bearer.audit(&key), deleted);
    if !batch.write().await?.changed(deleted) {
        return Err(store::missing());
    }
    Ok(Answer(Success { success: true }))
}
