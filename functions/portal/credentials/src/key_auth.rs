//! Keys, chosen or generated.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{KeyAuth, List, NewKeyAuth};
use service::{
    Batch, Path, Query, Result,
    portal::{self, Holder, PORTAL_TENANT, Page, PageQuery, PortalBody, Session, Sorted},
};

use crate::{ListQuery, key_store as store};

/// List the developer's keys, oldest first or by their texts.
#[utoipa::path(
    get, path = "/credentials/key-auth", tag = "credentials", operation_id = "get-credentials-key-auth",
    params(ListQuery, PageQuery),
    responses((status = 200, body = List<KeyAuth>), (status = 400), (status = 401)),
)]
pub(crate) async fn list_key_auth(
    session: Session,
    Query(query): Query<ListQuery>,
    page: Page,
) -> Result<Answer<List<KeyAuth>>> {
    let sorted = query.sorted(page, store::ORDERS, "/credentials/key-auth")?;
    if query.key().is_some() || sorted.by() == "key" {
        return list_by_text(&session, &query, &sorted).await.map(Answer);
    }
    let mut batch = session.batch();
    let listed = batch.push(store::select_page(&session, &sorted)?);
    let count = batch.push(store::count(&session));
    let data_key = batch.read_data_key(PORTAL_TENANT);
    let outcomes = batch.read().await?;
    let (data_key, total) = (outcomes.data_key(&data_key)?, outcomes.one(count)?.get("total")?);
    sorted.list(outcomes.rows(listed), total, |row| store::key_auth(row, data_key.as_deref())).map(Answer)
}

/// Keys are sealed, so only here can their texts be compared, at a price that grows with the developer's keys.
async fn list_by_text(session: &Session, query: &ListQuery, sorted: &Sorted) -> Result<List<KeyAuth>> {
    let mut batch = session.batch();
    let all = batch.push(store::select_all(session));
    let data_key = batch.read_data_key(PORTAL_TENANT);
    let outcomes = batch.read().await?;
    let data_key = outcomes.data_key(&data_key)?;
    let (part, by_key) = (query.key().unwrap_or_default().to_lowercase(), sorted.by() == "key");
    let mut keys = Vec::new();
    for row in outcomes.rows(all) {
        let (key, time) = (store::key_auth(row, data_key.as_deref())?, row.get::<i64>("created_at")?);
        if key.key.to_lowercase().contains(&part) {
            keys.push((if by_key { key.key.clone() } else { format!("{time:020}") }, key));
        }
    }
    sorted.list_of(keys)
}

/// Create a key: the given one, or a generated one. No two credentials of the portal have the same key.
#[utoipa::path(
    post, path = "/credentials/key-auth", tag = "credentials", operation_id = "create-credentials-key-auth",
    request_body = Option<NewKeyAuth>,
    responses((status = 200, body = KeyAuth), (status = 400), (status = 401), (status = 409)),
)]
pub(crate) async fn create_key_auth(session: Session, PortalBody(body): PortalBody) -> Result<Answer<KeyAuth>> {
    let wanted = session.checked(NewKeyAuth::from_body(&body)).await?;
    let key = match wanted.key {
        Some(key) => key,
        None => portal::new_secret()?,
    };
    let id = portal::new_id()?;
    let mut batch = session.batch();
    let data_key = batch.data_key(PORTAL_TENANT).await?;
    let holder = Holder::Developer(&session.developer);
    let inserted = batch.push(holder.insert_key(&session.app, &data_key, &id, &key, session.now)?);
    let found = batch.push(store::select(&session, &id));
    batch.record(session.audit(id.as_str()), inserted);
    refuse_duplicates(&mut batch);
    store::key_auth(batch.write().await?.one(found)?, Some(&data_key)).map(Answer)
}

/// Get a key.
#[utoipa::path(
    get, path = "/credentials/key-auth/{id}", tag = "Chancery", operation_id = "get-credential-key-auth",
    params(("id" = String, Path)),
    responses((status = 200, body = KeyAuth), (status = 401), (status = 404)),
)]
pub(crate) async fn get_key_auth(session: Session, Path(id): Path<String>) -> Result<Answer<KeyAuth>> {
    let mut batch = session.batch();
    let found = batch.push(store::select(&session, &id));
    let data_key = batch.read_data_key(PORTAL_TENANT);
    let outcomes = batch.read().await?;
    let row = outcomes.row(found).ok_or_else(portal::missing)?;
    store::key_auth(row, outcomes.data_key(&data_key)?.as_deref()).map(Answer)
}

/// Replace a key; without a new one it stays.
#[utoipa::path(
    patch, path = "/credentials/key-auth/{id}", tag = "Chancery", operation_id = "patch-credential-key-auth",
    params(("id" = String, Path)), request_body = Option<NewKeyAuth>,
    responses((status = 200, body = KeyAuth), (status = 400), (status = 401), (status = 404), (status = 409)),
)]
pub(crate) async fn update_key_auth(
    session: Session,
    Path(id): Path<String>,
    PortalBody(body): PortalBody,
) -> Result<Answer<KeyAuth>> {
    let wanted = session.checked(NewKeyAuth::from_body(&body)).await?;
    let Some(key) = wanted.key else { return get_key_auth(session, Path(id)).await };
    let mut batch = session.batch();
    let data_key = batch.data_key(PORTAL_TENANT).await?;
    let updated = batch.push(store::update(&session, &data_key, &id, &key)?);
    let found = batch.push(store::select(&session, &id));
    batch.record(session.audit(id.as_str()), updated);
    refuse_duplicates(&mut batch);
    store::key_auth(batch.write().await?.row(found).ok_or_else(portal::missing)?, Some(&data_key)).map(Answer)
}

/// Delete a key. It is refused from the next request on.
#[utoipa::path(
    delete, path = "/credentials/key-auth/{id}", tag = "Chancery", operation_id = "delete-credential-key-auth",
    params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_key_auth(session: Session, Path(id): Path<String>) -> Result<StatusCode> {
    let mut batch = session.batch();
    let deleted = batch.push(store::delete(&session, &id));
    batch.record(session.audit(id.as_str()), deleted);
    if !batch.write().await?.changed(deleted) {
        return Err(portal::missing());
    }
    Ok(StatusCode::NO_CONTENT)
}

fn refuse_duplicates(batch: &mut Batch<Session>) {
    batch.on_duplicate("portal_key_auth.key_hash", portal::taken("key", "this key"));
}
