//! Keys, chosen or generated.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{KeyAuth, List, NewKeyAuth};
use service::{
    Audit, Error, Path, Query, Result,
    portal::{self, PORTAL_TENANT, PortalBody, Session},
};

use crate::{ListQuery, key_store as store};

/// List the developer's keys, oldest first.
#[utoipa::path(
    get, path = "/credentials/key-auth", tag = "credentials", operation_id = "get-credentials-key-auth",
    params(ListQuery),
    responses((status = 200, body = List<KeyAuth>), (status = 400), (status = 401)),
)]
pub(crate) async fn list_key_auth(session: Session, Query(query): Query<ListQuery>) -> Result<Answer<List<KeyAuth>>> {
    let page = query.page()?;
    let (outcomes, key) =
        portal::read_sealed(&session, vec![store::select_page(&session, &page), store::count(&session)]).await?;
    let (rows, total) = portal::counted(&outcomes)?;
    page.list("/credentials/key-auth", rows, total, |row| store::key_auth(row, key.as_deref())).map(Answer)
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
    let audit = Audit::new(PORTAL_TENANT, "key-auth.create", id.as_str());
    let outcomes = match session.write(statements, audit).await? {
        Ok(outcomes) => outcomes,
        Err(error) if error.is_unique("portal_key_auth.key_hash") => return Err(portal::taken("key", "this key")),
        Err(error) => return Err(error.into()),
    };
    let row = outcomes.last().and_then(|outcome| outcome.rows.first());
    store::key_auth(row.ok_or_else(|| Error::internal("a key vanished"))?, Some(&data_key)).map(Answer)
}

/// Delete a key. It is worthless from the next request on.
#[utoipa::path(
    delete, path = "/credentials/key-auth/{id}", tag = "Chancery", operation_id = "delete-credential-key-auth",
    params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_key_auth(session: Session, Path(id): Path<String>) -> Result<StatusCode> {
    let audit = Audit::new(PORTAL_TENANT, "key-auth.delete", id.as_str());
    let outcomes = session.write(vec![store::delete(&session, &id)], audit).await??;
    if outcomes.first().is_none_or(|outcome| outcome.changes == 0) {
        return Err(portal::missing());
    }
    Ok(StatusCode::NO_CONTENT)
}
