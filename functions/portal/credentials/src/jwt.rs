//! What the JSON web tokens of a developer are verified with.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{Jwt, JwtChange, List};
use platform::SqlError;
use service::{
    Error, Path, Query, Result,
    portal::{self, PortalBody, Session},
};

use crate::{ListQuery, jwt_store as store};

/// How often a change is judged anew when another one has replaced the algorithm or public key that it stands on.
const ATTEMPTS: usize = 64;

/// List the developer's JWT credentials.
#[utoipa::path(
    get, path = "/credentials/jwt", tag = "credentials", operation_id = "get-credentials-jwt", params(ListQuery),
    responses((status = 200, body = List<Jwt>), (status = 400), (status = 401)),
)]
pub(crate) async fn list_jwt(session: Session, Query(query): Query<ListQuery>) -> Result<Answer<List<Jwt>>> {
    let sorted = query.sorted(store::ORDERS, "/credentials/jwt")?;
    let statements = vec![store::select_page(&session, &sorted, query.key())?, store::count(&session, query.key())];
    let (outcomes, key) = portal::read_sealed(&session, statements).await?;
    let (rows, total) = portal::counted(&outcomes)?;
    sorted.list(rows, total, |row| store::jwt(row, key.as_deref())).map(Answer)
}

/// Create a JWT credential; a key and a secret that are not given are generated. Tokens that name `key` as their issuer are verified with it, by its algorithm alone.
#[utoipa::path(
    post, path = "/credentials/jwt", tag = "credentials", operation_id = "create-credential-jwt",
    request_body = Object,
    responses((status = 200, body = Jwt), (status = 400), (status = 401), (status = 409)),
)]
pub(crate) async fn create_jwt(session: Session, PortalBody(body): PortalBody) -> Result<Answer<Jwt>> {
    let given = session.checked(JwtChange::from_body(&body)).await?;
    let wanted = session.checked(portal::checked_jwt(given.into_new(portal::new_secret)?)).await?;
    let id = portal::new_id()?;
    let data_key = portal::data_key(&session.app).await?;
    let statements = vec![store::insert(&session, &data_key, &id, &wanted)?, store::select(&session, &id)];
    let audit = session.audit(id.as_str());
    let outcomes = session.write(statements, audit).await?.map_err(|error| refused(error, &wanted.key))?;
    let row = outcomes.last().and_then(|outcome| outcome.rows.first());
    store::jwt(row.ok_or_else(|| Error::internal("a JWT credential vanished"))?, Some(&data_key)).map(Answer)
}

/// Get a JWT credential.
#[utoipa::path(
    get, path = "/credentials/jwt/{id}", tag = "credentials", operation_id = "get-credential-jwt",
    params(("id" = String, Path)),
    responses((status = 200, body = Jwt), (status = 401), (status = 404)),
)]
pub(crate) async fn get_jwt(session: Session, Path(id): Path<String>) -> Result<Answer<Jwt>> {
    let (outcomes, key) = portal::read_sealed(&session, vec![store::select(&session, &id)]).await?;
    let row = outcomes.first().and_then(|outcome| outcome.rows.first()).ok_or_else(portal::missing)?;
    store::jwt(row, key.as_deref()).map(Answer)
}

/// Change parts of a JWT credential. What comes out of it must be whole.
#[utoipa::path(
    patch, path = "/credentials/jwt/{id}", tag = "credentials", operation_id = "patch-credential-jwt",
    params(("id" = String, Path)), request_body = Object,
    responses((status = 200, body = Jwt), (status = 400), (status = 401), (status = 404), (status = 409)),
)]
pub(crate) async fn update_jwt(
    session: Session,
    Path(id): Path<String>,
    PortalBody(body): PortalBody,
) -> Result<Answer<Jwt>> {
    let change = session.checked(JwtChange::from_body(&body)).await?;
    for _ in 0..ATTEMPTS {
        let (outcomes, key) = portal::read_sealed(&session, vec![store::select(&session, &id)]).await?;
        let row = outcomes.first().and_then(|outcome| outcome.rows.first()).ok_or_else(portal::missing)?;
        let data_key = portal::needed(key.as_deref())?;
        let stored = store::parts(row, data_key)?;
        let result = portal::checked_jwt(change.clone().applied_to(stored.clone()))?;
        let statements =
            vec![store::update(&session, data_key, &id, &change, (&stored, &result))?, store::select(&session, &id)];
        let audit = session.audit(id.as_str());
        let outcomes = session.write(statements, audit).await?.map_err(|error| refused(error, &result.key))?;
        if let [changed, read] = outcomes.as_slice()
            && changed.changes > 0
            && let Some(row) = read.rows.first()
        {
            return store::jwt(row, Some(data_key)).map(Answer);
        }
    }
    Err(Error::conflict("Others change this credential at the same time; try again"))
}

/// Delete a JWT credential. Its tokens are worthless from the next request on.
#[utoipa::path(
    delete, path = "/credentials/jwt/{id}", tag = "credentials", operation_id = "delete-credential-jwt",
    params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_jwt(session: Session, Path(id): Path<String>) -> Result<StatusCode> {
    let audit = session.audit(id.as_str());
    let outcomes = session.write(vec![store::delete(&session, &id)], audit).await??;
    if outcomes.first().is_none_or(|outcome| outcome.changes == 0) {
        return Err(portal::missing());
    }
    Ok(StatusCode::NO_CONTENT)
}

fn refused(error: SqlError, key: &str) -> Error {
    if error.is_unique("portal_jwt.key") { portal::taken("key", key) } else { error.into() }
}
