//! The handlers of items.

use axum::{Json as Answer, http::StatusCode};
use crypto::seal::DataKey;
use model::{
    config::{CreateItem, Item, ItemAnswer, ItemsAnswer, ListQuery, Success, UpdateItem, ValueText},
    faults::Faults,
};
use platform::Outcome;
use policy::config::Permission;
use service::{Bearer, Error, Holder, Path, Query, Result};

use crate::{
    Body, groups,
    item_store::{self as store, Seen},
};

/// How often a change is judged anew when another one came between.
const ATTEMPTS: usize = 8;

/// List the items of a group, by key; secret values are masked.
#[utoipa::path(
    get, path = "/api/client/v1/config/groups/{groupKey}/items", tag = "Config",
    params(("groupKey" = String, Path), ListQuery),
    responses((status = 200, body = ItemsAnswer), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn list_group_items(
    bearer: Bearer,
    Path(group_key): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Answer<ItemsAnswer>> {
    let holder = bearer.holder(Permission::Read).await?;
    let (_, items) = store::group_with_items(&holder, &group_key, &query).await?;
    Ok(Answer(ItemsAnswer { items }))
}

/// List the items of the project, by key; secret values are masked.
#[utoipa::path(
    get, path = "/api/client/v1/config/items", tag = "Config", params(ListQuery),
    responses((status = 200, body = ItemsAnswer), (status = 401), (status = 403)),
)]
pub(crate) async fn list_items(bearer: Bearer, Query(query): Query<ListQuery>) -> Result<Answer<ItemsAnswer>> {
    let holder = bearer.holder(Permission::Read).await?;
    Ok(Answer(ItemsAnswer { items: store::list_all(&holder, &query).await? }))
}

/// Create an item. Without a key it gets one made from its name; a key is unique in the project.
#[utoipa::path(
    post, path = "/api/client/v1/config/groups/{groupKey}/items", tag = "Config",
    params(("groupKey" = String, Path)), request_body = CreateItem,
    responses(
        (status = 201, body = ItemAnswer), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn create_item(
    bearer: Bearer,
    Path(group_key): Path<String>,
    body: Body<CreateItem>,
) -> Result<(StatusCode, Answer<ItemAnswer>)> {
    let holder = bearer.holder(Permission::Admin).await?;
    let item = body.parse()?;
    let (key, value) = (item.key(holder.now), item.value.as_str());
    let data_key = holder.data_key().await?;
    let sealed = store::seal(&data_key, &holder, &key, value)?;
    let audit = holder.audit_as("config-item.create", &key).value(&data_key, value.as_bytes());
    let outcomes = match holder.write(store::insert(&holder, &group_key, &key, &item, sealed)?, audit).await? {
        Ok(outcomes) => outcomes,
        Err(error) if error.is_unique("config_items.key") => {
            return Err(Error::conflict(format!("Config item with key \"{key}\" already exists.")));
        }
        Err(error) => return Err(error.into()),
    };
    if outcomes.first().is_none_or(|outcome| outcome.changes == 0) {
        return Err(groups::missing());
    }
    Ok((StatusCode::CREATED, Answer(ItemAnswer { item: last_item(&outcomes, &holder, &data_key)? })))
}

/// Get an item; a secret value is masked.
#[utoipa::path(
    get, path = "/api/client/v1/config/items/{key}", tag = "Config", params(("key" = String, Path)),
    responses((status = 200, body = ItemAnswer), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn get_item(bearer: Bearer, Path(key): Path<String>) -> Result<Answer<ItemAnswer>> {
    let holder = bearer.holder(Permission::Read).await?;
    let (outcomes, data_key) = store::read(&holder, vec![store::select(&holder, &key)]).await?;
    let row = outcomes.first().and_then(|outcome| outcome.rows.first()).ok_or_else(missing)?;
    Ok(Answer(ItemAnswer { item: store::item(row, &holder, data_key.as_deref())? }))
}

/// Change an item. Each new value makes a new version; the earlier one is kept.
#[utoipa::path(
    patch, path = "/api/client/v1/config/items/{key}", tag = "Config", params(("key" = String, Path)),
    request_body = UpdateItem,
    responses((status = 200, body = ItemAnswer), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn update_item(
    bearer: Bearer,
    Path(key): Path<String>,
    body: Body<UpdateItem>,
) -> Result<Answer<ItemAnswer>> {
    let holder = bearer.holder(Permission::Admin).await?;
    let change = body.parse()?;
    let data_key = holder.data_key().await?;
    let value = change.value.as_ref().map(ValueText::as_str);
    let sealed = value.map(|value| store::seal(&data_key, &holder, &key, value)).transpose()?;
    let audit = holder.audit_as("config-item.update", &key);
    let audit = match value {
        Some(value) => audit.value(&data_key, value.as_bytes()),
        None => audit,
    };
    for _ in 0..ATTEMPTS {
        let seen = judge(&holder, &data_key, &key, &change).await?;
        let update = store::update(&holder, &key, &seen, &change, sealed.clone());
        let outcomes = holder.write(update, audit.clone()).await??;
        let updated = outcomes.len().checked_sub(2).and_then(|at| outcomes.get(at));
        if updated.is_some_and(|outcome| outcome.changes > 0) {
            return Ok(Answer(ItemAnswer { item: last_item(&outcomes, &holder, &data_key)? }));
        }
    }
    Err(Error::conflict("The item is being changed by others; try again"))
}

/// Delete an item with its earlier values.
#[utoipa::path(
    delete, path = "/api/client/v1/config/items/{key}", tag = "Config", params(("key" = String, Path)),
    responses((status = 200, body = Success), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_item(bearer: Bearer, Path(key): Path<String>) -> Result<Answer<Success>> {
    let holder = bearer.holder(Permission::Admin).await?;
    let audit = holder.audit_as("config-item.delete", &key);
    let outcomes = holder.write(store::delete(&holder, &key), audit).await??;
    if outcomes.last().is_none_or(|outcome| outcome.changes == 0) {
        return Err(missing());
    }
    Ok(Answer(Success { success: true }))
}

pub(crate) fn missing() -> Error {
    Error::not_found("Config item not found")
}

/// Whether a change fits the item as it is now.
async fn judge(holder: &Holder, data_key: &DataKey, key: &str, change: &UpdateItem) -> Result<Seen> {
    let outcomes = holder.read(vec![store::select(holder, key)]).await?;
    let row = outcomes.first().and_then(|outcome| outcome.rows.first()).ok_or_else(missing)?;
    let (value_type, is_secret) = (store::value_type(row)?, row.get::<bool>("is_secret")?);
    if is_secret && change.is_secret == Some(false) && change.value.is_none() {
        return Err(Faults::one("value", "is required when a secret ceases to be one").into());
    }
    let wanted = change.value_type.unwrap_or(value_type);
    let mut version = None;
    let checked = if let Some(value) = &change.value {
        wanted.check(value.as_str())
    } else if wanted == value_type {
        Ok(())
    } else {
        version = Some(row.get("version")?);
        wanted.check(&store::open(Some(data_key), holder, key, &row.get::<Vec<u8>>("sealed")?)?)
    };
    checked.map_err(|rule| Faults::one("value", rule.0))?;
    Ok(Seen { id: row.get("id")?, value_type, is_secret, version })
}

/// The item that the last statement read.
pub(crate) fn last_item(outcomes: &[Outcome], holder: &Holder, data_key: &DataKey) -> Result<Item> {
    let row = outcomes.last().and_then(|outcome| outcome.rows.first()).ok_or_else(missing)?;
    store::item(row, holder, Some(data_key))
}
