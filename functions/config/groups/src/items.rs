//! The handlers of items.

use axum::{Json as Answer, http::StatusCode};
use crypto::seal::DataKey;
use model::{
    config::{CreateItem, ItemAnswer, ItemsAnswer, ListQuery, Success, UpdateItem, ValueText},
    faults::Faults,
};
use service::{Bearer, Error, Path, Query, Result};

use crate::{
    Body, group_store,
    item_store::{self as store, ItemState},
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
    let (_, items) = store::group_with_items(&bearer, &group_key, &query).await?;
    Ok(Answer(ItemsAnswer { items }))
}

/// List the items of the project, by key; secret values are masked.
#[utoipa::path(
    get, path = "/api/client/v1/config/items", tag = "Config", params(ListQuery),
    responses((status = 200, body = ItemsAnswer), (status = 401), (status = 403)),
)]
pub(crate) async fn list_items(bearer: Bearer, Query(query): Query<ListQuery>) -> Result<Answer<ItemsAnswer>> {
    Ok(Answer(ItemsAnswer { items: store::list_all(&bearer, &query).await? }))
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
    let item = body.parse()?;
    let (key, value) = (item.key(bearer.now), item.value.as_str());
    let mut batch = bearer.batch();
    let data_key = batch.data_key(&bearer.tenant).await?;
    let sealed = store::seal(&data_key, &bearer, &key, value)?;
    let changed = store::insert(&mut batch, &group_key, &key, &item, sealed)?;
    batch.record(bearer.audit(&key).value(&data_key, value.as_bytes()), changed.change);
    let taken = format!("Config item with key \"{key}\" already exists.");
    batch.on_duplicate("config_items.key", Error::conflict(taken));
    let outcomes = batch.write().await?;
    if !outcomes.changed(changed.change) {
        return Err(group_store::missing());
    }
    let item = store::item(outcomes.one(changed.item)?, &bearer, Some(&data_key))?;
    Ok((StatusCode::CREATED, Answer(ItemAnswer { item })))
}

/// Get an item; a secret value is masked.
#[utoipa::path(
    get, path = "/api/client/v1/config/items/{key}", tag = "Config", params(("key" = String, Path)),
    responses((status = 200, body = ItemAnswer), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn get_item(bearer: Bearer, Path(key): Path<String>) -> Result<Answer<ItemAnswer>> {
    let mut batch = bearer.batch();
    let found = batch.push(store::select(&bearer, &key));
    let data_key = batch.read_data_key(&bearer.tenant);
    let outcomes = batch.read().await?;
    let row = outcomes.row(found).ok_or_else(store::missing)?;
    Ok(Answer(ItemAnswer { item: store::item(row, &bearer, outcomes.data_key(&data_key)?.as_deref())? }))
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
    let change = body.parse()?;
    let data_key = bearer.batch().data_key(&bearer.tenant).await?;
    let value = change.value.as_ref().map(ValueText::as_str);
    let sealed = value.map(|value| store::seal(&data_key, &bearer, &key, value)).transpose()?;
    let audit = bearer.audit(&key);
    let audit = match value {
        Some(value) => audit.value(&data_key, value.as_bytes()),
        None => audit,
    };
    for _ in 0..ATTEMPTS {
        let state = judge(&bearer, &data_key, &key, &change).await?;
        let mut batch = bearer.batch();
        let changed = store::update(&mut batch, &key, &state, &change, sealed.clone());
        batch.record(audit.clone(), changed.change);
        let outcomes = batch.write().await?;
        if outcomes.changed(changed.change) {
            let item = store::item(outcomes.one(changed.item)?, &bearer, Some(&data_key))?;
            return Ok(Answer(ItemAnswer { item }));
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
    let mut batch = bearer.batch();
    let deleted = store::delete(&mut batch, &key);
    batch.record(bearer.audit(&key), deleted);
    if !batch.write().await?.changed(deleted) {
        return Err(store::missing());
    }
    Ok(Answer(Success { success: true }))
}

/// Whether a change fits the item as it is now.
async fn judge(bearer: &Bearer, data_key: &DataKey, key: &str, change: &UpdateItem) -> Result<ItemState> {
    let mut batch = bearer.batch();
    let found = batch.push(store::select(bearer, key));
    let outcomes = batch.read().await?;
    let row = outcomes.row(found).ok_or_else(store::missing)?;
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
        wanted.check(&store::open(Some(data_key), bearer, key, &row.get::<Vec<u8>>("sealed")?)?)
    };
    checked.map_err(|rule| Faults::one("value", rule.0))?;
    Ok(ItemState { id: row.get("id")?, value_type, is_secret, version })
}
