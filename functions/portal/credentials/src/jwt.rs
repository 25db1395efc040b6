//! What the JSON web tokens of a developer are verified with.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{Jwt, JwtChange, List};
use service::{
    Error, Path, Query, Result,
    portal::{self, Holder, PORTAL_TENANT, Page, PageQuery, PortalBody, Session},
};

use crate::{ListQuery, jwt_store as store};

/// How often a change is judged anew when another one has replaced the algorithm or public key that it stands on.
const ATTEMPTS: usize = 64;

/// List the developer's JWT credentials.
#[utoipa::path(
    get, path = "/credentials/jwt", tag = "credentials", operation_id = "get-credentials-jwt", params(ListQuery, PageQuery),
    responses((status = 200, body = List<Jwt>), (status = 400), (status = 401)),
)]
pub(crate) async fn list_jwt(
    session: Session,
    Query(query): Query<ListQuery>,
    page: Page,
) -> Result<Answer<List<Jwt>>> {
    let sorted = query.sorted(page, store::ORDERS, "/credentials/jwt")?;
    let mut batch = session.batch();
    let listed = batch.push(store::select_page(&session, &sorted, query.key())?);
    let count = batch.push(store::count(&session, query.key()));
    let data_key = batch.read_data_key(PORTAL_TENANT);
    let outcomes = batch.read().await?;
    let (data_key, total) = (outcomes.data_key(&data_key)?, outcomes.one(count)?.get("total")?);
    sorted.list(outcomes.rows(listed), total, |row| store::jwt(row, data_key.as_deref())).map(Answer)
}

/// Create a JWT credential; a key and a secret that are not given are generated. Tokens that name `key` as their issuer are verified with it, by its algorithm alone.
#[utoipa::path(
    post, path = "/credentials/jwt", tag = "credentials", operation_id = "create-credential-jwt",
    request_body = Option<JwtChange>,
    responses((status = 200, body = Jwt), (status = 400), (status = 401), (status = 409)),
)]
pub(crate) async fn create_jwt(session: Session, PortalBody(body): PortalBody) -> Result<Answer<Jwt>> {
    let given = session.checked(JwtChange::from_body(&body)).await?;
    let wanted = session.checked(portal::checked_jwt(given.into_new(portal::new_secret)?)).await?;
    let id = portal::new_id()?;
    let mut batch = session.batch();
    let data_key = batch.data_key(PORTAL_TENANT).await?;
    let inserted =
        batch.push(Holder::Developer(&session.developer).insert_jwt(&data_key, &id, &wanted, session.now)?);
    let found = batch.push(store::select(&session, &id));
    batch.record(session.audit(id.as_str()), inserted);
    batch.on_duplicate("portal_jwt.key", portal::taken("key", &wanted.key));
    store::jwt(batch.write().await?.one(found)?, Some(&data_key)).map(Answer)
}

/// Get a JWT credential.
#[utoipa::path(
    get, path = "/credentials/jwt/{id}", tag = "credentials", operation_id = "get-credential-jwt",
    params(("id" = String, Path)),
    responses((status = 200, body = Jwt), (status = 401), (status = 404)),
)]
pub(crate) async fn get_jwt(session: Session, Path(id): Path<String>) -> Result<Answer<Jwt>> {
    let mut batch = session.batch();
    let found = batch.push(store::select(&session, &id));
    let data_key = batch.read_data_key(PORTAL_TENANT);
    let outcomes = batch.read().await?;
    let row = outcomes.row(found).ok_or_else(portal::missing)?;
    store::jwt(row, outcomes.data_key(&data_key)?.as_deref()).map(Answer)
}

/// Change parts of a JWT credential. The result must be complete.
#[utoipa::path(
    patch, path = "/credentials/jwt/{id}", tag = "credentials", operation_id = "patch-credential-jwt",
    params(("id" = String, Path)), request_body = Option<JwtChange>,
    responses((status = 200, body = Jwt), (status = 400), (status = 401), (status = 404), (status = 409)),
)]
pub(crate) async fn update_jwt(
    session: Session,
    Path(id): Path<String>,
    PortalBody(body): PortalBody,
) -> Result<Answer<Jwt>> {
    let change = session.checked(JwtChange::from_body(&body)).await?;
    for _ in 0..ATTEMPTS {
        let (stored, data_key) = store::read_parts(&session, &id).await?;
        let result = portal::checked_jwt(change.clone().applied_to(stored.clone())).map_err(portal::refused_fields)?;
        let mut batch = session.batch();
        let updated = batch.push(store::update(&session, &data_key, &id, &change, (&stored, &result))?);
        let found = batch.push(store::select(&session, &id));
        batch.record(session.audit(id.as_str()), updated);
        batch.on_duplicate("portal_jwt.key", portal::taken("key", &result.key));
        let outcomes = batch.write().await?;
        if outcomes.changed(updated) {
            return store::jwt(outcomes.one(found)?, Some(&data_key)).map(Answer);
        }
    }
    Err(Error::conflict("Others change this credential at the same time; try again"))
}

/// Delete a JWT credential. Its tokens are refused from the next request on.
#[utoipa::path(
    delete, path = "/credentials/jwt/{id}", tag = "credentials", operation_id = "delete-credential-jwt",
    params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_jwt(session: Session, Path(id): Path<String>) -> Result<StatusCode> {
    let mut batch = session.batch();
    let deleted = batch.push(store::delete(&session, &id));
    batch.record(session.audit(id.as_str()), deleted);
    if !batch.write().await?.changed(deleted) {
        return Err(portal::missing());
    }
    Ok(StatusCode::NO_CONTENT)
}
