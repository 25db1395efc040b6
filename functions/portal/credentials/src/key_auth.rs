//! Keys, chosen or generated.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{KeyAuth, List, NewKeyAuth};
use platform::SqlError;
use service::{
    Error, Path, Query, Result,
    portal::{self, PortalBody, Session},
};

use crate::{ListQuery, key_store as store};

/// List the developer's keys, oldest first or by their texts.
#[utoipa::path(
    get, path = "/credentials/key-auth", tag = "credentials", operation_id = "get-credentials-key-auth",
    params(ListQuery),
    responses((status = 200, body = List<KeyAuth>), (status = 400), (status = 401)),
)]
pub(crate) async fn list_key_auth(session: Session, Query(query): Query<ListQuery>) -> Result<Answer<List<KeyAuth>>> {
    let sorted = query.sorted(store::ORDERS, "/credentials/key-auth")?;
    if query.key().is_none() && sorted.by() != "key" {
        let statements = vec![store::select_page(&session, &sorted)?, store::count(&session)];
        let (outcomes, key) = portal::read_sealed(&session, statements).await?;
        let (rows, total) = portal::counted(&outcomes)?;
        return sorted.list(rows, total, |row| store::key_auth(row, key.as_deref())).map(Answer);
    }
    // Keys are sealed: only here can their texts be compared, at a price that grows with the developer's keys.
    let (outcomes, key) = portal::read_sealed(&session, vec![store::select_all(&session)]).await?;
    let rows = outcomes.first().map(|outcome| outcome.rows.as_slice()).unwrap_or_default();
    let (part, by_key) = (query.key().unwrap_or_default().to_lowercase(), sorted.by() == "key");
    let mut keys = Vec::new();
    for row in rows {
        let (key, time) = (store::key_auth(row, key.as_deref())?, row.get::<i64>("created_at")?);
        if key.key.to_lowercase().contains(&part) {
            keys.push((if by_key { key.key.clone() } else { format!("{time:020}") }, key));
        }
    }
    sorted.list_of(keys).map(Answer)
}

/// Create a key: the given one, or a generated one. No two credentials of the portal have the same key.
#[utoipa::path(
    post, path = "/credentials/key-auth", tag = "credentials", operation_id = "create-credentials-key-auth",
    request_body = Option<Object>,
    responses((status = 200, body = KeyAuth), (status = 400), (status = 401), (status = 409)),
)]
pub(crate) async fn create_key_auth(session: Session, PortalBody(body): PortalBody) -> Result<Answer<KeyAuth>> {
    let wanted = session.checked(NewKeyAuth::from_body(&body)).await?;
    let key = match wanted.key {
        Some(key) => key,
        None => portal::new_secret()?,
    };
    let id = portal::new_id()?;
    let data_key = portal::data_key(&session.app).await?;
    let statements = vec![store::insert(&session, &data_key, &id, &key)?, store::select(&session, &id)];
    let audit = session.audit(id.as_str());
    let outcomes = session.write(statements, audit).await?.map_err(refused)?;
    let row = outcomes.last().and_then(|outcome| outcome.rows.first());
    store::key_auth(row.ok_or_else(|| Error::internal("a key vanished"))?, Some(&data_key)).map(Answer)
}

/// Get a key.
#[utoipa::path(
    get, path = "/credentials/key-auth/{id}", tag = "Chancery", operation_id = "get-credential-key-auth",
    params(("id" = String, Path)),
    responses((status = 200, body = KeyAuth), (status = 401), (status = 404)),
)]
pub(crate) async fn get_key_auth(session: Session, Path(id): Path<String>) -> Result<Answer<KeyAuth>> {
    let (outcomes, key) = portal::read_sealed(&session, vec![store::select(&session, &id)]).await?;
    let row = outcomes.first().and_then(|outcome| outcome.rows.first()).ok_or_else(portal::missing)?;
    store::key_auth(row, key.as_deref()).map(Answer)
}

/// Replace a key; without a new one it stays.
#[utoipa::path(
    patch, path = "/credentials/key-auth/{id}", tag = "Chancery", operation_id = "patch-credential-key-auth",
    params(("id" = String, Path)), request_body = Object,
    responses((status = 200, body = KeyAuth), (status = 400), (status = 401), (status = 404), (status = 409)),
)]
pub(crate) async fn update_key_auth(
    session: Session,
    Path(id): Path<String>,
    PortalBody(body): PortalBody,
) -> Result<Answer<KeyAuth>> {
    let wanted = session.checked(NewKeyAuth::from_body(&body)).await?;
    let Some(key) = wanted.key else { return get_key_auth(session, Path(id)).await };
    let data_key = portal::data_key(&session.app).await?;
    let statements = vec![store::update(&session, &data_key, &id, &key)?, store::select(&session, &id)];
    let audit = session.audit(id.as_str());
    let outcomes = session.write(statements, audit).await?.map_err(refused)?;
    let row = outcomes.last().and_then(|outcome| outcome.rows.first()).ok_or_else(portal::missing)?;
    store::key_auth(row, Some(&data_key)).map(Answer)
}

/// Delete a key. It is worthless from the next request on.
#[utoipa::path(
    delete, path = "/credentials/key-auth/{id}", tag = "Chancery", operation_id = "delete-credential-key-auth",
    params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_key_auth(session: Session, Path(id): Path<String>) -> Result<StatusCode> {
    let audit = session.audit(id.as_str());
    let outcomes = session.write(vec![store::delete(&session, &id)], audit).await??;
    if outcomes.first().is_none_or(|outcome| outcome.changes == 0) {
        return Err(portal::missing());
    }
    Ok(StatusCode::NO_CONTENT)
}

fn refused(error: SqlError) -> Error {
    if error.is_unique("portal_key_auth.key_hash") { portal::taken("key", "this key") } else { error.into() }
}
